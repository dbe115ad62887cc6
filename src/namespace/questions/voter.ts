import type { Alias } from '../../core/alias.js'
import type { Decision } from '../ballot.js'
import { passes } from '../group.js'
import { underGuards } from '../guard/quorum-floor.js'
import type { IndexLog } from '../ports.js'
import type { IndexState } from '../state.js'
import { committedPage, type LogPage, type Told, told, votesOf } from './committed.js'
import type { Effort } from './effort.js'
import { guardsThen } from './guards-then.js'
import { rememberedGroups } from './remembered-groups.js'

/** A change about which a voter had said something when it was made. */
export interface VotedChange extends Told {
  /** Of the scope whose voters decided, and the revision of their group. */
  readonly scope: Alias
  readonly group: number
  readonly decision: Decision
  readonly weight: number
  /** Without this vote it would not have been made: by what the group, and the guards above, asked for then. */
  readonly decisive: boolean
}

export interface AskedVoter extends LogPage {
  readonly voter: string
  readonly which: 'all' | 'decisive'
}

export interface VotedPage {
  readonly changes: readonly VotedChange[]
  readonly next?: number
}

/** Does any group of now know a voter by this id? */
export function isVoter(state: IndexState, voter: string): boolean {
  for (const { group } of state.scopes.values()) {
    if (group?.voters.some(({ id }) => id === voter) === true) return true
  }
  return false
}

/**
 * Changes that a voter voted about, by the id that groups know it by. Reads the log from a record on:
 * the work grows with the records, and a page ends with the effort.
 */
export async function votedBy(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  { voter, which, ...page }: AskedVoter,
  effort: Effort,
): Promise<VotedPage> {
  const groupOf = rememberedGroups(log, state, effort)
  const guardedBy = guardsThen(log, state, effort)
  const { found, next } = await committedPage(log, state, page, effort, async (committed) => {
    const votes = votesOf(state, committed)
    const own = votes.find((vote) => vote.voter === voter)
    if (!own) return undefined
    const { record } = committed
    const { found: group } = await groupOf(record)
    const approving = votes.filter(({ decision }) => decision === 'approve')
    const others = new Set(approving.map((vote) => vote.voter).filter((id) => id !== voter))
    const guarded = group && (await guardedBy(committed.stored))
    const asking = group && guarded ? underGuards(guarded.scopes, guarded.places, group) : group
    const isDecisive =
      own.decision === 'approve' && asking !== undefined && !passes(asking, others, record.class)
    if (which === 'decisive' && !isDecisive) return undefined
    const change: VotedChange = {
      ...told(record),
      scope: state.scopes.get(record.group.uid)?.alias ?? record.subject.alias,
      group: record.group.rev,
      decision: own.decision,
      weight: group?.voters.find(({ id }) => id === voter)?.weight ?? 0,
      decisive: isDecisive,
    }
    return change
  })
  return { changes: found, ...(next !== undefined && { next }) }
}
