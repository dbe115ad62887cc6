import { rmSync } from 'node:fs'
import SqliteDatabase from 'better-sqlite3'
import type { SeenSerial, SerialScratch } from '../../monitor/ports.js'
import { storeFailed } from './open-database.js'

/** In a file beside the store: nothing in it survives a crash, or needs to. */
export function sqliteSerialScratch(path: string): SerialScratch {
  rmSync(path, { force: true })
  const database = open(path)
  const select = database
    .prepare<[Buffer], number>('SELECT record FROM serial WHERE serial = ?')
    .pluck()
  const put = database.prepare('INSERT INTO serial (serial, record) VALUES (?, ?)')
  const note = database.transaction((serials: readonly SeenSerial[]) =>
    serials.flatMap(({ serial, record }) => {
      const key = Buffer.from(serial, 'hex')
      const before = select.get(key)
      if (before === undefined) put.run(key, record)
      return before === undefined ? [] : [{ serial, record, before }]
    }),
  )
  return {
    note: (serials) => {
      try {
        return note(serials)
      } catch (error) {
        throw storeFailed('no room for a comparison', error)
      }
    },
    [Symbol.dispose]() {
      database.close()
      rmSync(path, { force: true })
    },
  }
}

function open(path: string): SqliteDatabase.Database {
  try {
    const database = new SqliteDatabase(path)
    database.pragma('journal_mode = OFF')
    database.pragma('synchronous = OFF')
    database.exec('CREATE TABLE serial (serial BLOB PRIMARY KEY, record INTEGER) WITHOUT ROWID')
    return database
  } catch (error) {
    throw storeFailed('no room for a comparison', error)
  }
}
