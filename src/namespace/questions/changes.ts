import { type Alias, isUnder } from '../../core/alias.js'
import { type DecidedChange, decidedChange } from '../authorisation.js'
import type { IndexLog } from '../ports.js'
import type { IndexState } from '../state.js'
import { committedPage, type LogPage } from './committed.js'
import type { Effort } from './effort.js'
import { rememberedGroups } from './remembered-groups.js'

export interface AskedChanges extends LogPage {
  /** Only what was about an object at or under this alias, as it was called then. */
  readonly prefix: Alias
}

export interface ChangesPage {
  readonly changes: readonly DecidedChange[]
  readonly next?: number
}

/**
 * What was decided, by whom and by what right, oldest first. Reads the log from a record on: the work
 * grows with the records, and a page ends with the effort.
 */
export async function changesIn(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  { prefix, ...page }: AskedChanges,
  effort: Effort,
): Promise<ChangesPage> {
  const groupOf = rememberedGroups(log, state, effort)
  const { found, next } = await committedPage(log, state, page, effort, async (committed) => {
    if (!isUnder(committed.record.subject.alias, prefix)) return undefined
    return decidedChange(log, state, committed, groupOf)
  })
  return { changes: found, ...(next !== undefined && { next }) }
}
