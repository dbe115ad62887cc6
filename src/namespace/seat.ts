import type { Uid } from '../core/uid.js'
import type { CastVote, Side } from './ballot.js'
import type { Pending } from './pending.js'

/** A group that decides about a proposal, as it was asked, and on which side. */
export interface Seat {
  readonly side: Side
  /** Whose group it is, and its revision. */
  readonly uid: Uid
  readonly rev: number
}

/** The groups there are: one that is only proposed has nobody yet who could be held to anything. */
export const seatsOf = ({
  proposal: { scope },
  second,
}: Pick<Pending, 'proposal' | 'second'>): readonly Seat[] => [
  { side: 'present', uid: scope.uid, rev: scope.rev },
  ...(second ? [{ side: 'second' as const, uid: second.uid, rev: second.rev }] : []),
]

/** What the voter of a group has said last about a proposal, where that group is asked about it. */
export function saidFrom(
  row: Pick<Pending, 'proposal' | 'second' | 'votes'>,
  voter: string,
  { uid, rev }: Pick<Seat, 'uid' | 'rev'>,
): CastVote | undefined {
  const seat = seatsOf(row).find((one) => one.uid === uid && one.rev === rev)
  return seat && row.votes.find((vote) => vote.voter === voter && vote.in.includes(seat.side))
}
