import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Hash } from './hash.js'
import { mapKey } from './map-hash.js'
import { type MapProof, verifyMapProof } from './map-proof.js'
import { formatMapProof, MAX_MAP_PROOF_OCTETS, parseMapProof } from './map-proof-text.js'
import { MAX_NOTE_OCTETS } from './note.js'
import { splitAtEmptyLine, utf8 } from './note-text.js'
import type { Policy } from './policy.js'
import { stateRootOf } from './state-root.js'
import type { VerifierKey } from './verifier-key.js'
import {
  type CheckpointRefusal,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from './verify-checkpoint.js'

const HEADER = 'capstan/state-proof@v1'
/** A table and a name of it: no line feed, and no second space. */
const ABOUT = /^([a-z][a-z0-9-]{0,31}) ([!-~]{1,400})$/
/** Header, what it is about, and the lines of a map proof: two, and one for each bit. */
const MAX_LINES = 4 + 256
const MAX_OCTETS = 512 + MAX_MAP_PROOF_OCTETS + MAX_NOTE_OCTETS

/** What a row of a state map is called. */
export interface RowName {
  readonly table: string
  readonly name: string
}

/** What a log's state has under a name, in one text. Nothing is verified yet. */
export interface StateProofText {
  readonly about: RowName
  readonly proof: MapProof
  /** The note, verbatim. */
  readonly checkpoint: Uint8Array
}

/** Is it the text of a state proof, if it is of any? */
export const isStateProof = (octets: Uint8Array): boolean =>
  Buffer.from(octets.subarray(0, HEADER.length + 1)).toString('latin1') === `${HEADER}\n`

/** The two words of the second line; undefined for what is none. */
export function parseRowName(text: string): RowName | undefined {
  const [, table, name] = ABOUT.exec(text) ?? []
  return table === undefined || name === undefined ? undefined : { table, name }
}

/** Throws RangeError for a table or a name that cannot stand in it. */
export function formatStateProof({ about, proof, checkpoint }: StateProofText): string {
  const row = `${about.table} ${about.name}`
  if (!parseRowName(row)) throw new RangeError('a table, and a name without spaces')
  return `${HEADER}\n${row}\n${formatMapProof(proof)}\n${Buffer.from(checkpoint).toString()}`
}

/** Reads the one spelling of a state proof; its checkpoint is not looked at. */
export function parseStateProof(
  octets: Uint8Array,
): Result<StateProofText, Refusal<'tlog.malformed'>> {
  if (octets.length > MAX_OCTETS) return malformed('more octets than a proof has')
  const split = splitAtEmptyLine(octets, MAX_LINES)
  if (!split) return malformed('no empty line where one must be')
  if (utf8(split.rest) === undefined) return malformed('a checkpoint that is no text')
  const [header, row = '', ...lines] = split.lines
  if (header !== HEADER) return malformed('another first line')
  const about = parseRowName(row)
  if (!about) return malformed('no table and name in the second line')
  const proof = parseMapProof(Buffer.from(`${lines.join('\n')}\n`))
  return proof.ok ? ok({ about, proof: proof.value, checkpoint: split.rest }) : proof
}

const malformed = (found: string): Result<never, Refusal<'tlog.malformed'>> =>
  refuse('tlog.malformed', 'this is not a state proof', { found })

/** What the state of a log is in one row, at a checkpoint. */
export interface ProvedRow {
  readonly checkpoint: VerifiedCheckpoint
  /** Undefined: there is no such row. */
  readonly value: Hash | undefined
}

/**
 * What the log says of the row that is asked about; that the text is about another is a bad proof. Its
 * checkpoint is verified as `verifyCheckpoint` does, and must sign a state root.
 */
export function verifyStateProof(
  text: StateProofText,
  asked: RowName,
  logKey: VerifierKey,
  policy: Policy,
): Result<ProvedRow, CheckpointRefusal> {
  if (text.about.table !== asked.table || text.about.name !== asked.name) {
    return refuse('tlog.bad-proof', 'the proof is about another row', {
      wanted: `${asked.table} ${asked.name}`,
      found: `${text.about.table} ${text.about.name}`,
    })
  }
  const checkpoint = verifyCheckpoint(text.checkpoint, logKey, policy)
  if (!checkpoint.ok) return checkpoint
  const root = stateRootOf(checkpoint.value)
  if (!root.ok) return root
  if (!root.value) return refuse('tlog.bad-proof', 'the checkpoint signs no state')
  const found = verifyMapProof(text.proof, root.value, mapKey(asked.table, asked.name))
  return found.ok ? ok({ checkpoint: checkpoint.value, value: found.value }) : found
}
