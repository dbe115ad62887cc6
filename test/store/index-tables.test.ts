import { afterAll, describe, expect, it } from '@jest/globals'
import SqliteDatabase from 'better-sqlite3'
import { canonicalize } from '../../src/core/canonical-json.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { uidFromDigest } from '../../src/core/uid.js'
import { grantFor } from '../../src/namespace/grant.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { canonicalState, type IndexState } from '../../src/namespace/state.js'
import { type TableName, tableNames } from '../../src/namespace/state-tables.js'
import { emptyIndexTables } from '../../src/store/empty-index-tables.js'
import { rowDigest, sqlTables } from '../../src/store/sqlite/index-rows.js'
import { alias, clusterFacts, codeOf, k8s, owner, valueOf } from '../namespace/given-index.js'
import { T0 } from '../support/fake-clock.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { SqliteStores } from '../support/sqlite-stores.js'
import { apiFacts, givenStoredIndex, type StoredIndex } from './given-stored-index.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

/** An index whose tables all hold something. */
async function givenFullIndex(): Promise<StoredIndex> {
  const given = await givenStoredIndex(stores)
  const vm = { kind: 'vm', attestor: 'aws', match: { account: ['1'] } } as const
  await given.did(
    { op: 'entry.create', alias: 'shop/web', owner, bindings: [vm] },
    { op: 'entry.rename', alias: 'shop/web', to: 'shop/site' },
  )
  // Waits for voters that it is to get.
  const voters = [new TestVoter('ann'), new TestVoter('bob'), new TestVoter('cyd')]
  const { index, at } = given.index.state
  const group = groupOf(voters.map((voter) => voter.voter(index, at)))
  valueOf(await given.index.change({ op: 'group.set', alias: '', group }))
  return given
}

/** Changes the file behind the store's back. */
function behind(path: string, change: (database: SqliteDatabase.Database) => void): void {
  const database = new SqliteDatabase(path)
  change(database)
  database.close()
}

/** Puts a row that has the digest it must have. */
const forge = (path: string, table: TableName, key: string, value: unknown): void =>
  behind(path, (database) => {
    const text = typeof value === 'string' && value.startsWith('{') ? value : canonicalize(value)
    database
      .prepare(`INSERT OR REPLACE INTO ${sqlTables[table]} (key, value, digest) VALUES (?, ?, ?)`)
      .run(key, text, rowDigest(table, key, text))
  })

const thrownBy = (action: () => unknown): unknown => {
  try {
    action()
    return undefined
  } catch (error) {
    return error
  }
}

const readEverything = ({ tables }: Pick<IndexState, 'tables'>): number[] =>
  tableNames.map((name) => [...tables[name].range()].length)

