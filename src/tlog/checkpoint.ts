import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { decimal, hashFromBase64, toBase64 } from './note-text.js'
import type { TreeHead } from './verify-proof.js'

/** The text of a checkpoint (C2SP tlog-checkpoint): what a log signs of its tree. */
export interface Checkpoint extends TreeHead {
  /** Which log; never empty, one line. */
  readonly origin: string
  /** Lines that the log may add, none of them empty. Nothing here reads them. */
  readonly extensions: readonly string[]
}

const MAX_EXTENSIONS = 16

/** Reads the one spelling of a checkpoint: the text of a note, with its last line feed. */
export function parseCheckpoint(text: string): Result<Checkpoint, Refusal<'tlog.malformed'>> {
  const lines = text.split('\n')
  if (lines.pop() !== '' || lines.length < 3 || lines.length > 3 + MAX_EXTENSIONS)
    return malformed('too few lines, or too many')
  if (lines.includes('')) return malformed('an empty line')
  const [origin = '', sizeLine = '', rootLine = '', ...extensions] = lines
  const size = decimal(sizeLine)
  const root = hashFromBase64(rootLine)
  if (size === undefined) return malformed('no tree size below 2^53 in the second line')
  if (root === undefined) return malformed('no root hash in the third line')
  return ok({ origin, size, root, extensions })
}

const malformed = (found: string): Result<never, Refusal<'tlog.malformed'>> =>
  refuse('tlog.malformed', 'this is not a checkpoint', { found })

/** Throws RangeError for lines that would be read as something else. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const lines = [origin, String(size), toBase64(root), ...extensions]
  const text = lines.map((line) => `${line}\n`).join('')
  const read = parseCheckpoint(text)
  if (!read.ok || read.value.extensions.length !== extensions.length) {
    throw new RangeError('a checkpoint has one line for each of its parts')
  }
  return text
}
