import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DependencyError } from '../core/dependency-error.js'
import { errorCode } from '../core/error-code.js'
import { type RandomBytes, type UnixSeconds, unixSeconds } from '../core/time.js'
import { writeDurably } from '../keys/write-durably.js'
import { isSize } from '../tlog/hash.js'
import { hashFromBase64, toBase64 } from '../tlog/note-text.js'
import type { TreeHead } from '../tlog/verify-proof.js'
import type { SignedLogName } from './log-key.js'

const fileOf = (log: SignedLogName): string => `${log}-head.json`

/**
 * `index-head.json`, `issuance-head.json`: the latest head of a log that its key was asked to sign. It
 * stands beside the store, so that a store that is put back alone does not take it along. Undefined before the first.
 */
export async function readSignedHead(
  dataDir: string,
  log: SignedLogName,
): Promise<TreeHead | undefined> {
  const path = join(dataDir, fileOf(log))
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw new DependencyError('data directory', `cannot read ${path}`, error)
  }
  const head = parseSignedHead(text)
  if (head) return head
  throw new DependencyError('data directory', `${path} is damaged, or from a newer version`)
}

/** When it was written last; undefined before the first time. */
export function signedAt(dataDir: string, log: SignedLogName): UnixSeconds | undefined {
  const written = statSync(join(dataDir, fileOf(log)), { throwIfNoEntry: false })
  return written && unixSeconds(Math.floor(written.mtimeMs / 1000))
}

/** On the disk once it resolves. */
export async function writeSignedHead(
  dataDir: string,
  log: SignedLogName,
  { size, root }: TreeHead,
  random: RandomBytes,
): Promise<void> {
  const content = `${JSON.stringify({ v: 1, size, root: toBase64(root) }, null, 2)}\n`
  try {
    await writeDurably(dataDir, fileOf(log), content, random)
  } catch (error) {
    throw new DependencyError('data directory', `cannot write ${join(dataDir, fileOf(log))}`, error)
  }
}

/** Undefined for what is no such file, or one of a newer version. */
export function parseSignedHead(text: string): TreeHead | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<'v' | 'size' | 'root', unknown>> | null
    if (value?.v !== 1 || typeof value.size !== 'number' || typeof value.root !== 'string') {
      return undefined
    }
    const { size } = value
    const root = hashFromBase64(value.root)
    return root && isSize(size) ? { size, root } : undefined
  } catch {
    return undefined
  }
}