describe('a damaged row', () => {
  it.each(tableNames)('of %s is a broken dependency, and says what to do', async (name) => {
    const given = await givenFullIndex()
    await given.store[Symbol.asyncDispose]()
    behind(given.path, (database) => {
      const spoilt = database
        .prepare(`UPDATE ${sqlTables[name]} SET value = replace(value, 'a', 'b')`)
        .run()
      const more = database.prepare(`UPDATE ${sqlTables[name]} SET digest = digest + 1`).run()
      expect(spoilt.changes + more.changes).toBeGreaterThan(0)
    })
    const error = thrownBy(() => readEverything(stores.open(given.path).index.state))
    expect(error).toBeInstanceOf(DependencyError)
    expect(String(error)).toContain(name)
    expect(String(error)).toContain('capstan index rebuild')
    expect(String(error)).not.toContain('payments')
  })

  it('is never a grant, whichever octet it is that changed', async () => {
    const given = await givenStoredIndex(stores)
    const { uid } = given.index.state.entryByAlias(alias('payments/api'))!
    const text = canonicalize(given.index.state.entries.get(uid))
    for (let position = 0; position < text.length; position += 7) {
      const spoilt = `${text.slice(0, position)}${text[position] === '1' ? '2' : '1'}${text.slice(position + 1)}`
      behind(given.path, (database) =>
        database.prepare('UPDATE index_entries SET value = ?').run(spoilt),
      )
      const { state } = (await opened(given)).index
      const facts = apiFacts(state)
      expect(thrownBy(() => grantFor(state, facts, T0))).toBeInstanceOf(DependencyError)
      expect(thrownBy(() => state.resolve(alias('payments/api')))).toBeInstanceOf(DependencyError)
    }
  }, 120_000)

  it('of the scopes or of where the tables are keeps the store from opening', async () => {
    for (const table of ['index_scopes', 'index_state']) {
      const given = await givenStoredIndex(stores)
      behind(given.path, (database) => database.exec(`UPDATE ${table} SET digest = digest + 1`))
      await given.store[Symbol.asyncDispose]()
      expect(thrownBy(() => stores.open(given.path))).toBeInstanceOf(DependencyError)
    }
  })

  it('is made again from the log', async () => {
    const given = await givenFullIndex()
    const before = canonicalState(given.index.state)
    await given.store[Symbol.asyncDispose]()
    behind(given.path, (database) => {
      for (const name of tableNames) database.exec(`UPDATE ${sqlTables[name]} SET digest = 0`)
    })
    emptyIndexTables(given.path)
    const again = await opened(given)
    expect(canonicalState(again.index.state)).toBe(before)
    expect(codeOf(await again.index.verify())).toBe('ok')
  })
})

/** The index as a process opens it that has seen nothing of it yet. */
async function opened(given: StoredIndex): Promise<StoredIndex> {
  const store = stores.open(given.path)
  const deps = { ...given.deps, store: store.index }
  return { ...given, store, deps, index: valueOf(await LiveIndex.open(deps)) }
}

