import type { Database } from 'better-sqlite3'
import type {
  BareRecord,
  IndexLog,
  IndexStore,
  MakingMap,
  StoredRecord,
} from '../../namespace/ports.js'
import type { StateChange } from '../../namespace/state-tables.js'
import type { MapChange } from '../../tlog/map-draft.js'
import type { LogTree } from '../../tlog/ports.js'
import type { Command } from './commands.js'
import { encodeChange } from './encode-change.js'
import { sqliteIndexLog } from './index-log.js'
import type { EncodedChange } from './index-rows.js'
import { scratchTables } from './index-scratch.js'
import { count } from './ledger.js'
import { indexSnapshot } from './index-snapshot.js'
import { sqliteLogTree } from './log-tree.js'
import { MapReader } from './map-reader.js'
import { openForReading, storeFailed } from './open-database.js'
import { SqliteState } from './sqlite-state.js'
import type { WriteQueue } from './write-queue.js'

/**
 * The index log and its tables, in the one process that writes them. It reads the tables over a
 * connection of its own: what is being written becomes visible there at one moment, when it is known
 * to be durable and what is remembered has been changed too. The log and its tree are read over another,
 * as they are committed: a checkpoint that is kept is there at once, whatever is being written.
 */
export class SqliteIndexStore implements IndexStore {
  readonly state: SqliteState
  readonly tree: LogTree
  readonly map: MapReader
  private readonly path: string
  private readonly queue: WriteQueue
  private readonly database: Database
  private readonly committed: Database
  private readonly log: IndexLog
  private readonly statements
  private turn: Promise<unknown> = Promise.resolve()
  private scratches = 0

  constructor(path: string, queue: WriteQueue) {
    this.path = path
    this.queue = queue
    this.database = openForReading(path)
    this.committed = openForReading(path)
    try {
      this.log = sqliteIndexLog(this.committed)
      this.tree = sqliteLogTree(this.committed, queue)
      this.map = new MapReader(this.database)
      this.statements = statementsOf(this.database)
      this.state = new SqliteState(this.database)
      this.state.load()
    } catch (error) {
      this.close()
      throw error
    }
  }

  size(): Promise<number> {
    return this.log.size()
  }

  read(from: number, limit: number): Promise<readonly StoredRecord[]> {
    return this.log.read(from, limit)
  }

  readRecords(from: number, limit: number): Promise<readonly BareRecord[]> {
    return this.log.readRecords(from, limit)
  }

  append(records: readonly StoredRecord[], change: StateChange): Promise<boolean> {
    return this.write(change, (encoded) => ({ op: 'append-index', records, change: encoded }))
  }

  async advance(change: StateChange): Promise<void> {
    await this.write(change, (encoded) => ({ op: 'advance-index', change: encoded }))
  }

  async makeMap(rows: readonly MapChange[], stage: MakingMap): Promise<void> {
    await count(this.queue, { op: 'make-map', changes: rows, ...stage })
  }

  snapshot(): ReturnType<IndexStore['snapshot']> {
    return indexSnapshot(this.path)
  }

  scratch(): ReturnType<IndexStore['scratch']> {
    this.scratches += 1
    return scratchTables(`${this.path}-scratch-${this.scratches}`)
  }

  /** Once nothing is written any more. */
  close(): void {
    this.database.close()
    this.committed.close()
  }

  private write(
    change: StateChange,
    command: (change: EncodedChange) => Command,
  ): Promise<boolean> {
    return this.inTurn(async () => {
      const encoded = command(await encodeChange(change))
      const appended = await this.holding(() => count(this.queue, encoded))
      if (appended !== 1) return false
      this.state.absorb(change)
      return true
    })
  }

  /** While it is written, everybody sees what was before. */
  private async holding<T>(write: () => Promise<T>): Promise<T> {
    const { begin, end, size } = this.statements
    try {
      begin.run()
      size.get()
    } catch (error) {
      throw storeFailed('reading failed', error)
    }
    try {
      const written = await write()
      end.run()
      return written
    } catch (error) {
      if (this.database.open) end.run()
      // Nobody knows whether it was written: what is there now is what is true.
      this.state.load()
      throw error
    }
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => undefined)
    return done
  }
}

function statementsOf(database: Database) {
  return {
    begin: database.prepare('BEGIN'),
    end: database.prepare('COMMIT'),
    size: database.prepare<[], { size: number }>(
      'SELECT coalesce(max(seq) + 1, 0) AS size FROM index_log',
    ),
  }
}
