import { sameHash } from '../tlog/hash.js'
import { toBase64 } from '../tlog/note-text.js'
import type { LogHead } from '../tlog/ports.js'
import type { Alarm, LogName } from './alarm.js'

/**
 * A head that is shown now against the one that was found right last: a smaller one, or another of the
 * same size, is a log that shows two histories. Whether a larger one goes on from it, its records show.
 */
export function headFault(
  log: LogName,
  shown: LogHead,
  remembered: LogHead | undefined,
): Alarm | undefined {
  if (!remembered || shown.size > remembered.size) return undefined
  if (shown.size < remembered.size) {
    return {
      code: 'rollback',
      log,
      detail: 'the log shows a smaller checkpoint than it showed before',
      wanted: `at least ${remembered.size} records`,
      found: `${shown.size} records`,
    }
  }
  const isSame = sameHash(shown.root, remembered.root) && isSameState(shown, remembered)
  if (isSame) return undefined
  return {
    code: 'fork',
    log,
    detail: 'the log has signed two checkpoints of one size: it has two histories',
    wanted: `root ${toBase64(remembered.root)} at ${remembered.size} records`,
    found: `root ${toBase64(shown.root)}`,
  }
}

/** A checkpoint of an earlier version says nothing of the state. */
const isSameState = ({ state: a }: LogHead, { state: b }: LogHead): boolean =>
  a === undefined || b === undefined || sameHash(a, b)
