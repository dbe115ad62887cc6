import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { type Checkpoint, parseCheckpoint } from './checkpoint.js'
import { EMPTY_ROOT, sameHash } from './hash.js'
import { formatNote, formatSignatureLine, type Note, parseNote, verifyNote } from './note.js'
import type { NoteSigner, WitnessStore } from './ports.js'
import { cosign } from './sign-note.js'
import { timeAfter } from './sane-time.js'
import { stateLines } from './state-root.js'
import type { CosignedHead, Decision, WitnessAnswer, WitnessRefusal } from './witness-answer.js'
import { isKeyOf, type VerifierKey } from './verifier-key.js'
import { consistencyHolds, type TreeHead } from './verify-proof.js'
import { parseWitnessRequest, type WitnessRequest } from './witness-request.js'

/** The keys that may sign for an origin; undefined for a log that the witness does not know. */
export type KnownLogs = (origin: string) => readonly VerifierKey[] | undefined

/** A request that a known log has signed. */
interface AuthenticRequest extends WitnessRequest {
  /** The text with the signatures of the log's keys, and no others. */
  readonly signed: string
}

interface Answered {
  readonly ok: false
  readonly answer: WitnessAnswer
}

/** Has a log that is known signed this? What is recorded plays no part. */
export function authenticate(
  request: WitnessRequest,
  logs: KnownLogs,
): { readonly ok: true; readonly value: AuthenticRequest } | Answered {
  const { note, checkpoint } = request
  const keys = logs(checkpoint.origin)
  if (!keys) return refused(404, refuse('tlog.unknown-log', 'the witness does not know this log'))
  const verified = verifyNote(note, keys)
  if (!verified.ok) return refused(403, verified)
  return { ok: true, value: { ...request, signed: formatNote(signedBy(note, keys)) } }
}

/** The note with one signature of each of these keys, where there is one. */
function signedBy({ text, signatures }: Note, keys: readonly VerifierKey[]): Note {
  const theirs = keys.flatMap((key) => signatures.find((one) => isKeyOf(key, one)) ?? [])
  return { text, signatures: theirs }
}

/**
 * Whether to cosign a request that is authentic, beside the head that is recorded for its origin:
 * undefined where there is none. In the order of C2SP tlog-witness.
 */
export function decide(
  { oldSize, proof, checkpoint, signed }: AuthenticRequest,
  recorded: CosignedHead | undefined,
  now: UnixSeconds,
): Decision {
  const { size, root } = checkpoint
  if (oldSize > size) {
    return decided(refused(400, refuse('tlog.malformed', 'the old size is above the new')))
  }
  const known: TreeHead = recorded ?? NO_TREE
  if (oldSize !== known.size) {
    return decided({ answer: { status: 409, body: `${known.size}\n` } })
  }
  const isOther = isOtherState(checkpoint, recorded)
  if (!isOther && isConsistent(known, { size, root }, proof)) {
    return { kind: 'cosign', head: { size, root, at: timeAfter(recorded?.at, now), note: signed } }
  }
  const { refusal } = refuse('tlog.bad-proof', 'this does not go on from what is cosigned')
  const isFork = isOther || (size === known.size && !sameHash(root, known.root))
  return decided({ answer: { status: 422, refusal, isFork, note: signed } })
}

/**
 * Does it sign another state of the tree that is cosigned? A root does not bind its state line: two of
 * them would be two histories to who believes what they say. One that said none may say it now. Other
 * extension lines are the log's own matter: a time, say, may be another one each time (C2SP
 * tlog-checkpoint).
 */
function isOtherState(checkpoint: Checkpoint, recorded: CosignedHead | undefined): boolean {
  if (checkpoint.size !== recorded?.size) return false
  const note = parseNote(Buffer.from(recorded.note))
  const before = note.ok ? parseCheckpoint(note.value.text) : undefined
  if (!before?.ok) return false
  const said = stateLines(before.value)
  return said.length > 0 && said.join() !== stateLines(checkpoint).join()
}

const NO_TREE: TreeHead = { size: 0, root: EMPTY_ROOT }

function isConsistent(known: TreeHead, next: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (next.size === 0 && !sameHash(next.root, EMPTY_ROOT)) return false
  // Every tree goes on from the empty one, and no proof is sent for it.
  return known.size === 0 ? proof.length === 0 : consistencyHolds(known, next, proof)
}

const decided = ({ answer }: Pick<Answered, 'answer'>): Decision => ({ kind: 'answer', answer })

const refused = (
  status: 400 | 403 | 404,
  { refusal }: { readonly refusal: WitnessRefusal },
): Answered => ({ ok: false, answer: { status, refusal } })

export interface Witness {
  readonly logs: KnownLogs
  readonly store: WitnessStore
  /** Of cosignatures; one at least. */
  readonly signers: readonly NoteSigner[]
}

/**
 * add-checkpoint of C2SP tlog-witness. What is cosigned is recorded before it is signed, in the step
 * that compares it with what was recorded: of two requests that begin at one size, one is answered 409.
 */
export async function addCheckpoint(
  { logs, store, signers }: Witness,
  body: Uint8Array,
  now: UnixSeconds,
): Promise<WitnessAnswer> {
  const request = parseWitnessRequest(body)
  if (!request.ok) return refused(400, request).answer
  const authentic = authenticate(request.value, logs)
  if (!authentic.ok) return authentic.answer
  const { checkpoint, note } = request.value
  const decision = await store.checkAndStore(checkpoint.origin, (recorded) =>
    decide(authentic.value, recorded, now),
  )
  if (decision.kind === 'answer') return decision.answer
  return { status: 200, body: await linesOf(note.text, signers, decision.head.at) }
}

/**
 * The latest checkpoint of a log that the witness has cosigned, with the signatures of the log and of
 * the witness: those that it answered, for they are made again from the time that is recorded.
 */
export async function cosignedNote(
  { store, signers }: Pick<Witness, 'store' | 'signers'>,
  origin: string,
): Promise<Result<string, Refusal<'tlog.unknown-log'>>> {
  const latest: CosignedHead | undefined = await store.latest(origin)
  const note = latest && parseNote(Buffer.from(latest.note))
  if (!latest || !note?.ok) {
    return refuse('tlog.unknown-log', 'the witness has cosigned nothing of this log')
  }
  return ok(latest.note + (await linesOf(note.value.text, signers, latest.at)))
}

async function linesOf(
  text: string,
  signers: readonly NoteSigner[],
  at: UnixSeconds,
): Promise<string> {
  const lines: string[] = []
  for (const signer of signers) lines.push(formatSignatureLine(await cosign(text, signer, at)))
  return lines.join('')
}
