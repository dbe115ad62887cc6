import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import { type Entry, entryState } from '../entry.js'
import type { IndexState } from '../state.js'

export type KeyRange = readonly [from: string, below: string]

/**
 * Entries that are not retired at `at` and hold a key in one of these ranges, or gave one up that
 * nobody may have yet: so do those that drain. An entry may come more than once.
 */
export function* keepers(
  state: IndexState,
  ranges: readonly KeyRange[],
  at: UnixSeconds,
): Iterable<Entry> {
  const { held, quarantines } = state.tables
  for (const [from, below] of ranges) {
    for (const [, uid] of held.range(from, below)) yield* unlessRetired(state, uid, at)
    for (const [, { uid, until }] of quarantines.range(from, below)) {
      if (at < until) yield* unlessRetired(state, uid, at)
    }
  }
}

function* unlessRetired(state: IndexState, uid: Uid, at: UnixSeconds): Iterable<Entry> {
  const entry = state.entries.get(uid)
  if (entry && entryState(entry, at) !== 'retired') yield entry
}
