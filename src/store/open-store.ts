import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { AuthorityStore } from '../ca/ports.js'
import type {
  ChallengeStore,
  IssuanceLedger,
  IssuanceLog,
  JoinTokenStore,
  OwnIssuanceLog,
  RecordGranted,
} from '../issuance/ports.js'
import type { SerialScratch } from '../monitor/ports.js'
import type { IndexStore } from '../namespace/ports.js'
import { sqliteAuthorities } from './sqlite/authorities.js'
import type { Command, Outcome } from './sqlite/commands.js'
import { SqliteIndexStore } from './sqlite/index-store.js'
import { sqliteIssuanceLog, sqliteOwnIssuanceLog } from './sqlite/issuance-log.js'
import { beginTally } from './sqlite/issuance-tally.js'
import { recordingGranted, sqliteLedger } from './sqlite/ledger.js'
import { migrate } from './sqlite/migrate.js'
import { upgradePartitions } from './sqlite/partition.js'
import { openForReading, openForWriting, storeFailed } from './sqlite/open-database.js'
import { sqliteSerialScratch } from './sqlite/serial-scratch.js'
import { sqliteChallenges, sqliteJoinTokens } from './sqlite/single-use.js'
import { type BatchWriter, inlineWriter, threadWriter, WriteQueue } from './sqlite/write-queue.js'

/** Every port that issuing needs. */
export interface IssuingStore extends AsyncDisposable {
  readonly ledger: IssuanceLedger
  readonly issuanceLog: IssuanceLog
  readonly joinTokens: JoinTokenStore
  readonly challenges: ChallengeStore
  readonly authorities: AuthorityStore
  /** Writes that wait for the commit under way. */
  queueDepth(): number
  /** Age of the oldest write that is not durable yet, in seconds. */
  lagSeconds(): number
}

/** Every port of the domain that keeps something. */
export interface Store extends IssuingStore {
  readonly issuanceLog: OwnIssuanceLog
  readonly index: IndexStore
}

/** The store of the process that writes it. */
export interface OwnStore extends Store {
  /** For what another process of this program asks to be written: it shares commits with the rest. */
  submit(command: Command): Promise<Outcome>
  /** Empty, and gone when disposed of. */
  readonly serialScratch: () => SerialScratch
}

/** The store of another process: read here, written there. */
export interface RemoteStore extends IssuingStore {
  readonly recordGranted: RecordGranted
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
export function openStore({ path, writer }: StoreOptions): OwnStore {
  const migrating = openForWriting(path)
  try {
    migrate(migrating)
    upgradePartitions(migrating)
    beginTally(migrating)
  } catch (error) {
    throw storeFailed(`${path} cannot be brought up to date`, error)
  } finally {
    migrating.close()
  }
  removeScratch(path)
  const queue = new WriteQueue(writer === 'thread' ? threadWriter(path) : inlineWriter(path))
  const opened: (() => void)[] = []
  try {
    const reader = openForReading(path)
    opened.push(() => reader.close())
    const index = new SqliteIndexStore(path, queue)
    opened.push(() => index.close())
    const submit = (command: Command): Promise<Outcome> => queue.submit(command)
    const issuanceLog = sqliteOwnIssuanceLog(reader, queue)
    let scratches = 0
    const serialScratch = (): SerialScratch => {
      scratches += 1
      return sqliteSerialScratch(`${path}-scratch-serials-${scratches}`)
    }
    return { ...issuingStore(reader, queue, opened), issuanceLog, index, submit, serialScratch }
  } catch (error) {
    for (const close of opened) close()
    // Without this the thread would keep a process alive that has nothing to do.
    void queue.close()
    throw storeFailed(`${path} does not open`, error)
  }
}

/** The store that another process has open, written through `writer`. Its index: `openIndexReader`. */
export function openRemoteStore(path: string, writer: BatchWriter): RemoteStore {
  const queue = new WriteQueue(writer)
  const reader = openForReading(path)
  try {
    const store = issuingStore(reader, queue, [() => reader.close()])
    return { ...store, recordGranted: recordingGranted(queue) }
  } catch (error) {
    reader.close()
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

function issuingStore(
  reader: Database,
  queue: WriteQueue,
  readers: readonly (() => void)[],
): IssuingStore {
  return {
    ledger: sqliteLedger(reader, queue),
    issuanceLog: sqliteIssuanceLog(reader),
    joinTokens: sqliteJoinTokens(reader, queue),
    challenges: sqliteChallenges(reader, queue),
    authorities: sqliteAuthorities(reader, queue),
    queueDepth: () => queue.depth,
    lagSeconds: () => queue.lagSeconds,
    async [Symbol.asyncDispose]() {
      await queue.stop()
      // Readers first: only the last connection, and only if it may write, folds the WAL into the file.
      for (const close of readers) close()
      await queue.close()
    },
  }
}
