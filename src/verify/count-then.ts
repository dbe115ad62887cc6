import { refuse, ok, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import type { CastVote, Side } from '../namespace/ballot.js'
import { responsibleFor } from '../namespace/decide.js'
import type { Opened } from '../namespace/dsse.js'
import type { ChangeClass, Group } from '../namespace/group.js'
import { changeOf } from '../namespace/history.js'
import type { LogRecord } from '../namespace/log-record.js'
import { graver } from '../namespace/parts.js'
import type { Pending } from '../namespace/pending.js'
import { classesOf } from '../namespace/questions/authority.js'
import { outcomeOf, secondOf } from '../namespace/standing.js'
import { operationOf, type Proposal, proposalId, type Vote } from '../namespace/statements.js'
import type { ShownCommit } from './bundle.js'
import { mayBeGraver } from './class-known.js'
import type { LineageState } from './lineage-state.js'
import { notProved } from './proved.js'
import { signs } from './statements-read.js'
import type { CommitRefusal, Opening, Recount, Then, VerifiedCommit } from './verified-commit.js'
import { timesOfVote } from './vote-time.js'

/** A vote that approves this very change. */
export interface Approval {
  readonly vote: Vote
  readonly envelope: Opened
}

/** A proposal as it was signed, and the votes that are said to have carried it. */
export interface Decision {
  readonly statement: Opened
  readonly proposal: Proposal
  readonly approvals: readonly Approval[]
}

export type Recounted = Pick<VerifiedCommit, 'voters' | 'recount' | 'isForAnyClass'>

/** Is the group that a record names the one that decided about the subject then? */
export function isResponsible(
  state: LineageState,
  { group }: Pick<LogRecord, 'group'>,
  about: Parameters<typeof responsibleFor>[1],
): boolean {
  const { uid, group: found } = responsibleFor(state, about)
  return uid === group.uid && found.rev === group.rev
}

/**
 * Counts votes as the fold does, by the groups that there were: every vote is of a voter of one of
 * them and signed, and all that are asked say yes.
 */
export function countThen(
  then: Then,
  commit: ShownCommit,
  decision: Decision,
): Result<Recounted, CommitRefusal> {
  const { record, opened } = commit
  const { proposal, statement } = decision
  const { state, opening } = then
  if (!isResponsible(state, record, proposal)) {
    return notProved(`that the group of record ${record.seq} was there to decide`)
  }
  const author = opening?.author
  if (!author || !signs(author, statement, proposal.created, (opened?.record ?? record).ts)) {
    return notProved(`who proposed record ${record.seq}`)
  }
  const { group } = responsibleFor(state, proposal)
  const second = secondOf(state, proposal)
  // One voter alone, and nobody else, decides without a proposal that waits.
  const isAtOnce = group.solo && !second && proposal.author.kind === 'voter'
  if (!opened && !isAtOnce) return notProved(`that record ${record.seq} was voted about`)
  if (!isAsAsked(second, opening)) return notProved(`who was asked about record ${record.seq}`)
  const votes: CastVote[] = []
  for (const approval of decision.approvals) {
    const times = timesOfVote(commit, proposal, approval.vote.predicate.cast)
    const vote = times && castIn({ present: group, second: second?.group }, times, approval)
    if (!vote) {
      const { voter } = approval.vote.predicate
      return notProved(`the vote of ${voter} in record ${record.seq}`)
    }
    votes.push(vote)
  }
  const row = rowOf(commit, decision, { votes, controller: author.controller })
  return counted(state, row, record)
}

/** Of a move: do those decide where it leads who were asked? */
function isAsAsked(second: ReturnType<typeof secondOf>, { second: asked }: Opening): boolean {
  if (second?.scope === undefined) return asked === undefined
  return asked?.uid === second.scope && asked.rev === second.group.rev
}

/** Undefined where it is of nobody who votes in either group, or not signed by them. */
function castIn(
  groups: Readonly<Record<Side, Group | undefined>>,
  times: readonly UnixSeconds[],
  { vote: { predicate }, envelope }: Approval,
): CastVote | undefined {
  const { voter: id, decision, seq, cast } = predicate
  const sides = (['present', 'second'] as const).filter((side) => {
    const voter = groups[side]?.voters.find((one) => one.id === id)
    return voter && signs(voter, envelope, ...times)
  })
  if (sides.length === 0) return undefined
  return { voter: id, decision, seq, digest: envelope.digest, cast, record: 0, in: sides }
}

const rowOf = (
  { record, opened }: ShownCommit,
  { proposal }: Decision,
  { votes, controller }: Pick<Pending, 'votes' | 'controller'>,
): Pending => ({
  kind: 'pending',
  id: proposalId(record.prop),
  digest: record.prop,
  proposal,
  class: record.class,
  record: (opened?.record ?? record).seq,
  head: '',
  opened: (opened?.record ?? record).ts,
  controller,
  votes,
})

/**
 * Several changes take as many votes as the gravest of them. Those of entries are not decided here: as
 * grave as its operation is at the least.
 */
function atLeast(proposal: Proposal, own: ChangeClass): ChangeClass {
  const operation = operationOf(proposal)
  if (operation.op !== 'changes') return own
  const least = operation.body.changes.flatMap(({ op }) => classesOf[op].slice(0, 1))
  return least.reduce(graver, own)
}

function counted(
  state: LineageState,
  row: Pending,
  record: LogRecord,
): Result<Recounted, CommitRefusal> {
  const { seq, ts, class: own } = record
  const changeClass = atLeast(row.proposal, own)
  const { sides, outcome } = outcomeOf(state, row, ts, row.votes, changeClass)
  const { present, second } = sides
  const lacking = present.outcome === 'passed' ? (second ?? present) : present
  if (outcome !== 'passed') {
    const { threshold, controllers } = lacking.needs
    return refuse('bundle.no-quorum', `the votes of record ${seq} do not carry it`, {
      wanted: `${threshold} and ${controllers} controllers, for a ${changeClass} change`,
      found: `${lacking.yes} and ${lacking.controllers}`,
    })
  }
  const recount: Recount = {
    counted: 'again',
    weight: present.yes,
    threshold: present.needs.threshold,
    controllers: present.controllers,
    minControllers: present.needs.controllers,
  }
  const voters = row.votes.filter((vote) => vote.in.includes('present'))
  return ok({
    voters: voters.map(({ voter }) => voter),
    recount,
    ...(isForAnyClass(state, row, record) && { isForAnyClass: true }),
  })
}

/** Would they carry it if it were the gravest that its operation can be? */
function isForAnyClass(state: LineageState, row: Pending, record: LogRecord): boolean {
  const { op } = operationOf(changeOf(row.proposal, record))
  if (!mayBeGraver(op, record.class)) return false
  const gravest = atLeast(row.proposal, classesOf[op].reduce(graver))
  return outcomeOf(state, row, record.ts, row.votes, gravest).outcome === 'passed'
}
