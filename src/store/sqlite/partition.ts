import { toIso, type UnixSeconds, unixSeconds } from '../../core/time.js'

/** Days since 1970-01-01 UTC: the partition of every leaf that ends on that day. */
export const dayOf = (notAfter: UnixSeconds): number => Math.floor(notAfter / 86_400)

/** `leaf_20261122`: built from an integer only, so that it can stand in SQL. */
export function partitionTable(day: number): string {
  const date = toIso(unixSeconds(day * 86_400)).slice(0, 10)
  return `leaf_${date.replaceAll('-', '')}`
}

export const createPartition = (table: string): string => `
CREATE TABLE ${table} (
  id INTEGER PRIMARY KEY,
  serial TEXT NOT NULL UNIQUE,
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
  request_id TEXT NOT NULL
) STRICT;
CREATE INDEX ${table}_by_entry ON ${table} (entry, issued_at);
CREATE INDEX ${table}_by_time ON ${table} (issued_at);
`
