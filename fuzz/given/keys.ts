import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
} from 'node:crypto'

/** Key pairs that are the same in every run, so that what they signed stays signed. */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const secretOf = (name: string): Buffer => createHash('sha256').update(`fuzz ${name}`).digest()

/** RFC 8410 section 7: what stands before the 32 octets of an Ed25519 key in PKCS#8. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

export function ed25519Pair(name: string): KeyPair {
  const key = Buffer.concat([ED25519_PKCS8, secretOf(name)])
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

export function p256Pair(name: string): KeyPair {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(secretOf(name))
  const point = ecdh.getPublicKey()
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
    d: ecdh.getPrivateKey().toString('base64url'),
  }
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

export const spkiOf = ({ publicKey }: KeyPair): Uint8Array =>
  publicKey.export({ format: 'der', type: 'spki' })
