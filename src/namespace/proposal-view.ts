import type { Alias } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { type CastVote, type Count, latestSeq } from './ballot.js'
import { responsibleFor } from './decide.js'
import { open } from './dsse.js'
import type { ChangeClass } from './group.js'
import type { Pending, ProposalRow } from './pending.js'
import type { IndexLog } from './ports.js'
import { outcomeOf, secondOf, type Standing, standingOf } from './standing.js'
import {
  deadlineOf,
  type Missing,
  missingFrom,
  type Seated,
  seatedIn,
} from './questions/waiting.js'
import type { IndexState } from './state.js'
import { type Proposal, readProposal } from './statements.js'

/** A vote, and the keys by which its voter is told from another of the same name in another group. */
export interface ShownVote extends CastVote {
  /** JWK thumbprints of the voter in the groups that the vote counts in. */
  readonly keys: readonly string[]
}

/** A proposal as people and programs look at it. */
export interface ProposalView {
  readonly id: string
  /** Of the signed statement, hex: what a vote names. */
  readonly digest: string
  readonly standing: Standing
  /** Number of the record that opened it. */
  readonly record: number
  /** What was signed; undefined in lists, of what is over. */
  readonly proposal?: Proposal
  /** Of what is not over. */
  readonly open?: {
    readonly class: ChangeClass
    readonly opened: UnixSeconds
    readonly due?: UnixSeconds
    /** Hash of the record that opened it: votes name it. */
    readonly head: string
    /** Alias of the scope whose voters decide. */
    readonly scope: Alias
    readonly votes: readonly ShownVote[]
    /** How it stands; undefined where it can pass no more. */
    readonly sides?: { readonly present: Count; readonly second?: Count }
    /** Active voters of the groups that decide who have not voted. */
    readonly awaits: readonly string[]
    /** Then it takes effect, where that is known, or expires. */
    readonly deadline: UnixSeconds
    /** Active voters of the groups that decide; none where it can pass no more. */
    readonly voters: readonly Seated[]
    /** Beside the votes that there are; undefined as `sides`. */
    readonly missing?: { readonly present: Missing; readonly second?: Missing }
  }
  /** Of what is over. */
  readonly closed?: { readonly at: UnixSeconds; readonly record: number }
}

export function proposalView(state: IndexState, row: ProposalRow, now: UnixSeconds): ProposalView {
  const standing = standingOf(state, row, now)
  const { id, digest, record } = row
  if (row.kind === 'closed') {
    return { id, digest, standing, record, closed: { at: row.at, record: row.ended } }
  }
  const { proposal } = row
  return { id, digest, standing, record, proposal, open: opened(state, row, standing, now) }
}

function opened(
  state: IndexState,
  row: Pending,
  standing: Standing,
  now: UnixSeconds,
): NonNullable<ProposalView['open']> {
  const { proposal, opened, due, head, votes } = row
  const isLive = standing !== 'stale'
  return {
    class: row.class,
    opened,
    ...(due !== undefined && { due }),
    head,
    scope: state.scopes.get(proposal.scope.uid)?.alias ?? proposal.subject.alias,
    votes: votes.map((vote) => ({ ...vote, keys: keysOf(state, row, vote) })),
    ...(isLive && counted(state, row, now)),
    awaits: isLive ? awaited(state, row) : [],
    deadline: deadlineOf(row),
    voters: isLive ? seated(state, row) : [],
  }
}

function counted(state: IndexState, row: Pending, now: UnixSeconds) {
  const { sides } = outcomeOf(state, row, now)
  const { present, second } = sides
  const missing = {
    present: missingFrom(present),
    ...(second && { second: missingFrom(second) }),
  }
  return { sides, missing }
}

const seated = (state: IndexState, row: Pending): readonly Seated[] =>
  sidesOf(state, row).flatMap(([side, group]) => (group ? seatedIn(group, side) : []))

const sidesOf = (state: IndexState, { proposal }: Pending) =>
  [
    ['present', responsibleFor(state, proposal).group],
    ['second', secondOf(state, proposal)?.group],
  ] as const

function keysOf(state: IndexState, row: Pending, vote: CastVote): readonly string[] {
  const voters = sidesOf(state, row).flatMap(([side, group]) =>
    vote.in.includes(side) ? (group?.voters ?? []) : [],
  )
  const own = voters.filter(({ id }) => id === vote.voter)
  return [...new Set(own.flatMap(({ keys }) => keys.map(({ thumbprint }) => thumbprint)))]
}

/** Each once, also who has a vote in both groups. */
function awaited(state: IndexState, row: Pending): readonly string[] {
  const waiting = sidesOf(state, row).flatMap(([side, group]) =>
    (group?.voters ?? [])
      .filter(({ id, status }) => status === 'active' && latestSeq(row.votes, id, [side]) === 0)
      .map(({ id }) => id),
  )
  return [...new Set(waiting)]
}

/** One proposal, over or not, with what was signed. */
export async function proposalOf(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  { id, now }: { readonly id: string; readonly now: UnixSeconds },
): Promise<Result<ProposalView, Refusal<'namespace.unknown'>>> {
  const row = state.tables.proposals.get(id)
  if (!row) {
    return refuse('namespace.unknown', 'there is no such proposal', {
      found: JSON.stringify(id.slice(0, 60)),
      next: 'capstan inbox',
    })
  }
  const view = proposalView(state, row, now)
  if (view.proposal) return ok(view)
  const proposal = await proposedBy(log, row.record)
  return ok(proposal ? { ...view, proposal } : view)
}

/** The proposal that a record opened. */
export async function proposedBy(
  log: Pick<IndexLog, 'read'>,
  record: number,
): Promise<Proposal | undefined> {
  const [stored] = await log.read(record, 1)
  const statement = stored?.envelopes[0] && open(stored.envelopes[0])
  return statement && readProposal(statement)
}

/** What waits, oldest first. */
export function* waitingProposals(state: IndexState, now: UnixSeconds): Iterable<ProposalView> {
  const rows: Pending[] = []
  for (const [key] of state.tables.waiting.range()) {
    const row = state.tables.proposals.get(key.slice(key.indexOf(' ') + 1))
    if (row?.kind === 'pending') rows.push(row)
  }
  rows.sort((a, b) => a.record - b.record)
  for (const row of rows) {
    const view = proposalView(state, row, now)
    if (view.standing !== 'stale' && view.standing !== 'expired') yield view
  }
}
