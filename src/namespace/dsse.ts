import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { canonicalize, parseCanonical } from '../core/canonical-json.js'
import { sha256Hex } from '../core/uid.js'
import { isVoterKey, type VoterKey } from './voter-key.js'

/** One payload type per kind of statement: a vote can never be read as a proposal. */
export const payloadTypes = {
  genesis: 'application/vnd.capstan.genesis.v1+json',
  proposal: 'application/vnd.capstan.proposal.v1+json',
  vote: 'application/vnd.in-toto+json',
  brake: 'application/vnd.capstan.brake.v1+json',
  withdrawal: 'application/vnd.capstan.withdrawal.v1+json',
  emergency: 'application/vnd.capstan.emergency.v1+json',
  recovery: 'application/vnd.capstan.recovery.v1+json',
  cancellation: 'application/vnd.capstan.recovery-cancellation.v1+json',
  enrolment: 'application/vnd.capstan.enrolment.v1+json',
} as const
export type PayloadType = (typeof payloadTypes)[keyof typeof payloadTypes]

/** Larger than this is not read: the statement within is a fourth smaller. */
export const MAX_ENVELOPE_BYTES = 65_536

/** A DSSE envelope, opened: nothing is verified yet. */
export interface Opened {
  readonly payloadType: string
  readonly payload: Uint8Array
  readonly signatures: readonly Uint8Array[]
  /** SHA-256 of the PAE, hex. Never of the envelope, which has many spellings. */
  readonly digest: string
}

/** DSSE 1.0 pre-authentication encoding: what is signed. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, 'utf8')
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ])
}

/** Digest of a statement, hex, whoever signs it. */
export const statementDigest = (payloadType: PayloadType, statement: unknown): string =>
  sha256Hex(preAuthEncoding(payloadType, Buffer.from(canonicalize(statement), 'utf8')))

export interface Sealed {
  /** Canonical JSON of the envelope. */
  readonly envelope: Uint8Array
  readonly digest: string
}

/** Whoever holds the key. */
interface Signer {
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

export async function seal(
  payloadType: PayloadType,
  statement: unknown,
  signer: Signer,
): Promise<Sealed> {
  const payload = Buffer.from(canonicalize(statement), 'utf8')
  const signed = preAuthEncoding(payloadType, payload)
  const sig = Buffer.from(await signer.sign(signed)).toString('base64')
  const envelope = canonicalize({
    payload: payload.toString('base64'),
    payloadType,
    signatures: [{ sig }],
  })
  return { envelope: Buffer.from(envelope, 'utf8'), digest: sha256Hex(signed) }
}

/** Undefined for anything but one canonical spelling. */
export function open(envelope: Uint8Array): Opened | undefined {
  const parsed = parseCanonical(envelope, MAX_ENVELOPE_BYTES)
  if (!parsed.ok || !hasOnly(parsed.value, ['payload', 'payloadType', 'signatures']))
    return undefined
  const { payload, payloadType, signatures } = parsed.value
  if (typeof payloadType !== 'string' || !Array.isArray(signatures)) return undefined
  if (signatures.length === 0) return undefined
  const sigs = signatures.map((item: unknown) =>
    hasOnly(item, ['sig']) ? fromBase64(item['sig']) : undefined,
  )
  const bytes = fromBase64(payload)
  if (bytes === undefined || sigs.includes(undefined)) return undefined
  return {
    payloadType,
    payload: bytes,
    signatures: sigs.filter((sig) => sig !== undefined),
    digest: sha256Hex(preAuthEncoding(payloadType, bytes)),
  }
}

/** Did one of these keys sign it? Exactly one signature per envelope is made and accepted. */
export function isSignedBy(opened: Opened, keys: readonly VoterKey[]): boolean {
  const [signature, ...more] = opened.signatures
  if (signature === undefined || more.length > 0) return false
  const signed = preAuthEncoding(opened.payloadType, opened.payload)
  return keys.some((key) => isSignatureOf(key, signed, signature))
}

/** The key says how it signs: nothing that comes with a signature does. */
export function isSignatureOf(key: VoterKey, signed: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false
  const publicKey = publicKeyOf(key)
  if (!publicKey) return false
  return key.alg === 'Ed25519'
    ? verify(null, signed, publicKey, signature)
    : verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}

/** Of Ed25519 (RFC 8032 section 5.1.6) and of ES256 (RFC 7518 section 3.4) alike. */
const SIGNATURE_BYTES = 64

/** Importing a key costs as much as verifying with it, and a log is read with few of them. */
const imported = new WeakMap<VoterKey, KeyObject>()

/** Undefined for what is no key that may vote: a file that is being verified may hold anything. */
function publicKeyOf(key: VoterKey): KeyObject | undefined {
  const known = imported.get(key)
  if (known || !isVoterKey(key)) return known
  const publicKey = createPublicKey({ key: { ...key.jwk }, format: 'jwk' })
  imported.set(key, publicKey)
  return publicKey
}

/** An object with these members and no others: what is not signed could say anything. */
function hasOnly(
  value: unknown,
  members: readonly string[],
): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const keys = Object.keys(value)
  return keys.length === members.length && keys.every((key) => members.includes(key))
}

/** The one padded spelling; Node's decoder would take many. */
function fromBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
