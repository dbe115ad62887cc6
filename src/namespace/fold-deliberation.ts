import type { Alias } from '../core/alias.js'
import { ok, refuse, type Result } from '../core/result.js'
import { days, minutes, plus, type Seconds, seconds, type UnixSeconds } from '../core/time.js'
import { unreachable } from '../core/unreachable.js'
import { withVote } from './ballot.js'
import { mayBeDecided, responsibleFor } from './decide.js'
import type { Opened } from './dsse.js'
import { castVote, isVetoed, votable } from './fold-vote.js'
import { type Group, mayAct, type Proposer } from './group.js'
import { type DeliberationRecord, deliberationRecord } from './log-record.js'
import type { Outcome } from './outcome.js'
import { decideParts } from './parts.js'
import { type Closed, type Pending, scopePrefix } from './pending.js'
import { broken, isSame } from './record-refusals.js'
import { closed, malformed, notSigned, signs } from './said.js'
import type { Scope } from './scope.js'
import { outcomeOf, secondOf, standingOf } from './standing.js'
import type { IndexState } from './state.js'
import { type Proposal, proposalId, readProposal, readVote, readWithdrawal } from './statements.js'

/** What may wait for one group at a time, and of that by one person. */
const MAX_WAITING = 1000
const MAX_OF_ONE = 100
const SHORTEST_LIFETIME = minutes(10)
const LONGEST_LIFETIME = days(30)

/** A record about a proposal, with the statement that it names beside it. */
export interface Said {
  readonly envelopes: readonly Opened[]
  /** Hash of the record. */
  readonly head: string
}

/** Is it a proposal that may be opened, a vote that counts, a withdrawal by its author? */
export function verifyDeliberation(
  state: IndexState,
  record: DeliberationRecord,
  { envelopes: [statement, ...more], head }: Said,
): Result<Outcome> {
  if (!statement || more.length > 0 || statement.digest !== record.says) {
    return broken(record.seq, 'its statement is not the one it names')
  }
  switch (record.kind) {
    case 'open':
      return opening(state, record, statement, head)
    case 'vote':
      return voting(state, record, statement)
    case 'withdrawal':
      return withdrawing(state, record, statement)
    case 'drill':
      return broken(record.seq, 'it is about no proposal')
    default:
      return unreachable(record.kind)
  }
}

const expected = (
  state: IndexState,
  { kind, ts, says }: DeliberationRecord,
  { digest, proposal: { subject } }: Pick<Pending, 'digest' | 'proposal'>,
): DeliberationRecord => deliberationRecord(state, { kind, at: ts, subject, prop: digest, says })

const finished = (
  state: IndexState,
  record: DeliberationRecord,
  row: Pending | Closed,
  of: Pick<Pending, 'digest' | 'proposal'>,
): Result<Outcome> =>
  isSame(record, expected(state, record, of))
    ? ok({ kind: 'deliberation', row })
    : broken(record.seq, 'it is not what its statement comes to')

function opening(
  state: IndexState,
  record: DeliberationRecord,
  statement: Opened,
  head: string,
): Result<Outcome> {
  const { digest } = statement
  const proposal = readProposal(statement)
  if (!proposal) return malformed('a proposal')
  const admissible = mayBeDecided(state, proposal, record.ts)
  if (!admissible.ok) return admissible
  const lifetime = proposal.expires - proposal.created
  if (lifetime < SHORTEST_LIFETIME || lifetime > LONGEST_LIFETIME) {
    return refuse('namespace.malformed', 'a proposal waits too short or too long', {
      wanted: `${SHORTEST_LIFETIME} to ${LONGEST_LIFETIME} s between created and expires`,
      found: `${lifetime} s`,
    })
  }
  const author = authorOf(state, proposal, record.ts)
  if (!author || !signs(author, statement, proposal.created, record.ts))
    return notSigned('the proposal')
  const id = proposalId(digest)
  if (state.tables.proposals.get(id)) {
    return refuse('namespace.duplicate', 'this proposal was made before', {
      found: id,
      next: `capstan proposal show ${id}`,
    })
  }
  const decided = decideParts(state, proposal, digest, {
    at: record.ts,
    issuedUntil: () => null,
  })
  if (!decided.ok) return decided
  const second = secondOf(state, proposal)
  const isInView = ({ uid }: { readonly uid: string }) => uid === second?.scope
  if (second?.scope !== undefined && !proposal.reads?.some(isInView)) {
    return refuse('namespace.not-responsible', 'the scope that is moved to decides too', {
      wanted: `its uid and revision in reads: ${second.scope}`,
    })
  }
  const room = hasRoom(state, proposal, { author, ts: record.ts })
  if (!room.ok) return room
  const row: Pending = {
    kind: 'pending',
    id,
    digest,
    proposal,
    class: decided.value.changeClass,
    record: record.seq,
    head,
    opened: record.ts,
    controller: author.controller,
    ...(second?.scope !== undefined && { second: { uid: second.scope, rev: second.group.rev } }),
    votes: [],
  }
  return finished(state, record, row, row)
}

