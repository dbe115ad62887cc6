import { hash } from 'node:crypto'
import type { Result } from '../core/result.js'
import { type PackedCsr, packCsr, unpackCsr } from './packed-csr.js'
import type { VerifiedCsr } from './verified-csr.js'
import { type CsrRefusal, verifyCsr } from './verify-csr.js'

/** What a proxy or a machine sends has 300 to 1,500 octets, with an RSA key of 4,096 bits too. */
export const MAX_REMEMBERED_OCTETS = 2048

/**
 * `verifyCsr` with a memory: a renewing proxy sends the same CSR for ever, and the answer depends on
 * its bytes alone. Remembered are those for which a certificate was issued, by the SHA-256 of the
 * whole DER, `size` of them at most; the one that had its certificate longest ago goes first. A CSR
 * costs a stranger nothing: what nobody vouched for displaces nothing and stays nowhere.
 */
export class VerifiedCsrCache {
  private readonly size: number
  private readonly verifyNew: typeof verifyCsr
  /** In the order of their certificates. */
  private readonly known = new Map<string, PackedCsr>()
  /** Stands before the oldest: all that it has passed is gone. A new one would look through that again. */
  private readonly oldest = this.known.keys()

  constructor(size: number, verifyNew = verifyCsr) {
    this.size = size
    this.verifyNew = verifyNew
  }

  readonly verify = (der: Uint8Array): Result<VerifiedCsr, CsrRefusal> => {
    // Nothing of this size is ever remembered, nor worth a hash.
    if (der.length > MAX_REMEMBERED_OCTETS) return this.verifyNew(der)
    const known = this.known.get(nameOf(der))
    return known === undefined ? this.verifyNew(der) : { ok: true, value: unpackCsr(known) }
  }

  /** A certificate was issued for it: `csr` is what `verify` said of `der`. */
  readonly remember = (der: Uint8Array, csr: VerifiedCsr): void => {
    if (der.length > MAX_REMEMBERED_OCTETS) return
    // A hash is cheaper than a mark on each: marks on 40,000 objects that move cost 20 MB.
    const key = nameOf(der)
    const before = this.known.get(key)
    if (before !== undefined) {
      this.known.delete(key)
    } else if (this.known.size >= this.size) {
      const { value: oldest = key } = this.oldest.next()
      this.known.delete(oldest)
    }
    this.known.set(key, before ?? packCsr(csr))
  }
}

/** SHA-256, in a shorter text than hex. */
const nameOf = (der: Uint8Array): string => hash('sha256', der, 'base64url')
