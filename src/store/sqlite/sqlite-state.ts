import type { Database, Statement } from 'better-sqlite3'
import {
  emptyMeta,
  rowTables,
  type StateChange,
  type StateMeta,
  type StateSource,
  type StateTables,
  type TableName,
  wholeTables,
} from '../../namespace/state-tables.js'
import { MemoryTable, type Table } from '../../namespace/table.js'
import { decodeMeta, decodeRow, sqlTables } from './index-rows.js'
import { storeFailed } from './open-database.js'
import { Recent } from './recent.js'

/** Entries that are kept decoded: about 3 KB each, and up to twice as many. */
const ENTRIES = 10_000
/** Rows of each other table: about 200 octets each, and up to twice as many. */
const KEYS = 20_000
/** Rows of a range that are read at a time: few at first, since most only look at the first. */
const PAGES = [8, 64, 512] as const
/** Above every key. */
const END = '\u{10ffff}'

interface Row {
  readonly key: string
  readonly value: string
  readonly digest: number
}

/**
 * The state as the tables hold it, over a connection that only reads: scopes and clusters in memory,
 * everything else row by row, with a memory of what was asked for lately.
 */
export class SqliteState implements StateSource {
  readonly tables: StateTables
  private current: StateMeta = emptyMeta
  private readonly whole = new Map<TableName, WholeTable>()
  private readonly rows = new Map<TableName, RowTable>()
  private readonly selectSize: Statement<[], number>
  private readonly selectMeta: Statement<[], Omit<Row, 'key'>>
  private readonly before: () => void

  /** `before` runs before every look, and may call `load`. */
  constructor(database: Database, before: () => void = () => undefined) {
    this.before = before
    this.selectSize = database
      .prepare<[], number>('SELECT size FROM index_state WHERE id = 1')
      .pluck()
    this.selectMeta = database.prepare('SELECT value, digest FROM index_state WHERE id = 1')
    for (const name of wholeTables) this.whole.set(name, new WholeTable(database, name, before))
    for (const name of rowTables) this.rows.set(name, new RowTable(database, name, before))
    const tables = Object.fromEntries<Table<string, unknown>>([...this.whole, ...this.rows])
    // Each of the names is in one of the two; what a row is, its table's name says.
    this.tables = tables as unknown as StateTables
  }

  get meta(): StateMeta {
    this.before()
    return this.current
  }

  /** Looks where the tables are; when they have moved, what was remembered is forgotten. */
  load(): void {
    // Nothing moves without a record more; this runs before every look of a reader.
    if ((asked(() => this.selectSize.get()) ?? 0) === this.current.size) return
    const row = asked(() => this.selectMeta.get())
    const { index, structure } = this.current
    const meta = row ? decodeMeta(row.value, row.digest) : emptyMeta
    for (const table of this.rows.values()) table.forget()
    if (meta.index !== index || meta.structure !== structure) {
      for (const table of this.whole.values()) table.load()
    }
    this.current = meta
  }

  /** Forgets everything; the next `load` reads it again. */
  forget(): void {
    this.current = emptyMeta
    for (const table of [...this.rows.values(), ...this.whole.values()]) table.forget()
  }

  /** What has been written becomes what is remembered. */
  absorb({ meta, rows }: StateChange): void {
    for (const { table, key, value } of rows) {
      const kept = this.rows.get(table) ?? this.whole.get(table)
      kept?.keep(key, value)
    }
    this.current = meta
  }
}

/** Rows read one at a time. */
class RowTable implements Table<string, unknown> {
  private readonly name: TableName
  private readonly recent: Recent<unknown>
  private readonly select: Statement<[string], Row>
  private readonly page: Statement<[string, string, number], Row>
  private readonly before: () => void

  constructor(database: Database, name: TableName, before: () => void) {
    const table = sqlTables[name]
    this.name = name
    this.before = before
    this.recent = new Recent(name === 'entries' ? ENTRIES : KEYS)
    this.select = database.prepare(`SELECT key, value, digest FROM ${table} WHERE key = ?`)
    this.page = database.prepare(
      `SELECT key, value, digest FROM ${table} WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`,
    )
  }

  get(key: string): unknown {
    this.before()
    const known = this.recent.get(key)
    if (known !== undefined) return known
    const row = asked(() => this.select.get(key))
    if (!row) return undefined
    const value = decodeRow(this.name, row.key, row.value, row.digest)
    this.recent.set(key, value)
    return value
  }

  *range(from = '', below = END): Iterable<readonly [string, unknown]> {
    let start = from
    for (let pages = 0; ; pages += 1) {
      this.before()
      const limit = PAGES[Math.min(pages, PAGES.length - 1)] ?? 1
      const rows = asked(() => this.page.all(start, below, limit))
      for (const { key, value, digest } of rows) {
        yield [key, decodeRow(this.name, key, value, digest)]
      }
      const last = rows.at(-1)
      if (!last || rows.length < limit) return
      // No key is between these two.
      start = `${last.key}\0`
    }
  }

  *values(): Iterable<unknown> {
    for (const [, value] of this.range()) yield value
  }

  keep(key: string, value: unknown): void {
    if (value === undefined) this.recent.delete(key)
    else this.recent.set(key, value)
  }

  forget(): void {
    this.recent.clear()
  }
}

/** Few rows, all in memory. */
class WholeTable implements Table<string, unknown> {
  private readonly name: TableName
  private rows = new MemoryTable<string, unknown>()
  private readonly all: Statement<[], Row>
  private readonly before: () => void

  constructor(database: Database, name: TableName, before: () => void) {
    this.name = name
    this.before = before
    this.all = database.prepare(`SELECT key, value, digest FROM ${sqlTables[name]}`)
  }

  get(key: string): unknown {
    this.before()
    return this.rows.get(key)
  }

  range(from?: string, below?: string): Iterable<readonly [string, unknown]> {
    this.before()
    return this.rows.range(from, below)
  }

  values(): Iterable<unknown> {
    this.before()
    return this.rows.values()
  }

  load(): void {
    const rows = new MemoryTable<string, unknown>()
    for (const { key, value, digest } of asked(() => this.all.all())) {
      rows.set(key, decodeRow(this.name, key, value, digest))
    }
    this.rows = rows
  }

  keep(key: string, value: unknown): void {
    if (value === undefined) this.rows.delete(key)
    else this.rows.set(key, value)
  }

  forget(): void {
    this.rows = new MemoryTable()
  }
}

/** A synchronous read; its failure is the store's. */
function asked<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw storeFailed('reading failed', error)
  }
}
