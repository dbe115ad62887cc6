import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type Checkpoint, parseCheckpoint } from './checkpoint.js'
import { EMPTY_ROOT, sameHash } from './hash.js'
import { type NoteRefusal, parseNote, verifyNote } from './note.js'
import { isQuorum, type Policy } from './policy.js'
import { isKeyOf, signatureType, type VerifierKey } from './verifier-key.js'

/** A checkpoint that the log has signed, and a quorum of the policy. */
export interface VerifiedCheckpoint extends Checkpoint {
  /** The text that was signed. */
  readonly text: string
  readonly cosignatures: readonly Cosignature[]
}

export interface Cosignature {
  readonly key: VerifierKey
  /** Unix seconds, as the witness states them; how old is too old is for the reader to say. */
  readonly time: number
}

export type CheckpointRefusal =
  NoteRefusal | Refusal<'tlog.malformed' | 'tlog.unknown-log' | 'tlog.no-quorum' | 'tlog.bad-proof'>

/**
 * Verifies a checkpoint of the log that has this key: its origin is the name of the key, the log has
 * signed it, no signature of a known key is bad, and the witnesses of the policy's quorum have signed
 * it. A policy that lists logs must list this one.
 */
export function verifyCheckpoint(
  octets: Uint8Array,
  logKey: VerifierKey,
  policy: Policy,
): Result<VerifiedCheckpoint, CheckpointRefusal> {
  if (logKey.type !== signatureType.ed25519) {
    return refuse('tlog.unknown-key', 'a log signs with a key of type 1')
  }
  const isListed = policy.logs.some(({ key }) => isSameKey(key, logKey))
  if (policy.logs.length > 0 && !isListed) {
    return refuse('tlog.unknown-log', 'the policy does not list this log')
  }
  const note = parseNote(octets)
  if (!note.ok) return note
  const checkpoint = parseCheckpoint(note.value.text)
  if (!checkpoint.ok) return checkpoint
  if (checkpoint.value.origin !== logKey.name) {
    return refuse('tlog.unknown-log', 'this is a checkpoint of another log')
  }
  const witnesses = policy.witnesses.map(({ key }) => key)
  const verified = verifyNote(note.value, [logKey, ...witnesses])
  if (!verified.ok) return verified
  const signers = verified.value.map(({ key }) => key)
  if (!signers.includes(logKey)) {
    return refuse('tlog.unknown-key', 'the log has not signed this')
  }
  if (!isQuorum(policy, signers)) {
    return refuse('tlog.no-quorum', 'too few witnesses have signed this')
  }
  const { size, root } = checkpoint.value
  if (size === 0 && !sameHash(root, EMPTY_ROOT)) {
    return refuse('tlog.bad-proof', 'this is not the root of an empty tree')
  }
  const cosignatures = verified.value.flatMap(({ key, time }) =>
    time === undefined ? [] : [{ key, time }],
  )
  return ok({ ...checkpoint.value, text: note.value.text, cosignatures })
}

const isSameKey = (a: VerifierKey, b: VerifierKey): boolean =>
  isKeyOf(a, b) && Buffer.compare(a.publicKey, b.publicKey) === 0
