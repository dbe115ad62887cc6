import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { subjectOf } from './decide.js'
import type { Opened } from './dsse.js'
import { isMeantFor } from './fold-vote.js'
import type { Outcome } from './outcome.js'
import type { Group, Voter } from './group.js'
import { commitRecord, type LogRecord } from './log-record.js'
import { type Pending, slotPrefixes } from './pending.js'
import { isSame, broken } from './record-refusals.js'
import { signs } from './said.js'
import type { Scope } from './scope.js'
import { saidFrom } from './seat.js'
import { isUpToVoters } from './standing.js'
import type { IndexState } from './state.js'
import { proposalId, readVote, type Vote } from './statements.js'

interface Signed {
  readonly vote: Vote
  readonly envelope: Opened
  readonly row: Pending
}

/** What two votes of one voter prove. */
export interface Equivocation {
  /** The scope whose voter it is, with the voter suspended. */
  readonly scope: Scope
  readonly voter: string
}

/**
 * Two votes that nobody signs who votes honestly: different decisions under one number, or approvals
 * of two proposals that cannot both happen. Both are votes as they count, about proposals that wait
 * for them. Anybody may show them; nobody needs to vote about it.
 */
export function equivocationOf(
  state: IndexState,
  envelopes: readonly Opened[],
  now: UnixSeconds,
): Result<Equivocation> {
  const [first, second, ...more] = envelopes.map((envelope) => signedVote(state, envelope, now))
  if (!first || !second || more.length > 0) {
    return notEvidence('two votes about proposals that wait for votes')
  }
  const { uid, rev } = first.row.proposal.scope
  const scope = state.scopes.get(uid)
  const { group } = scope ?? {}
  if (!scope || group?.rev !== rev || second.row.proposal.scope.uid !== uid || group.solo) {
    return notEvidence('votes of one group of several voters')
  }
  const voter = sameVoter(group, [first, second], now)
  if (!voter) return notEvidence('two votes that one active voter of the group signed')
  if (!contradict(first, second)) return notEvidence('votes that contradict each other')
  const voters = group.voters.map((one): Voter =>
    one.id === voter.id ? { ...one, status: 'suspended' } : one,
  )
  return ok({
    voter: voter.id,
    scope: { ...scope, group: { ...group, voters }, rev: scope.rev + 1 },
  })
}

/** A vote that names its proposal as it was opened, while its voters may still say something about it. */
function signedVote(state: IndexState, envelope: Opened, now: UnixSeconds): Signed | undefined {
  const vote = readVote(envelope)
  const digest = vote?.subject[0].digest.sha256
  const row = digest === undefined ? undefined : state.tables.proposals.get(proposalId(digest))
  if (!vote || !row || row.digest !== digest || !isUpToVoters(state, row, now)) return undefined
  return isMeantFor(row, vote.predicate) ? { vote, envelope, row } : undefined
}

/** Whose keys are no longer in use may be anybody's who found them. */
function sameVoter(group: Group, said: readonly Signed[], now: UnixSeconds): Voter | undefined {
  const id = said[0]?.vote.predicate.voter
  const voter = group.voters.find((one) => one.id === id && one.status === 'active')
  const both = said.every(
    ({ vote: { predicate }, envelope }) =>
      predicate.voter === id && voter !== undefined && signs(voter, envelope, predicate.cast, now),
  )
  return both ? voter : undefined
}

function contradict(first: Signed, second: Signed): boolean {
  const [a, b] = [first.vote.predicate, second.vote.predicate]
  if (first.row.id === second.row.id) return a.seq === b.seq && a.decision !== b.decision
  const slots = slotPrefixes(first.row.proposal)
  const areRivals = slotPrefixes(second.row.proposal).some((slot) => slots.includes(slot))
  return areRivals && [first, second].every(stillApproves)
}

/** Not one that its voter has taken back. */
function stillApproves({ vote: { predicate }, row }: Signed): boolean {
  const latest = saidFrom(row, predicate.voter, row.proposal.scope)
  return predicate.decision === 'approve' && (!latest || latest.seq <= predicate.seq)
}

export function verifyEvidence(
  state: IndexState,
  record: LogRecord,
  envelopes: readonly Opened[],
): Result<Outcome> {
  const found = equivocationOf(state, envelopes, record.ts)
  if (!found.ok) return found
  const { scope } = found.value
  const expected = evidenceRecord(state, scope, { at: record.ts, envelopes })
  return isSame(record, expected)
    ? ok({ kind: 'commit', effect: { put: scope, quarantine: [] } })
    : broken(record.seq, 'it is not what its evidence comes to')
}

export function evidenceRecord(
  state: IndexState,
  scope: Scope,
  { at, envelopes }: { readonly at: LogRecord['ts']; readonly envelopes: readonly Opened[] },
): LogRecord {
  const [first] = envelopes
  return commitRecord(state, {
    kind: 'evidence',
    at,
    before: subjectOf(state, { subject: scope }),
    put: scope,
    changeClass: 'narrowing',
    group: { uid: scope.uid, rev: scope.group?.rev ?? 0 },
    prop: first?.digest ?? '',
    votes: envelopes.map(({ digest }) => digest),
  })
}

const notEvidence = (wanted: string) =>
  refuse('namespace.malformed', 'this proves nothing against a voter', { wanted })
