import { CLOCK_TOLERANCE, type Seconds, type UnixSeconds } from '../core/time.js'
import type { Opened } from './dsse.js'

/**
 * One envelope for each of those whom a statement names, all of the same octets, and the names in
 * their one order: a second key of one is no second signer.
 */
export function areOfAll(ids: readonly string[], envelopes: readonly Opened[]): boolean {
  const [first] = envelopes
  const isSorted = ids.every((id, at) => at === 0 || (ids[at - 1] ?? '') < id)
  return (
    isSorted &&
    envelopes.length === ids.length &&
    envelopes.every(({ digest }) => digest === first?.digest)
  )
}

/** Is it handed in at a time that its signers meant? */
export const isOfThisTime = (
  { created, expires }: { readonly created: UnixSeconds; readonly expires: UnixSeconds },
  at: UnixSeconds,
  longest: Seconds,
): boolean => {
  const lifetime = expires - created
  return at >= created - CLOCK_TOLERANCE && at <= expires && lifetime >= 0 && lifetime <= longest
}
