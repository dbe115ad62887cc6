import type { Alias } from '../core/alias.js'
import { canonicalize } from '../core/canonical-json.js'
import { ok, type Result } from '../core/result.js'
import { sha256Hex, type Uid } from '../core/uid.js'
import type { Opened } from '../namespace/dsse.js'
import { verifyRecord } from '../namespace/fold-record.js'
import { FoldedState } from '../namespace/folded-state.js'
import { encodeRecord, MAX_RECORD_BYTES, recordHash } from '../namespace/log-record.js'
import type { ShownCommit, ShownObject } from './bundle.js'
import { mayHaveDecided } from './group-then.js'
import { isInLog, notProved, type NotProved } from './proved.js'
import { openedOf } from './statements-read.js'
import { verifyBrakeCommit } from './verify-brake.js'
import { verifyEmergencyCommit } from './verify-emergency.js'
import { isEvidence, votesOf } from './verify-evidence.js'
import { verifyDecision } from './verify-decision.js'
import { type Shown, verifyRecoveryCommit } from './verify-recovery.js'
import {
  type CommitContext,
  type CommitRefusal,
  factsOf,
  type VerifiedCommit,
} from './verified-commit.js'

export interface Governed {
  readonly kind: 'scope' | 'entry'
  readonly uid: Uid
  readonly alias: Alias
  readonly rev: number
}

/** The object, and every change of it that the bundle shows, of which the last made it what it is. */
export function verifyCommits(
  context: CommitContext,
  shown: ShownObject<Governed>,
): Result<readonly VerifiedCommit[], CommitRefusal> {
  const proved = areShown(context, shown)
  if (!proved.ok) return proved
  const earlier: Shown[] = []
  for (const commit of shown.commits) {
    const { record } = commit
    const one = verifyCommit(context, commit, earlier)
    if (!one.ok) return one
    if (!mayHaveDecided(context.scopes, record, one.value.op)) {
      return notProved(`that the group of record ${record.seq} was there to decide`)
    }
    earlier.push({ record, verified: one.value })
  }
  return isMade(shown)
    ? ok(earlier.map(({ verified }) => verified))
    : notProved(`which record made ${shown.state.uid}`)
}

/** Are these records in the log, one after the other, and about the object? */
export function areShown(
  { head }: Pick<CommitContext, 'head'>,
  { state, commits }: ShownObject<Governed>,
): Result<undefined, NotProved> {
  let before = { rev: 0, seq: -1 }
  for (const commit of commits) {
    const { record } = commit
    const isLater = record.rev > before.rev && record.seq > before.seq
    if (record.subject.uid !== state.uid || !isLater || !isInLog(head, commit)) {
      return notProved(`record ${record.seq}`)
    }
    before = record
  }
  return ok()
}

/** Does the last of the records say that it made the object what it is? */
export function isMade({ state, commits }: ShownObject<Governed>): boolean {
  const last = commits.at(-1)?.record
  return (
    last?.rev === state.rev &&
    last.subject.alias === state.alias &&
    last.after === sha256Hex(canonicalize(state))
  )
}

/** Hash of the record that made the object what it is. */
export const headOf = ({ commits }: Pick<ShownObject<unknown>, 'commits'>): string => {
  const record = commits.at(-1)?.record
  return record ? recordHash(encodeRecord(record)) : ''
}

/** One change, as far as `context` knows who could decide about it. */
export function verifyCommit(
  context: CommitContext,
  commit: ShownCommit,
  earlier: readonly Shown[],
): Result<VerifiedCommit, CommitRefusal> {
  const { record } = commit
  const octets = encodeRecord(record)
  const envelopes = commit.envelopes.map(openedOf).filter((envelope) => envelope !== undefined)
  if (octets.length > MAX_RECORD_BYTES || envelopes.length < commit.envelopes.length) {
    return notProved(`what record ${record.seq} refers to`)
  }
  switch (record.kind) {
    case 'genesis': {
      // The whole of it follows from its statement: as whoever replays the log, from nothing.
      const spelled = commit.envelopes.map((envelope) => Buffer.from(canonicalize(envelope)))
      const stored = { seq: record.seq, bytes: octets, envelopes: spelled }
      const isGenesis = record.prop === context.index && verifyRecord(new FoldedState(), stored).ok
      return isGenesis ? ok(unvoted(commit, 'genesis')) : notProved('the genesis')
    }
    case 'evidence':
      return namesItsVotes(record.votes, votesOf(envelopes)) &&
        isEvidence(context, commit, envelopes)
        ? ok(unvoted(commit, 'evidence'))
        : notProved(`the evidence of record ${record.seq}`)
    case 'brake':
      return verifyBrakeCommit(context, commit, envelopes)
    case 'emergency':
      return verifyEmergencyCommit(context, commit, envelopes)
    case 'recovery-start':
    case 'recovery-cancel':
    case 'recovery-finish':
      return verifyRecoveryCommit(context, commit, envelopes, earlier)
    case 'commit': {
      const [proposal, ...votes] = envelopes
      if (proposal?.digest !== record.prop || !namesItsVotes(record.votes, votes)) {
        return notProved(`what record ${record.seq} refers to`)
      }
      return verifyDecision(context, commit, proposal, votes)
    }
  }
}

const namesItsVotes = (digests: readonly string[], votes: readonly Opened[]): boolean =>
  digests.length === votes.length && votes.every(({ digest }, at) => digest === digests[at])

const unvoted = ({ record }: ShownCommit, kind: 'genesis' | 'evidence'): VerifiedCommit => ({
  ...factsOf(record),
  op: kind,
  voters: [],
  recount: { counted: 'before', because: kind },
})
