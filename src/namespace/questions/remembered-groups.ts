import { groupAt } from '../authorisation.js'
import type { Group } from '../group.js'
import type { LogRecord } from '../log-record.js'
import type { IndexLog } from '../ports.js'
import type { IndexState } from '../state.js'
import type { Effort } from './effort.js'

/** The group that decided a record, as it was then. Each revision is looked for once. */
export function rememberedGroups(
  log: Pick<IndexLog, 'read'>,
  state: IndexState,
  effort: Effort,
): (record: LogRecord) => Promise<Group | undefined> {
  const groups = new Map<string, Group | undefined>()
  return async (record) => {
    const { uid, rev } = record.group
    const key = `${uid} ${rev}`
    if (!groups.has(key)) {
      effort.spend(state.recordsOf(uid).length * 8)
      groups.set(key, await groupAt(log, state, record))
    }
    return groups.get(key)
  }
}
