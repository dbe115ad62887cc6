import { afterAll, describe, expect, it } from '@jest/globals'
import SqliteDatabase from 'better-sqlite3'
import { DependencyError } from '../../src/core/dependency-error.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import { grantFor } from '../../src/namespace/grant.js'
import { canonicalState } from '../../src/namespace/state.js'
import { type IndexReader, openIndexReader } from '../../src/store/open-index-reader.js'
import { rowDigest } from '../../src/store/sqlite/index-rows.js'
import { openForWriting } from '../../src/store/sqlite/open-database.js'
import { alias, codeOf, k8s, owner } from '../namespace/given-index.js'
import { T0 } from '../support/fake-clock.js'
import { SqliteStores } from '../support/sqlite-stores.js'
import { apiFacts, givenStoredIndex, type StoredIndex } from './given-stored-index.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

function readerOf({ path }: StoredIndex): IndexReader {
  const reader = openIndexReader(path)
  stores.keep({
    [Symbol.asyncDispose]: () => {
      reader[Symbol.dispose]()
      return Promise.resolve()
    },
  })
  return reader
}

/** What another process commits, in one moment of this one: `entry.suspend`, and one more record. */
function suspendBehind(path: string, uid: string): void {
  const database = openForWriting(path)
  const valueIn = (table: string): string =>
    (database.prepare(`SELECT value FROM ${table}`).get() as { value: string }).value
  const [entry, state] = [valueIn('index_entries'), valueIn('index_state')].map(
    (text) => JSON.parse(text) as object,
  )
  const suspended = canonicalize({ ...entry, state: 'suspended' })
  const meta = canonicalize({ ...state, size: 5 })
  database.transaction(() => {
    database
      .prepare('UPDATE index_entries SET value = ?, digest = ?')
      .run(suspended, rowDigest('entries', uid, suspended))
    database
      .prepare('UPDATE index_state SET size = 5, value = ?, digest = ?')
      .run(meta, rowDigest('state', '', meta))
  })()
  database.close()
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a reader of an index that another process writes', () => {
  it('has the same state, whole, and grants the same', async () => {
    const given = await givenStoredIndex(stores)
    const reader = readerOf(given)
    expect(canonicalState(reader)).toBe(canonicalState(given.index.state))
    const facts = apiFacts(reader)
    expect(grantFor(reader, facts, T0)).toEqual(grantFor(given.index.state, facts, T0))
    expect(reader.recordsOf(reader.root.uid)).toEqual([0])
  })

  it('sees every change once it is said to be made, without being told', async () => {
    const given = await givenStoredIndex(stores, 'thread')
    const reader = readerOf(given)
    const facts = apiFacts(reader)
    for (let round = 0; round < 20; round += 1) {
      await given.did({ op: 'entry.suspend', alias: 'payments/api' })
      expect(codeOf(grantFor(reader, facts, T0))).toBe('grant.not-active')
      await given.did({ op: 'entry.reactivate', alias: 'payments/api' })
      expect(codeOf(grantFor(reader, facts, T0))).toBe('ok')
    }
    await given.did({ op: 'scope.suspend', alias: 'payments' })
    expect(codeOf(grantFor(reader, facts, T0))).toBe('grant.not-active')
    expect(reader.size).toBe(given.index.state.size)
  })

  it('answers out of one state for as long as nobody awaits', async () => {
    const given = await givenStoredIndex(stores)
    const reader = readerOf(given)
    const { uid } = reader.entryByAlias(alias('payments/api'))!
    const before = canonicalState(reader)
    await turnOfTheLoop()
    reader.refresh()
    expect(reader.size).toBe(4)
    suspendBehind(given.path, uid)
    expect(reader.entries.get(uid)?.state).toBe('active')
    expect(canonicalState(reader)).toBe(before)
    await turnOfTheLoop()
    expect(reader.size).toBe(5)
    expect(reader.entries.get(uid)?.state).toBe('suspended')
  })

  it('never mixes two states, however many changes are made while it looks', async () => {
    const given = await givenStoredIndex(stores, 'thread')
    const reader = readerOf(given)
    // A service account that passes from one entry to another and back, in one commit.
    const binding = k8s('prod', 'pay', 'worker')
    const entry = (name: string, ...bindings: (typeof binding)[]) => ({
      alias: `payments/${name}`,
      owner,
      bindings,
    })
    const document = (first: boolean) => ({
      apiVersion: 'capstan/v1',
      entries: [entry('a', ...(first ? [binding] : [])), entry('b', ...(first ? [] : [binding]))],
    })
    await given.index.apply(document(true))
    const cluster = reader.clusterByAlias(alias('prod'))!.uid
    let looks = 0
    const done = { is: false }
    const changing = (async () => {
      for (let round = 0; round < 30; round += 1) {
        expect(codeOf(await given.index.apply(document(round % 2 === 0)))).toBe('ok')
      }
      done.is = true
    })()
    while (!done.is) {
      const holder = reader.bindingOwner(cluster, 'pay', 'worker')
      expect(holder?.bindings).toHaveLength(1)
      const { a, b } = { a: alias('payments/a'), b: alias('payments/b') }
      const bound = [reader.entryByAlias(a), reader.entryByAlias(b)]
      expect(bound.filter((each) => each!.bindings.length > 0)).toEqual([holder])
      looks += 1
      await turnOfTheLoop()
    }
    await changing
    expect(looks).toBeGreaterThan(30)
  })

  it('leaves nothing open that keeps writes from being folded into the file', async () => {
    const given = await givenStoredIndex(stores)
    const reader = readerOf(given)
    canonicalState(reader)
    await given.did({ op: 'entry.suspend', alias: 'payments/api' })
    expect(reader.size).toBe(5)
    await turnOfTheLoop()
    const other = new SqliteDatabase(given.path)
    expect(other.pragma('wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }])
    other.close()
    expect(reader.size).toBe(5)
  })

  it('reads everything anew when it is told to', async () => {
    const given = await givenStoredIndex(stores)
    const reader = readerOf(given)
    const before = canonicalState(reader)
    reader.refresh()
    expect(canonicalState(reader)).toBe(before)
    await turnOfTheLoop()
    reader.refresh()
    expect(canonicalState(reader)).toBe(before)
  })

  it('does not open over tables that hold nothing, or a file that is none', async () => {
    const path = stores.newPath()
    expect(() => openIndexReader(path)).toThrow(DependencyError)
    await stores.open(path)[Symbol.asyncDispose]()
    expect(() => openIndexReader(path)).toThrow(DependencyError)
  })

  it('is a broken dependency when its connection is gone', async () => {
    const given = await givenStoredIndex(stores)
    const reader = openIndexReader(given.path)
    reader[Symbol.dispose]()
    expect(() => reader.size).toThrow(DependencyError)
    expect(() => reader.holder('alias:payments/api')).toThrow(DependencyError)
  })
})
