import type { UnixSeconds } from '../core/time.js'
import type { Opened } from './dsse.js'
import type { Group, Voter } from './group.js'
import type { LogRecord } from './log-record.js'
import { signs } from './said.js'
import { type Proposal, readVote, slotOf, type Vote } from './statements.js'

export interface Tally {
  readonly voters: ReadonlySet<string>
  /** When the last of them voted. */
  readonly latest: UnixSeconds
}

/** What is voted on: a proposal, and the record that it is to become. */
export interface Matter {
  readonly proposal: Proposal
  readonly record: LogRecord
}

/** The voters who approved; undefined unless every vote counts, and is another voter's. */
export function tally(matter: Matter, votes: readonly Opened[], group: Group): Tally | undefined {
  const voters = new Set<string>()
  let latest = 0 as UnixSeconds
  for (const envelope of votes) {
    const vote = readVote(envelope)
    const voter = group.voters.find(({ id }) => id === vote?.predicate.voter)
    if (!vote || !voter || voters.has(voter.id)) return undefined
    if (!counts(matter, vote, voter, envelope)) return undefined
    voters.add(voter.id)
    if (vote.predicate.cast > latest) latest = vote.predicate.cast
  }
  return { voters, latest }
}

function counts(
  { proposal, record }: Matter,
  { subject: [about], predicate }: Vote,
  voter: Voter,
  envelope: Opened,
): boolean {
  const slot = slotOf(proposal)
  return (
    predicate.decision === 'approve' &&
    about.digest.sha256 === record.prop &&
    predicate.index === proposal.index &&
    predicate.scope.uid === proposal.scope.uid &&
    predicate.scope.rev === proposal.scope.rev &&
    predicate.slot.id === slot.id &&
    predicate.slot.rev === slot.rev &&
    // A record is not signed itself: that its voters name the one before it is what holds the log
    // together, and keeps anybody else from leaving records out or writing them anew.
    predicate.log.size === record.seq &&
    predicate.log.head === record.chain &&
    predicate.issuedUntil === record.issuedUntil &&
    signs(voter, envelope, record.ts)
  )
}
