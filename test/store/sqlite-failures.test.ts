import { afterAll, describe, expect, it } from '@jest/globals'
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import { certificateDer } from '../../src/core/der.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { days, plus } from '../../src/core/time.js'
import type { LedgerEntry } from '../../src/issuance/ports.js'
import type { OwnStore } from '../../src/store/open-store.js'
import { sqliteLedger } from '../../src/store/sqlite/ledger.js'
import { openForReading, openForWriting } from '../../src/store/sqlite/open-database.js'
import { type BatchWriter, WriteQueue } from '../../src/store/sqlite/write-queue.js'
import { Writer } from '../../src/store/sqlite/writer.js'
import { authority, challenge, leaf, record, token } from '../contract/given-store.js'
import { append } from '../contract/given-tables.js'
import { everythingIn } from '../contract/token-review-api.contract.js'
import { T0 } from '../support/fake-clock.js'
import { SqliteStores } from '../support/sqlite-stores.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

const thrownBy = (action: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(action)
    .then(
      () => undefined,
      (error: unknown) => error,
    )

/** A closed store with a few rows of each kind. */
async function givenFile(): Promise<{ path: string; entries: readonly LedgerEntry[] }> {
  const path = stores.newPath()
  const store = stores.open(path)
  const entries = Array.from({ length: 100 }, () => leaf())
  await Promise.all(entries.map((entry) => store.ledger.append(entry, [])))
  await append(store.index, 0, [record(0)])
  await store.authorities.put([authority()])
  await store[Symbol.asyncDispose]()
  return { path, entries }
}

/** A ledger over a connection of the test's own choice. */
function ledgerOver(path: string, database: SqliteDatabase.Database) {
  const writer = new Writer(database)
  const batches: BatchWriter = {
    commit: (batch) => Promise.resolve().then(() => writer.commit(batch)),
    close: () => {
      database.close()
      return Promise.resolve()
    },
  }
  const queue = new WriteQueue(batches)
  const reader = openForReading(path)
  stores.keep({
    [Symbol.asyncDispose]: () => {
      reader.close()
      return queue.close()
    },
  })
  return sqliteLedger(reader, queue)
}

describe('the tree of a store', () => {
  /** Of 300 records, after something was done to the file. */
  async function meddled(sql: string): Promise<OwnStore> {
    const path = stores.newPath()
    const store = stores.open(path)
    await append(
      store.index,
      0,
      Array.from({ length: 300 }, (_, seq) => record(seq, 0)),
    )
    await store[Symbol.asyncDispose]()
    const database = new SqliteDatabase(path)
    database.exec(sql)
    database.close()
    return stores.open(path)
  }

  it('is not made over a log that has a hole', async () => {
    const { index } = await meddled(
      'DELETE FROM log_tile; DELETE FROM log_tree; DELETE FROM index_log WHERE seq = 70',
    )
    await expect(index.tree.catchUp(1000)).rejects.toThrow('no record 70')
    expect((await index.tree.head()).size).toBe(0)
  })

  it.each([
    ['a tile is missing', 'DELETE FROM log_tile WHERE level = 0 AND number = 1'],
    ['a tile is cut', 'UPDATE log_tile SET octets = substr(octets, 1, 31) WHERE number = 1'],
    ['a tile is another', 'UPDATE log_tile SET octets = zeroblob(44 * 32) WHERE number = 1'],
    ['its root is another', "UPDATE log_tree SET root = zeroblob(32) WHERE log = 'index'"],
  ])('fails no commit but its own where %s', async (_, sql) => {
    const { index, ledger } = await meddled(sql)
    const [first, own, second] = await Promise.allSettled([
      ledger.append(leaf(), []),
      append(index, 300, [record(300, 0)]),
      ledger.append(leaf(), []),
    ])
    expect([first.status, second.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(own.status === 'rejected' && String(own.reason)).toMatch(/capstan index rebuild/)
    expect(own.status === 'rejected' && own.reason).toBeInstanceOf(DependencyError)
    expect(await index.size()).toBe(300)
  })
})

describe('opening a store', () => {
  it('leaves one file behind when it is closed, with everything in it', async () => {
    const { path } = await givenFile()
    const left = readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)))
    expect(left).toEqual([basename(path)])
  })

  it('writes so that a commit survives a loss of power', async () => {
    const { path } = await givenFile()
    const database = openForWriting(path)
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal')
    // FULL. NORMAL would lose the last commits of a WAL.
    expect(database.pragma('synchronous', { simple: true })).toBe(2)
    database.close()
  })

  it('refuses a file of a newer program, says both versions, and changes nothing', async () => {
    const { path } = await givenFile()
    const database = new SqliteDatabase(path)
    database.pragma('user_version = 41')
    database.close()
    const before = readFileSync(path)
    const error = await thrownBy(() => stores.open(path))
    expect(error).toBeInstanceOf(DependencyError)
    expect(String(error)).toContain('41')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('refuses a file that is no database, names it, and changes nothing', async () => {
    const path = stores.newPath()
    const content = Buffer.from('hunter2 is no database\n'.repeat(500))
    writeFileSync(path, content)
    const error = await thrownBy(() => stores.open(path))
    expect(error).toBeInstanceOf(DependencyError)
    expect(String(error)).toContain(path)
    expect(String(error)).toContain('SQLITE_NOTADB')
    expect(everythingIn(error)).not.toContain('hunter2')
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('refuses a path in a folder that is not there, and a folder', async () => {
    for (const path of [join(stores.newPath(), 'capstan.db'), dirname(stores.newPath())]) {
      const error = await thrownBy(() => stores.open(path))
      expect(error).toBeInstanceOf(DependencyError)
    }
  })

  it('refuses a database in which a table is missing, and lets go of it', async () => {
    const { path } = await givenFile()
    const database = new SqliteDatabase(path)
    database.exec('DROP TABLE challenge')
    database.close()
    expect(await thrownBy(() => stores.open(path))).toBeInstanceOf(DependencyError)
    const after = new SqliteDatabase(path, { timeout: 0 })
    // Only when no other connection is left can the journal be changed.
    expect(after.pragma('journal_mode = DELETE', { simple: true })).toBe('delete')
    after.close()
  })
})

describe('a damaged file', () => {
  it('is a broken dependency to whoever opens, reads or writes it, never an answer', async () => {
    const { path, entries } = await givenFile()
    const file = openSync(path, 'r+')
    // The header and the schema stay; every row goes.
    const pages = statSync(path).size / 4096
    for (let page = 8; page < pages; page += 1) {
      writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096)
    }
    closeSync(file)
    const error = await thrownBy(async () => {
      const store = stores.open(path)
      return Promise.all(entries.map(({ serial }) => store.ledger.find(serial)))
    })
    expect(error).toBeInstanceOf(DependencyError)
    expect(String(error)).toContain('SQLITE_CORRUPT')
  })

  it('keeps the text of a damaged row out of the error and its causes', async () => {
    const { path } = await givenFile()
    const database = new SqliteDatabase(path)
    database.exec(
      "UPDATE index_log SET envelopes = 'hunter2'; UPDATE authority SET parents = 'hunter2'",
    )
    database.close()
    const store = stores.open(path)
    for (const read of [() => store.index.read(0, 1), () => store.authorities.list()]) {
      const error = await thrownBy(read)
      expect(error).toBeInstanceOf(DependencyError)
      expect(everythingIn(error)).not.toContain('hunter2')
    }
  })
})

describe('a store that cannot write', () => {
  it('is not ready, says why, and still reads, when its file is read-only', async () => {
    const { path, entries } = await givenFile()
    const ledger = ledgerOver(path, openForReading(path))
    const error = await thrownBy(() => ledger.probe())
    expect(error).toBeInstanceOf(DependencyError)
    expect(String(error)).toContain('SQLITE_READONLY')
    expect(await ledger.find(entries[0]!.serial)).toBeDefined()
  })

  it('records nothing while the disk is full, says so, and goes on when there is room again', async () => {
    const { path } = await givenFile()
    const database = openForWriting(path)
    const ledger = ledgerOver(path, database)
    const pages = Number(database.pragma('page_count', { simple: true }))
    // A day of its own: there is room for its partition, which is lost with the leaf.
    database.pragma(`max_page_count = ${pages + 8}`)
    const notAfter = plus(T0, days(9))
    const large = leaf({ notAfter, certificate: certificateDer(new Uint8Array(100_000)) })
    const error = await thrownBy(() => ledger.append(large, []))
    expect(error).toBeInstanceOf(DependencyError)
    expect(String(error)).toContain('SQLITE_FULL')
    expect(await ledger.find(large.serial)).toBeUndefined()
    expect(await ledger.lastNotAfter(large.entry!)).toBeUndefined()
    database.pragma(`max_page_count = ${pages + 1000}`)
    expect(await ledger.append(large, [])).toMatchObject({ ok: true })
    expect(await ledger.find(large.serial, notAfter)).toBeDefined()
  })

  it('is not ready before there is room for certificates again, though a little fits', async () => {
    const { path } = await givenFile()
    const database = openForWriting(path)
    const ledger = ledgerOver(path, database)
    await ledger.probe()
    const pages = Number(database.pragma('page_count', { simple: true }))
    database.pragma(`max_page_count = ${pages + 8}`)
    const notAfter = plus(T0, days(9))
    const large = leaf({ notAfter, certificate: certificateDer(new Uint8Array(100_000)) })
    // Nothing has failed yet, and a small write is as good as any.
    await ledger.probe()
    expect(await thrownBy(() => ledger.append(large, []))).toBeInstanceOf(DependencyError)
    for (let time = 0; time < 3; time += 1) {
      const error = await thrownBy(() => ledger.probe())
      expect(String(error)).toContain('SQLITE_FULL')
    }
    database.pragma(`max_page_count = ${pages + 1000}`)
    await ledger.probe()
    expect(await ledger.append(large, [])).toMatchObject({ ok: true })
    // What was written for it is not kept.
    await ledger.probe()
    const kept = database.prepare('SELECT room, writes FROM probe').get()
    expect(kept).toEqual({ room: null, writes: 5 })
  })

  it('says yes again and again only where as much fits each time', async () => {
    const { path } = await givenFile()
    const database = openForWriting(path)
    const ledger = ledgerOver(path, database)
    await ledger.probe()
    const notAfter = plus(T0, days(9))
    const large = (octets: number) =>
      leaf({ notAfter, certificate: certificateDer(new Uint8Array(octets)) })
    const pages = Number(database.pragma('page_count', { simple: true }))
    database.pragma(`max_page_count = ${pages + 90}`)
    expect(await thrownBy(() => ledger.append(large(450_000), []))).toBeInstanceOf(DependencyError)
    // There is room for what the probe writes, and after it for as much in certificates.
    await ledger.probe()
    expect(await ledger.append(large(200_000), [])).toMatchObject({ ok: true })
    expect(await thrownBy(() => ledger.append(large(200_000), []))).toBeInstanceOf(DependencyError)
    for (let time = 0; time < 3; time += 1) {
      expect(String(await thrownBy(() => ledger.probe()))).toContain('SQLITE_FULL')
    }
  })

  it('answers everyone after it was closed with a broken dependency', async () => {
    const store = stores.open(stores.newPath())
    await store[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    for (const use of [
      () => store.ledger.probe(),
      () => store.ledger.append(leaf(), []),
      () => store.ledger.list({ limit: 1 }),
      () => store.ledger.countLive(T0),
      () => store.ledger.lastNotAfter(leaf().entry!),
      () => store.index.read(0, 1),
      () => store.joinTokens.find('any'),
      () => store.challenges.find('any'),
      () => store.authorities.list(),
    ]) {
      expect(await thrownBy(use)).toBeInstanceOf(DependencyError)
    }
  })
})

describe('a record that the store refuses', () => {
  const open = (): OwnStore => stores.open(stores.newPath())
  const nothing = null as unknown

  it('is not quoted in the error, nor is SQL', async () => {
    const store = open()
    const [made, asked, entry] = [token(), challenge(), leaf({ evidence: 'hunter2' })]
    const create = async (): Promise<unknown> => {
      await store.joinTokens.create(made)
      return store.challenges.create(asked)
    }
    await create()
    await store.ledger.append(entry, [])
    await append(store.index, 0, [record(0)])
    const secrets = [made.id, made.secretSha256, asked.id, asked.nonce, entry.serial, 'hunter2']
    for (const use of [
      () => store.joinTokens.create(made),
      () => store.challenges.create(asked),
      () => store.ledger.append(entry, []),
      () => store.ledger.append(leaf({ rev: 'hunter2' as unknown as number }), []),
      () => store.ledger.append(leaf({ alias: ['hunter2'] as unknown as string }), []),
      () => append(store.index, 1, [record(0)]),
    ]) {
      const error = await thrownBy(use)
      expect(error).toBeInstanceOf(DependencyError)
      const seen = everythingIn(error)
      for (const secret of secrets) expect(seen).not.toContain(secret)
      expect(seen).not.toMatch(/INSERT INTO|SELECT |UPDATE |VALUES/)
    }
  })

  it('takes the partition that was made for it away, and the next leaf of that day makes it again', async () => {
    const store = open()
    const notAfter = plus(T0, days(4))
    const bad = leaf({ notAfter, rev: nothing as number })
    expect(await thrownBy(() => store.ledger.append(bad, []))).toBeInstanceOf(DependencyError)
    const good = leaf({ notAfter })
    expect(await store.ledger.append(good, [])).toMatchObject({ ok: true })
    expect(await store.ledger.find(good.serial)).toBeDefined()
  })

  it('keeps the authorities beside it out too', async () => {
    const store = open()
    const records = [authority(), authority({ role: nothing as 'issuer' })]
    expect(await thrownBy(() => store.authorities.put(records))).toBeInstanceOf(DependencyError)
    expect(await store.authorities.list()).toEqual([])
  })
})
