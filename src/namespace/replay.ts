import { ok, refuse, type Result } from '../core/result.js'
import { foldOn } from './fold-on.js'
import { FoldedState } from './folded-state.js'
import { recordHash } from './log-record.js'
import type { IndexLog, IndexStore, Pace, StateStore } from './ports.js'

/** Records folded in memory before the tables are written. */
export const STRETCH = 10_000

interface ReplayOptions {
  readonly size: number
  readonly pace: Pace
  /** Records folded in memory before the tables are written: what an interruption costs. */
  readonly stretch?: number
}

/**
 * Folds the log on top of what the tables hold, up to `size` records. The first record that does not
 * belong there is refused by its number; the tables then hold what was before its stretch.
 */
export async function replay(
  log: Pick<IndexLog, 'read'>,
  into: StateStore,
  { size, pace, stretch = STRETCH }: ReplayOptions,
): Promise<Result<undefined>> {
  while (into.state.meta.size < size) {
    const state = new FoldedState(into.state)
    const end = Math.min(size, state.size + stretch)
    const folded = await foldOn(log, state, { size: end, total: size, pace })
    if (!folded.ok) return folded
    await into.advance(state.changes())
  }
  return ok()
}

/**
 * Makes the tables hold what the whole log comes to. Nothing is read where they do: their last record
 * is the log's. Tables that are behind go on from where they are; tables of another log are refused.
 */
export async function settle(store: IndexStore, pace: Pace): Promise<Result<undefined>> {
  const { size, head } = store.state.meta
  if (size > 0) {
    const [last] = await store.read(size - 1, 1)
    if (!last || recordHash(last.bytes) !== head) {
      return refuse('namespace.state-mismatch', 'the index tables are not of this index log', {
        wanted: `a log whose record ${size - 1} has the hash ${head}`,
        found: last ? `the hash ${recordHash(last.bytes)}` : `${await store.size()} records`,
        next: 'restore the data directory from a backup; if the log is right: capstan index rebuild',
      })
    }
  }
  const records = await store.size()
  if (records === 0) {
    return refuse('namespace.unknown', 'there is no index', {
      next: 'capstan init --trust-domain NAME',
    })
  }
  const replayed = await replay(store, store, { size: records, pace })
  if (!replayed.ok || store.state.meta.unfinished === undefined) return replayed
  return refuse('namespace.state-mismatch', 'the index log ends within changes made together', {
    wanted: 'all of them',
    found: `${records} records, and ${store.state.meta.unfinished} is made in part`,
    next: 'restore the data directory from a backup',
  })
}
