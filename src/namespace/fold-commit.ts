import { ok, refuse, type Result } from '../core/result.js'
import { toIso } from '../core/time.js'
import { byVoter } from './ballot.js'
import { decide, mayBeDecided, subjectOf } from './decide.js'
import type { Opened } from './dsse.js'
import type { Outcome } from './outcome.js'
import type { Decided } from './effect/decision.js'
import { type ChangeClass, mayAct, passes } from './group.js'
import { reachesGuards } from './guard/quorum-floor.js'
import { commitRecord, type LogRecord } from './log-record.js'
import { releasesNames } from './operation.js'
import { decidePart, graver, type OnePart, partsOf } from './parts.js'
import type { Pending } from './pending.js'
import { broken, forged, isSame } from './record-refusals.js'
import { signs } from './said.js'
import { outcomeOf, secondOf, standingOf } from './standing.js'
import type { IndexState } from './state.js'
import { type Proposal, proposalId, readProposal } from './statements.js'
import { tally } from './tally.js'

/** A change: with its proposal and vote beside it, or of a proposal that the log holds with its votes. */
export function verifyCommit(
  state: IndexState,
  record: LogRecord,
  envelopes: readonly Opened[],
): Result<Outcome> {
  return envelopes.length > 0
    ? verifyAtOnce(state, record, envelopes)
    : verifyDeliberated(state, record)
}

/** One voter alone proposes and decides: both statements are beside the record. */
function verifyAtOnce(
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
  if (!group.solo || secondOf(state, proposal)) return forged(record.seq, 'the decision')
  const author = group.voters.find((voter) => voter.id === proposal.author.id)
  if (
    proposal.author.kind !== 'voter' ||
    !author ||
    !mayAct(author, record.ts) ||
    !signs(author, statement, record.ts)
  ) {
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
  const braked = group.voters.filter((voter) => !mayAct(voter, record.ts)).map(({ id }) => id)
  if (braked.some((id) => counted.voters.has(id))) return forged(record.seq, 'a vote')
  if (!passes(group, counted.voters, changeClass)) return forged(record.seq, 'the decision')
  const aliases = [proposal.subject.alias, effect.put.alias]
  const guarded = reachesGuards(state, { aliases, changeClass }, group, counted.voters)
  if (!guarded.ok) return guarded
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

/** The votes are in the log: do they carry it, now that its time has come? */
function verifyDeliberated(state: IndexState, record: LogRecord): Result<Outcome> {
  const row = state.tables.proposals.get(proposalId(record.prop))
  if (row?.kind !== 'pending' || row.digest !== record.prop) {
    return broken(record.seq, 'its proposal does not wait for anything')
  }
  const ready = mayTakeEffect(state, row, record)
  if (!ready.ok) return ready
  const part = partsOf(row.proposal, row.digest)[row.done ?? 0]
  if (!part) return broken(record.seq, 'its proposal has no such change')
  const context = { at: record.ts, issuedUntil: () => record.issuedUntil ?? null }
  const decided = decidePart(state, part, context)
  if (!decided.ok) return decided
  const { outcome } = outcomeOf(
    state,
    row,
    record.ts,
    row.votes,
    graver(row.class, decided.value.changeClass),
  )
  if (outcome !== 'passed') return notCarried(row, decided.value.changeClass)
  const expected = recordOfPart(state, row, part, {
    at: record.ts,
    decided: decided.value,
    ...mayRelease(part.proposal, record),
  })
  if (!isSame(record, expected)) {
    return broken(record.seq, 'it is not what its proposal comes to')
  }
  return ok({ kind: 'commit', effect: decided.value.effect, of: row })
}

const notCarried = (row: Pending, changeClass: ChangeClass) =>
  refuse('namespace.no-quorum', 'the votes do not carry the change any more', {
    wanted: `enough for a ${changeClass} change`,
    next: `capstan proposal show ${row.id}`,
  })

/** All that a record of one change of a proposal says, which voters decided about. */
export function recordOfPart(
  state: IndexState,
  row: Pending,
  { proposal, among }: OnePart,
  made: {
    readonly at: LogRecord['ts']
    readonly decided: Decided
    readonly issuedUntil?: LogRecord['issuedUntil']
  },
): LogRecord {
  const { at, decided, issuedUntil } = made
  return commitRecord(state, {
    at,
    before: subjectOf(state, proposal),
    put: decided.effect.put,
    changeClass: decided.changeClass,
    group: proposal.scope,
    prop: row.digest,
    votes: approvals(row),
    ...(among && { part: among.position }),
    ...(issuedUntil !== undefined && { issuedUntil }),
  })
}

function mayTakeEffect(
  state: IndexState,
  row: Pending,
  { ts }: Pick<LogRecord, 'ts'>,
): Result<undefined> {
  const standing = standingOf(state, row, ts)
  if (standing === 'due') return ok()
  if (standing === 'scheduled') {
    return refuse('namespace.timelock', 'the proposal has passed, and waits for its time', {
      wanted: row.due === undefined ? 'its time' : toIso(row.due),
      found: toIso(ts),
    })
  }
  if (standing === 'open') {
    return refuse('namespace.no-quorum', 'the proposal has not passed', {
      next: `capstan proposal show ${row.id}`,
    })
  }
  return refuse('namespace.closed', `the proposal is ${standing}`, {
    next: 'look at what there is now, and propose again',
  })
}

/** Digests of the votes that count, in the order of their voters. */
export const approvals = ({ votes }: Pick<Pending, 'votes'>): readonly string[] =>
  votes
    .filter(({ decision }) => decision === 'approve')
    .sort(byVoter)
    .map(({ digest }) => digest)

const mayRelease = ({ op }: Proposal, { issuedUntil }: LogRecord) =>
  releasesNames(op) ? { issuedUntil: issuedUntil ?? null } : {}
