import { createHmac, scrypt } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { DependencyError } from '../core/dependency-error.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { RandomBytes } from '../core/time.js'

/** How the octets that seal a key came about, as written into the sealed file. */
export type KekTerms =
  | { readonly kind: 'raw'; readonly id: string }
  | {
      readonly kind: 'scrypt'
      /** Base64. */
      readonly salt: string
      readonly N: number
      readonly r: number
      readonly p: number
      readonly id: string
    }

/** What seals private keys at rest (AES-256). Never printed, never stored. */
export interface KeyEncryptionKey {
  /** For a new key: the octets, and the terms that lead back to them. */
  forSealing(): Promise<{ readonly octets: Uint8Array; readonly terms: KekTerms }>
  /** The octets that these terms mean; undefined when this is not the key that they were made with. */
  forOpening(terms: KekTerms): Promise<Uint8Array | undefined>
}

const KEK_OCTETS = 32
const SALT_OCTETS = 16

/** scrypt (RFC 7914): 128 MiB and a third of a second per guess. */
const N = 2 ** 17
const R = 8
const P = 1

/** A file may not ask for more memory than 256 MiB, nor for less work than we do. */
export const scryptCosts: readonly number[] = [N, 2 ** 18]
export const scryptBlock = { r: R, p: P } as const

const deriveKey = promisify<string, Uint8Array, number, object, Buffer>(scrypt)

/**
 * 32 octets: as they are, or as 64 hex digits, or in base64 or base64url. White space around the
 * text forms is passed over.
 */
export function kekFromOctets(
  content: Uint8Array,
): Result<KeyEncryptionKey, Refusal<'keys.malformed'>> {
  const octets = content.length === KEK_OCTETS ? Uint8Array.from(content) : decodeText(content)
  if (octets?.length !== KEK_OCTETS) {
    return refuse('keys.malformed', 'not a key-encryption key', {
      wanted: '32 random octets: raw, as 64 hex digits, or in base64',
      found: `${content.length} octets that are none of these`,
      next: 'openssl rand -hex 32',
    })
  }
  const terms: KekTerms = { kind: 'raw', id: idOf(octets) }
  return ok({
    forSealing: () => Promise.resolve({ octets, terms }),
    forOpening: (asked) =>
      Promise.resolve(asked.kind === 'raw' && asked.id === terms.id ? octets : undefined),
  })
}

/** The content of a file that others cannot read: it is the one secret that is not sealed. */
export async function kekFromFile(
  path: string,
): Promise<Result<KeyEncryptionKey, Refusal<'keys.malformed' | 'keys.unsafe-permissions'>>> {
  try {
    const { mode } = await stat(path)
    if ((mode & 0o027) !== 0) {
      return refuse('keys.unsafe-permissions', `others may use the key-encryption key in ${path}`, {
        wanted: 'mode 0600, 0400 or 0440',
        found: `0${(mode & 0o777).toString(8)}`,
        next: `chmod 0600 ${path}`,
      })
    }
    return kekFromOctets(await readFile(path))
  } catch (error) {
    throw new DependencyError('keys', `cannot read the key-encryption key in ${path}`, error)
  }
}

/** A passphrase, stretched by scrypt. Keys sealed in one run share a salt, and so one derivation. */
export function kekFromPassphrase(
  passphrase: string,
  random: RandomBytes,
): Result<KeyEncryptionKey, Refusal<'keys.malformed'>> {
  if (passphrase.length < 8) {
    return refuse('keys.malformed', 'the passphrase is too short to protect a key', {
      wanted: 'at least 8 characters',
      found: `${passphrase.length}`,
    })
  }
  // Unicode writes one text in several ways (RFC 8265 section 4.2.2).
  const normal = passphrase.normalize('NFC')
  const derived = new Map<string, Promise<Uint8Array>>()
  let sealing: KekTerms | undefined

  function derive(salt: string, cost: number): Promise<Uint8Array> {
    const name = `${cost} ${salt}`
    const known = derived.get(name)
    if (known) return known
    const options = { N: cost, r: R, p: P, maxmem: 2 * 128 * cost * R }
    const octets = deriveKey(normal, Buffer.from(salt, 'base64'), KEK_OCTETS, options)
    derived.set(name, octets)
    return octets
  }

  return ok({
    async forSealing() {
      const salt =
        sealing?.kind === 'scrypt'
          ? sealing.salt
          : Buffer.from(random(SALT_OCTETS)).toString('base64')
      const octets = await derive(salt, N)
      sealing = { kind: 'scrypt', salt, N, r: R, p: P, id: idOf(octets) }
      return { octets, terms: sealing }
    },
    async forOpening(terms) {
      if (terms.kind !== 'scrypt') return undefined
      const octets = await derive(terms.salt, terms.N)
      return idOf(octets) === terms.id ? octets : undefined
    },
  })
}

/** Tells one key-encryption key from another and gives nothing away: 64 bits of a PRF. */
function idOf(octets: Uint8Array): string {
  return createHmac('sha256', octets).update('capstan kek id').digest('hex').slice(0, 16)
}

function decodeText(content: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(content).toString('latin1').trim()
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  if (/^[A-Za-z0-9+/]{43}=?$/.test(text)) return Buffer.from(text, 'base64')
  if (/^[A-Za-z0-9_-]{43}=?$/.test(text)) return Buffer.from(text, 'base64url')
  return undefined
}
