import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  ia5Octets,
  integer,
  namedBits,
  nullValue,
  octetString,
  oid,
  sequence,
  setOf,
  tlv,
  trueValue,
  utf8String,
} from '../../src/core/der-writer.js'

/** Builds CSRs piece by piece, so that any one piece can be wrong, and signs what came out. */
export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

export const p256: KeyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const p384: KeyPair = generateKeyPairSync('ec', { namedCurve: 'P-384' })
export const ed25519: KeyPair = generateKeyPairSync('ed25519')

export const spkiOf = (pair: KeyPair): Uint8Array =>
  Uint8Array.from(pair.publicKey.export({ format: 'der', type: 'spki' }))

export const signatureOids = {
  sha1Ecdsa: '1.2.840.10045.4.1',
  sha256Ecdsa: '1.2.840.10045.4.3.2',
  sha384Ecdsa: '1.2.840.10045.4.3.3',
  sha512Ecdsa: '1.2.840.10045.4.3.4',
  ed25519: '1.3.101.112',
  sha1Rsa: '1.2.840.113549.1.1.5',
  sha256Rsa: '1.2.840.113549.1.1.11',
} as const

const digests: Readonly<Record<string, string>> = {
  [signatureOids.sha1Ecdsa]: 'sha1',
  [signatureOids.sha256Ecdsa]: 'sha256',
  [signatureOids.sha384Ecdsa]: 'sha384',
  [signatureOids.sha512Ecdsa]: 'sha512',
  [signatureOids.sha1Rsa]: 'sha1',
  [signatureOids.sha256Rsa]: 'sha256',
}

export const subject = (...attributes: readonly Uint8Array[]): Uint8Array =>
  sequence(...attributes.map((attribute) => setOf(attribute)))

export const attributeValue = (type: string, value: Uint8Array): Uint8Array =>
  sequence(oid(type), value)

export const commonName = (text: string): Uint8Array => attributeValue('2.5.4.3', utf8String(text))

export const dns = (text: string): Uint8Array => contextPrimitive(2, ia5Octets(text))
export const uri = (text: string): Uint8Array => contextPrimitive(6, ia5Octets(text))

export const extension = (
  type: string,
  value: Uint8Array,
  critical: 'critical' | 'not critical' = 'not critical',
): Uint8Array =>
  sequence(oid(type), ...(critical === 'critical' ? [trueValue()] : []), octetString(value))

export const altNames = (...names: readonly Uint8Array[]): Uint8Array =>
  extension('2.5.29.17', sequence(...names))

export const basicConstraints = (...members: readonly Uint8Array[]): Uint8Array =>
  extension('2.5.29.19', sequence(...members), 'critical')

export const keyUsage = (...bits: readonly number[]): Uint8Array =>
  extension('2.5.29.15', namedBits(...bits), 'critical')

export const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
export const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7'

/** An attribute; its SET is written as given, so that it can be empty, or have two values. */
export const attribute = (type: string, ...values: readonly Uint8Array[]): Uint8Array =>
  sequence(oid(type), tlv(0x31, ...values))

export const extensionRequest = (...extensions: readonly Uint8Array[]): Uint8Array =>
  attribute(EXTENSION_REQUEST, sequence(...extensions))

export interface InfoParts {
  readonly version?: Uint8Array
  readonly subject?: Uint8Array
  readonly spki?: Uint8Array
  readonly attributes?: readonly Uint8Array[]
}

/** A CertificationRequestInfo; what is not given is that of a good one. */
export const info = (parts: InfoParts = {}): Uint8Array =>
  sequence(
    parts.version ?? integer(0),
    parts.subject ?? subject(),
    parts.spki ?? spkiOf(p256),
    contextConstructed(0, ...(parts.attributes ?? [])),
  )

export interface SigningParts {
  readonly key?: KeyPair
  readonly algorithm?: string
  readonly parameters?: Uint8Array
  readonly signature?: Uint8Array
}

/** Signs whatever octets these are. */
export function signInfo(signedBytes: Uint8Array, parts: SigningParts = {}): Uint8Array {
  const { key = p256, algorithm = signatureOids.sha256Ecdsa } = parts
  const signature =
    parts.signature ?? Uint8Array.from(sign(digests[algorithm], signedBytes, key.privateKey))
  const parameters =
    parts.parameters ??
    (algorithm.startsWith('1.2.840.113549.1.1.') ? nullValue() : new Uint8Array(0))
  return sequence(signedBytes, sequence(oid(algorithm), parameters), bitString(signature))
}

export const csr = (parts: InfoParts = {}, signing: SigningParts = {}): Uint8Array =>
  signInfo(info(parts), signing)
