import type { Hash } from '../../src/tlog/hash.js'
import {
  bitOf,
  EMPTY_MAP_ROOT,
  firstDifference,
  mapInnerHash,
  mapLeafHash,
} from '../../src/tlog/map-hash.js'

/** The root of a map as the format says it: from all keys at once, sorted. */
export function mapRoot(entries: readonly (readonly [Hash, Hash])[]): Hash {
  const sorted = entries.toSorted(([a], [b]) => Buffer.compare(a, b))
  const [first] = sorted
  const last = sorted.at(-1)
  if (!first || !last) return EMPTY_MAP_ROOT
  if (sorted.length === 1) return mapLeafHash(...first)
  const bit = firstDifference(first[0], last[0])
  const side = (which: 0 | 1): Hash => mapRoot(sorted.filter(([key]) => bitOf(key, bit) === which))
  return mapInnerHash(bit, side(0), side(1))
}
