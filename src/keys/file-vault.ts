import { generateKeyPairSync } from 'node:crypto'
import { mkdir, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyRef, KeyVault, Signer } from '../ca/ports.js'
import { keyIdentifierOf } from '../ca/x509/key-identifier.js'
import { DependencyError } from '../core/dependency-error.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { RandomBytes } from '../core/time.js'
import { unreachable } from '../core/unreachable.js'
import type { KeyEncryptionKey } from './key-encryption-key.js'
import { loadKey } from './key-signer.js'
import {
  MAX_SEALED_BYTES,
  parseSealedKey,
  renderSealedKey,
  sealKey,
  type SealedKey,
  unsealKey,
} from './sealed-key.js'
import { writeDurably } from './write-durably.js'

export interface FileVaultOptions {
  readonly directory: string
  readonly kek: KeyEncryptionKey
  readonly random: RandomBytes
}

/** A vault that can also give a key away: to another process of this program, and to nobody else. */
export interface FileVault extends KeyVault {
  /** PKCS#8 DER; undefined when no such key is here. Whoever asks wipes it when it has served. */
  unseal(ref: KeyRef): Promise<Uint8Array | undefined>
}

type VaultRefusal = Refusal<'keys.wrong-kek' | 'keys.malformed' | 'keys.unsafe-permissions'>

const SUFFIX = '.key.json'

/** Hex of the first 8 octets of the key's identifier, as in `AuthorityRecord.id`. */
const REF = /^[0-9a-f]{16}$/

/**
 * A directory of sealed keys, `<ref>.key.json`, made when it is not there. Looks at every file
 * before the first use: a wrong key-encryption key and a damaged file are refused here, at the
 * start, and not in the middle of the night that needs the key.
 */
export async function openFileVault(
  options: FileVaultOptions,
): Promise<Result<FileVault, VaultRefusal>> {
  const { directory, kek } = options
  const files = await prepare(directory)
  if (!files.ok) return files
  for (const ref of files.value) {
    const sealed = await readSealed(directory, ref)
    if (!sealed?.ok) {
      if (sealed) return sealed
      continue
    }
    if ((await kek.forOpening(sealed.value.kek)) === undefined) return refuseKek(sealed.value)
  }
  return ok({
    async create(kind, label) {
      const pkcs8 = generatePkcs8(kind)
      const key = await adopt(options, pkcs8, label)
      pkcs8.fill(0)
      return key
    },
    adopt: (pkcs8, label) => adopt(options, pkcs8, label),
    async open(ref) {
      const pkcs8 = await unseal(options, ref)
      const key = pkcs8 && loadKey(pkcs8)
      pkcs8?.fill(0)
      return key?.signer
    },
    unseal: (ref) => unseal(options, ref),
  })
}

/** The refs in the directory, which is made or checked first. */
async function prepare(
  directory: string,
): Promise<Result<readonly KeyRef[], Refusal<'keys.unsafe-permissions'>>> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const names = await readdir(directory)
    const files = names.filter((name) => name.endsWith(SUFFIX)).sort()
    for (const path of [directory, ...files.map((name) => join(directory, name))]) {
      const { mode } = await stat(path)
      // Readable is bearable, they are sealed; writable means that somebody else chooses our keys.
      if ((mode & 0o022) !== 0) return refuseMode(path, mode)
    }
    const refs = files.map((name) => name.slice(0, -SUFFIX.length))
    return ok(refs.filter((ref) => REF.test(ref)))
  } catch (error) {
    throw new DependencyError('keys', `cannot use the key directory ${directory}`, error)
  }
}

async function adopt(
  { directory, kek, random }: FileVaultOptions,
  pkcs8: Uint8Array,
  label: string,
): Promise<{ ref: KeyRef; signer: Signer }> {
  const key = loadKey(pkcs8)
  if (!key) throw new TypeError('not a private key that can sign certificates')
  const { kind, spki, signer } = key
  const ref = Buffer.from(keyIdentifierOf(spki).subarray(0, 8)).toString('hex')
  const { octets, terms } = await kek.forSealing()
  const sealed = sealKey({ ref, kind, label, spki, kek: terms }, pkcs8, octets, random)
  try {
    await writeDurably(directory, `${ref}${SUFFIX}`, renderSealedKey(sealed), random)
  } catch (error) {
    throw new DependencyError('keys', `cannot write to the key directory ${directory}`, error)
  }
  return { ref, signer }
}

async function unseal(
  { directory, kek }: FileVaultOptions,
  ref: KeyRef,
): Promise<Uint8Array | undefined> {
  if (!REF.test(ref)) return undefined
  const sealed = await readSealed(directory, ref)
  if (!sealed) return undefined
  if (!sealed.ok) throw new DependencyError('keys', sealed.refusal.detail)
  const octets = await kek.forOpening(sealed.value.kek)
  if (!octets) throw new DependencyError('keys', refuseKek(sealed.value).refusal.detail)
  const pkcs8 = unsealKey(sealed.value, octets)
  const key = pkcs8 && loadKey(pkcs8)
  if (!key || Buffer.compare(key.spki, sealed.value.spki) !== 0) {
    pkcs8?.fill(0)
    throw new DependencyError('keys', `the sealed key ${ref} was changed after it was sealed`)
  }
  return pkcs8
}

/** Undefined when there is no such file. */
async function readSealed(
  directory: string,
  ref: KeyRef,
): Promise<Result<SealedKey, Refusal<'keys.malformed'>> | undefined> {
  const path = join(directory, `${ref}${SUFFIX}`)
  try {
    return parseSealedKey(ref, await readAtMost(path, MAX_SEALED_BYTES + 1))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DependencyError('keys', `cannot read ${path}`, error)
  }
}

async function readAtMost(path: string, octets: number): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(octets), 0, octets, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function generatePkcs8(kind: 'P-256' | 'P-384' | 'Ed25519'): Uint8Array {
  const { privateKey } = generatePair(kind)
  return privateKey.export({ format: 'der', type: 'pkcs8' })
}

function generatePair(kind: 'P-256' | 'P-384' | 'Ed25519'): ReturnType<typeof generateKeyPairSync> {
  switch (kind) {
    case 'P-256':
    case 'P-384':
      return generateKeyPairSync('ec', { namedCurve: kind })
    case 'Ed25519':
      return generateKeyPairSync('ed25519')
    default:
      return unreachable(kind)
  }
}

function refuseKek(sealed: SealedKey): ReturnType<typeof refuse<'keys.wrong-kek'>> {
  const byPassphrase = sealed.kek.kind === 'scrypt'
  return refuse(
    'keys.wrong-kek',
    `the key-encryption key does not open the sealed key ${sealed.ref} (${sealed.label})`,
    {
      wanted: byPassphrase
        ? 'the passphrase that the keys were sealed with'
        : `the key-encryption key with id ${sealed.kek.id}`,
      found: 'another one',
    },
  )
}

const refuseMode = (
  path: string,
  mode: number,
): ReturnType<typeof refuse<'keys.unsafe-permissions'>> =>
  refuse('keys.unsafe-permissions', `others may write to ${path}`, {
    wanted: 'write permission for the owner alone',
    found: `0${(mode & 0o777).toString(8)}`,
    next: `chmod go-w ${path}`,
  })
