import type { Database } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'
import type { Unlogged } from '../../issuance/ports.js'
import { FIRST_LOGGED, partitionTable } from './partition.js'

interface Earlier {
  readonly n: number
  readonly latest: number | null
}

interface Tally {
  readonly pruned: number
  readonly earlier: number
  readonly latest: number
}

const daysOf = (database: Database): number[] =>
  database.prepare<[], number>('SELECT day FROM ledger_partition').pluck().all()

/**
 * Where the log begins: counts the rows that are in no log, once. A log that has leaves began before:
 * its tally is never made anew of what the ledger has now.
 */
export function beginTally(database: Database): void {
  database.transaction(() => {
    const isBegun = database
      .prepare(
        `SELECT 1 FROM issuance_tally
         UNION ALL SELECT 1 FROM log_tree WHERE log = 'issuance' AND size > 0`,
      )
      .get()
    if (isBegun !== undefined) return
    let [earlier, latest] = [0, 0]
    for (const day of daysOf(database)) {
      const found = database
        .prepare<[number], Earlier>(
          `SELECT count(*) AS n, max(issued_at) AS latest FROM ${partitionTable(day)} WHERE id < ?`,
        )
        .get(FIRST_LOGGED)
      earlier += found?.n ?? 0
      latest = Math.max(latest, found?.latest ?? 0)
    }
    database
      .prepare('INSERT INTO issuance_tally (id, pruned, earlier, latest) VALUES (1, 0, ?, ?)')
      .run(earlier, latest)
  })()
}

/** Throws `DependencyError` where it was taken away. */
export function readTally(database: Database): Tally {
  const tally = database
    .prepare<[], Tally>('SELECT pruned, earlier, latest FROM issuance_tally')
    .get()
  if (tally) return tally
  throw new DependencyError('store', 'the tally of the issuance log is missing: restore a backup')
}

/** What the ledger has that is in no log, and what it should have. */
export function readUnlogged(database: Database): Unlogged {
  const { earlier: expected, latest } = readTally(database)
  let [found, later] = [0, 0]
  for (const day of daysOf(database)) {
    const counted = database
      .prepare<[number, number], { n: number; later: number }>(
        `SELECT count(*) AS n, count(*) FILTER (WHERE issued_at > ?) AS later
         FROM ${partitionTable(day)} WHERE id < ?`,
      )
      .get(latest, FIRST_LOGGED)
    found += counted?.n ?? 0
    later += counted?.later ?? 0
  }
  return { found, expected, later }
}
