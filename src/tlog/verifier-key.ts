import { createPublicKey, type KeyObject } from 'node:crypto'
import { isPrimeOrder } from '../core/prime-order.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { sha256 } from '../core/uid.js'
import { fromBase64, toBase64 } from './note-text.js'

/** Signature types of C2SP signed-note that are verified here. 0x06 (ML-DSA-44) is not. */
export const signatureType = {
  /** Ed25519 over the text of the note: how a log signs. */
  ed25519: 0x01,
  /** Ed25519 over time and text, C2SP tlog-cosignature: how a witness signs. */
  cosignature: 0x04,
} as const
export type SignatureType = (typeof signatureType)[keyof typeof signatureType]

/** A key that verifies notes (C2SP signed-note). */
export interface VerifierKey {
  /** Not empty, without white space and without "+". */
  readonly name: string
  readonly type: SignatureType
  /** Ed25519, 32 octets. */
  readonly publicKey: Uint8Array
  /** The first four octets of SHA-256(name || 0x0A || type || publicKey), as a number. */
  readonly id: number
}

const PUBLIC_KEY_OCTETS = 32
const MAX_KEY_NAME = 1024

/** No white space of Unicode, no "+", and no control characters, which a note has no place for. */
export const isKeyName = (name: string): boolean =>
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  name !== '' && !/[\p{White_Space}+\u0000-\u001f]/u.test(name)

/** Undefined for a name that no note can hold, and for a public key that two verifiers may judge differently. */
export function verifierKey(
  name: string,
  type: SignatureType,
  publicKey: Uint8Array,
): VerifierKey | undefined {
  if (!isKeyName(name) || !name.isWellFormed() || name.length > MAX_KEY_NAME) return undefined
  if (publicKey.length !== PUBLIC_KEY_OCTETS || !isPrimeOrder(publicKey)) return undefined
  return { name, type, publicKey, id: keyId(name, type, publicKey) }
}

function keyId(name: string, type: number, publicKey: Uint8Array): number {
  const digest = sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]))
  return Buffer.from(digest).readUInt32BE(0)
}

/** `name+id+base64(type || publicKey)`: a "vkey". */
export function formatVerifierKey({ name, type, publicKey, id }: VerifierKey): string {
  const material = toBase64(Buffer.concat([Buffer.of(type), publicKey]))
  return `${name}+${id.toString(16).padStart(8, '0')}+${material}`
}

/** Base64 has "+" too: the name ends at the first one, the id is what is between it and the next. */
const VKEY = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/

/** The one spelling of a key of a type that is verified here. */
export function parseVerifierKey(text: string): Result<VerifierKey, Refusal<'tlog.malformed'>> {
  const [, name = '', id = '', material = ''] = VKEY.exec(text) ?? []
  const octets = fromBase64(material)
  const [type] = octets ?? []
  if (!octets || type === undefined) return malformed('text of another form')
  if (!isSupported(type)) return malformed(`signature type ${type}`)
  const key = verifierKey(name, type, octets.subarray(1))
  if (!key) return malformed('a name or a public key that must not be')
  if (key.id !== Number.parseInt(id, 16)) return malformed('the id of another key')
  return ok(key)
}

const isSupported = (type: number): type is SignatureType =>
  type === signatureType.ed25519 || type === signatureType.cosignature

const malformed = (found: string): Result<never, Refusal<'tlog.malformed'>> =>
  refuse('tlog.malformed', 'this is not a verifier key', {
    wanted: 'name+id+key of C2SP signed-note, of type 1 or 4',
    found,
  })

/** SubjectPublicKeyInfo of Ed25519 (RFC 8410 section 4) up to the key itself. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Importing a key costs as much as verifying with it, and the same few verify everything. */
const imported = new WeakMap<VerifierKey, KeyObject>()

export function keyObjectOf(key: VerifierKey): KeyObject {
  const known = imported.get(key)
  if (known) return known
  const der = Buffer.concat([SPKI_PREFIX, key.publicKey])
  const made = createPublicKey({ key: der, format: 'der', type: 'spki' })
  imported.set(key, made)
  return made
}

/** Name and id are what a signature names its key by. */
export const isKeyOf = (
  key: VerifierKey,
  { name, id }: Pick<VerifierKey, 'name' | 'id'>,
): boolean => key.id === id && key.name === name
