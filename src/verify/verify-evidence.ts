import { isSignedBy, type Opened } from '../namespace/dsse.js'
import { signs } from '../namespace/said.js'
import { readVote, type Vote } from '../namespace/statements.js'
import type { ShownCommit } from './bundle.js'
import type { CommitContext } from './verified-commit.js'

/**
 * Two votes that contradict each other, both signed by one voter of the group, who is suspended. Where
 * the group is another one by now, only that they contradict each other.
 */
export function isEvidence(
  { scopes, index, then }: CommitContext,
  { record }: ShownCommit,
  envelopes: readonly Opened[],
): boolean {
  const [first, second, ...more] = envelopes.map(readVote)
  if (!first || !second || more.length > 0 || !contradict(first, second)) return false
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
  return (
    voter?.status === 'suspended' && envelopes.every((envelope) => isSignedBy(envelope, voter.keys))
  )
}

function contradict(first: Vote, second: Vote): boolean {
  const [a, b] = [first.predicate, second.predicate]
  if (first.subject[0].digest.sha256 === second.subject[0].digest.sha256) {
    return a.seq === b.seq && a.decision !== b.decision
  }
  const isOneSlot = a.slot.id === b.slot.id && a.slot.rev === b.slot.rev
  return isOneSlot && [a, b].every(({ decision }) => decision === 'approve')
}
