import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'

export interface DataDirectoryLock extends Disposable {
  readonly path: string
}

/**
 * Makes this process the one owner of a data directory; undefined when another has it. The lock is
 * the operating system's, on a file of its own: it ends with the process, however that ends.
 */
export function lockDataDirectory(path: string): DataDirectoryLock | undefined {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  const database = new SqliteDatabase(join(path, 'lock.db'), { timeout: 0 })
  try {
    database.pragma('journal_mode = DELETE')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof SqliteDatabase.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      return undefined
    }
    throw error
  }
  return {
    path,
    [Symbol.dispose]: () => {
      database.close()
    },
  }
}
