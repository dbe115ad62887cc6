import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import { storePath } from '../../src/compose/found.js'
import { days, seconds } from '../../src/core/time.js'
import type { AuditJson } from '../../src/server/http/audit-shapes.js'
import type { AskedAudit } from '../../src/server/operations.js'
import { partitionTable } from '../../src/store/sqlite/partition.js'
import { codeOf, givenInstallation, type Installation, valueOf, web } from './given-installation.js'

let given: Installation
beforeEach(async () => {
  given = await givenInstallation()
  valueOf(await given.issueToPod())
})
afterEach(() => given[Symbol.asyncDispose]())

const operations = () => given.instance.operations
const audit = async (asked: Partial<AskedAudit> = {}): Promise<AuditJson> =>
  valueOf(await operations().audit({ full: false, ...asked }))
const wrong = ({ checks }: AuditJson): readonly (readonly [string, string | undefined])[] =>
  checks.filter((check) => !check.ok).map(({ name, code }) => [name, code])
async function checkpoints(): Promise<Pick<AskedAudit, 'index' | 'issuance'>> {
  // It waits until what was issued is signed.
  await audit()
  return {
    index: valueOf(await operations().checkpoint()),
    issuance: valueOf(await operations().issuanceCheckpoint()),
  }
}

/** Changes rows while the server runs, as whoever can write the file may. */
function meddle(work: (database: SqliteDatabase.Database) => void): void {
  const database = new SqliteDatabase(storePath(given.config.dataDir))
  work(database)
  database.close()
}
const ledgerOf = (database: SqliteDatabase.Database): string =>
  partitionTable(
    database.prepare<[], number>('SELECT max(day) FROM ledger_partition').pluck().get()!,
  )

describe('an audit', () => {
  it('of what nobody has touched finds nothing, whatever was decided and issued', async () => {
    const before = await checkpoints()
    await given.change({ op: 'entry.suspend', alias: web })
    await given.change({ op: 'entry.reactivate', alias: web })
    valueOf(await given.issueToPod())
    const evidence = { kind: 'join-token', token: await given.joinToken() } as const
    const issued = valueOf(await given.issue(evidence))
    valueOf(await given.renew(issued.leaf))
    const names = ['index-log', 'issuance-log', 'index-delay', 'issuance-delay']
    expect(await audit(before)).toMatchObject({ ok: true, full: false, certificates: null })
    expect((await audit()).checks.map(({ name }) => name)).toEqual(names)
    const full = await audit({ full: true, ...before })
    expect(wrong(full)).toEqual([])
    expect(full).toMatchObject({
      ok: true,
      certificates: { checked: 4, gone: 0, alarms: 0, first: [] },
    })
  })

  it('counts what pruning has dropped', async () => {
    given.clock.advance(days(3))
    await given.instance.store.ledger.prune(given.clock.now())
    valueOf(await given.issueToPod())
    const { certificates, ok } = await audit({ full: true })
    expect({ ok, certificates }).toMatchObject({ ok: true, certificates: { checked: 1, gone: 1 } })
  })

  it('finds a log that does not go on from a checkpoint that was kept', async () => {
    const other = await givenInstallation()
    try {
      const index = valueOf(await other.instance.operations.checkpoint())
      // Signed by another key: that is no checkpoint of this log.
      expect(codeOf(await operations().audit({ full: false, index }))).toMatch(/^tlog\./)
    } finally {
      await other[Symbol.asyncDispose]()
    }
    const before = readFileSync(storePath(given.config.dataDir))
    const heads = ['index-head.json', 'issuance-head.json']
    await given.instance[Symbol.asyncDispose]()
    copyFileSync(storePath(given.config.dataDir), join(given.home, 'store'))
    for (const name of heads) copyFileSync(join(given.config.dataDir, name), join(given.home, name))
    await given.open()
    await given.change({ op: 'entry.suspend', alias: web })
    const kept = await checkpoints()
    await given.instance[Symbol.asyncDispose]()
    copyFileSync(join(given.home, 'store'), storePath(given.config.dataDir))
    for (const name of heads) copyFileSync(join(given.home, name), join(given.config.dataDir, name))
    await given.open()
    expect(before.length).toBeGreaterThan(0)
    expect(wrong(await audit(kept))).toEqual([['index-log', 'tlog.inconsistent']])
    expect(wrong(await audit({ full: true, ...kept }))).toEqual([
      ['index-log', 'tlog.inconsistent'],
    ])
  })

  it('finds a certificate that was exchanged in the ledger', async () => {
    valueOf(await given.issueToPod())
    meddle((database) => {
      const ledger = ledgerOf(database)
      database.exec(
        `UPDATE ${ledger} SET certificate = (SELECT certificate FROM ${ledger} ORDER BY id LIMIT 1)`,
      )
    })
    expect((await audit()).ok).toBe(true)
    const full = await audit({ full: true })
    expect(wrong(full)[0]).toEqual(['issuance-log', 'tlog.inconsistent'])
    expect(full.certificates?.first[0]).toMatchObject({ code: 'not-allowed', record: 1 })
  })

  it('finds a checkpoint that does not come', async () => {
    meddle((database) => {
      database.exec("DELETE FROM log_checkpoint WHERE log = 'issuance'")
      // Nothing more of it can be kept.
      database.exec(
        "CREATE TRIGGER no_more BEFORE INSERT ON log_checkpoint WHEN new.log = 'issuance' BEGIN SELECT RAISE(ABORT, 'no'); END",
      )
    })
    expect(wrong(await audit())).toEqual([])
    given.clock.advance(seconds(61))
    expect(wrong(await audit())).toEqual([['issuance-delay', 'stale-checkpoint']])
  })
})
