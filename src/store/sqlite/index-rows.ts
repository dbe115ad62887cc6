import { hash } from 'node:crypto'
import { canonicalize } from '../../core/canonical-json.js'
import { DependencyError } from '../../core/dependency-error.js'
import { isMeta, isRow } from '../../namespace/row-shape.js'
import type { MapChange } from '../../tlog/map-draft.js'
import type { RowChange, StateMeta, TableName } from '../../namespace/state-tables.js'

/** The SQL table of each table of the state. */
export const sqlTables = {
  scopes: 'index_scopes',
  clusters: 'index_clusters',
  entries: 'index_entries',
  scopeAliases: 'index_scope_aliases',
  clusterAliases: 'index_cluster_aliases',
  entryAliases: 'index_entry_aliases',
  held: 'index_held',
  quarantines: 'index_quarantines',
  redirects: 'index_redirects',
  selectors: 'index_selectors',
  placed: 'index_placed',
  history: 'index_history',
  proposals: 'index_proposals',
  waiting: 'index_waiting',
  slots: 'index_slots',
} as const satisfies Record<TableName, string>

/** As it crosses to the writer; null: the row goes. */
export type EncodedRow = readonly [table: TableName, key: string, value: string | null]

/** A change of the tables as it crosses to the writer. */
export interface EncodedChange {
  readonly from: number
  readonly size: number
  /** Canonical JSON. */
  readonly meta: string
  readonly rows: readonly EncodedRow[]
  /** The same change, of the state map. */
  readonly map: readonly MapChange[]
}

export const encodeRow = ({ table, key, value }: RowChange): EncodedRow => [
  table,
  key,
  value === undefined ? null : canonicalize(value),
]

/** 48 bits: enough to notice damage, and an integer that JavaScript and SQLite both keep exactly. */
export function rowDigest(table: TableName | 'state', key: string, value: string): number {
  return Number.parseInt(hash('sha256', `${table}\n${key}\n${value}`).slice(0, 12), 16)
}

export function decodeRow(table: TableName, key: string, value: string, digest: number): unknown {
  const decoded = decode(table, key, value, digest)
  return isRow(table, key, decoded) ? decoded : damaged(table)
}

export function decodeMeta(value: string, digest: number): StateMeta {
  const decoded = decode('state', '', value, digest)
  return isMeta(decoded) ? decoded : damaged('state')
}

function decode(table: TableName | 'state', key: string, value: string, digest: number): unknown {
  if (rowDigest(table, key, value) !== digest) return damaged(table)
  try {
    return JSON.parse(value) as unknown
  } catch {
    return damaged(table)
  }
}

function damaged(table: TableName | 'state'): never {
  throw new DependencyError(
    'store',
    `a row of the index tables is damaged (${table}); the log makes them again: capstan index rebuild`,
  )
}
