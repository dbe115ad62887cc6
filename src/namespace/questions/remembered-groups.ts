import { type GroupOf, groupsOnce } from '../group-then.js'
import type { IndexLog } from '../ports.js'
import type { IndexState } from '../state.js'
import type { Effort } from './effort.js'

/** The group that decided a record, as it was then, however far back: the effort ends the page, and not the look. */
export const rememberedGroups = (
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  effort: Effort,
): GroupOf =>
  groupsOnce(log, state, {
    most: Infinity,
    each: () => {
      effort.spend(8)
      return effort.breathe()
    },
  })
