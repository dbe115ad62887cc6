import type { StateStore } from '../namespace/ports.js'
import type { WatchMemory } from '../monitor/ports.js'
import { scratchTables } from './sqlite/index-scratch.js'
import { migrate } from './sqlite/migrate.js'
import { openForWriting, storeFailed } from './sqlite/open-database.js'
import { sqliteWatchMemory } from './sqlite/watch-memory.js'

export interface OwnWatchMemory extends WatchMemory, Disposable {
  /** Empty tables beside it, gone when disposed of. */
  scratch(): StateStore & AsyncDisposable
}

/**
 * What a monitor remembers: a SQLite file of its own, in WAL mode, synchronous FULL; made where there is
 * none. Throws `DependencyError` when it does not open, or belongs to a newer program.
 */
export function openWatchMemory(path: string): OwnWatchMemory {
  const database = openForWriting(path)
  try {
    migrate(database, 'watch')
  } catch (error) {
    database.close()
    throw storeFailed(`${path} cannot be brought up to date`, error)
  }
  let scratches = 0
  return {
    ...sqliteWatchMemory(database),
    scratch: () => {
      scratches += 1
      return scratchTables(`${path}-scratch-${scratches}`)
    },
    [Symbol.dispose]: () => void database.close(),
  }
}
