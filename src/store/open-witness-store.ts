import type { Database } from 'better-sqlite3'
import { existsSync } from 'node:fs'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { WitnessStore } from '../tlog/ports.js'
import { migrate } from './sqlite/migrate.js'
import { openForWriting, storeFailed } from './sqlite/open-database.js'
import { sqliteWitnessStore } from './sqlite/witness-store.js'

export interface OwnWitnessStore extends WitnessStore, Disposable {}

/**
 * Makes the memory of a new witness, whose verifier key is `vkey`; also over what an `init` left that
 * was interrupted. Refused with `namespace.exists` where something was cosigned out of it. Throws
 * `DependencyError` when it cannot be written.
 */
export function createWitnessStore(
  path: string,
  vkey: string,
): Result<undefined, Refusal<'namespace.exists'>> {
  const database = opened(path, {})
  try {
    if (database.prepare('SELECT 1 FROM cosigned LIMIT 1').get() !== undefined) {
      return refuse('namespace.exists', `${path} is what another witness remembers`, {
        wanted: 'a folder without one',
      })
    }
    database.prepare('INSERT OR REPLACE INTO of_key (only, vkey) VALUES (1, ?)').run(vkey)
    return ok()
  } catch (error) {
    throw storeFailed(`${path} cannot be written`, error)
  } finally {
    database.close()
  }
}

/**
 * What a witness remembers: a SQLite file of its own, in WAL mode, synchronous FULL. Refused with
 * `tlog.memory-gone` where there is none, or that of another key: whoever starts with an empty memory
 * signs any history. Throws `DependencyError` when it does not open, or belongs to a newer program.
 */
export function openWitnessStore(
  path: string,
  vkey: string,
): Result<OwnWitnessStore, Refusal<'tlog.memory-gone'>> {
  if (!existsSync(path)) return gone(vkey, 'no such file')
  const database = opened(path, { fileMustExist: true })
  try {
    const found = database.prepare<[], string>('SELECT vkey FROM of_key').pluck().get()
    if (found === vkey) {
      return ok({ ...sqliteWitnessStore(database), [Symbol.dispose]: () => void database.close() })
    }
    database.close()
    return gone(vkey, found === undefined ? 'a file that is of no key' : `that of ${found}`)
  } catch (error) {
    database.close()
    throw storeFailed(`${path} cannot be read`, error)
  }
}

const gone = (vkey: string, found: string): Result<never, Refusal<'tlog.memory-gone'>> =>
  refuse('tlog.memory-gone', 'witness.db is gone, or of another key', {
    wanted: `what ${vkey} has cosigned`,
    found,
    next: 'this key must not sign again: capstan witness init in another folder, under another name',
  })

function opened(path: string, options: { readonly fileMustExist?: boolean }): Database {
  const database = openForWriting(path, options)
  try {
    migrate(database, 'witness')
    return database
  } catch (error) {
    database.close()
    throw storeFailed(`${path} cannot be brought up to date`, error)
  }
}
