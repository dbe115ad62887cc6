import { tableNames } from '../namespace/state-tables.js'
import { sqlTables } from './sqlite/index-rows.js'
import { mapSqlTables } from './sqlite/map-writer.js'
import { migrate } from './sqlite/migrate.js'
import { openForWriting, storeFailed } from './sqlite/open-database.js'

/**
 * Forgets what the index log comes to, so that whoever opens the store next replays the log. The log
 * itself is not touched. The store must not be open.
 */
export function emptyIndexTables(path: string): void {
  const database = openForWriting(path)
  try {
    migrate(database)
    database.transaction(() => {
      for (const name of tableNames) database.exec(`DELETE FROM ${sqlTables[name]}`)
      database.exec('DELETE FROM index_state')
      for (const table of mapSqlTables) database.exec(`DELETE FROM ${table}`)
      // The checkpoint stays: what comes out of the log must go on from it.
      database.exec("DELETE FROM log_tile WHERE log = 'index'")
      database.exec("DELETE FROM log_tree WHERE log = 'index'")
    })()
  } catch (error) {
    throw storeFailed('the index tables cannot be emptied', error)
  } finally {
    database.close()
  }
}
