import { refuse, ok, type Result } from '../core/result.js'
import { applyRecord, verifyRecord } from './fold-record.js'
import type { IndexLog } from './ports.js'
import { FoldedState } from './state.js'

/** Records read from the store at a time. */
const CHUNK = 2000

/** Folds the whole log. The first record that does not belong there is refused by its number. */
export async function replay(log: IndexLog): Promise<Result<FoldedState>> {
  const state = new FoldedState()
  for (;;) {
    const records = await log.read(state.size, CHUNK)
    for (const stored of records) {
      const verified = verifyRecord(state, stored)
      if (!verified.ok) return verified
      applyRecord(state, verified.value)
    }
    if (records.length < CHUNK) break
  }
  if (state.size === 0) {
    return refuse('namespace.unknown', 'there is no index', {
      next: 'capstan init --trust-domain NAME',
    })
  }
  return ok(state)
}
