import type { Signer } from '../ca/ports.js'
import type { VoterSigner } from '../namespace/ports.js'

/** SubjectPublicKeyInfo of Ed25519 (RFC 8410 section 4) up to the key itself. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** A vault's Ed25519 key as the local voter's. Throws for any other kind of key. */
export function voterSigner(signer: Signer): VoterSigner {
  const prefix = signer.spki.subarray(0, SPKI_PREFIX.length)
  if (signer.algorithm !== 'Ed25519' || Buffer.compare(prefix, SPKI_PREFIX) !== 0) {
    throw new TypeError('a voter signs with Ed25519')
  }
  return {
    publicKey: signer.spki.subarray(SPKI_PREFIX.length),
    sign: (bytes) => signer.sign(bytes),
  }
}
