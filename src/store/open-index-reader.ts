import { DependencyError } from '../core/dependency-error.js'
import { IndexReader } from './sqlite/index-reader.js'
import { openForReading, storeFailed } from './sqlite/open-database.js'

export { indexSnapshot } from './sqlite/index-snapshot.js'
export type { IndexReader } from './sqlite/index-reader.js'

/**
 * The index of a store that another process has open for writing, read-only. Throws `DependencyError`
 * when it does not open, and when its tables have not been made.
 */
export function openIndexReader(path: string): IndexReader {
  const database = openForReading(path)
  try {
    const reader = new IndexReader(database)
    if (reader.size === 0) throw new DependencyError('store', 'the index tables are empty')
    return reader
  } catch (error) {
    database.close()
    throw storeFailed(`${path} does not open`, error)
  }
}
