import { afterAll, expect, it } from '@jest/globals'
import SqliteDatabase from 'better-sqlite3'
import { days, hours, plus } from '../../src/core/time.js'
import { issuanceRecordOf } from '../../src/namespace/issuance-record.js'
import { dayOf, partitionTable } from '../../src/store/sqlite/partition.js'
import { leaf, newEntry, plain } from '../contract/given-store.js'
import { T0 } from '../support/fake-clock.js'
import { SqliteStores } from '../support/sqlite-stores.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

const table = partitionTable(dayOf(plus(T0, days(1))))

/** The indexes that partitions had in the first version of the store. */
const earlierIndexes = `
DROP INDEX ${table}_by_end;
DROP INDEX ${table}_by_entry;
CREATE INDEX ${table}_by_entry ON ${table} (entry, issued_at);
CREATE INDEX ${table}_by_time ON ${table} (issued_at);
`

function indexesOf(path: string): string[] {
  const database = new SqliteDatabase(path, { readonly: true })
  const rows = database
    .prepare<[string], { name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? ORDER BY name",
    )
    .all(table)
  database.close()
  return rows.map(({ name }) => name)
}

it('gives a partition of an earlier version the indexes that are looked for, and keeps its rows', async () => {
  const path = stores.newPath()
  const entry = newEntry()
  const rows = [
    leaf({ entry }),
    leaf({ entry, issuedAt: plus(T0, hours(3)), notAfter: plus(T0, days(1)) }),
  ]
  const first = stores.open(path)
  for (const row of rows) await first.ledger.append(row, [])
  await first[Symbol.asyncDispose]()
  const database = new SqliteDatabase(path)
  database.exec(earlierIndexes)
  database.close()

  const store = stores.open(path)
  expect(indexesOf(path)).toEqual([`${table}_by_end`, `${table}_by_entry`])
  for (const { serial, notAfter } of rows) {
    expect((await store.ledger.find(serial))?.entry).toBe(entry)
    expect((await store.ledger.find(serial, notAfter))?.entry).toBe(entry)
  }
  const listed = await store.ledger.list({ entry, limit: 10 })
  expect(listed.map(({ serial }) => serial)).toEqual(rows.map(({ serial }) => serial).toReversed())
  expect(await store.ledger.lastNotAfter(entry)).toBe(plus(T0, days(1)))
})

it('reads a partition whose digests of policies stand as text, and goes on with it', async () => {
  const path = stores.newPath()
  const rows = [leaf(), leaf({ entry: null, alias: '', binding: null, policyDigest: null })]
  const first = stores.open(path)
  for (const row of rows) await first.ledger.append(row, [])
  await first[Symbol.asyncDispose]()
  const database = new SqliteDatabase(path)
  database.exec(`ALTER TABLE ${table} ADD COLUMN hex TEXT;
    UPDATE ${table} SET hex = lower(hex(policy_digest)) WHERE policy_digest IS NOT NULL;
    ALTER TABLE ${table} DROP COLUMN policy_digest;
    ALTER TABLE ${table} RENAME COLUMN hex TO policy_digest;`)
  database.close()

  const store = stores.open(path)
  const last = leaf()
  await store.ledger.append(last, [])
  for (const { serial, policyDigest } of [...rows, last]) {
    expect((await store.ledger.find(serial))?.policyDigest).toBe(policyDigest)
  }
  const read = await store.issuanceLog.read(0, 3)
  expect(read.map(({ bytes }) => plain(bytes))).toEqual(
    [...rows, last].map((row) => plain(issuanceRecordOf(row))),
  )
})
