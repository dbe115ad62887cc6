import { DependencyError } from '../core/dependency-error.js'
import type { LogName } from '../monitor/alarm.js'
import type { ShownLogs } from '../monitor/ports.js'
import type { StoredRecord } from '../namespace/ports.js'
import { TILE_WIDTH } from '../tlog/tile.js'
import { coveredBundle, type CoveredFiles } from './covered.js'

/** The records of a mirrored index log, as far as `size`, in the order of the log: for whoever folds them. */
export function heldRecords(
  files: CoveredFiles,
  log: LogName,
  size: () => number,
): Pick<ShownLogs, 'records'> {
  return {
    async records(from, limit) {
      const [index, end] = [Math.floor(from / TILE_WIDTH), Math.min(size(), from + limit)]
      const first = index * TILE_WIDTH
      const width = Math.min(TILE_WIDTH, size() - first)
      if (end <= from || width <= 0) return []
      const bundle = await coveredBundle(files, log, { index, width })
      if (!bundle)
        throw new DependencyError(
          'mirror',
          `record ${from} is gone or damaged: capstan mirror --repair`,
        )
      const { envelopes } = bundle
      const records: StoredRecord[] = []
      for (const [at, bytes] of bundle.records.entries()) {
        const seq = first + at
        if (seq < from || seq >= end) continue
        // The records of this log are never pruned.
        if (!bytes) throw new DependencyError('mirror', `record ${seq} is not held`)
        records.push({ seq, bytes, envelopes: envelopes[at] ?? [] })
      }
      return records
    },
  }
}
