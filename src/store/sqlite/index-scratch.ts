import { rmSync } from 'node:fs'
import SqliteDatabase, { type Database } from 'better-sqlite3'
import type { StateStore } from '../../namespace/ports.js'
import { encodeChange, nextTurn } from './encode-change.js'
import { IndexWriter } from './index-writer.js'
import { MapReader } from './map-reader.js'
import { migrate } from './migrate.js'
import { storeFailed } from './open-database.js'
import { SqliteState } from './sqlite-state.js'

/** Rows written in one turn of the event loop: about two milliseconds. */
const SLICE = 300

/** Tables in a file beside the store, for one comparison: nothing in it survives a crash, or needs to. */
export function scratchTables(path: string): StateStore & AsyncDisposable {
  rmSync(path, { force: true })
  const database = open(path)
  const writer = new IndexWriter(database)
  const state = new SqliteState(database)
  const map = new MapReader(database)
  return {
    state,
    map,
    async advance(change) {
      const { rows, map, ...where } = await encodeChange(change)
      const most = Math.max(rows.length, 3 * map.length)
      for (let first = 0; first < most; first += SLICE) {
        const slice = {
          rows: rows.slice(first, first + SLICE),
          // A row of the map is several nodes.
          map: map.slice(first / 3, (first + SLICE) / 3),
        }
        const size = first + SLICE >= most ? where.size : where.from
        write(database, () => writer.move({ ...where, ...slice, size }))
        await nextTurn()
      }
      state.absorb(change)
    },
    [Symbol.asyncDispose]() {
      database.close()
      rmSync(path, { force: true })
      return Promise.resolve()
    },
  }
}

function open(path: string): Database {
  try {
    const database = new SqliteDatabase(path)
    database.pragma('journal_mode = OFF')
    database.pragma('synchronous = OFF')
    database.pragma('locking_mode = EXCLUSIVE')
    migrate(database)
    return database
  } catch (error) {
    throw storeFailed('no room for a comparison', error)
  }
}

function write(database: Database, change: () => number): void {
  try {
    database.transaction(change)()
  } catch (error) {
    throw storeFailed('writing failed', error)
  }
}
