import { ok, refuse, type Result } from '../core/result.js'
import { withoutBrake } from '../namespace/brake-mark.js'
import { type CastVote, count } from '../namespace/ballot.js'
import type { Opened } from '../namespace/dsse.js'
import type { Group } from '../namespace/group.js'
import { underGuards } from '../namespace/guard/quorum-floor.js'
import { encodeRecord, recordHash } from '../namespace/log-record.js'
import type { OnePart } from '../namespace/parts.js'
import { classesOf } from '../namespace/questions/authority.js'
import { operationOf, type Proposal, slotOf } from '../namespace/statements.js'
import type { ShownCommit } from './bundle.js'
import { type Approval, countThen, type Decision, type Recounted } from './count-then.js'
import { isInLog, notProved } from './proved.js'
import { scopesView } from './scopes-above.js'
import { partsIn, proposalIn, signs, voteIn } from './statements-read.js'
import {
  type CommitContext,
  type CommitRefusal,
  factsOf,
  type Recount,
  type VerifiedCommit,
} from './verified-commit.js'
import { timesOfVote } from './vote-time.js'

/**
 * A proposal, and the votes that carried it: about this change, each of another voter; and where the
 * group that decided is as it was, signed by its voters and enough.
 */
export function verifyDecision(
  context: CommitContext,
  commit: ShownCommit,
  statement: Opened,
  votes: readonly Opened[],
): Result<VerifiedCommit, CommitRefusal> {
  const { record } = commit
  const proposal = proposalIn(statement)
  const part = proposal && partsIn(statement)[record.part ?? 0]
  if (!part || proposal.index !== context.index || !isThisChange(commit, proposal, part)) {
    return notProved(`that record ${record.seq} is what was proposed`)
  }
  // Which of the classes it is follows from the state before; that it is one of them, from the change.
  if (!classesOf[part.proposal.op].includes(record.class)) {
    return notProved(`that record ${record.seq} is a ${record.class} change`)
  }
  const approvals = approvalsOf(context, commit, proposal, votes)
  if (!approvals) return notProved(`that its votes are about record ${record.seq}`)
  const decided = recounted(context, commit, { statement, proposal, approvals })
  if (!decided.ok) return decided
  const { reason, ticket, author } = proposal
  return ok({
    ...factsOf(record),
    op: part.proposal.op,
    operation: operationOf(part.proposal),
    by: author.id,
    ...(reason !== undefined && { reason }),
    ...(ticket !== undefined && { ticket }),
    ...decided.value,
  })
}

/** The same subject, at the revision it was proposed against, and the same voters asked. */
function isThisChange({ record }: ShownCommit, proposal: Proposal, part: OnePart): boolean {
  const { subject, base: own } = part.proposal
  const base = part.among ? part.among.base : own
  const isBase =
    base === null
      ? record.rev === 1 && record.prev === null
      : 'after' in base
        ? record.rev > 1 && record.prev !== null
        : record.rev === base.rev + 1 && record.prev === base.head
  const { op, body } = operationOf(part.proposal)
  return (
    isBase &&
    (record.part !== undefined) === (proposal.op === 'changes') &&
    (subject.uid ?? part.newUid) === record.subject.uid &&
    (op === 'entry.rename' ? body.to : subject.alias) === record.subject.alias &&
    proposal.scope.uid === record.group.uid &&
    proposal.scope.rev === record.group.rev
  )
}

/** Undefined unless every vote approves this proposal, as it was opened, and is another voter's. */
function approvalsOf(
  { head }: CommitContext,
  { record, opened }: ShownCommit,
  proposal: Proposal,
  votes: readonly Opened[],
): readonly Approval[] | undefined {
  if (opened) {
    const { kind, prop, says, seq } = opened.record
    const isOpening = kind === 'open' && prop === record.prop && says === record.prop
    if (!isOpening || seq >= record.seq || !isInLog(head, opened)) return undefined
  }
  // A vote names the log that its voter saw: up to the opening, or to the change that it makes at once.
  const log = opened
    ? { size: opened.record.seq + 1, head: recordHash(encodeRecord(opened.record)) }
    : { size: record.seq, head: record.chain }
  const issuedUntil = opened ? undefined : record.issuedUntil
  const slot = slotOf(proposal)
  const approvals: Approval[] = []
  for (const envelope of votes) {
    const vote = voteIn(envelope)
    if (!vote) return undefined
    const { predicate, subject } = vote
    const isAbout =
      predicate.decision === 'approve' &&
      subject[0].digest.sha256 === record.prop &&
      predicate.index === proposal.index &&
      predicate.scope.uid === proposal.scope.uid &&
      predicate.scope.rev === proposal.scope.rev &&
      predicate.slot.id === slot.id &&
      predicate.slot.rev === slot.rev &&
      predicate.log.size === log.size &&
      predicate.log.head === log.head &&
      predicate.issuedUntil === issuedUntil
    const isAnother = approvals.every((other) => other.vote.predicate.voter !== predicate.voter)
    if (!isAbout || !isAnother) return undefined
    approvals.push({ vote, envelope })
  }
  return approvals
}

