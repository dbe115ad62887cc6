import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { AuthorityStore } from '../ca/ports.js'
import type { ChallengeStore, IssuanceLedger, JoinTokenStore } from '../issuance/ports.js'
import type { IndexStore } from '../namespace/ports.js'
import { sqliteAuthorities } from './sqlite/authorities.js'
import { SqliteIndexStore } from './sqlite/index-store.js'
import { sqliteLedger } from './sqlite/ledger.js'
import { migrate } from './sqlite/migrate.js'
import { upgradePartitions } from './sqlite/partition.js'
import { openForReading, openForWriting, storeFailed } from './sqlite/open-database.js'
import { sqliteChallenges, sqliteJoinTokens } from './sqlite/single-use.js'
import { inlineWriter, threadWriter, WriteQueue } from './sqlite/write-queue.js'

/** Every port of the domain that keeps something. */
export interface Store extends AsyncDisposable {
  readonly ledger: IssuanceLedger
  readonly index: IndexStore
  readonly joinTokens: JoinTokenStore
  readonly challenges: ChallengeStore
  readonly authorities: AuthorityStore
  /** Writes that wait for the commit under way. */
  queueDepth(): number
  /** Age of the oldest write that is not durable yet, in seconds. */
  lagSeconds(): number
}

export interface StoreOptions {
  /** The SQLite file; made when it is not there. */
  readonly path: string
  /** `thread` for a server; `inline` for a command that makes a few writes and ends. */
  readonly writer: 'thread' | 'inline'
}

/**
 * The embedded store: SQLite in WAL mode, synchronous FULL, one writer. Throws `DependencyError`
 * when it does not open, or belongs to a newer program.
 */
export function openStore({ path, writer }: StoreOptions): Store {
  const migrating = openForWriting(path)
  try {
    migrate(migrating)
    upgradePartitions(migrating)
  } catch (error) {
    throw storeFailed(`${path} cannot be brought up to date`, error)
  } finally {
    migrating.close()
  }
  removeScratch(path)
  const queue = new WriteQueue(writer === 'thread' ? threadWriter(path) : inlineWriter(path))
  let reader: Database | undefined
  try {
    reader = openForReading(path)
    return storeOf(reader, queue, new SqliteIndexStore(path, queue))
  } catch (error) {
    reader?.close()
    // Without this the thread would keep a process alive that has nothing to do.
    void queue.close()
    throw storeFailed(`${path} does not open`, error)
  }
}

/** What a comparison that was killed has left behind. */
function removeScratch(path: string): void {
  const start = `${basename(path)}-scratch-`
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(start)) rmSync(join(dirname(path), name), { force: true })
  }
}

function storeOf(reader: Database, queue: WriteQueue, index: SqliteIndexStore): Store {
  return {
    ledger: sqliteLedger(reader, queue),
    index,
    joinTokens: sqliteJoinTokens(reader, queue),
    challenges: sqliteChallenges(reader, queue),
    authorities: sqliteAuthorities(reader, queue),
    queueDepth: () => queue.depth,
    lagSeconds: () => queue.lagSeconds,
    async [Symbol.asyncDispose]() {
      await queue.stop()
      // Readers first: only the last connection, and only if it may write, folds the WAL into the file.
      index.close()
      reader.close()
      await queue.close()
    },
  }
}