describe('a row that somebody wrote', () => {
  it('under another key is a broken dependency', async () => {
    const given = await givenStoredIndex(stores)
    const entry = given.index.state.entryByAlias(alias('payments/api'))!
    const other = uidFromDigest('e', new Uint8Array(32))
    forge(given.path, 'entries', other, entry)
    const { state } = (await opened(given)).index
    expect(thrownBy(() => state.entries.get(other))).toBeInstanceOf(DependencyError)
    expect(state.entries.get(entry.uid)).toEqual(entry)
  })

  it.each<[string, TableName, unknown]>([
    ['an entry without bindings', 'entries', { bindings: undefined }],
    ['an entry whose bindings are none', 'entries', { bindings: [{}] }],
    ['an entry of an unknown state', 'entries', { state: 'retired' }],
    ['an entry of another kind', 'entries', { kind: 'scope' }],
    ['an entry without an envelope', 'entries', { envelope: null }],
    ['an entry with a revision that is no number', 'entries', { rev: '1' }],
    ['an entry with an end that is no time', 'entries', { validUntil: 'x' }],
    ['no object at all', 'entries', undefined],
  ])('as %s is a broken dependency', async (_, table, change) => {
    const given = await givenStoredIndex(stores)
    const entry = given.index.state.entryByAlias(alias('payments/api'))!
    const row: Record<string, unknown> = { ...entry, ...(change as object) }
    for (const [member, value] of Object.entries(row)) {
      // What cannot be written is left out.
      if (value === undefined) Reflect.deleteProperty(row, member)
    }
    forge(given.path, table, entry.uid, change === undefined ? 7 : row)
    const { state } = (await opened(given)).index
    const facts = apiFacts(state)
    expect(thrownBy(() => grantFor(state, facts, T0))).toBeInstanceOf(DependencyError)
  })

  it('with a member called __proto__ does not change what objects inherit', async () => {
    const given = await givenStoredIndex(stores)
    const entry = given.index.state.entryByAlias(alias('payments/api'))!
    const text = canonicalize(entry).replace('{', '{"__proto__":{"state":"active"},')
    forge(given.path, 'entries', entry.uid, text)
    const { state } = (await opened(given)).index
    thrownBy(() => state.entries.get(entry.uid))
    expect(({} as { state?: string }).state).toBeUndefined()
  })

  it('that gives a service account to an entry that is not bound to it grants nothing', async () => {
    const given = await givenStoredIndex(stores)
    await given.did({ op: 'entry.create', alias: 'payments/db', owner })
    const { uid } = given.index.state.entryByAlias(alias('payments/db'))!
    const facts = apiFacts(given.index.state)
    const key = facts.kind === 'k8s' ? `k8s:${facts.cluster}/pay/api` : ''
    forge(given.path, 'held', key, uid)
    const { index } = await opened(given)
    expect(codeOf(grantFor(index.state, facts, T0))).toBe('grant.no-entry')
    expect(codeOf(await index.verify())).toBe('namespace.state-mismatch')
  })

  it.each<[string, (path: string, given: StoredIndex) => void]>([
    [
      'an entry that no record made',
      (path, { index }) => {
        const entry = index.state.entryByAlias(alias('payments/api'))!
        const uid = uidFromDigest('e', new Uint8Array(32))
        forge(path, 'entries', uid, { ...entry, uid, alias: 'payments/forged' })
      },
    ],
    [
      'an entry that was changed',
      (path, { index }) => {
        const entry = index.state.entryByAlias(alias('payments/api'))!
        forge(path, 'entries', entry.uid, { ...entry, validUntil: T0 })
      },
    ],
    [
      'an entry that is gone',
      (path) => behind(path, (database) => database.exec('DELETE FROM index_entries')),
    ],
    [
      'a quarantine that is gone',
      (path) => behind(path, (database) => database.exec('DELETE FROM index_quarantines')),
    ],
    [
      'a record of its history that is gone',
      (path) => behind(path, (database) => database.exec('DELETE FROM index_history')),
    ],
  ])('is found by verifying: %s', async (_, spoil) => {
    const given = await givenFullIndex()
    expect(codeOf(await given.index.verify())).toBe('ok')
    spoil(given.path, given)
    const { index } = await opened(given)
    expect(codeOf(await index.verify())).toBe('namespace.state-mismatch')
  })
})

describe('opening an index whose tables are not at the end of its log', () => {
  it('refuses a log that was cut', async () => {
    const given = await givenStoredIndex(stores)
    behind(given.path, (database) => database.exec('DELETE FROM index_log WHERE seq = 3'))
    const store = stores.open(given.path)
    const reopened = await LiveIndex.open({ ...given.deps, store: store.index })
    expect(codeOf(reopened)).toBe('namespace.state-mismatch')
    expect(JSON.stringify(reopened)).toContain('capstan index rebuild')
  })

  it('refuses a log with another last record', async () => {
    const given = await givenStoredIndex(stores)
    behind(given.path, (database) =>
      database.exec(
        'UPDATE index_log SET record = (SELECT record FROM index_log WHERE seq = 2) WHERE seq = 3',
      ),
    )
    const store = stores.open(given.path)
    expect(codeOf(await LiveIndex.open({ ...given.deps, store: store.index }))).toBe(
      'namespace.state-mismatch',
    )
  })

  it('replays what the tables do not hold yet, and nothing before', async () => {
    const given = await givenStoredIndex(stores)
    const other = await givenStoredIndex(stores)
    await given.did({ op: 'entry.suspend', alias: 'payments/api' })
    const before = canonicalState(given.index.state)
    const [next] = await given.store.index.read(4, 1)
    await given.store[Symbol.asyncDispose]()
    await other.store[Symbol.asyncDispose]()
    // The tables of four records beside a log of five, the second of which nobody looks at again.
    behind(given.path, (database) => database.exec('DELETE FROM index_log WHERE seq = 4'))
    emptyIndexTables(given.path)
    await (await opened(given)).store[Symbol.asyncDispose]()
    behind(given.path, (database) => {
      const envelopes = next!.envelopes.map((octets) => Buffer.from(octets).toString('base64'))
      database
        .prepare('INSERT INTO index_log (seq, record, envelopes) VALUES (4, ?, ?)')
        .run(next!.bytes, JSON.stringify(envelopes))
      database.exec("UPDATE index_log SET envelopes = '[]' WHERE seq = 1")
    })
    const again = await opened(given)
    expect(canonicalState(again.index.state)).toBe(before)
    expect(codeOf(await again.index.verify())).toBe('namespace.bad-canonical')
  })

  it('refuses a record that does not belong there, and keeps what was before its stretch', async () => {
    const given = await givenStoredIndex(stores)
    await given.store[Symbol.asyncDispose]()
    emptyIndexTables(given.path)
    behind(given.path, (database) =>
      database.exec("UPDATE index_log SET envelopes = '[]' WHERE seq = 3"),
    )
    const store = stores.open(given.path)
    expect(codeOf(await LiveIndex.open({ ...given.deps, store: store.index }))).toBe(
      'namespace.bad-canonical',
    )
    expect(store.index.state.meta.size).toBe(0)
  })
})

