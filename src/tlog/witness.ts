import { refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { EMPTY_ROOT, sameHash } from './hash.js'
import { formatSignatureLine, verifyNote } from './note.js'
import type { NoteSigner, WitnessStore } from './ports.js'
import { cosign } from './sign-note.js'
import type { Decision, WitnessAnswer, WitnessRefusal } from './witness-answer.js'
import type { VerifierKey } from './verifier-key.js'
import { consistencyHolds, type TreeHead } from './verify-proof.js'
import { parseWitnessRequest, type WitnessRequest } from './witness-request.js'

/** The keys that may sign for an origin; undefined for a log that the witness does not know. */
export type KnownLogs = (origin: string) => readonly VerifierKey[] | undefined

/** Has a log that is known signed this? What is recorded plays no part. */
export function authenticate(
  { note, checkpoint }: WitnessRequest,
  logs: KnownLogs,
): WitnessAnswer | undefined {
  const keys = logs(checkpoint.origin)
  if (!keys) return refused(404, refuse('tlog.unknown-log', 'the witness does not know this log'))
  const verified = verifyNote(note, keys)
  return verified.ok ? undefined : refused(403, verified)
}

/**
 * Whether to cosign a request that is authentic, beside the head that is recorded for its origin:
 * undefined where there is none. In the order of C2SP tlog-witness.
 */
export function decide(
  { oldSize, proof, checkpoint }: WitnessRequest,
  recorded: TreeHead | undefined,
): Decision {
  const { size, root } = checkpoint
  if (oldSize > size) {
    return answer(refused(400, refuse('tlog.malformed', 'the old size is above the new')))
  }
  const known = recorded ?? NO_TREE
  if (oldSize !== known.size) return answer({ status: 409, body: `${known.size}\n` })
  return isConsistent(known, { size, root }, proof)
    ? { kind: 'cosign', head: { size, root } }
    : answer(refused(422, refuse('tlog.bad-proof', 'this does not go on from what is cosigned')))
}

const NO_TREE: TreeHead = { size: 0, root: EMPTY_ROOT }

function isConsistent(known: TreeHead, next: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (next.size === 0 && !sameHash(next.root, EMPTY_ROOT)) return false
  // Every tree goes on from the empty one, and no proof is sent for it.
  return known.size === 0 ? proof.length === 0 : consistencyHolds(known, next, proof)
}

const answer = (given: WitnessAnswer): Decision => ({ kind: 'answer', answer: given })

const refused = (
  status: 400 | 403 | 404 | 422,
  { refusal }: Extract<Result<never, WitnessRefusal>, { readonly ok: false }>,
): WitnessAnswer => ({ status, refusal })

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
  if (!request.ok) return refused(400, request)
  const unknown = authenticate(request.value, logs)
  if (unknown) return unknown
  const { checkpoint, note } = request.value
  const decision = await store.checkAndStore(checkpoint.origin, (recorded) =>
    decide(request.value, recorded),
  )
  if (decision.kind === 'answer') return decision.answer
  const lines: string[] = []
  for (const signer of signers) {
    lines.push(formatSignatureLine(await cosign(note.text, signer, now)))
  }
  return { status: 200, body: lines.join('') }
}
