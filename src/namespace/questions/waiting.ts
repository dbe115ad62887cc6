import type { UnixSeconds } from '../../core/time.js'
import type { Count, Side } from '../ballot.js'
import type { Group } from '../group.js'
import type { Pending } from '../pending.js'

/** Who may vote about a proposal, in which of the groups that decide, and with how much weight. */
export interface Seated {
  readonly id: string
  readonly side: Side
  readonly weight: number
}

/** What one side wants beside the votes that it has. Nothing of each where it says yes. */
export interface Missing {
  readonly weight: number
  readonly people: number
  /** Somebody beside whoever proposed it, though weight and people are there. */
  readonly other: boolean
}

/** Until when its voters can still do something about it: then it takes effect, or has expired. */
export const deadlineOf = ({ proposal, due }: Pick<Pending, 'proposal' | 'due'>): UnixSeconds =>
  due ?? proposal.expires

/** Who is suspended has no seat. */
export const seatedIn = (group: Group, side: Side): readonly Seated[] =>
  group.voters
    .filter(({ status }) => status === 'active')
    .map(({ id, weight }) => ({ id, side, weight }))

export function missingFrom({ yes, controllers, needs, outcome }: Count): Missing {
  const weight = Math.max(0, needs.threshold - yes)
  const people = Math.max(0, needs.controllers - controllers)
  return { weight, people, other: outcome !== 'passed' && weight === 0 && people === 0 }
}
