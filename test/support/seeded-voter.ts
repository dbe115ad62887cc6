import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto'
import { sha256, sha256Hex } from '../../src/core/uid.js'
import type { VoterSigner } from '../../src/namespace/ports.js'
import type { VoterAlgorithm } from '../../src/namespace/voter-key.js'
import { TestVoter } from './voters.js'

/** PKCS#8 of Ed25519 (RFC 8410 section 7) up to the seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

function seededKey(name: string, alg: VoterAlgorithm): KeyObject {
  const seed = sha256(`a test key, voter ${name}`)
  if (alg === 'Ed25519') {
    const der = Buffer.concat([PKCS8_PREFIX, seed])
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  }
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(seed)
  const point = pair.getPublicKey()
  const text = (octets: Uint8Array) => Buffer.from(octets).toString('base64url')
  const [x, y] = [text(point.subarray(1, 33)), text(point.subarray(33))]
  const key = { kty: 'EC', crv: 'P-256', d: text(seed), x, y }
  return createPrivateKey({ key, format: 'jwk' })
}

/** What was signed by ECDSA, which signs otherwise each time: by the SHA-256 of the octets, hex. */
export type Signatures = Map<string, Buffer>

/** A voter whose key follows from the name, and who signs the same octets with the same signature. */
export class SeededVoter extends TestVoter {
  private readonly kept: Signatures

  constructor(id: string, alg: VoterAlgorithm = 'Ed25519', kept: Signatures = new Map()) {
    super(id, alg, `${id}@acme`, seededKey(id, alg))
    this.kept = kept
  }

  override signature(bytes: Uint8Array): Buffer {
    if (this.alg === 'Ed25519') return super.signature(bytes)
    const digest = sha256Hex(bytes)
    const signature = this.kept.get(digest) ?? super.signature(bytes)
    this.kept.set(digest, signature)
    return signature
  }

  /** As the voter of an installation. */
  get signer(): VoterSigner {
    return {
      publicKey: Buffer.from(this.jwk.x, 'base64url'),
      sign: (bytes) => this.signature(bytes),
    }
  }
}
