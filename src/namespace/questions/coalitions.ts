import { type ChangeClass, type Group, passes, type Voter } from '../group.js'

/** Listed; and sets of voters that are tried for them: 32 voters have four billion. */
const MOST = 20
const TRIED = 2000

export interface Coalitions {
  /** Ids of voters; none of them can be left out of a set. The heaviest voters first. */
  readonly coalitions: readonly (readonly string[])[]
  /** False: there are more of them. */
  readonly complete: boolean
}

/** The smallest sets of active voters that carry a change of a class by themselves. */
export function minimalCoalitions(group: Group, changeClass: ChangeClass): Coalitions {
  const voters = activeByWeight(group)
  const carries = (ids: readonly string[]): boolean => passes(group, new Set(ids), changeClass)
  const found: (readonly string[])[] = []
  let tried = 0
  const isFull = (): boolean => found.length > MOST || tried > TRIED
  const grow = (chosen: readonly string[], from: number): void => {
    if (isFull()) return
    tried += 1
    if (carries(chosen)) {
      const isMinimal = chosen.every((id) => !carries(chosen.filter((other) => other !== id)))
      if (isMinimal) found.push(chosen)
      return
    }
    const rest = voters.slice(from)
    if (!carries([...chosen, ...rest.map(({ id }) => id)])) return
    for (const [index, { id }] of rest.entries()) grow([...chosen, id], from + index + 1)
  }
  grow([], 0)
  return { coalitions: found.slice(0, MOST), complete: !isFull() }
}

export const activeByWeight = ({ voters }: Group): readonly Voter[] =>
  voters
    .filter(({ status }) => status === 'active')
    .sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1))
