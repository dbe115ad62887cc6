import type { Alias } from '../core/alias.js'
import { days, plus, type UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { type CastVote, count, type Count } from './ballot.js'
import { isBaseOf, isStale, responsibleAbove, responsibleFor, subjectOf } from './decide.js'
import { groupAfter } from './effect/groups.js'
import type { ChangeClass, Group } from './group.js'
import { underGuards } from './guard/quorum-floor.js'
import type { Ending, Pending, ProposalRow } from './pending.js'
import type { IndexState } from './state.js'
import { operationOf, type Proposal } from './statements.js'

/** What a proposal is now; `due` when its votes are there and its time has come. */
export type Standing = 'open' | 'scheduled' | 'due' | Ending

/** A proposal that passed and cannot take effect is kept no longer than this. */
const LONGEST_DUE = days(30)

/**
 * What a proposal is at `now`. Staleness and expiry need no process to run: a revision never comes
 * back, nor does time.
 */
export function standingOf(state: IndexState, row: ProposalRow, now: UnixSeconds): Standing {
  if (row.kind === 'closed') return row.ending
  // Some of its changes are made: what they changed is no reason to leave the others.
  if (row.done !== undefined) return 'due'
  if (isStale(state, row.proposal) || isOutdated(state, row.proposal)) return 'stale'
  if (!isSecondAsAsked(state, row)) return 'stale'
  if (row.due === undefined) return now > row.proposal.expires ? 'expired' : 'open'
  if (now < row.due) return 'scheduled'
  return now > plus(row.due, LONGEST_DUE) ? 'expired' : 'due'
}

/** May its voters still say something about it? */
export function isUpToVoters(
  state: IndexState,
  row: ProposalRow,
  now: UnixSeconds,
): row is Pending {
  const standing = standingOf(state, row, now)
  return row.kind === 'pending' && (standing === 'open' || standing === 'scheduled')
}

/**
 * May its voters still stop it? Also what is due and not in force: what keeps it (a brake on whose yes
 * it needs) may end by itself, and then it is carried without another vote.
 */
export function mayBeStopped(
  state: IndexState,
  row: ProposalRow,
  now: UnixSeconds,
): row is Pending {
  const isWhole = row.kind === 'pending' && row.done === undefined
  return (isWhole && standingOf(state, row, now) === 'due') || isUpToVoters(state, row, now)
}

/** Of several changes: has what one of them is made against changed? */
function isOutdated(state: IndexState, proposal: Proposal): boolean {
  const operation = operationOf(proposal)
  if (operation.op !== 'changes') return false
  return operation.body.changes.some(
    ({ subject, base }) =>
      base !== null && 'rev' in base && !isBaseOf(subjectOf(state, { subject }), { base, subject }),
  )
}

/** Of a move: do those decide where it leads who were asked? Their votes are nobody else's. */
function isSecondAsAsked(state: IndexState, { proposal, second }: Pending): boolean {
  if (proposal.op !== 'entry.rename') return true
  const now = secondOf(state, proposal)
  return now?.scope === second?.uid && (!second || now?.group.rev === second.rev)
}

/** A group beside the responsible one, whose consent a proposal needs. */
export interface Second {
  readonly group: Group
  /** Whose it is; undefined while it is only proposed. */
  readonly scope?: Uid
}

/** Of a change of a group: the group that would be. Of a move to another scope: the one that is there. */
export function secondOf(
  state: IndexState,
  proposal: Pick<Proposal, 'op' | 'subject' | 'body' | 'scope'>,
): Second | undefined {
  const operation = operationOf(proposal)
  if (operation.op === 'group.set') {
    const scope = state.scopes.get(operation.subject.uid)
    // Whoever steps in from above does so because those below cannot or should not decide.
    const intervenes = scope?.group && proposal.scope.uid !== scope.uid
    return intervenes ? undefined : { group: groupAfter(scope?.group ?? null, operation.body) }
  }
  if (operation.op !== 'entry.rename') return undefined
  const { uid, group } = responsibleAbove(state, operation.body.to)
  return uid === proposal.scope.uid ? undefined : { group, scope: uid }
}

export interface Outcome {
  readonly sides: { readonly present: Count; readonly second?: Count }
  readonly outcome: Count['outcome']
}

/** Where the subject stands, and where it would; of several changes, every one of their subjects. */
export function placesOf(proposal: Pick<Proposal, 'op' | 'subject' | 'body'>): readonly Alias[] {
  const operation = operationOf(proposal)
  const { alias } = proposal.subject
  if (operation.op === 'changes') return operation.body.changes.flatMap(placesOf)
  return operation.op === 'entry.rename' ? [alias, operation.body.to] : [alias]
}

/** Counts on every side: one that says no is enough. */
export function outcomeOf(
  state: IndexState,
  row: Pending,
  at: UnixSeconds,
  votes: readonly CastVote[] = row.votes,
  changeClass: ChangeClass = row.class,
): Outcome {
  // No group below a guard is content with less than it.
  const places = placesOf(row.proposal)
  const present = underGuards(state, places, responsibleFor(state, row.proposal).group)
  const other = secondOf(state, row.proposal)?.group
  const second = other && underGuards(state, places, other)
  const ballot = { changeClass, author: { controller: row.controller }, votes, at }
  const sides = {
    present: count(present, 'present', ballot),
    ...(second && { second: count(second, 'second', ballot) }),
  }
  const all = Object.values(sides).map(({ outcome }) => outcome)
  const outcome = all.includes('dead')
    ? 'dead'
    : all.every((one) => one === 'passed')
      ? 'passed'
      : 'undecided'
  return { sides, outcome }
}
