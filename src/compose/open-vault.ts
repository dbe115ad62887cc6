import { randomFillSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config, KekSource } from '../config/config.js'
import { DependencyError } from '../core/dependency-error.js'
import { errorCode } from '../core/error-code.js'
import { refuse, type Result } from '../core/result.js'
import type { RandomBytes } from '../core/time.js'
import { unreachable } from '../core/unreachable.js'
import { type FileVault, openFileVault } from '../keys/file-vault.js'
import {
  kekFromFile,
  kekFromOctets,
  kekFromPassphrase,
  type KeyEncryptionKey,
} from '../keys/key-encryption-key.js'
import { writeDurably } from '../keys/write-durably.js'

export interface VaultSource {
  readonly config: Pick<Config, 'dataDir' | 'keys'>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly random: RandomBytes
}

/** The sealed keys of a data directory, opened with the configured key-encryption key. */
export async function openVault(source: VaultSource): Promise<Result<FileVault>> {
  const kek = await keyEncryptionKey(source)
  if (!kek.ok) return kek
  const { config, random } = source
  return openFileVault({ directory: join(config.dataDir, 'keys'), kek: kek.value, random })
}

/** Makes the key-encryption key's file where the configuration names one that is not there. */
export async function makeKekFile({ config, random }: VaultSource): Promise<void> {
  const { kek } = config.keys
  if (kek.kind !== 'file' || (await readable(kek.path))) return
  const octets = randomFillSync(Buffer.alloc(32))
  const name = kek.path.slice(dirname(kek.path).length + 1)
  try {
    await writeDurably(dirname(kek.path), name, `${octets.toString('hex')}\n`, random)
  } catch (error) {
    throw new DependencyError('keys', `cannot write the key-encryption key to ${kek.path}`, error)
  }
}

async function keyEncryptionKey({
  config,
  env,
  random,
}: VaultSource): Promise<Result<KeyEncryptionKey>> {
  const { kek } = config.keys
  switch (kek.kind) {
    case 'file':
      return kekFromFile(kek.path)
    case 'env': {
      const text = env[kek.name]
      return text === undefined ? notSet(kek) : kekFromOctets(Buffer.from(text))
    }
    case 'passphrase-file':
      return kekFromPassphrase(firstLine(await secretFile(kek.path)), random)
    case 'passphrase-env': {
      const text = env[kek.name]
      return text === undefined ? notSet(kek) : kekFromPassphrase(text, random)
    }
    default:
      return unreachable(kek)
  }
}

async function secretFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new DependencyError('keys', `cannot read ${path}`, error)
  }
}

async function readable(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'ENOENT',
  )
}

/** Editors end files with a line end that nobody typed. */
export const firstLine = (text: string): string => text.split(/\r?\n/)[0] ?? ''

const notSet = ({ name }: Extract<KekSource, { name: string }>) =>
  refuse('keys.wrong-kek', `the environment variable ${name} is not set`, {
    wanted: 'the key-encryption key, or the passphrase, that the configuration promises there',
  })
