import { isSignedBy, type Opened } from '../namespace/dsse.js'
import { slotPrefixes } from '../namespace/pending.js'
import { signs } from '../namespace/said.js'
import {
  type Proposal,
  readProposal,
  readVote,
  slotOf,
  type Vote,
} from '../namespace/statements.js'
import type { ShownCommit } from './bundle.js'
import type { CommitContext } from './verified-commit.js'

/** So many votes are evidence; what follows them are the proposals that they are about. */
const VOTES = 2

export const votesOf = <T>(envelopes: readonly T[]): readonly T[] => envelopes.slice(0, VOTES)

/**
 * Two votes that contradict each other, both signed by one voter of the group, who is suspended. Where
 * the group is another one by now, only that they contradict each other.
 */
export function isEvidence(
  { scopes, index, then }: CommitContext,
  { record }: ShownCommit,
  envelopes: readonly Opened[],
): boolean {
  const votes = votesOf(envelopes)
  const [first, second] = votes.map(readVote)
  if (!first || !second || !contradict(first, second, envelopes.slice(VOTES))) return false
  const [{ predicate: a }, { predicate: b }] = [first, second]
  const isOfOne = a.voter === b.voter && [a, b].every((vote) => vote.index === index)
  if (!isOfOne) return false
  const group = scopes.find(({ scope }) => scope.uid === record.subject.uid)?.scope.group
  if (group?.rev !== record.group.rev) return !then
  const voter = group.voters.find(({ id }) => id === a.voter)
  if (then) {
    // Before the record: an active voter of several, with keys in use, who votes in this group.
    const said = [first, second].every(
      ({ predicate: { scope } }) =>
        scope.uid === record.group.uid && scope.rev === record.group.rev,
    )
    return (
      said &&
      !group.solo &&
      voter?.status === 'active' &&
      [a, b].every(({ cast }, at) => envelopes[at] && signs(voter, envelopes[at], cast, record.ts))
    )
  }
  return voter?.status === 'suspended' && votes.every((vote) => isSignedBy(vote, voter.keys))
}

function contradict(first: Vote, second: Vote, proposed: readonly Opened[]): boolean {
  const [a, b] = [first.predicate, second.predicate]
  if (digestOf(first) === digestOf(second)) {
    return proposed.length === 0 && a.seq === b.seq && a.decision !== b.decision
  }
  if (![a, b].every(({ decision }) => decision === 'approve')) return false
  if (!areToBeShown(first, second)) return proposed.length === 0
  const [one, other, ...more] = proposed
  const [before, after] = [proposalOf(first, one), proposalOf(second, other)]
  if (!before || !after || more.length > 0) return false
  const slots = slotPrefixes(before)
  return slotPrefixes(after).some((slot) => slots.includes(slot))
}

/**
 * Does it take the proposals to say whether two votes are about rivals? What several changes together
 * rule out is not in their slot; one slot that is no such is of one subject at one revision.
 */
export function areToBeShown(first: Vote, second: Vote): boolean {
  const [{ slot: a }, { slot: b }] = [first.predicate, second.predicate]
  if (digestOf(first) === digestOf(second)) return false
  return a.id !== b.id || a.rev !== b.rev || a.id.startsWith('changes:')
}

/** The proposal that a vote is about, if this is it. */
function proposalOf(vote: Vote, statement: Opened | undefined): Proposal | undefined {
  const proposal = statement && readProposal(statement)
  if (!proposal || statement.digest !== digestOf(vote)) return undefined
  const { index, scope, slot } = vote.predicate
  const own = slotOf(proposal)
  const isMeant =
    proposal.index === index &&
    proposal.scope.uid === scope.uid &&
    proposal.scope.rev === scope.rev &&
    own.id === slot.id &&
    own.rev === slot.rev
  return isMeant ? proposal : undefined
}

export const digestOf = ({ subject: [about] }: Vote): string => about.digest.sha256
