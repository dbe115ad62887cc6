import type { Result } from '../core/result.js'
import { sha256Hex } from '../core/uid.js'
import type { VerifiedCsr } from './verified-csr.js'
import { type CsrRefusal, verifyCsr } from './verify-csr.js'

/** What a proxy or a machine sends has 300 to 1,500 octets, with an RSA key of 4,096 bits too. */
export const MAX_REMEMBERED_OCTETS = 2048

/**
 * `verifyCsr` with a memory: a renewing proxy sends the same CSR for ever, and the answer depends on
 * its bytes alone. Remembered are those for which a certificate was issued, by the SHA-256 of the
 * whole DER, between `size` and twice `size` of them; the half that had certificates longest ago goes
 * when the newer half is full. A CSR costs a stranger nothing: what nobody vouched for displaces
 * nothing and stays nowhere.
 */
export class VerifiedCsrCache {
  private readonly size: number
  private newer = new Map<string, VerifiedCsr>()
  private older = new Map<string, VerifiedCsr>()

  constructor(size: number) {
    this.size = size
  }

  readonly verify = (der: Uint8Array): Result<VerifiedCsr, CsrRefusal> => {
    // Nothing of this size is ever remembered, nor worth a hash.
    if (der.length > MAX_REMEMBERED_OCTETS) return verifyCsr(der)
    const key = sha256Hex(der)
    const known = this.newer.get(key) ?? this.older.get(key)
    return known === undefined ? verifyCsr(der) : { ok: true, value: known }
  }

  /** A certificate was issued for it: `csr` is what `verify` said of `der`. */
  readonly remember = (der: Uint8Array, csr: VerifiedCsr): void => {
    if (der.length > MAX_REMEMBERED_OCTETS) return
    const key = sha256Hex(der)
    // A hash is cheaper than a mark on each: marks on 40,000 objects that move cost 20 MB.
    if (this.newer.has(key)) return
    if (this.newer.size >= this.size) {
      this.older = this.newer
      this.newer = new Map()
    }
    this.newer.set(key, csr)
  }
}
