import type { RandomBytes } from '../core/time.js'
import { base32 } from '../core/uid.js'

const OCTETS = 16

/**
 * Names one request in its answer, the log and the ledger. Always of our making: a name taken from
 * the client could say anything in the log, or be another request's.
 */
export function requestIdsWith(random: RandomBytes): () => string {
  return () => base32(random(OCTETS))
}
