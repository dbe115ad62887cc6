import { parseCheckpoint } from '../tlog/checkpoint.js'
import { parseNote } from '../tlog/note.js'
import { hashFromBase64 } from '../tlog/note-text.js'
import type { SignedHead } from '../tlog/ports.js'
import type { Checkpoint } from '../tlog/checkpoint.js'
import type { ProvedHead } from './proved.js'

/** What a checkpoint proves things of; undefined unless exactly one line of it is a state root. */
export function provedHead({
  size,
  root,
  extensions,
}: Omit<Checkpoint, 'origin'>): ProvedHead | undefined {
  const [line, ...more] = extensions.filter((extension) => extension.startsWith('state '))
  const stateRoot = line === undefined ? undefined : hashFromBase64(line.slice('state '.length))
  return stateRoot && more.length === 0 ? { size, root, stateRoot } : undefined
}

/** The same of a checkpoint of our own. */
export function headWithState({ note }: SignedHead): ProvedHead | undefined {
  const read = parseNote(Buffer.from(note))
  const checkpoint = read.ok ? parseCheckpoint(read.value.text) : read
  return checkpoint.ok ? provedHead(checkpoint.value) : undefined
}
