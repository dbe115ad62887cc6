import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { sha256 } from '../../src/core/uid.js'
import type { NoteSigner } from '../../src/tlog/ports.js'
import { type SignatureType, signatureType, verifierKey } from '../../src/tlog/verifier-key.js'
import { MixedOrderKey } from './mixed-order.js'

/** PKCS#8 of Ed25519 (RFC 8410 section 7) up to the seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A signer with a key that follows from its seed, 32 octets. */
export function seededSigner(name: string, type: SignatureType, seed: Uint8Array): NoteSigner {
  const der = Buffer.concat([PKCS8_PREFIX, seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const key = verifierKey(name, type, spki.subarray(-32))
  if (!key) throw new Error(`no key for ${name}`)
  return { key, sign: (octets) => sign(null, octets, privateKey) }
}

const seedOf = (name: string): Uint8Array => sha256(`a test key, ${name}`)

export const logSigner = (name: string): NoteSigner =>
  seededSigner(name, signatureType.ed25519, seedOf(`log ${name}`))
export const witnessSigner = (name: string): NoteSigner =>
  seededSigner(name, signatureType.cosignature, seedOf(`witness ${name}`))

/** A signer whose key no verifier may take, though every signature of it holds. */
export function mixedOrderSigner(name: string, type: SignatureType): NoteSigner {
  const mixed = new MixedOrderKey(`note signer ${name}`)
  const { publicKey } = mixed
  const digest = sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]))
  const key = { name, type, publicKey, id: Buffer.from(digest).readUInt32BE(0) }
  return { key, sign: (octets) => mixed.sign(octets) }
}

/** A Go "skey": `PRIVATE+KEY+name+id+base64(type || seed)`. Only published test keys are read. */
export function signerFromSkey(text: string): NoteSigner {
  const [, name = '', , material = ''] =
    /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? []
  const octets = Buffer.from(material, 'base64')
  return seededSigner(name, signatureType.ed25519, octets.subarray(1))
}
