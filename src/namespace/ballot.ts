import type { UnixSeconds } from '../core/time.js'
import { type ChangeClass, type Group, mayAct, type Voter } from './group.js'

/** approve, reject, or take back what was said before. */
export const decisions = ['approve', 'reject', 'abstain'] as const
export type Decision = (typeof decisions)[number]

/**
 * The latest vote of one voter about one proposal. Two groups may decide, and know two people, or two
 * keys, by one name: then each has a vote, in the group that knows the key.
 */
export interface CastVote {
  readonly voter: string
  readonly decision: Decision
  /** From 1; a later vote of the same voter in the same group has a higher one. */
  readonly seq: number
  /** Of the signed statement, hex. */
  readonly digest: string
  readonly cast: UnixSeconds
  /** Number of the record that holds it. */
  readonly record: number
  /** In which of the groups that decide it has a vote. */
  readonly in: readonly Side[]
  /** SHA-256 of the impact that the voter was shown, hex. */
  readonly impact?: string
}

/** Some changes need two groups: those who decide now, and those who would, or who are moved to. */
export type Side = 'present' | 'second'

/** By voter, and by the records that hold them. */
export const byVoter = (a: CastVote, b: CastVote): number =>
  a.voter === b.voter ? a.record - b.record : a.voter < b.voter ? -1 : 1

/** The latest number of a voter on any of these sides; 0 before the first vote. */
export const latestSeq = (
  votes: readonly CastVote[],
  voter: string,
  sides: readonly Side[],
): number =>
  votes
    .filter((vote) => vote.voter === voter && vote.in.some((side) => sides.includes(side)))
    .reduce((latest, { seq }) => Math.max(latest, seq), 0)

/** One more vote, in the place of what its voter said before on the same sides. */
export function withVote(votes: readonly CastVote[], vote: CastVote): readonly CastVote[] {
  const others = votes.flatMap((one) => {
    if (one.voter !== vote.voter) return [one]
    const sides = one.in.filter((side) => !vote.in.includes(side))
    return sides.length > 0 ? [{ ...one, in: sides }] : []
  })
  return [...others, vote].sort(byVoter)
}

/** What a change of a class needs. */
export interface Requirement {
  readonly threshold: number
  readonly controllers: number
}

/** Who proposed it: their own approval alone does not carry what is sensitive. */
export interface Ballot {
  readonly changeClass: ChangeClass
  readonly author: { readonly controller: string }
  readonly votes: readonly CastVote[]
  /** When they are counted. */
  readonly at: UnixSeconds
}

export interface Count {
  readonly yes: number
  readonly no: number
  /** Weight of those who could still approve. */
  readonly open: number
  readonly controllers: number
  readonly needs: Requirement
  readonly outcome: 'passed' | 'dead' | 'undecided'
}

const carefully: readonly ChangeClass[] = ['sensitive', 'structural']

/**
 * Counts the votes of one side. Order and repetition do not matter: each voter counts once, with the
 * latest vote. Strangers and the suspended do not count. A braked voter's no does, and only that: so
 * a brake ends no proposal, carries none, and takes no veto away.
 */
export function count(group: Group, side: Side, ballot: Ballot): Count {
  const eligible = group.voters.filter(({ status }) => status === 'active')
  const latest = new Map<string, CastVote>()
  for (const vote of ballot.votes) {
    const before = latest.get(vote.voter)
    if (vote.in.includes(side) && (!before || vote.seq > before.seq)) latest.set(vote.voter, vote)
  }
  const decided = (decision: Decision): readonly Voter[] =>
    eligible.filter(({ id }) => latest.get(id)?.decision === decision)
  const approving = decided('approve').filter((voter) => mayAct(voter, ballot.at))
  const rejecting = decided('reject')
  const [yes, no, all] = [weigh(approving), weigh(rejecting), weigh(eligible)]
  const needs = requirementOf(group, ballot)
  const controllers = new Set(approving.map(({ controller }) => controller))
  const passed =
    yes >= needs.threshold &&
    controllers.size >= needs.controllers &&
    isSeconded(group, controllers, ballot)
  const dead = all - no < needs.threshold
  return {
    yes,
    no,
    open: all - no - yes,
    controllers: controllers.size,
    needs,
    outcome: passed ? 'passed' : dead ? 'dead' : 'undecided',
  }
}

const weigh = (voters: readonly Voter[]): number =>
  voters.reduce((sum, { weight }) => sum + weight, 0)

const requirementOf = (group: Group, { changeClass }: Ballot): Requirement => ({
  threshold: group.threshold[changeClass],
  controllers: group.minControllers[changeClass],
})

/** Somebody other than whoever proposed it must have approved, unless one decides everything. */
function isSeconded(
  { solo }: Group,
  controllers: ReadonlySet<string>,
  { changeClass, author }: Ballot,
): boolean {
  if (solo || !carefully.includes(changeClass)) return true
  return [...controllers].some((controller) => controller !== author.controller)
}
