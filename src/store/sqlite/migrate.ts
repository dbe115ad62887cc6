import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Database } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'

/** The same distance from `src/store/sqlite` and from `dist/store/sqlite`. */
const folder = fileURLToPath(new URL('../../../migrations/sqlite/', import.meta.url))

/** `0001_store.sql` is version 1. Forward only, each in a transaction of its own. */
export function migrate(database: Database): void {
  const files = readdirSync(folder)
    .filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name))
    .sort()
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