function recounted(
  { scopes, then }: CommitContext,
  commit: ShownCommit,
  decision: Decision,
): Result<Recounted, CommitRefusal> {
  if (then) return countThen(then, commit, decision)
  const { record, opened } = commit
  const { statement, proposal, approvals } = decision
  const decider = scopes.find(({ scope }) => scope.uid === record.group.uid)
  if (!decider) return notCounted('group-elsewhere')
  const { group } = decider.scope
  if (group?.rev !== record.group.rev) return notCounted('group-changed')
  // One voter alone, and nobody else, decides without a proposal that waits.
  if (!opened && !group.solo) return notProved(`that record ${record.seq} was voted about`)
  const author = authorAmong([group], proposal)
  const above =
    author ??
    authorAmong(
      scopes.map(({ scope }) => scope.group),
      proposal,
    )
  if (author && !signs(author, statement, proposal.created)) {
    return notProved(`who proposed record ${record.seq}`)
  }
  // Since then a voter may have been suspended or braked, whose vote was good.
  const electorate = decider.seq > record.seq ? withoutSuspensions(group) : group
  const cast: CastVote[] = []
  for (const { vote, envelope } of approvals) {
    const { voter: id, decision, seq, cast: at } = vote.predicate
    const voter = electorate.voters.find((one) => one.id === id)
    // Some changes need a second group: its voters are no concern of this one.
    if (!voter) continue
    const times = timesOfVote(commit, proposal, at)
    if (!times || !signs(voter, envelope, ...times)) {
      return notProved(`the vote of ${id} in record ${record.seq}`)
    }
    cast.push({
      voter: id,
      decision,
      seq,
      digest: envelope.digest,
      cast: at,
      record: 0,
      in: ['present'],
    })
  }
  const asThen = scopes.map(({ scope, seq }) =>
    seq > record.seq ? { ...scope, guards: [] } : scope,
  )
  const places = [proposal.subject.alias, record.subject.alias]
  const counted = count(underGuards(scopesView(asThen), places, electorate), 'present', {
    changeClass: record.class,
    author: { controller: above?.controller ?? '' },
    votes: cast,
    at: record.ts,
  })
  if (counted.outcome !== 'passed') {
    const { threshold, controllers } = counted.needs
    return refuse('bundle.no-quorum', `the votes of record ${record.seq} do not carry it`, {
      wanted: `${threshold} and ${controllers} controllers, for a ${record.class} change`,
      found: `${counted.yes} and ${counted.controllers}`,
    })
  }
  const recount: Recount = {
    counted: 'again',
    weight: counted.yes,
    threshold: counted.needs.threshold,
    controllers: counted.controllers,
    minControllers: counted.needs.controllers,
  }
  return ok({ voters: cast.map(({ voter }) => voter), recount })
}

const notCounted = (because: 'group-changed' | 'group-elsewhere'): Result<Recounted, never> =>
  ok({ voters: [], recount: { counted: 'before', because } })

export const withoutSuspensions = (group: Group): Group => ({
  ...group,
  voters: group.voters.map((voter) => ({ ...withoutBrake(voter), status: 'active' })),
})

function authorAmong(groups: readonly (Group | null)[], { author }: Proposal) {
  const found = groups.flatMap((group) => {
    const among = author.kind === 'voter' ? group?.voters : group?.proposers
    return among?.filter(({ id }) => id === author.id) ?? []
  })
  return found[0]
}
