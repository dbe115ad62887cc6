import SqliteDatabase, { type Database } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'

/** Long enough for another connection's commit on a slow disk. */
const BUSY_MS = 5000

/** The one connection that writes. A commit is on the disk before it returns. */
export function openForWriting(
  path: string,
  options: Pick<SqliteDatabase.Options, 'fileMustExist'> = {},
): Database {
  const database = open(path, options)
  try {
    // The first look into the file: what is no database fails here, not above.
    // In another mode a reader would hold up the writer, and a disk without shared memory has no WAL.
    const mode = database.pragma('journal_mode = WAL', { simple: true })
    if (mode !== 'wal')
      throw new DependencyError('store', `${path} is not in WAL mode: ${String(mode)}`)
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    return database
  } catch (error) {
    database.close()
    throw storeFailed(`${path} does not open`, error)
  }
}

export function openForReading(path: string): Database {
  return open(path, { readonly: true, fileMustExist: true })
}

function open(path: string, options: SqliteDatabase.Options): Database {
  try {
    return new SqliteDatabase(path, { ...options, timeout: BUSY_MS })
  } catch (error) {
    throw storeFailed(`${path} does not open`, error)
  }
}

/** Whatever the driver throws becomes "the store did not answer": no SQL reaches a caller. */
export function storeFailed(what: string, cause: unknown): DependencyError {
  if (cause instanceof DependencyError) return cause
  // JSON.parse quotes what it could not read: that is a row's text, and a cause is logged.
  if (cause instanceof SyntaxError) return new DependencyError('store', `${what}: a row is damaged`)
  const code = sqliteCode(cause)
  return new DependencyError('store', code === undefined ? what : `${what} (${code})`, cause)
}

/**
 * The driver's code, `SQLITE_FULL`; undefined when it is not the driver that threw. Known by the code
 * and not by the class: the native addon throws the class of whichever copy of the driver came first.
 */
export function sqliteCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  const { code } = error
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined
}

/** Runs one read; its failure is the store's. */
export function reading<T>(read: () => T): Promise<T> {
  try {
    return Promise.resolve(read())
  } catch (error) {
    return Promise.reject(storeFailed('reading failed', error))
  }
}

/** Reads that belong together see one state: pruning cannot drop a table between two of them. */
export function readingTogether<T>(database: Database, read: () => T): Promise<T> {
  return reading(() => transactionOf(database)(read))
}

type Transaction = <T>(read: () => T) => T

const transactions = new WeakMap<Database, Transaction>()

/** Making one costs as much as the smaller reads. */
function transactionOf(database: Database): Transaction {
  const known = transactions.get(database)
  if (known) return known
  // The driver's type forgets that what it returns is of the type that `read` returns.
  const made = database.transaction((read: () => unknown) => read()) as Transaction
  transactions.set(database, made)
  return made
}
