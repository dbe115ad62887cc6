import { ok, type Result } from '../core/result.js'
import type { Bundle, ShownRecord } from './bundle.js'
import { type NotProved, notProved } from './proved.js'

/**
 * No record is of a time before that of one that stands before it in the log: as whoever replays the log
 * wants. What a time decides (is a brake over, is a key in use) it would else decide in any order.
 */
export function isInOrderOfTime({
  last,
  entry,
  root,
  above,
  elsewhere = [],
}: Bundle): Result<undefined, NotProved> {
  const scopes = [root, ...above.flatMap(({ scope }) => scope ?? []), ...elsewhere]
  const commits = [entry, ...scopes].flatMap((shown) => shown.commits)
  const shown: readonly ShownRecord[] = [
    ...commits,
    ...commits.flatMap(({ opened }) => opened ?? []),
    last,
  ]
  const records = shown.map(({ record }) => record).sort((a, b) => a.seq - b.seq)
  const late = records.find(({ ts }, at) => at > 0 && ts < (records[at - 1]?.ts ?? ts))
  return late ? notProved(`the time of record ${late.seq}`) : ok()
}
