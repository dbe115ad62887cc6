import { rmSync } from 'node:fs'
import SqliteDatabase, { type Database } from 'better-sqlite3'
import { DependencyError } from '../core/dependency-error.js'
import type { ShownIndex } from '../monitor/ports.js'
import type { StoredRecord } from '../namespace/ports.js'
import { sqliteIndexLog } from './sqlite/index-log.js'
import { scratchTables } from './sqlite/index-scratch.js'
import { storeFailed } from './sqlite/open-database.js'

/** A log in a file of its own, and tables in files beside it: nothing of it survives a crash, or needs to. */
export function openShownIndex(path: string): ShownIndex {
  rmSync(path, { force: true })
  const database = open(path)
  const log = sqliteIndexLog(database)
  const put = database.prepare('INSERT INTO index_log (seq, record, envelopes) VALUES (?, ?, ?)')
  const add = database.transaction((records: readonly StoredRecord[], size: number) => {
    for (const [position, { seq, bytes, envelopes }] of records.entries()) {
      if (seq !== size + position)
        throw new DependencyError('store', `record ${seq} out of its place`)
      const texts = envelopes.map((octets) => Buffer.from(octets).toString('base64'))
      put.run(seq, Buffer.from(bytes), JSON.stringify(texts))
    }
  })
  let scratches = 0
  const scratch = (): ReturnType<ShownIndex['scratch']> => {
    scratches += 1
    return scratchTables(`${path}-scratch-${scratches}`)
  }
  const tables = scratch()
  return {
    state: tables.state,
    map: tables.map,
    advance: (change) => tables.advance(change),
    size: () => log.size(),
    read: (from, limit) => log.read(from, limit),
    async add(records) {
      const size = await log.size()
      try {
        add(records, size)
      } catch (error) {
        throw storeFailed('no room for the log', error)
      }
    },
    scratch,
    async [Symbol.asyncDispose]() {
      await tables[Symbol.asyncDispose]()
      database.close()
      rmSync(path, { force: true })
    },
  }
}

function open(path: string): Database {
  try {
    const database = new SqliteDatabase(path)
    database.pragma('journal_mode = OFF')
    database.pragma('synchronous = OFF')
    database.exec(
      'CREATE TABLE index_log (seq INTEGER PRIMARY KEY, record BLOB NOT NULL, envelopes TEXT NOT NULL)',
    )
    return database
  } catch (error) {
    throw storeFailed('no room for the log', error)
  }
}
