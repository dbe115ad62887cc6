import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import SqliteDatabase, { type Database } from 'better-sqlite3'
import { DependencyError } from '../core/dependency-error.js'
import { sqliteCode } from './sqlite/open-database.js'

export interface DataDirectoryLock extends Disposable {
  readonly path: string
}

/**
 * Makes this process the one owner of a data directory; undefined when another has it. The lock is
 * the operating system's, on a file of its own: it ends with the process, however that ends. Throws
 * `DependencyError` when it cannot tell.
 */
export function lockDataDirectory(path: string): DataDirectoryLock | undefined {
  let database: Database | undefined
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
    database = new SqliteDatabase(join(path, 'lock.db'), { timeout: 0 })
    database.pragma('journal_mode = DELETE')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY') === true) return undefined
    throw new DependencyError('data directory', `cannot lock ${path}`, error)
  }
  const held = database
  return {
    path,
    [Symbol.dispose]: () => {
      held.close()
    },
  }
}
