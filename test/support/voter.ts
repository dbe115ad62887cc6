import { generateKeyPairSync, sign } from 'node:crypto'
import type { VoterSigner } from '../../src/namespace/ports.js'

/** A voter with a new Ed25519 key. */
export function newVoter(): VoterSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return {
    publicKey: Buffer.from(x, 'base64url'),
    sign: (bytes) => sign(null, bytes, privateKey),
  }
}
