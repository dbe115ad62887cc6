import { createCipheriv, createDecipheriv } from 'node:crypto'
import { canonicalize } from '../core/canonical-json.js'
import { parseBase64 } from '../core/pem.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { RandomBytes } from '../core/time.js'
import { type KekTerms, scryptBlock, scryptCosts } from './key-encryption-key.js'

export const keyKinds = ['P-256', 'P-384', 'Ed25519', 'RSA'] as const
export type KeyKind = (typeof keyKinds)[number]

/** What is open to anyone who holds the file, and bound to the sealed part. */
export interface KeyDescription {
  readonly ref: string
  readonly kind: KeyKind
  readonly label: string
  readonly spki: Uint8Array
  readonly kek: KekTerms
}

/** A private key at rest: PKCS#8 under AES-256-GCM. */
export interface SealedKey extends KeyDescription {
  readonly iv: Uint8Array
  readonly tag: Uint8Array
  readonly ciphertext: Uint8Array
}

const VERSION = 1
const IV_OCTETS = 12
const TAG_OCTETS = 16

/** An RSA-8192 key has 6.5 KiB as JSON. */
export const MAX_SEALED_BYTES = 32_768

export function sealKey(
  description: KeyDescription,
  pkcs8: Uint8Array,
  kek: Uint8Array,
  random: RandomBytes,
): SealedKey {
  const iv = random(IV_OCTETS)
  const cipher = createCipheriv('aes-256-gcm', kek, iv, { authTagLength: TAG_OCTETS })
  cipher.setAAD(Buffer.from(boundTo(description)))
  const ciphertext = Buffer.concat([cipher.update(pkcs8), cipher.final()])
  return { ...description, iv, tag: cipher.getAuthTag(), ciphertext }
}

/** PKCS#8; undefined when anything in the file, or its name, is not what was sealed. */
export function unsealKey(sealed: SealedKey, kek: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv('aes-256-gcm', kek, sealed.iv, { authTagLength: TAG_OCTETS })
  decipher.setAAD(Buffer.from(boundTo(sealed)))
  decipher.setAuthTag(sealed.tag)
  try {
    return Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()])
  } catch {
    return undefined
  }
}

/** Everything but the sealed part itself, the file's name included: two files cannot change places. */
const boundTo = ({ ref, kind, label, spki, kek }: KeyDescription): string =>
  canonicalize({ v: VERSION, ref, kind, label, spki: base64(spki), kek })

export function renderSealedKey({
  kind,
  label,
  spki,
  kek,
  iv,
  tag,
  ciphertext,
}: SealedKey): string {
  const file = {
    v: VERSION,
    kind,
    label,
    spki: base64(spki),
    kek,
    iv: base64(iv),
    tag: base64(tag),
    ct: base64(ciphertext),
  }
  return `${JSON.stringify(file, undefined, 2)}\n`
}

export function parseSealedKey(
  ref: string,
  content: Uint8Array,
): Result<SealedKey, Refusal<'keys.malformed'>> {
  const malformed = (found: string): ReturnType<typeof refuse<'keys.malformed'>> =>
    refuse('keys.malformed', `the sealed key ${ref} is damaged or not one of ours`, {
      wanted: `a sealed key of version ${VERSION}`,
      found,
      next: 'restore the file from a backup',
    })
  if (content.length > MAX_SEALED_BYTES) return malformed(`more than ${MAX_SEALED_BYTES} octets`)
  const file = parseMembers(content)
  if (!file) return malformed('no JSON object')
  const { v } = file
  if (v !== VERSION) return malformed(typeof v === 'number' ? `version ${v}` : 'no version')
  const kind = keyKinds.find((known) => known === file['kind'])
  const { label } = file
  const kek = parseTerms(file['kek'])
  const spki = octetsOf(file['spki'])
  const iv = octetsOf(file['iv'], IV_OCTETS)
  const tag = octetsOf(file['tag'], TAG_OCTETS)
  const ciphertext = octetsOf(file['ct'])
  if (
    !kind ||
    typeof label !== 'string' ||
    !label.isWellFormed() ||
    !kek ||
    !spki ||
    !iv ||
    !tag ||
    !ciphertext
  ) {
    return malformed('a member that is absent or out of bounds')
  }
  return ok({ ref, kind, label, spki, kek, iv, tag, ciphertext })
}

function parseMembers(content: Uint8Array): Record<string, unknown> | undefined {
  try {
    return membersOf(JSON.parse(Buffer.from(content).toString('utf8')))
  } catch {
    return undefined
  }
}

const membersOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : undefined

/** Costs are held to a list before any work is done with them. */
function parseTerms(value: unknown): KekTerms | undefined {
  const { kind, id, salt, N, r, p } = membersOf(value) ?? {}
  if (typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id)) return undefined
  if (kind === 'raw') return { kind, id }
  const cost = scryptCosts.find((known) => known === N)
  if (kind !== 'scrypt' || typeof salt !== 'string' || !octetsOf(salt, 16)) return undefined
  if (cost === undefined || r !== scryptBlock.r || p !== scryptBlock.p) return undefined
  return { kind, id, salt, N: cost, ...scryptBlock }
}

function octetsOf(value: unknown, length?: number): Uint8Array | undefined {
  const octets = typeof value === 'string' ? parseBase64(value) : undefined
  return length === undefined || octets?.length === length ? octets : undefined
}

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')
