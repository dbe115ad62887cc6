import { ok, refuse, type Result } from '../core/result.js'
import { applyRecord, verifyRecord } from './fold-record.js'
import type { FoldedState } from './folded-state.js'
import type { AnyRecord } from './log-record.js'
import type { IndexLog, Pace } from './ports.js'
import { refusalOfRecord } from './refused-record.js'

/** Records read from the store at a time. */
const CHUNK = 500
/** Records between two breaths: about two milliseconds. */
const BREATH = 8

interface FoldOptions {
  /** Records that the state then is of. */
  readonly size: number
  /** Of all the work that this is a part of. */
  readonly total: number
  readonly pace: Pace
  /** Told of each record that holds, with the state before it, which must not be kept. */
  readonly before?: (state: FoldedState, record: AnyRecord) => void
}

/** Folds records of the log on a state in memory. The first that does not belong there is refused. */
export async function foldOn(
  log: Pick<IndexLog, 'read'>,
  state: FoldedState,
  { size, total, pace, before }: FoldOptions,
): Promise<Result<undefined>> {
  while (state.size < size) {
    const records = await log.read(state.size, Math.min(CHUNK, size - state.size))
    if (records.length === 0) return cutShort(state.size)
    for (const stored of records) {
      const verified = verifyRecord(state, stored)
      if (!verified.ok) {
        return { ok: false, refusal: refusalOfRecord(state, stored, verified.refusal) }
      }
      before?.(state, verified.value.record)
      applyRecord(state, verified.value)
      if (state.size % BREATH === 0) {
        await pace({ work: 'read the index log', done: state.size, total })
      }
    }
  }
  return ok()
}

const cutShort = (size: number) =>
  refuse('namespace.state-mismatch', 'the index log is shorter than it says', {
    found: `${size} records`,
    next: 'restore the data directory from a backup',
  })
