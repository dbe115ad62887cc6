import { groupsOnce } from '../authorisation.js'
import type { Group } from '../group.js'
import type { LogRecord } from '../log-record.js'
import type { IndexLog } from '../ports.js'
import type { IndexState } from '../state.js'
import type { Effort } from './effort.js'

/** The group that decided a record, as it was then. Each revision is looked for once. */
export const rememberedGroups = (
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  effort: Effort,
): ((record: LogRecord) => Promise<Group | undefined>) =>
  groupsOnce(log, state, ({ group: { uid } }) => effort.spend(state.recordsOf(uid).length * 8))
