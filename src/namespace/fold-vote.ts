import { ok, refuse, type Result } from '../core/result.js'
import { CLOCK_TOLERANCE, plus, toIso, type UnixSeconds } from '../core/time.js'
import { type CastVote, latestSeq, type Side } from './ballot.js'
import { responsibleFor } from './decide.js'
import type { Opened } from './dsse.js'
import { isBraked } from './brake-mark.js'
import type { Group } from './group.js'
import type { DeliberationRecord } from './log-record.js'
import { type Pending, slotPrefixes } from './pending.js'
import { saidFrom, type Seat, seatsOf } from './seat.js'
import { notSigned, signs } from './said.js'
import { isUpToVoters, mayBeStopped, outcomeOf, secondOf, standingOf } from './standing.js'
import type { IndexState } from './state.js'
import { proposalId, slotOf, type Vote } from './statements.js'

/** The proposal that a vote is about, if votes about it are still counted. */
export function votable(
  state: IndexState,
  { subject: [about], predicate }: Vote,
  { ts }: DeliberationRecord,
): Result<Pending> {
  const id = proposalId(about.digest.sha256)
  const row = state.tables.proposals.get(id)
  if (row?.digest !== about.digest.sha256) {
    return refuse('namespace.unknown', 'there is no such proposal', {
      found: id,
      next: 'capstan inbox',
    })
  }
  const isHeard = predicate.decision === 'reject' ? mayBeStopped : isUpToVoters
  if (!isHeard(state, row, ts)) {
    return refuse('namespace.closed', `the proposal is ${standingOf(state, row, ts)}`, {
      wanted: 'a proposal that waits for votes',
      next: `capstan proposal show ${id}`,
    })
  }
  const { proposal } = row
  if (!isMeantFor(row, predicate)) {
    return refuse('namespace.stale-base', 'the vote is not about this proposal as it was opened', {
      reason: isOfItsGroup(proposal, predicate) ? 'stale_base' : 'stale_group',
      wanted: 'its index, scope, slot, and the log up to it',
      next: `capstan vote ${id}`,
    })
  }
  if (predicate.cast > plus(ts, CLOCK_TOLERANCE) || predicate.cast < proposal.created) {
    return refuse('namespace.expired', 'the vote is not of this time', {
      wanted: `a time from ${toIso(proposal.created)} to ${toIso(ts)}`,
      found: toIso(predicate.cast),
    })
  }
  return ok(row)
}

/** Does a vote name the proposal as it was opened: its index, scope and slot, and the log up to it? */
export function isMeantFor(
  { proposal, record, head }: Pending,
  predicate: Vote['predicate'],
): boolean {
  const slot = slotOf(proposal)
  return (
    predicate.index === proposal.index &&
    predicate.scope.uid === proposal.scope.uid &&
    predicate.scope.rev === proposal.scope.rev &&
    predicate.slot.id === slot.id &&
    predicate.slot.rev === slot.rev &&
    predicate.log.size === record + 1 &&
    predicate.log.head === head &&
    predicate.issuedUntil === undefined
  )
}

/** By its group it may be meant for the proposal: then something else is not as it was. */
const isOfItsGroup = (
  { scope }: Pending['proposal'],
  { scope: { uid, rev } }: Vote['predicate'],
): boolean => uid === scope.uid && rev === scope.rev

/** The vote as it counts, if its voter may vote so. */
export function castVote(
  state: IndexState,
  row: Pending,
  { predicate }: Vote,
  { statement, record }: { readonly statement: Opened; readonly record: DeliberationRecord },
): Result<CastVote> {
  const { voter, decision, seq, cast, impact } = predicate
  const groups: readonly (readonly [Side, Group | undefined])[] = [
    ['present', responsibleFor(state, row.proposal).group],
    ['second', secondOf(state, row.proposal)?.group],
  ]
  const among = groups.flatMap(([side, group]) => {
    const known = group?.voters.find(({ id, status }) => id === voter && status === 'active')
    return known ? [{ side, known }] : []
  })
  if (among.length === 0) {
    return refuse('namespace.no-vote', 'whoever signed this has no vote here', {
      wanted: 'an active voter of the scope that decides',
      found: voter,
      next: `capstan proposal show ${row.id}`,
    })
  }
  const signing = among.filter(({ known }) => signs(known, statement, cast, record.ts))
  if (signing.length === 0) return notSigned('the vote')
  // In the group where they are braked, neither a yes nor that their no is taken back counts.
  const heard = signing.filter(({ known }) => decision === 'reject' || !isBraked(known, record.ts))
  if (heard.length === 0) {
    return refuse('namespace.braked', 'a brake is on this voter, who may only say no', {
      wanted: '--reject, or the end of the brake',
      found: voter,
      next: 'capstan brake list',
    })
  }
  const sides = heard.map(({ side }) => side)
  const before = latestSeq(row.votes, voter, sides)
  if (seq <= before) {
    return refuse('namespace.duplicate', 'this voter has voted', {
      wanted: `seq ${before + 1}, to vote otherwise`,
      found: `seq ${seq}`,
    })
  }
  const seats = seatsOf(row).filter(({ side }) => sides.includes(side))
  const rival =
    decision === 'approve' ? approvedRival(state, row, { voter, seats, now: record.ts }) : undefined
  if (rival !== undefined) {
    return refuse(
      'namespace.equivocation',
      'this voter approved another change of the same thing',
      {
        wanted: 'one approval for each revision of a subject',
        found: rival,
        next: `capstan vote ${rival} --abstain, and then vote for this one`,
      },
    )
  }
  const shown = impact !== undefined && { impact }
  return ok({
    voter,
    decision,
    seq,
    digest: statement.digest,
    cast,
    record: record.seq,
    in: sides,
    ...shown,
  })
}

/** Another proposal for the same revision of the same subject that this voter approves. */
function approvedRival(
  state: IndexState,
  { id, proposal }: Pending,
  by: { readonly voter: string; readonly seats: readonly Seat[]; readonly now: UnixSeconds },
): string | undefined {
  for (const prefix of slotPrefixes(proposal)) {
    for (const [key] of state.tables.slots.range(prefix, `${prefix}~`)) {
      const other = state.tables.proposals.get(key.slice(prefix.length))
      if (!other || other.id === id || !isUpToVoters(state, other, by.now)) continue
      const said = by.seats.map((seat) => saidFrom(other, by.voter, seat))
      if (said.some((vote) => vote?.decision === 'approve')) return other.id
    }
  }
  return undefined
}

/** Those who may stop something at once may stop what waits for its time. */
export function isVetoed(state: IndexState, row: Pending, at: UnixSeconds): boolean {
  const { present, second } = outcomeOf(state, row, at).sides
  const { group } = responsibleFor(state, row.proposal)
  const other = secondOf(state, row.proposal)?.group
  return (
    present.no >= group.threshold.emergency ||
    (second !== undefined && other !== undefined && second.no >= other.threshold.emergency)
  )
}
