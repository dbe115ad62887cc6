import SqliteDatabase, { type Database } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'

/** Long enough for another connection's commit on a slow disk. */
const BUSY_MS = 5000

/** The one connection that writes. A commit is on the disk before it returns. */
export function openForWriting(path: string): Database {
  const database = open(path, {})
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  return database
}

export function openForReading(path: string): Database {
  return open(path, { readonly: true, fileMustExist: true })
}

function open(path: string, options: SqliteDatabase.Options): Database {
  try {
    return new SqliteDatabase(path, { ...options, timeout: BUSY_MS })
  } catch (error) {
    throw storeFailed('the database does not open', error)
  }
}

/** Whatever the driver throws becomes "the store did not answer": no SQL reaches a caller. */
export function storeFailed(what: string, cause: unknown): DependencyError {
  if (cause instanceof DependencyError) return cause
  const code = cause instanceof SqliteDatabase.SqliteError ? ` (${cause.code})` : ''
  return new DependencyError('store', `${what}${code}`, cause)
}

/** Runs one read; its failure is the store's. */
export function reading<T>(read: () => T): Promise<T> {
  try {
    return Promise.resolve(read())
  } catch (error) {
    return Promise.reject(storeFailed('reading failed', error))
  }
}