/** Bounded: whoever may propose must not be able to bury what others wait for. */
function hasRoom(
  state: IndexState,
  { scope }: Proposal,
  { author, ts }: { readonly author: Proposer; readonly ts: DeliberationRecord['ts'] },
): Result<undefined> {
  let [waiting, own] = [0, 0]
  const prefix = scopePrefix(scope.uid)
  for (const [key] of state.tables.waiting.range(prefix, `${prefix}~`)) {
    const row = state.tables.proposals.get(key.slice(prefix.length))
    if (row?.kind !== 'pending') continue
    if (!['open', 'scheduled', 'due'].includes(standingOf(state, row, ts))) continue
    waiting += 1
    if (row.controller === author.controller) own += 1
  }
  if (own >= MAX_OF_ONE) {
    return refuse('namespace.too-many', 'too many proposals of one person wait for this group', {
      wanted: `fewer than ${MAX_OF_ONE}`,
      found: author.controller,
      next: 'capstan inbox',
    })
  }
  return waiting < MAX_WAITING
    ? ok()
    : refuse('namespace.too-many', 'too many proposals wait for this group', {
        wanted: `fewer than ${MAX_WAITING}`,
        next: 'capstan inbox',
      })
}

/** A voter or proposer of the group that decides, or of one above it. */
export function authorOf(
  state: IndexState,
  proposal: Pick<Proposal, 'op' | 'subject' | 'author'> & Partial<Pick<Proposal, 'scope'>>,
  at: UnixSeconds,
): Proposer | undefined {
  const { kind, id } = proposal.author
  const among = ({ voters, proposers = [] }: Group): Proposer | undefined =>
    kind === 'voter'
      ? voters.find((voter) => voter.id === id && mayAct(voter, at))
      : proposers.find((proposer) => proposer.id === id)
  const own = among(responsibleFor(state, proposal).group)
  if (own) return own
  for (const scope of scopesUpwards(state, proposal.subject.alias)) {
    const found = scope.group && among(scope.group)
    if (found) return found
  }
  return undefined
}

function* scopesUpwards(state: IndexState, alias: Alias): Iterable<Scope> {
  for (let scope = state.scopeAbove(alias); ; scope = state.scopeAbove(scope.alias)) {
    yield scope
    if (scope.uid === state.root.uid) return
  }
}

function voting(state: IndexState, record: DeliberationRecord, statement: Opened): Result<Outcome> {
  const vote = readVote(statement)
  if (!vote) return malformed('a vote')
  const found = votable(state, vote, record)
  if (!found.ok) return found
  const row = found.value
  const cast = castVote(state, row, vote, { statement, record })
  if (!cast.ok) return cast
  const votes = withVote(row.votes, cast.value)
  const after = { ...row, votes }
  if (row.due !== undefined) {
    const vetoed = isVetoed(state, after, record.ts)
    return finished(state, record, vetoed ? closed(after, 'vetoed', record) : after, row)
  }
  const { outcome } = outcomeOf(state, row, record.ts, votes)
  if (outcome === 'dead') return finished(state, record, closed(after, 'rejected', record), row)
  const due = outcome === 'passed' && { due: plus(record.ts, timelockOf(state, row)) }
  return finished(state, record, { ...after, ...due }, row)
}

/** Where two scopes' groups decide, the longer one; a group that is only proposed has none yet. */
function timelockOf(state: IndexState, row: Pending): Seconds {
  const second = secondOf(state, row.proposal)
  const groups = [responsibleFor(state, row.proposal).group]
  if (second?.scope !== undefined) groups.push(second.group)
  return seconds(Math.max(...groups.map(({ timelock }) => timelock?.[row.class] ?? 0)))
}

function withdrawing(
  state: IndexState,
  record: DeliberationRecord,
  statement: Opened,
): Result<Outcome> {
  const withdrawal = readWithdrawal(statement)
  if (!withdrawal) return malformed('a withdrawal')
  const id = proposalId(withdrawal.proposal)
  const row = state.tables.proposals.get(id)
  if (row?.digest !== withdrawal.proposal || withdrawal.index !== state.index) {
    return refuse('namespace.unknown', 'there is no such proposal', { found: id })
  }
  if (row.kind === 'closed') {
    return refuse('namespace.closed', `the proposal is ${row.ending}`, { found: id })
  }
  const { kind, id: who } = withdrawal.author
  const isAuthor = kind === row.proposal.author.kind && who === row.proposal.author.id
  const author = isAuthor ? authorOf(state, row.proposal, record.ts) : undefined
  if (!author || !signs(author, statement, withdrawal.at, record.ts))
    return notSigned('the withdrawal')
  return finished(state, record, closed(row, 'withdrawn', record), row)
}
