import { canonicalize } from '../core/canonical-json.js'
import type { Pace } from './ports.js'
import { type StateSource, tableNames } from './state-tables.js'
import { compareKeys, type Table } from './table.js'

/** Rows compared between two breaths. */
const BREATH = 200

/**
 * The first row in which two states differ, as `held k8s:...`; undefined when they are equal. Holds a
 * few rows of each in memory.
 */
export async function firstDifference(
  a: StateSource,
  b: StateSource,
  pace: Pace,
): Promise<string | undefined> {
  if (canonicalize(a.meta) !== canonicalize(b.meta)) return 'size, head or time'
  let done = 0
  for (const name of tableNames) {
    const tables = [a.tables[name], b.tables[name]] as unknown as [Rows, Rows]
    for (const key of differingKeys(...tables)) {
      if (key !== undefined) return `${name} ${key}`
      done += 1
      if (done % BREATH === 0) await pace({ work: 'compare', done })
    }
  }
  return undefined
}

type Rows = Table<string, unknown>

/** For each row undefined where it is the same in both, or its key. */
function* differingKeys(a: Rows, b: Rows): Iterable<string | undefined> {
  const others = b.range()[Symbol.iterator]()
  for (const [key, value] of a.range()) {
    const other = others.next()
    if (other.done === true) yield key
    else if (other.value[0] !== key)
      yield compareKeys(key, other.value[0]) < 0 ? key : other.value[0]
    else yield canonicalize(value) === canonicalize(other.value[1]) ? undefined : key
  }
  const surplus = others.next()
  if (surplus.done !== true) yield surplus.value[0]
}
