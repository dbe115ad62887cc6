import type { Database, Statement } from 'better-sqlite3'
import type { IndexLog } from '../../namespace/ports.js'
import { StateView } from '../../namespace/state-view.js'
import type { LogReader } from '../../tlog/ports.js'
import { sqliteIndexLog } from './index-log.js'
import { sqliteLogReader } from './log-tree.js'
import { storeFailed } from './open-database.js'
import { SqliteState } from './sqlite-state.js'

/**
 * The index as another process writes it. Whatever is looked up without an `await` in between is of
 * one committed state, and never of one that is older than what that process has said is durable.
 */
export class IndexReader extends StateView implements Disposable {
  readonly log: Pick<IndexLog, 'read' | 'readRecords'>
  readonly tree: LogReader
  private readonly database: Database
  private readonly looking: Look
  private readonly state: SqliteState

  /** Over a connection of its own, which may be read-only; closed with the reader. */
  constructor(database: Database) {
    const looking = new Look(database)
    const state = new SqliteState(database, () => looking.begin())
    looking.moved = () => state.load()
    super(state)
    this.log = sqliteIndexLog(database)
    this.tree = sqliteLogReader(database, 'index')
    this.database = database
    this.looking = looking
    this.state = state
  }

  /** Forgets every row that it remembers. Nobody needs to call this for the answers to be right. */
  refresh(): void {
    this.looking.finish()
    this.state.forget()
  }

  [Symbol.dispose](): void {
    this.looking.finish()
    this.database.close()
  }
}

/** One read transaction for all that is looked up until the running code ends or awaits. */
class Look {
  moved: () => void = () => undefined
  private readonly database: Database
  private readonly start: Statement
  private readonly end: Statement
  private open = false

  constructor(database: Database) {
    this.database = database
    this.start = database.prepare('BEGIN')
    this.end = database.prepare('COMMIT')
  }

  begin(): void {
    if (this.open) return
    try {
      this.start.run()
    } catch (error) {
      throw storeFailed('reading failed', error)
    }
    this.open = true
    try {
      // The snapshot begins with the first read, which is whether the tables have moved.
      this.moved()
    } catch (error) {
      this.finish()
      throw error
    }
    // Short: a transaction that stays open would keep the log of writes from being folded in.
    queueMicrotask(() => this.finish())
  }

  finish(): void {
    if (!this.open) return
    this.open = false
    if (this.database.open) this.end.run()
  }
}
