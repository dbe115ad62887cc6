import { refuse, ok, type Result } from '../../core/result.js'
import type { Refusal } from '../../core/refusal.js'
import { isMeta, isRow } from '../row-shape.js'
import {
  emptyState,
  type StateMeta,
  type StateSource,
  type StateTables,
  type TableName,
  tableNames,
} from '../state-tables.js'
import type { MemoryTable, Table } from '../table.js'

/** A row of a state, as it was looked at. */
export interface SeenRow {
  readonly table: TableName
  readonly key: string
  readonly value: unknown
}

/** All that was looked at of a state: whoever has it comes to the same by the same look-ups. */
export interface Seen {
  readonly meta: StateMeta
  readonly rows: readonly SeenRow[]
}

/** A state that remembers what is looked at. */
export class SeenState implements StateSource {
  readonly meta: StateMeta
  readonly tables: StateTables
  private readonly found = new Map<string, SeenRow>()

  constructor({ meta, tables }: StateSource) {
    this.meta = meta
    const noting = tableNames.map((table) => {
      const note = (key: string, value: unknown) => this.note({ table, key, value })
      return [table, new NotingTable<string, unknown>(tables[table], note)] as const
    })
    this.tables = Object.fromEntries(noting) as unknown as StateTables
  }

  get seen(): Seen {
    return { meta: this.meta, rows: [...this.found.values()] }
  }

  private note(row: SeenRow): void {
    this.found.set(`${row.table} ${row.key}`, row)
  }
}

class NotingTable<K extends string, V> implements Table<K, V> {
  private readonly base: Table<K, V>
  private readonly note: (key: K, value: V) => void

  constructor(base: Table<K, V>, note: (key: K, value: V) => void) {
    this.base = base
    this.note = note
  }

  get(key: K): V | undefined {
    const value = this.base.get(key)
    if (value !== undefined) this.note(key, value)
    return value
  }

  *range(from?: string, below?: string): Iterable<readonly [K, V]> {
    for (const row of this.base.range(from, below)) {
      this.note(...row)
      yield row
    }
  }

  *values(): Iterable<V> {
    for (const [, value] of this.range()) yield value
  }
}

/** The state that somebody shows: what they do not show is not there. */
export function stateOfSeen(seen: {
  readonly meta: unknown
  readonly rows: readonly unknown[]
}): Result<StateSource, Refusal<'namespace.malformed'>> {
  const { meta, rows } = seen
  const { tables } = emptyState()
  for (const row of rows) {
    if (!isSeenRow(row)) return malformed
    const table = tables[row.table] as unknown as MemoryTable<string, unknown>
    table.set(row.key, row.value)
  }
  return isMeta(meta) && tables.scopes.get(meta.root) ? ok({ meta, tables }) : malformed
}

function isSeenRow(row: unknown): row is SeenRow {
  if (typeof row !== 'object' || row === null) return false
  const { table, key, value } = row as Readonly<Record<string, unknown>>
  const name = tableNames.find((one) => one === table)
  return name !== undefined && typeof key === 'string' && isRow(name, key, value)
}

const malformed = refuse('namespace.malformed', 'this is no part of an index', {
  wanted: 'rows as a server shows them with an unsigned proposal',
})
