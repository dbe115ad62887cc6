import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Hash } from './hash.js'
import { MAX_NOTE_OCTETS } from './note.js'
import {
  decimal,
  fromBase64,
  hashFromBase64,
  splitAtEmptyLine,
  toBase64,
  utf8,
} from './note-text.js'
import type { Policy } from './policy.js'
import type { VerifierKey } from './verifier-key.js'
import {
  type CheckpointRefusal,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from './verify-checkpoint.js'
import { inclusionHolds } from './verify-proof.js'

const HEADER = 'c2sp.org/tlog-proof@v1'
const MAX_PATH = 63
const MAX_EXTRA_OCTETS = 65_536
const MAX_PROOF_OCTETS = 2 * MAX_EXTRA_OCTETS + MAX_NOTE_OCTETS

/** That a log has a leaf, in one text (C2SP tlog-proof). Nothing is verified yet. */
export interface ProofText {
  /** What the application needs to know the leaf by. Nobody has signed it. */
  readonly extra?: Uint8Array
  readonly index: number
  readonly path: readonly Hash[]
  /** The note, verbatim. */
  readonly checkpoint: Uint8Array
}

export function formatProof({ extra, index, path, checkpoint }: ProofText): string {
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...path.map(toBase64),
  ]
  return `${lines.join('\n')}\n\n${Buffer.from(checkpoint).toString()}`
}

/** Reads the one spelling of a proof; its checkpoint is not looked at. */
export function parseProof(octets: Uint8Array): Result<ProofText, Refusal<'tlog.malformed'>> {
  if (octets.length > MAX_PROOF_OCTETS) return malformed('more octets than a proof has')
  const split = splitAtEmptyLine(octets, 3 + MAX_PATH)
  if (!split) return malformed('no empty line where one must be')
  if (utf8(split.rest) === undefined) return malformed('a checkpoint that is no text')
  const [header, ...lines] = split.lines
  if (header !== HEADER) return malformed('another first line')
  const extra = valueOf('extra ', lines[0])
  if (extra !== undefined) lines.shift()
  const data = extra === undefined ? undefined : fromBase64(extra)
  if (extra !== undefined && (!data || data.length > MAX_EXTRA_OCTETS)) {
    return malformed('no data in the extra line')
  }
  const index = decimal(valueOf('index ', lines.shift()) ?? '')
  if (index === undefined) return malformed('no index')
  const path = lines.map(hashFromBase64).filter((hash) => hash !== undefined)
  if (path.length < lines.length || path.length > MAX_PATH)
    return malformed('a line that is no hash')
  return ok({ ...(data && { extra: data }), index, path, checkpoint: split.rest })
}

const valueOf = (prefix: string, line: string | undefined): string | undefined =>
  line?.startsWith(prefix) ? line.slice(prefix.length) : undefined

const malformed = (found: string): Result<never, Refusal<'tlog.malformed'>> =>
  refuse('tlog.malformed', 'this is not a tlog-proof', { found })

/** Is this leaf in the log? The checkpoint that says so is verified as `verifyCheckpoint` does. */
export function verifyProof(
  proof: ProofText,
  leaf: Hash,
  logKey: VerifierKey,
  policy: Policy,
): Result<VerifiedCheckpoint, CheckpointRefusal> {
  const checkpoint = verifyCheckpoint(proof.checkpoint, logKey, policy)
  if (!checkpoint.ok) return checkpoint
  if (!inclusionHolds(checkpoint.value, { index: proof.index, leaf, path: proof.path })) {
    return refuse('tlog.bad-proof', 'the proof does not lead from the leaf to the root')
  }
  return checkpoint
}
