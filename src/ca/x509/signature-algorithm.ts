import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { nullValue, oid, sequence } from '../../core/der-writer.js'
import type { SignatureAlgorithm } from '../ports.js'

export const algorithmOids: Readonly<Record<SignatureAlgorithm, string>> = {
  'ecdsa-with-SHA256': '1.2.840.10045.4.3.2',
  'ecdsa-with-SHA384': '1.2.840.10045.4.3.3',
  Ed25519: '1.3.101.112',
  sha256WithRSAEncryption: '1.2.840.113549.1.1.11',
}

/** The AlgorithmIdentifiers that Capstan writes: NULL for RSA alone (RFC 5758, RFC 8410, RFC 4055). */
export const algorithmDer: Readonly<Record<SignatureAlgorithm, Uint8Array>> = {
  'ecdsa-with-SHA256': sequence(oid(algorithmOids['ecdsa-with-SHA256'])),
  'ecdsa-with-SHA384': sequence(oid(algorithmOids['ecdsa-with-SHA384'])),
  Ed25519: sequence(oid(algorithmOids.Ed25519)),
  sha256WithRSAEncryption: sequence(oid(algorithmOids.sha256WithRSAEncryption), nullValue()),
}

/** How a signature that we read was made. */
export interface SignatureScheme {
  readonly name: string
  /** Undefined: the algorithm has its own (Ed25519). */
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined
  readonly keyType: 'ec' | 'rsa' | 'ed25519'
}

/** By OID. RSA-PSS is not here: Linkerd's proxies do not take it in a chain. */
export const signatureSchemes: ReadonlyMap<string, SignatureScheme> = new Map([
  ['1.2.840.10045.4.1', { name: 'ecdsa-with-SHA1', hash: 'sha1', keyType: 'ec' }],
  ['1.2.840.10045.4.3.2', { name: 'ecdsa-with-SHA256', hash: 'sha256', keyType: 'ec' }],
  ['1.2.840.10045.4.3.3', { name: 'ecdsa-with-SHA384', hash: 'sha384', keyType: 'ec' }],
  ['1.2.840.10045.4.3.4', { name: 'ecdsa-with-SHA512', hash: 'sha512', keyType: 'ec' }],
  ['1.3.101.112', { name: 'Ed25519', hash: undefined, keyType: 'ed25519' }],
  ['1.2.840.113549.1.1.5', { name: 'sha1WithRSAEncryption', hash: 'sha1', keyType: 'rsa' }],
  ['1.2.840.113549.1.1.11', { name: 'sha256WithRSAEncryption', hash: 'sha256', keyType: 'rsa' }],
  ['1.2.840.113549.1.1.12', { name: 'sha384WithRSAEncryption', hash: 'sha384', keyType: 'rsa' }],
  ['1.2.840.113549.1.1.13', { name: 'sha512WithRSAEncryption', hash: 'sha512', keyType: 'rsa' }],
])

/** A key for `signatureHolds`; undefined when OpenSSL takes it for none (a point off its curve). */
export function publicKeyOf(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

/** Whether `key` made `signature` over `bytes` by the scheme of that OID. Never throws. */
export function signatureHolds(
  schemeOid: string,
  key: KeyObject,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  const scheme = signatureSchemes.get(schemeOid)
  if (scheme?.keyType !== key.asymmetricKeyType) return false
  try {
    return verify(scheme?.hash, bytes, key, signature)
  } catch {
    return false
  }
}
