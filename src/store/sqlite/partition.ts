import type { Database } from 'better-sqlite3'
import { toIso, type UnixSeconds, unixSeconds } from '../../core/time.js'

/** Days since 1970-01-01 UTC: the partition of every leaf that ends on that day. */
export const dayOf = (notAfter: UnixSeconds): number => Math.floor(notAfter / 86_400)

/** `leaf_20261122`: built from an integer only, so that it can stand in SQL. */
export function partitionTable(day: number): string {
  const date = toIso(unixSeconds(day * 86_400)).slice(0, 10)
  return `leaf_${date.replaceAll('-', '')}`
}

/** Seconds. Rows of one span lie beside each other in the index by entry. */
const SPAN = 600

/** The span of the issue instant, as the index by entry has it. */
export const SPAN_OF_ISSUE = `(issued_at / ${SPAN})`

/**
 * Nothing here is ordered by a random value alone: a new row touches the end of the table and the
 * current region of each index, however many rows there are. Serials are random, so they are found
 * by the second in which their certificate ends.
 */
export const createPartition = (table: string): string => `
CREATE TABLE ${table} (
  id INTEGER PRIMARY KEY,
  serial TEXT NOT NULL,
  issuer_id TEXT NOT NULL,
  entry TEXT,
  alias TEXT NOT NULL,
  rev INTEGER NOT NULL,
  binding TEXT,
  issued_at INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  certificate BLOB NOT NULL,
  evidence TEXT NOT NULL,
  parent_serial TEXT,
  request_id TEXT NOT NULL,
  policy_digest BLOB,
  index_size INTEGER
) STRICT;
${createIndexes(table)}`

function createIndexes(table: string): string {
  return `
CREATE UNIQUE INDEX ${table}_by_end ON ${table} (not_after, serial);
CREATE INDEX ${table}_by_entry ON ${table} (${SPAN_OF_ISSUE}, entry, not_after);
`
}

/** Keys of rows from here on say their number in the issuance log; those of earlier rows are smaller. */
export const FIRST_LOGGED = 2 ** 32

/** Gives partitions that an earlier version made the columns and indexes that are looked for. */
export function upgradePartitions(database: Database): void {
  const partitions = database.prepare<[], { day: number }>('SELECT day FROM ledger_partition').all()
  for (const { day } of partitions) addColumns(database, partitionTable(day))
  const hasIndex = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?")
  for (const { day } of partitions) {
    const table = partitionTable(day)
    if (hasIndex.get(`${table}_by_end`) !== undefined) continue
    database.transaction(() => {
      database.exec(
        `DROP INDEX IF EXISTS ${table}_by_entry; DROP INDEX IF EXISTS ${table}_by_time;`,
      )
      database.exec(createIndexes(table))
    })()
  }
}

function addColumns(database: Database, table: string): void {
  const columns = database.pragma(`table_info(${table})`) as readonly {
    readonly name: string
    readonly type: string
  }[]
  const digest = columns.find(({ name }) => name === 'policy_digest')
  if (digest?.type === 'BLOB') return
  // As text it took a row over a third of a page: then two stand in one, and not three.
  const changes = digest
    ? `ALTER TABLE ${table} RENAME COLUMN policy_digest TO policy_digest_hex;
       ALTER TABLE ${table} ADD COLUMN policy_digest BLOB;
       UPDATE ${table} SET policy_digest = unhex(policy_digest_hex);
       ALTER TABLE ${table} DROP COLUMN policy_digest_hex;`
    : `ALTER TABLE ${table} ADD COLUMN policy_digest BLOB;
       ALTER TABLE ${table} ADD COLUMN index_size INTEGER;`
  database.transaction(() => database.exec(changes))()
}

/**
 * The instants at which certificates of a partition end, each looked up once: as quick for a million
 * rows as for as many as a day has seconds.
 */
export const distinctEnds = (table: string): string => `
WITH RECURSIVE ends (at) AS (
  SELECT min(not_after) FROM ${table}
  UNION ALL
  SELECT (SELECT min(not_after) FROM ${table} WHERE not_after > ends.at) FROM ends
  WHERE ends.at IS NOT NULL
)`

/** The spans in which certificates of a partition were issued, newest first. */
export const spansOf = (table: string): string => `
WITH RECURSIVE bounds (first, last) AS (
  SELECT (SELECT min${SPAN_OF_ISSUE} FROM ${table}), (SELECT max${SPAN_OF_ISSUE} FROM ${table})
), spans (span) AS (
  SELECT last FROM bounds WHERE last IS NOT NULL
  UNION ALL
  SELECT span - 1 FROM spans, bounds WHERE span > first
)`
