import { canonicalize } from '../../core/canonical-json.js'
import { MapRows } from '../../namespace/state-map.js'
import type { StateChange } from '../../namespace/state-tables.js'
import { type EncodedChange, type EncodedRow, encodeRow } from './index-rows.js'

/** Rows encoded in one turn of the event loop: about two milliseconds. */
const SLICE = 400

/** As it crosses to the writer. In slices: thousands of rows must not keep everybody else waiting. */
export async function encodeChange({ from, meta, rows }: StateChange): Promise<EncodedChange> {
  const encoded: EncodedRow[] = []
  const map = new MapRows()
  for (const row of rows) {
    if (encoded.length % SLICE === SLICE - 1) await nextTurn()
    encoded.push(encodeRow(row))
    map.add(row)
  }
  return { from, size: meta.size, meta: canonicalize(meta), rows: encoded, map: map.changes() }
}

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
