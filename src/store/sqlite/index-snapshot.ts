import type { IndexStore } from '../../namespace/ports.js'
import { MapReader } from './map-reader.js'
import { openForReading, storeFailed } from './open-database.js'
import { SqliteState } from './sqlite-state.js'

/**
 * The index tables as they are now, whatever is changed until it is disposed of: over a connection of
 * its own, whose rows nobody else has to give up their memory for. Any process may have one.
 */
export function indexSnapshot(path: string): ReturnType<IndexStore['snapshot']> {
  const database = openForReading(path)
  try {
    // A snapshot begins with the first read.
    database.exec('BEGIN')
    const state = new SqliteState(database)
    state.load()
    return {
      meta: state.meta,
      tables: state.tables,
      map: new MapReader(database),
      [Symbol.dispose]: () => database.close(),
    }
  } catch (error) {
    database.close()
    throw storeFailed('reading failed', error)
  }
}