describe('the tables of an index', () => {
  it('stay where they were when the disk is full, and the change is not made', async () => {
    const given = await givenStoredIndex(stores)
    await given.store[Symbol.asyncDispose]()
    const store = stores.open(given.path)
    const index = valueOf(await LiveIndex.open({ ...given.deps, store: store.index }))
    const before = canonicalState(index.state)
    // A trigger stands for the disk: it fails in the midst of the rows.
    behind(given.path, (database) =>
      database.exec(
        `CREATE TRIGGER full BEFORE INSERT ON index_placed BEGIN SELECT raise(ABORT, 'full'); END`,
      ),
    )
    const create = { op: 'entry.create', alias: 'payments/db', owner } as const
    await expect(index.change(create)).rejects.toThrow(DependencyError)
    expect(canonicalState(index.state)).toBe(before)
    expect(await store.index.size()).toBe(4)
    behind(given.path, (database) => database.exec('DROP TRIGGER full'))
    expect(codeOf(await index.change(create))).toBe('ok')
    expect(codeOf(await index.verify())).toBe('ok')
  })

  it('are read again after a write of which nobody knows whether it was made', async () => {
    const given = await givenStoredIndex(stores)
    const { index, store } = given
    const facts = apiFacts(index.state)
    expect(codeOf(grantFor(index.state, facts, T0))).toBe('ok')
    const lost = new Error('the answer was lost')
    const { queue } = store.index as unknown as {
      queue: { submit: (command: unknown) => Promise<unknown> }
    }
    const submit = queue.submit.bind(queue)
    queue.submit = async (command) => {
      await submit(command)
      throw lost
    }
    const suspend = { op: 'entry.suspend', alias: 'payments/api' } as const
    await expect(index.change(suspend)).rejects.toThrow(lost)
    queue.submit = submit
    expect(index.state.size).toBe(5)
    expect(codeOf(grantFor(index.state, facts, T0))).toBe('grant.not-active')
    expect(codeOf(await index.change({ op: 'entry.reactivate', alias: 'payments/api' }))).toBe('ok')
  })

  it('are as good as the log for a namespace of many kinds of change', async () => {
    const given = await givenFullIndex()
    const before = canonicalState(given.index.state)
    const again = await given.reopen()
    expect(canonicalState(again.index.state)).toBe(before)
    await again.did(
      { op: 'cluster.register', alias: 'eu', cluster: clusterFacts('eu') },
      { op: 'binding.add', alias: 'shop/site', binding: k8s('eu', 'shop', 'site') },
      { op: 'entry.retire', alias: 'shop/site' },
    )
    expect(codeOf(await again.index.verify())).toBe('ok')
  })
})
