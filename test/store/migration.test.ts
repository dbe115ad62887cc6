import { afterAll, describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import { inOrder } from '../../src/store/sqlite/migrate.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { Progress } from '../../src/namespace/ports.js'
import { canonicalState } from '../../src/namespace/state.js'
import { leafHash } from '../../src/tlog/hash.js'
import { treeRoot } from '../tlog/reference-tree.js'
import { codeOf, owner, valueOf } from '../namespace/given-index.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeIssuedUntil } from '../support/issued-until.js'
import { countedRandom } from '../support/random.js'
import { SqliteStores } from '../support/sqlite-stores.js'
import { newVoter } from '../support/voter.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

const root = join(import.meta.dirname, '../..')

/** A log that Capstan 0.1 wrote, with every operation in it, and the state that it had then. */
const fixture = JSON.parse(
  readFileSync(join(root, 'test/fixtures/index/log-0.1.json'), 'utf8'),
) as {
  readonly voter: string
  readonly records: readonly { readonly record: string; readonly envelopes: readonly string[] }[]
  readonly state: string
}

/** The store as it was before there were tables of the index. */
function givenOldStore(): string {
  const path = stores.newPath()
  const database = new SqliteDatabase(path)
  database.exec(readFileSync(join(root, 'migrations/sqlite/0001_store.sql'), 'utf8'))
  database.pragma('user_version = 1')
  const insert = database.prepare('INSERT INTO index_log (seq, record, envelopes) VALUES (?, ?, ?)')
  for (const [seq, { record, envelopes }] of fixture.records.entries()) {
    insert.run(seq, Buffer.from(record, 'base64'), JSON.stringify(envelopes))
  }
  database.close()
  return path
}

/** Opens the index as the installation that wrote it. */
function opening(path: string, pace?: (progress: Progress) => undefined) {
  const store = stores.open(path)
  const clock = new FakeClock()
  const voter = { ...newVoter(), publicKey: Buffer.from(fixture.voter, 'base64') }
  const deps = { store: store.index, voter, clock, issued: new FakeIssuedUntil() }
  return {
    store,
    index: LiveIndex.open({ ...deps, random: countedRandom('old'), ...(pace && { pace }) }),
  }
}

describe('a store of Capstan 0.1', () => {
  it('is opened with the state that it had, byte for byte, and says how far it is', async () => {
    const told: Progress[] = []
    const { index } = opening(givenOldStore(), (progress) => void told.push(progress))
    const { state } = valueOf(await index)
    expect(canonicalState(state)).toBe(fixture.state)
    expect(told.length).toBeGreaterThan(2)
    expect(told.at(-1)).toEqual({ work: 'read the index log', done: 32, total: 38 })
  })

  it('is replayed once: the second time nothing is read but the end of its log', async () => {
    const path = givenOldStore()
    const first = opening(path)
    expect(codeOf(await first.index)).toBe('ok')
    await first.store[Symbol.asyncDispose]()
    const database = new SqliteDatabase(path)
    // Records that nobody could replay; the first says whose index it is.
    database.exec("UPDATE index_log SET envelopes = '[]' WHERE seq > 0")
    database.close()
    const told: Progress[] = []
    const { index } = opening(path, (progress) => void told.push(progress))
    expect(canonicalState(valueOf(await index).state)).toBe(fixture.state)
    expect(told).toEqual([])
  })

  it('gets a tree over the records that it had, and goes on with it', async () => {
    const { store, index } = opening(givenOldStore())
    const live = valueOf(await index)
    const leaves = fixture.records.map(({ record }) => leafHash(Buffer.from(record, 'base64')))
    const { size, root } = await store.index.tree.head()
    expect(size).toBe(38)
    expect(Buffer.from(root)).toEqual(treeRoot(leaves))
    expect(valueOf(await live.verify()).root).toEqual(root)
  })

  it('goes on where it was interrupted', async () => {
    const path = givenOldStore()
    const { store, index } = opening(path, ({ done }) => {
      if (done > 20) throw new Error('interrupted')
      return undefined
    })
    await expect(index).rejects.toThrow('interrupted')
    await store[Symbol.asyncDispose]()
    expect(canonicalState(valueOf(await opening(path).index).state)).toBe(fixture.state)
  })

  it('agrees with its log, and is refused to a voter of another installation', async () => {
    const path = givenOldStore()
    const { store, index } = opening(path)
    expect(codeOf(await valueOf(await index).verify())).toBe('ok')
    const other = await LiveIndex.open({
      ...{ store: store.index, voter: newVoter(), clock: new FakeClock() },
      ...{ random: countedRandom('other'), issued: new FakeIssuedUntil() },
    })
    expect(codeOf(other)).toBe('namespace.unknown-key')
    const change = { op: 'entry.create', alias: 'shop/new', owner } as const
    // Its key is not here: what is signed with another one is caught before it is written.
    await expect(valueOf(await index).change(change)).rejects.toThrow('own record refused')
  })
})

describe('the files of migrations', () => {
  it('are numbered from 1, in order, whatever else is there', () => {
    const names = ['0002_b.sql', 'README.md', '0001_a.sql']
    expect(inOrder(names)).toEqual(['0001_a.sql', '0002_b.sql'])
  })

  it.each([
    ['a number twice', ['0001_a.sql', '0001_b.sql']],
    ['a number left out', ['0001_a.sql', '0003_c.sql']],
    ['no first number', ['0002_b.sql']],
    ['a number before the first', ['0000_a.sql', '0001_b.sql']],
  ])('are refused with %s', (_, names) => {
    expect(() => inOrder(names)).toThrow('is not number')
  })
})
