import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Result } from '../../src/core/result.js'
import type { KeyVault } from '../../src/ca/ports.js'
import { openFileVault } from '../../src/keys/file-vault.js'
import { kekFromOctets, type KeyEncryptionKey } from '../../src/keys/key-encryption-key.js'
import { countedRandom } from '../support/random.js'

/** The value of a result that has to be one. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.refusal)}`)
  return result.value
}

/** A key-encryption key of 32 equal octets. */
export const kekOf = (octet: number): KeyEncryptionKey =>
  must(kekFromOctets(new Uint8Array(32).fill(octet)))

/** A new folder, mode 0700. */
export const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'capstan-keys-'))

export const random = countedRandom('keys')

export const vaultIn = async (directory: string, kek = kekOf(7)): Promise<KeyVault> =>
  must(await openFileVault({ directory, kek, random }))

/** The sealed file of one key, as what it says, for tests to change. */
export class SealedFile {
  readonly path: string

  constructor(directory: string, ref: string) {
    this.path = join(directory, `${ref}.key.json`)
  }

  read(): Record<string, unknown> {
    return JSON.parse(readFileSync(this.path, 'utf8')) as Record<string, unknown>
  }

  write(members: object): void {
    writeFileSync(this.path, JSON.stringify(members))
  }
}

/** The same base64 text but for one bit of its octets. */
export function flipped(base64: unknown, at = 0): string {
  const octets = Buffer.from(String(base64), 'base64')
  octets[at] = (octets[at] ?? 0) ^ 1
  return octets.toString('base64')
}
