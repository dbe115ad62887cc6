import { canonicalize } from '../core/canonical-json.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { TrustDomain } from '../core/names.js'
import { decide, mayBeDecided, subjectOf } from './decide.js'
import { isSignedBy, open, type Opened } from './dsse.js'
import type { FoldedState } from './folded-state.js'
import { genesisRecord, rootScope } from './genesis.js'
import { type Group, passes, soloGroup, type VoterKey } from './group.js'
import { commitRecord, encodeRecord, type LogRecord, readRecord, recordHash } from './log-record.js'
import { releasesNames } from './operation.js'
import type { StoredRecord } from './ports.js'
import type { Scope } from './scope.js'
import type { Effect, IndexState } from './state.js'
import { type Proposal, readGenesis, readProposal } from './statements.js'
import { tally } from './tally.js'
import { isVoterKey } from './voter-key.js'

/** A record that belongs at the end of the log, and what it does. */
export interface Verified {
  readonly record: LogRecord
  readonly head: string
  readonly outcome: Outcome
}

type Outcome =
  | {
      readonly kind: 'genesis'
      readonly index: string
      readonly trustDomain: TrustDomain
      readonly root: Scope
    }
  | { readonly kind: 'commit'; readonly effect: Effect }

/**
 * Does this record belong at the end of the log? Pure, and changes nothing: every digest, signature,
 * chain and rule is checked from the bytes alone, so that replaying a log on any machine gives the
 * same state or the same refusal.
 */
export function verifyRecord(state: IndexState, stored: StoredRecord): Result<Verified> {
  const record = readRecord(stored.bytes)
  const opened = stored.envelopes.map(open)
  if (!record || opened.includes(undefined)) return broken(stored.seq, 'it is not canonical')
  const envelopes = opened.filter((envelope) => envelope !== undefined)
  const inOrder = inSequence(state, stored, record)
  if (!inOrder.ok) return inOrder
  const outcome =
    record.kind === 'genesis'
      ? verifyGenesis(record, envelopes)
      : verifyCommit(state, record, envelopes)
  if (!outcome.ok) return outcome
  return ok({ record, head: recordHash(stored.bytes), outcome: outcome.value })
}

/** Makes true what a verified record says. It must be of this very state. */
export function applyRecord(state: FoldedState, { record, head, outcome }: Verified): void {
  if (outcome.kind === 'genesis') {
    state.begin(outcome.index, outcome.trustDomain, { ...outcome.root, head })
  } else {
    state.apply({ ...outcome.effect, put: { ...outcome.effect.put, head } })
  }
  state.advance(head, record.ts, record.subject.uid)
}

/** Is it the next record of this log? */
function inSequence(
  state: IndexState,
  { seq }: StoredRecord,
  record: LogRecord,
): Result<undefined, Refusal<'namespace.bad-canonical'>> {
  if (record.seq !== seq || seq !== state.size) return broken(seq, 'its number is not the next one')
  if ((record.chain ?? '') !== state.head)
    return broken(seq, 'it does not follow the record before it')
  if ((record.kind === 'genesis') !== (seq === 0))
    return broken(seq, 'only the first is the genesis')
  if (record.ts < state.at) return broken(seq, 'it is older than the record before it')
  return ok()
}

function verifyGenesis(
  record: LogRecord,
  [statement, ...more]: readonly Opened[],
): Result<Outcome> {
  const genesis = statement && readGenesis(statement)
  if (!genesis || more.length > 0 || statement.digest !== record.prop) {
    return broken(record.seq, 'its genesis statement is not the one it names')
  }
  const key = soloKey(genesis.group)
  if (!key) return broken(record.seq, 'its group is not one local voter')
  if (!isSignedBy(statement, [key])) return forged(record.seq, 'the genesis')
  if (!isSame(record, genesisRecord(genesis, statement.digest))) {
    return broken(record.seq, 'it is not what its genesis statement comes to')
  }
  const { trustDomain } = genesis
  const root = rootScope(genesis, statement.digest)
  return ok({ kind: 'genesis', index: statement.digest, trustDomain, root })
}

/**
 * The one key of the one voter that an index begins with. Whoever opens a log looks for the voter of
 * the installation in it: if others could stand beside it here, they could found a log of their own
 * and name it there, without a signature of its key.
 */
function soloKey(group: Group): VoterKey | undefined {
  const [voter] = group.voters
  const [key] = voter?.keys ?? []
  if (!voter || !key || !isVoterKey(key)) return undefined
  return canonicalize(group) === canonicalize(soloGroup(voter.controller, key)) ? key : undefined
}

function verifyCommit(
  state: IndexState,
  record: LogRecord,
  [statement, ...votes]: readonly Opened[],
): Result<Outcome> {
  const proposal = statement && readProposal(statement)
  if (!proposal || statement.digest !== record.prop) {
    return broken(record.seq, 'its proposal is not the one it names')
  }
  const admissible = mayBeDecided(state, proposal, record.ts)
  if (!admissible.ok) return admissible
  const { group } = admissible.value
  const author = group.voters.find((voter) => voter.id === proposal.author.id)
  if (author?.status !== 'active' || !isSignedBy(statement, author.keys)) {
    return forged(record.seq, 'the proposal')
  }
  const counted = tally({ proposal, record }, votes, group)
  // The log's time is that of the vote that decides, which is signed.
  if (!counted || record.ts !== Math.max(counted.latest, state.at)) {
    return forged(record.seq, 'a vote')
  }

  const decided = decide(state, proposal, statement.digest, {
    at: record.ts,
    issuedUntil: record.issuedUntil ?? null,
  })
  if (!decided.ok) return decided
  const { effect, changeClass } = decided.value
  if (!passes(group, counted.voters, changeClass)) return forged(record.seq, 'the decision')
  const expected = commitRecord(state, {
    at: record.ts,
    before: subjectOf(state, proposal),
    put: effect.put,
    changeClass,
    group: proposal.scope,
    prop: statement.digest,
    votes: votes.map((vote) => vote.digest),
    ...mayRelease(proposal, record),
  })
  if (!isSame(record, expected)) {
    return broken(record.seq, 'it is not what its proposal comes to')
  }
  return ok({ kind: 'commit', effect })
}

const mayRelease = ({ op }: Proposal, { issuedUntil }: LogRecord) =>
  releasesNames(op) ? { issuedUntil: issuedUntil ?? null } : {}

const isSame = (a: LogRecord, b: LogRecord): boolean =>
  Buffer.compare(encodeRecord(a), encodeRecord(b)) === 0

const broken = (seq: number, why: string) =>
  refuse('namespace.bad-canonical', `record ${seq} of the index log is broken: ${why}`, {
    next: 'restore the data directory from a backup; nothing was changed',
  })

const forged = (seq: number, what: string) =>
  refuse(
    'namespace.bad-signature',
    `record ${seq} of the index log: ${what} is not signed as it must be`,
    {
      next: 'restore the data directory from a backup; nothing was changed',
    },
  )
