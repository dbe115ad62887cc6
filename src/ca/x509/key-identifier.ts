import { hash } from 'node:crypto'
import { DerError, type DerReader, readDer } from '../../core/der-reader.js'

const MAX_SPKI_BYTES = 4096

/** The leftmost 160 bits of SHA-256 over the BIT STRING subjectPublicKey's octets (RFC 7093 method 1). */
export function keyIdentifier(publicKeyOctets: Uint8Array): Uint8Array {
  return hash('sha256', publicKeyOctets, 'buffer').subarray(0, 20)
}

/** The same, from a SubjectPublicKeyInfo. Throws when it is none: our callers have checked it. */
export function keyIdentifierOf(spki: Uint8Array): Uint8Array {
  const octets = readDer(spki, MAX_SPKI_BYTES, (reader) => reader.sequence(readPublicKeyOctets))
  if (octets instanceof DerError) throw octets
  return keyIdentifier(octets)
}

/** Content of subjectPublicKey, after the algorithm. */
export function readPublicKeyOctets(spki: DerReader): Uint8Array {
  spki.any()
  return spki.bitStringOctets()
}
