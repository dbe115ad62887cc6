import { openForWriting } from '../../dist/store/sqlite/open-database.js'
import { openStore } from '../../dist/store/open-store.js'
import { Writer } from '../../dist/store/sqlite/writer.js'
import { unixNow } from '../capstan/authority.mjs'
import { ledgerEntry } from './ledger-entry.mjs'

const ROWS_PER_COMMIT = 50_000
const DAY_SECONDS = 86_400

/**
 * Brings a ledger to `to` rows, the same number for each of the `days` before now, oldest first,
 * through the server's own writer. Not durable while it lasts: nobody is answered.
 */
export function fillLedger(path, { from, to, days, issuer }) {
  // Makes the tables.
  void openStore({ path, writer: 'inline' })[Symbol.asyncDispose]()
  const database = openForWriting(path)
  database.pragma('synchronous = OFF')
  const writer = new Writer(database)
  const now = unixNow()
  const timeOf = (number) => {
    const age = days - 1 - Math.floor(((number - from) / (to - from)) * days)
    return now - age * DAY_SECONDS
  }
  for (let number = from; number < to; number += ROWS_PER_COMMIT) {
    const count = Math.min(ROWS_PER_COMMIT, to - number)
    const commands = Array.from({ length: count }, (_, at) => ({
      op: 'append',
      entry: ledgerEntry({ issuer, now: timeOf(number + at), number: number + at }),
      spends: [],
    }))
    const failed = writer.commit(commands).find(({ kind }) => kind !== 'done')
    if (failed) throw new Error(`filling the ledger: ${failed.message ?? failed.kind}`)
  }
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
}
