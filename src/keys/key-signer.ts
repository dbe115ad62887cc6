import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { SignatureAlgorithm, Signer } from '../ca/ports.js'
import { DependencyError } from '../core/dependency-error.js'
import type { KeyKind } from './sealed-key.js'

/** A private key in this process, fit to sign certificates. */
export interface LoadedKey {
  readonly kind: KeyKind
  readonly spki: Uint8Array
  readonly signer: Signer
}

const algorithms: Readonly<Record<KeyKind, SignatureAlgorithm>> = {
  'P-256': 'ecdsa-with-SHA256',
  'P-384': 'ecdsa-with-SHA384',
  Ed25519: 'Ed25519',
  RSA: 'sha256WithRSAEncryption',
}

const hashes: Readonly<Record<SignatureAlgorithm, string | undefined>> = {
  'ecdsa-with-SHA256': 'sha256',
  'ecdsa-with-SHA384': 'sha384',
  Ed25519: undefined,
  sha256WithRSAEncryption: 'sha256',
}

/** PKCS#8 DER -> a signer; undefined for what is no key, or none that may sign certificates. */
export function loadKey(pkcs8: Uint8Array): LoadedKey | undefined {
  try {
    const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
    const kind = kindOf(key)
    if (kind === undefined) return undefined
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
    return { kind, spki, signer: signerOf(key, algorithms[kind], spki) }
  } catch {
    return undefined
  }
}

function signerOf(key: KeyObject, algorithm: SignatureAlgorithm, spki: Uint8Array): Signer {
  const hash = hashes[algorithm]
  return {
    algorithm,
    spki,
    sign(bytes) {
      try {
        // The KeyObject is parsed once: parsing it for each signature costs ten times as much.
        return sign(hash, bytes, key)
      } catch (error) {
        throw new DependencyError('keys', 'a private key cannot sign', error)
      }
    },
  }
}

function kindOf(key: KeyObject): KeyKind | undefined {
  const type = key.asymmetricKeyType
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (type === 'ed25519') return 'Ed25519'
  if (type === 'ec' && namedCurve === 'prime256v1') return 'P-256'
  if (type === 'ec' && namedCurve === 'secp384r1') return 'P-384'
  return type === 'rsa' && modulusLength >= 2048 && modulusLength <= 8192 ? 'RSA' : undefined
}
