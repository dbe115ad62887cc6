import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Checkpoint } from './checkpoint.js'
import type { Hash } from './hash.js'
import { hashFromBase64, toBase64 } from './note-text.js'

const STATE = 'state '

/** The extension line in which a checkpoint says what its log's entries come to. */
export const stateLine = (root: Hash): string => `${STATE}${toBase64(root)}`

/** All lines of a checkpoint that say a state, as they are written. */
export const stateLines = ({ extensions }: Pick<Checkpoint, 'extensions'>): readonly string[] =>
  extensions.filter((line) => line.startsWith(STATE))

/** The root of the state map that a checkpoint signs; undefined where it signs none. */
export function stateRootOf({
  extensions,
}: Pick<Checkpoint, 'extensions'>): Result<Hash | undefined, Refusal<'tlog.malformed'>> {
  const lines = stateLines({ extensions })
  const [line] = lines
  if (line === undefined) return ok(undefined)
  const root = hashFromBase64(line.slice(STATE.length))
  if (root && lines.length === 1) return ok(root)
  return refuse('tlog.malformed', 'the checkpoint does not say one state root', {
    wanted: 'at most one line: state, a space, the base64 of 32 octets',
  })
}
