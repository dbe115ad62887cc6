import type { SpkiDer } from '../core/der.js'
import type { KeyAlgorithm } from '../core/key-algorithm.js'
import type { VerifiedCsr } from './verified-csr.js'

declare const packed: unique symbol

/**
 * A verified CSR as one text: a quarter of the memory that it takes as an object with its buffer, and
 * nothing for the collector to look through. Only `packCsr` makes one, of what `verifyCsr` made.
 */
export type PackedCsr = string & { readonly [packed]: true }

type Members = readonly [
  spki: string,
  keyAlgorithm: KeyAlgorithm,
  commonName: string,
  dns: readonly string[],
  uris: readonly string[],
  others: readonly string[],
  challengePassword?: string,
]

export function packCsr(csr: VerifiedCsr): PackedCsr {
  const { spki, keyAlgorithm, requested, challengePassword } = csr
  const { commonName, dns, uris, others } = requested
  const { buffer, byteOffset, byteLength } = spki
  const key = Buffer.from(buffer, byteOffset, byteLength).toString('base64')
  const members: Members = [key, keyAlgorithm, commonName, dns, uris, others]
  return JSON.stringify(
    challengePassword === undefined ? members : [...members, challengePassword],
  ) as PackedCsr
}

export function unpackCsr(text: PackedCsr): VerifiedCsr {
  const [key, keyAlgorithm, commonName, dns, uris, others, challengePassword] = JSON.parse(
    text,
  ) as Members
  // With memory of its own: short buffers share theirs.
  const spki = new Uint8Array(Buffer.from(key, 'base64')) as SpkiDer
  const csr = { spki, keyAlgorithm, requested: { commonName, dns, uris, others } }
  return Object.assign(
    csr,
    challengePassword === undefined ? undefined : { challengePassword },
  ) as VerifiedCsr
}
