import type { Result } from '../core/result.js'
import { sha256Hex } from '../core/uid.js'
import { MAX_CSR_BYTES } from './parse-csr.js'
import type { VerifiedCsr } from './verified-csr.js'
import { type CsrRefusal, verifyCsr } from './verify-csr.js'

/**
 * `verifyCsr` with a memory: a renewing proxy sends the same CSR for ever, and the answer depends on
 * its bytes alone. Remembers between `size` and twice `size` CSRs by the SHA-256 of the whole DER;
 * the least recently used half goes when the newer half is full. Refusals are not remembered, so
 * that junk displaces nothing.
 */
export function cachedVerifyCsr(
  size: number,
): (der: Uint8Array) => Result<VerifiedCsr, CsrRefusal> {
  let newer = new Map<string, VerifiedCsr>()
  let older = new Map<string, VerifiedCsr>()

  function remember(key: string, csr: VerifiedCsr): void {
    if (newer.size >= size) {
      older = newer
      newer = new Map()
    }
    newer.set(key, csr)
  }

  return function verify(der) {
    // Nothing of this size is ever remembered, nor worth a hash.
    if (der.length > MAX_CSR_BYTES) return verifyCsr(der)
    const key = sha256Hex(der)
    const known = newer.get(key) ?? older.get(key)
    if (known !== undefined) {
      if (!newer.has(key)) remember(key, known)
      return { ok: true, value: known }
    }
    const verified = verifyCsr(der)
    if (verified.ok) remember(key, verified.value)
    return verified
  }
}
