import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finding } from './finding.js'
import type { Order } from './order.js'

/** This folder: the corpora are below it, and what runs leave unless they are told otherwise. */
export const HOME = fileURLToPath(new URL('..', import.meta.url))

const nameOf = (target: string): string => basename(target, '.ts')

/** The corpus in the tree. */
export const corpusFolder = (target: string): string => join(HOME, 'corpus', nameOf(target))
/** Everything interesting so far, for the next run: not in version control. */
export const workFolder = (out: string, target: string): string => join(out, 'work', nameOf(target))

/** Writes the input and what it shows; answers the path. */
export function saveFinding(
  { out, target }: Pick<Order, 'out' | 'target'>,
  { kind, key, detail }: Finding,
  input: Uint8Array,
): string {
  const folder = join(out, 'findings', nameOf(target))
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${kind}-${digest(Buffer.from(key)).slice(0, 12)}`)
  writeFileSync(path, input)
  writeFileSync(`${path}.txt`, `${kind}: ${key}\n\n${detail}\n`)
  return path
}

/** The slowest input known that is no finding has a place of its own: the corpus is of short ones. */
export function saveSlowest(target: string, input: Uint8Array): void {
  mkdirSync(corpusFolder(target), { recursive: true })
  writeFileSync(join(corpusFolder(target), 'slowest'), input)
}

export function readInputs(folder: string): readonly { name: string; input: Uint8Array }[] {
  return filesIn(folder).map((name) => ({ name, input: readFileSync(join(folder, name)) }))
}

/** Puts inputs under the names of their digests in the place of those there; files of other names stay. */
export function writeInputs(folder: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(folder, { recursive: true })
  for (const name of filesIn(folder)) {
    if (/^[0-9a-f]{16}$/.test(name)) rmSync(join(folder, name))
  }
  for (const input of inputs) writeFileSync(join(folder, digest(input).slice(0, 16)), input)
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    // Nothing was kept yet.
    return []
  }
}

const digest = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')
