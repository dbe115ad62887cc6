import type { Database, Statement } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'
import type { StoredRecord } from '../../namespace/ports.js'
import { type TableName, tableNames } from '../../namespace/state-tables.js'
import { leafHash } from '../../tlog/hash.js'
import type { SignedHead } from '../../tlog/ports.js'
import { type EncodedChange, rowDigest, sqlTables } from './index-rows.js'
import { MapWriter } from './map-writer.js'
import { NotRecordable } from './not-recordable.js'
import { TreeWriter } from './tree-writer.js'

interface RowStatements {
  readonly put: Statement<[string, string, number]>
  readonly drop: Statement<[string]>
}

/** The index log, its tree, its tables and their map, written together. Every method runs inside a transaction. */
export class IndexWriter {
  readonly tree: TreeWriter
  readonly map: MapWriter
  private readonly logSize: Statement<[], { size: number }>
  private readonly appendRecord: Statement
  private readonly recordsFrom: Statement<[number, number], { seq: number; record: Buffer }>
  private readonly tablesSize: Statement<[], { size: number }>
  private readonly putState: Statement
  private readonly rows = new Map<TableName, RowStatements>()

  constructor(database: Database) {
    this.tree = new TreeWriter(database, 'index')
    this.map = new MapWriter(database)
    this.logSize = database.prepare('SELECT coalesce(max(seq) + 1, 0) AS size FROM index_log')
    this.appendRecord = database.prepare(
      'INSERT INTO index_log (seq, record, envelopes) VALUES (@seq, @record, @envelopes)',
    )
    this.recordsFrom = database.prepare(
      'SELECT seq, record FROM index_log WHERE seq >= ? ORDER BY seq LIMIT ?',
    )
    this.tablesSize = database.prepare('SELECT size FROM index_state WHERE id = 1')
    this.putState = database.prepare(
      `INSERT INTO index_state (id, size, value, digest) VALUES (1, @size, @meta, @digest)
       ON CONFLICT (id) DO UPDATE SET size = excluded.size, value = excluded.value,
         digest = excluded.digest`,
    )
    for (const name of tableNames) {
      const table = sqlTables[name]
      this.rows.set(name, {
        put: database.prepare(
          `INSERT INTO ${table} (key, value, digest) VALUES (?, ?, ?)
           ON CONFLICT (key) DO UPDATE SET value = excluded.value, digest = excluded.digest`,
        ),
        drop: database.prepare(`DELETE FROM ${table} WHERE key = ?`),
      })
    }
  }

  /** 1: appended. 0: the log has another size than the caller has seen. */
  append(records: readonly StoredRecord[], change: EncodedChange): number {
    if (this.logSize.get()?.size !== change.from) return 0
    if (change.size !== change.from + records.length) {
      throw new NotRecordable('the index tables would not be at the end of the log')
    }
    if (this.tree.head().size !== change.from) {
      throw new NotRecordable('the tree of the index log is not at its end')
    }
    if (this.map.size !== change.from) {
      throw new NotRecordable('the state map is not at the end of the index log')
    }
    for (const [position, { seq, bytes, envelopes }] of records.entries()) {
      // A gap could never be closed again.
      if (seq !== change.from + position) {
        throw new NotRecordable('a record is out of its place in the log')
      }
      this.appendRecord.run({
        seq,
        record: Buffer.from(bytes),
        envelopes: JSON.stringify(
          envelopes.map((octets) => Buffer.from(octets).toString('base64')),
        ),
      })
    }
    const leaves = records.map(({ bytes }) => leafHash(bytes))
    orNotRecordable('the tree of the index log', () => this.tree.append(leaves))
    if (records.length === 0) return 1
    this.moveTables(change)
    orNotRecordable('the state map', () => this.map.append(change.from, change.size, change.map))
    return 1
  }

  /** Makes leaves of records that have none yet; answers how many. */
  growTree(limit: number): number {
    const { size } = this.tree.head()
    const records = this.recordsFrom.all(size, limit)
    for (const [position, { seq }] of records.entries()) {
      if (seq !== size + position) {
        throw new NotRecordable(`the index log has no record ${size + position}`)
      }
    }
    const leaves = records.map(({ record }) => leafHash(record))
    orNotRecordable('the tree of the index log', () => this.tree.append(leaves))
    return records.length
  }

  /** Brings the tables on over records that are in the log already. */
  advance(change: EncodedChange): number {
    if (change.size > (this.logSize.get()?.size ?? 0)) {
      throw new NotRecordable('the index tables would be ahead of the log')
    }
    return this.move(change)
  }

  /** Changes the tables, wherever their log is. */
  move(change: EncodedChange): number {
    this.moveTables(change)
    // A map that an earlier version has not made is made of the tables, when they are at the end.
    if (this.map.size === change.from) this.map.advance(change.from, change.size, change.map)
    return 1
  }

  /** 0: one of this size, or a larger, is kept already, or the log never had this head. */
  keepCheckpoint(signed: SignedHead): number {
    if (!this.map.hadRoot(signed.size, signed.state)) return 0
    const kept = this.tree.keepCheckpoint(signed)
    if (kept > 0) this.map.signed(signed.size)
    return kept
  }

  private moveTables(change: EncodedChange): void {
    if ((this.tablesSize.get()?.size ?? 0) !== change.from) {
      throw new NotRecordable('the index tables are not where the caller has seen them')
    }
    this.write(change)
  }

  private write({ size, meta, rows }: EncodedChange): void {
    for (const [table, key, value] of rows) {
      const statements = this.rows.get(table)
      if (value === null) statements?.drop.run(key)
      else statements?.put.run(key, value, rowDigest(table, key, value))
    }
    this.putState.run({ size, meta, digest: rowDigest('state', '', meta) })
  }
}

/** What is damaged fails this command: who else is in the batch has nothing to do with it. */
function orNotRecordable(what: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error
    throw new NotRecordable(`${what} is damaged: stop the server, then: capstan index rebuild`)
  }
}
