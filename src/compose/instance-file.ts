import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyRef } from '../ca/ports.js'
import { DependencyError } from '../core/dependency-error.js'
import { errorCode } from '../core/error-code.js'
import type { RandomBytes } from '../core/time.js'
import { writeDurably } from '../keys/write-durably.js'

/**
 * `instance.json`: written last when a CA is founded, so that its presence says that the rest is there;
 * and again where the version that founded it had no key for one of the logs.
 */
export interface InstanceFile {
  readonly v: 1
  readonly trustDomain: string
  /** The local voter's key in the vault. */
  readonly voterKey: KeyRef
  /** The key that signs checkpoints of the index log; absent where an earlier version wrote this. */
  readonly logKey?: KeyRef
  /** The same of the issuance log. */
  readonly issuanceKey?: KeyRef
  /** Unix seconds. */
  readonly createdAt: number
}

const NAME = 'instance.json'

export async function readInstanceFile(dataDir: string): Promise<InstanceFile | undefined> {
  const path = join(dataDir, NAME)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw new DependencyError('data directory', `cannot read ${path}`, error)
  }
  const instance = parseInstanceFile(text)
  if (instance) return instance
  throw new DependencyError('data directory', `${path} is damaged, or from a newer version`)
}

export async function writeInstanceFile(
  dataDir: string,
  instance: InstanceFile,
  random: RandomBytes,
): Promise<void> {
  await writeDurably(dataDir, NAME, `${JSON.stringify(instance, null, 2)}\n`, random)
}

/** Undefined for what is no such file, or one of a newer version. */
export function parseInstanceFile(text: string): InstanceFile | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof InstanceFile, unknown>> | null
    const isOurs =
      value?.v === 1 &&
      typeof value.trustDomain === 'string' &&
      typeof value.voterKey === 'string' &&
      (value.logKey === undefined || typeof value.logKey === 'string') &&
      (value.issuanceKey === undefined || typeof value.issuanceKey === 'string') &&
      typeof value.createdAt === 'number'
    return isOurs ? (value as InstanceFile) : undefined
  } catch {
    return undefined
  }
}
