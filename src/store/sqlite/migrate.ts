import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Database } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'

/** A database of Capstan: the store, and what a witness or a monitor remembers. */
type Kind = 'sqlite' | 'witness' | 'watch'

/** The same distance from `src/store/sqlite` and from `dist/store/sqlite`. */
const folderOf = (kind: Kind): string =>
  fileURLToPath(new URL(`../../../migrations/${kind}/`, import.meta.url))

/**
 * The migrations among these names, in order. Throws `DependencyError` where a number is there twice
 * or left out: from there on, versions would not be those of the files.
 */
export function inOrder(names: readonly string[]): readonly string[] {
  const files = names.filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort()
  for (const [position, name] of files.entries()) {
    if (Number(name.slice(0, 4)) === position + 1) continue
    throw new DependencyError('store', `the migration ${name} is not number ${position + 1}`)
  }
  return files
}

/** `0001_store.sql` is version 1. Forward only, each in a transaction of its own. */
export function migrate(database: Database, kind: Kind = 'sqlite'): void {
  const folder = folderOf(kind)
  const files = inOrder(readdirSync(folder))
  const found = Number(database.pragma('user_version', { simple: true }))
  if (found > files.length) {
    throw new DependencyError(
      'store',
      `the database has version ${found}, this program knows ${files.length}: use a newer program`,
    )
  }
  for (const [position, name] of files.entries()) {
    const version = position + 1
    if (version <= found) continue
    database.transaction(() => {
      database.exec(readFileSync(`${folder}${name}`, 'utf8'))
      database.pragma(`user_version = ${version}`)
    })()
  }
}
