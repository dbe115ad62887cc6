import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type Checkpoint, parseCheckpoint } from './checkpoint.js'
import type { Hash } from './hash.js'
import { MAX_NOTE_OCTETS, type Note, parseNote } from './note.js'
import { decimal, hashFromBase64, splitAtEmptyLine } from './note-text.js'

const MAX_PROOF_LINES = 63
/** "old", a size, and 63 hashes in base64. */
const MAX_HEAD_OCTETS = 4 + 17 + MAX_PROOF_LINES * 45
export const MAX_REQUEST_OCTETS = MAX_HEAD_OCTETS + 1 + MAX_NOTE_OCTETS

/** The body of an add-checkpoint request (C2SP tlog-witness), read: nothing is verified yet. */
export interface WitnessRequest {
  /** Size of the tree that the proof begins at. */
  readonly oldSize: number
  readonly proof: readonly Hash[]
  readonly note: Note
  readonly checkpoint: Checkpoint
}

/** Reads the one spelling of a request. */
export function parseWitnessRequest(
  body: Uint8Array,
): Result<WitnessRequest, Refusal<'tlog.malformed'>> {
  if (body.length > MAX_REQUEST_OCTETS) return malformed('more octets than a request has')
  const split = splitAtEmptyLine(body, 1 + MAX_PROOF_LINES)
  if (!split) return malformed('no empty line where one must be')
  const [oldLine = '', ...proofLines] = split.lines
  const oldSize = oldLine.startsWith('old ') ? decimal(oldLine.slice(4)) : undefined
  if (oldSize === undefined) return malformed('no old size in the first line')
  const proof = proofLines.map(hashFromBase64).filter((hash) => hash !== undefined)
  if (proof.length < proofLines.length) return malformed('a proof line that is no hash')
  const note = parseNote(split.rest)
  if (!note.ok) return note
  const checkpoint = parseCheckpoint(note.value.text)
  if (!checkpoint.ok) return checkpoint
  return ok({ oldSize, proof, note: note.value, checkpoint: checkpoint.value })
}

const malformed = (found: string): Result<never, Refusal<'tlog.malformed'>> =>
  refuse('tlog.malformed', 'this is not an add-checkpoint request', { found })
