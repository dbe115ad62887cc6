import { afterAll, describe, expect, it } from '@jest/globals'
import { setImmediate } from 'node:timers/promises'
import SqliteDatabase, { type Database } from 'better-sqlite3'
import fc from 'fast-check'
import { DependencyError } from '../../src/core/dependency-error.js'
import { sha256 } from '../../src/core/uid.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { IndexState } from '../../src/namespace/state.js'
import { emptyIndexTables } from '../../src/store/empty-index-tables.js'
import { openIndexReader } from '../../src/store/open-index-reader.js'
import { MapWriter } from '../../src/store/sqlite/map-writer.js'
import { MapReader } from '../../src/store/sqlite/map-reader.js'
import { migrate } from '../../src/store/sqlite/migrate.js'
import type { Hash } from '../../src/tlog/hash.js'
import { mapKey } from '../../src/tlog/map-hash.js'
import { proveKey, verifyMapProof } from '../../src/tlog/map-proof.js'
import type { LogReader, LogTree } from '../../src/tlog/ports.js'
import { codeOf, owner, valueOf } from '../namespace/given-index.js'
import { keyed, stateRows } from '../namespace/state-rows.js'
import { SqliteStores } from '../support/sqlite-stores.js'
import { mapRoot } from '../tlog/reference-map.js'
import { givenStoredIndex, type StoredIndex } from './given-stored-index.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const rootOf = (state: IndexState): string => hex(mapRoot(keyed(stateRows(state))))
const stateOf = async (tree: LogReader): Promise<string> =>
  hex((await tree.head()).state ?? new Uint8Array(0))
const sign = async (tree: LogTree, note = 'n'): Promise<boolean> =>
  tree.keepCheckpoint({ ...(await tree.head()), note })

/** Changes the file behind the store's back. */
function behind(path: string, change: (database: Database) => void): void {
  const database = new SqliteDatabase(path)
  change(database)
  database.close()
}

/** The same, while nobody has it open; then opens it. */
async function meddled(given: StoredIndex, change: (database: Database) => void) {
  await given.store[Symbol.asyncDispose]()
  behind(given.path, change)
  const store = stores.open(given.path)
  const deps = { ...given.deps, store: store.index }
  return { store, opened: await LiveIndex.open(deps) }
}

/** An index with a few entries, signed a few records before its end. */
async function givenSigned(): Promise<StoredIndex> {
  const given = await givenStoredIndex(stores)
  expect(await sign(given.store.index.tree)).toBe(true)
  await given.did(
    { op: 'entry.create', alias: 'shop/web', owner },
    { op: 'entry.suspend', alias: 'payments/api' },
  )
  return given
}

const withoutMap = 'DELETE FROM index_map; DELETE FROM index_map_node; DELETE FROM index_map_gone'

describe('the state map of a store', () => {
  it.each([
    ['without one', withoutMap],
    [
      'where making it was interrupted',
      `${withoutMap}; INSERT INTO index_map VALUES (-1, x'00', 7)`,
    ],
    ['with one of another size', 'UPDATE index_map SET size = size - 1'],
  ])('is made when it is opened %s, of the tables', async (_, sql) => {
    const given = await givenSigned()
    const before = await stateOf(given.store.index.tree)
    const { store, opened } = await meddled(given, (database) => database.exec(sql))
    const { state } = valueOf(opened)
    expect(await stateOf(store.index.tree)).toBe(before)
    expect(before).toBe(rootOf(state))
    expect(codeOf(await valueOf(opened).verify())).toBe('ok')
    // The root that was signed is not there any more, and nobody is told anything of it.
    expect(await store.index.tree.proveState([mapKey('alias', 'shop/web')])).toBeUndefined()
    expect(await sign(store.index.tree)).toBe(true)
    expect(await store.index.tree.proveState([])).toBeDefined()
  })

  it('is made again of the log', async () => {
    const given = await givenSigned()
    const before = await stateOf(given.store.index.tree)
    await given.store[Symbol.asyncDispose]()
    emptyIndexTables(given.path)
    const { store } = await meddled(given, () => undefined)
    expect(await stateOf(store.index.tree)).toBe(before)
  })

  it('is signed where an earlier version has signed the same head without it', async () => {
    const given = await givenSigned()
    const { tree } = given.store.index
    await sign(tree)
    const { store } = await meddled(given, (database) =>
      database.exec('UPDATE log_checkpoint SET state = NULL'),
    )
    expect(await store.index.tree.proveState([])).toBeUndefined()
    expect(await sign(store.index.tree, 'again')).toBe(true)
    expect(await sign(store.index.tree, 'and again')).toBe(false)
    expect((await store.index.tree.proveState([]))?.signed.note).toBe('again')
  })

  it('is never signed but as it was at that size', async () => {
    const given = await givenStoredIndex(stores)
    const { tree } = given.store.index
    const before = await tree.head()
    await given.did({ op: 'entry.create', alias: 'shop/web', owner })
    const now = await tree.head()
    const keep = (head: typeof now) => tree.keepCheckpoint({ ...head, note: 'n' })
    expect(await keep({ size: now.size, root: now.root })).toBe(false)
    expect(await keep({ ...now, ...(before.state && { state: before.state }) })).toBe(false)
    expect(await keep({ ...before, ...(now.state && { state: now.state }) })).toBe(false)
    expect(await keep(before)).toBe(true)
    expect(await keep(now)).toBe(true)
  })

  it('that differs from what was signed of this size is not opened', async () => {
    const given = await givenSigned()
    await sign(given.store.index.tree)
    const { opened } = await meddled(given, (database) =>
      database.exec(`${withoutMap}; UPDATE log_checkpoint SET state = zeroblob(32)`),
    )
    expect(codeOf(opened)).toBe('namespace.state-mismatch')
  })
})

describe('a proof of the state', () => {
  it('is of what was signed, whatever is appended, signed and swept meanwhile', async () => {
    const given = await givenSigned()
    const { tree } = given.store.index
    using reader = openIndexReader(given.path)
    const ask = async (from: LogReader, alias: string) => {
      const key = mapKey('alias', alias)
      const proved = await from.proveState([key])
      const { size, state } = proved!.signed
      const value = valueOf(verifyMapProof(proved!.proofs[0]!, state, key))
      return { size, uid: value && Buffer.from(value).toString() }
    }
    // 4 records were signed, and there are 6.
    for (const from of [tree, reader.tree]) {
      expect(await ask(from, 'shop/web')).toEqual({ size: 4, uid: undefined })
      expect(await ask(from, 'payments')).toEqual({ size: 4, uid: expect.stringMatching(/^s/) })
    }
    const asking = Array.from({ length: 50 }, async () => {
      const { size, uid } = await ask(reader.tree, 'shop/web')
      return size === 4 ? uid === undefined : uid?.startsWith('e')
    })
    const appending = given.did({ op: 'entry.create', alias: 'shop/db', owner })
    const signing = sign(tree)
    expect(await Promise.all(asking)).not.toContain(false)
    await Promise.all([appending, signing])
    await sign(tree)
    for (const from of [tree, reader.tree]) {
      expect(await ask(from, 'shop/db')).toEqual({ size: 7, uid: expect.stringMatching(/^e/) })
    }
  })

  it('is none where nothing was signed', async () => {
    const given = await givenStoredIndex(stores)
    expect(await given.store.index.tree.proveState([sha256('x')])).toBeUndefined()
  })

  it('is none of a root that is not the one that was signed', async () => {
    const given = await givenSigned()
    const { tree } = given.store.index
    behind(given.path, (database) =>
      database.exec('UPDATE log_checkpoint SET state = zeroblob(32)'),
    )
    await expect(tree.proveState([])).rejects.toThrow(DependencyError)
  })
})

describe('a state map that somebody has changed', () => {
  const first =
    '(SELECT min(place) FROM index_map_node WHERE place NOT IN (SELECT place FROM index_map_gone))'
  it.each([
    ['a node', `UPDATE index_map_node SET octets = zeroblob(65) WHERE place = ${first}`],
    ['a node that is gone', `DELETE FROM index_map_node WHERE place = ${first}`],
    ['a node that does not belong to it', "INSERT INTO index_map_node VALUES (9999, x'00')"],
    ['its root', 'UPDATE index_map SET root = zeroblob(32) WHERE size = 6'],
    ['what was signed', 'UPDATE log_checkpoint SET state = zeroblob(32)'],
  ])('is found out by verifying: %s', async (_, sql) => {
    const given = await givenSigned()
    expect(codeOf(await given.index.verify())).toBe('ok')
    behind(given.path, (database) => database.exec(sql))
    expect(codeOf(await given.index.verify())).toBe('namespace.state-mismatch')
  })

  it('is found out where all of it fits together, but not the log', async () => {
    const given = await givenSigned()
    behind(given.path, (database) => {
      const writer = new MapWriter(database)
      // Nobody has this alias, and the map says that somebody has.
      const key = mapKey('alias', 'shop/till')
      writer.advance(6, 6, [{ key, value: Buffer.from(`e${'a'.repeat(31)}`) }])
    })
    expect(codeOf(await given.index.verify())).toBe('namespace.state-mismatch')
  })

  it('is not written on, and nothing of the change is', async () => {
    const given = await givenSigned()
    behind(given.path, (database) =>
      database.exec('UPDATE index_map_node SET octets = zeroblob(65)'),
    )
    const before = await given.store.index.size()
    const change = given.index.change({ op: 'entry.create', alias: 'shop/db', owner })
    await expect(change).rejects.toThrow(DependencyError)
    expect(await given.store.index.size()).toBe(before)
  })

  it('is found out by a checkpoint that was kept elsewhere, at its own size', async () => {
    const given = await givenSigned()
    const { tree } = given.store.index
    const { size, root, state } = (await tree.checkpoint())!
    expect(codeOf(await given.index.verify({ size, root, state: state! }))).toBe('ok')
    const other = await given.index.verify({ size, root, state: sha256('another') })
    expect(codeOf(other)).toBe('namespace.state-mismatch')
  })
})

describe('nodes that no root leads to any more', () => {
  const open = (): Database => {
    const database = new SqliteDatabase(':memory:')
    migrate(database)
    return database
  }
  const changes = fc.uniqueArray(
    fc.tuple(fc.nat(40), fc.option(fc.nat(5), { nil: undefined, freq: 2 })),
    { selector: ([name]) => name, maxLength: 5 },
  )

  it('stay where the checkpoint that is kept leads to them, and a later change dropped them', () => {
    const database = open()
    const writer = new MapWriter(database, { leftLying: 0, swept: 100 })
    const map = new MapReader(database)
    const [one, two] = [mapKey('t', 'one'), mapKey('t', 'two')]
    const values = [sha256('a'), sha256('b'), sha256('c')] as const
    const first = [one, two].map((key) => ({ key, value: values[0] }))
    writer.append(0, 1, first)
    writer.append(1, 2, [{ key: one, value: values[1] }])
    writer.append(2, 3, [{ key: two, value: values[2] }])
    // As when a change is appended while the head before it is being signed.
    writer.signed(2)
    expect(writer.sweep()).toBeGreaterThan(0)
    const root = map.rootAt(2)!
    const valueOfKey = (key: Hash) =>
      valueOf(verifyMapProof(proveKey(map, root, key), root.hash, key))
    expect([valueOfKey(one), valueOfKey(two)].map((value) => value && hex(value))).toEqual([
      hex(values[1]),
      hex(values[0]),
    ])
    database.close()
  })

  it('go beside what else is written, all of them, once there are many', async () => {
    const given = await givenStoredIndex(stores)
    const { tree } = given.store.index
    const lying = (): number => {
      let found = 0
      behind(given.path, (database) => {
        found = Number(database.prepare('SELECT count(*) FROM index_map_gone').pluck().get())
      })
      return found
    }
    const create = (at: number) => ({ op: 'entry.create', alias: `shop/e${at}`, owner }) as const
    for (let at = 0; at < 450; at += 1) await given.did(create(at))
    expect(lying()).toBeGreaterThan(4096)
    expect(await sign(tree)).toBe(true)
    while (lying() > 0) await setImmediate()
    await given.did(create(450))
    expect(lying()).toBeGreaterThan(0)
    // A few wait for more.
    expect(await sign(tree)).toBe(true)
    for (let turns = 0; turns < 20; turns += 1) await setImmediate()
    expect(lying()).toBeGreaterThan(0)
    expect(codeOf(await given.index.verify())).toBe('ok')
  }, 60_000)

  it('go, and those of the latest checkpoint and after stay (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(changes, fc.boolean()), { maxLength: 40 }), (steps) => {
        const database = open()
        const writer = new MapWriter(database, { leftLying: 20, swept: 30 })
        const map = new MapReader(database)
        const model = new Map<number, Hash>()
        let signed: { readonly size: number; readonly model: ReadonlyMap<number, Hash> } | undefined
        for (const [size, [some, isSigned]] of steps.entries()) {
          for (const [name, value] of some) {
            if (value === undefined) model.delete(name)
            else model.set(name, sha256(`${value}`))
          }
          const rows = some.map(([name, value]) => ({
            key: mapKey('t', `${name}`),
            value: value === undefined ? undefined : sha256(`${value}`),
          }))
          writer.append(size, size + 1, rows)
          if (isSigned) {
            writer.signed(size + 1)
            writer.sweep()
            signed = { size: size + 1, model: new Map(model) }
          }
          for (const at of [signed, { size: size + 1, model }]) {
            const root = at && map.rootAt(at.size)
            for (let name = 0; root && name < 40; name += 1) {
              const key = mapKey('t', `${name}`)
              const found = valueOf(verifyMapProof(proveKey(map, root, key), root.hash, key))
              const wanted = at.model.get(name)
              expect(found && hex(found)).toBe(wanted && hex(wanted))
            }
          }
          expect(map.count).toBe(Math.max(0, 2 * model.size - 1))
        }
        // Were everything to be signed from now on, little would be left lying.
        writer.signed(steps.length)
        for (let times = 0; times < 50; times += 1) writer.sweep()
        const gone = database.prepare('SELECT count(*) FROM index_map_gone').pluck().get()
        expect(gone).toBeLessThanOrEqual(20)
        database.close()
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})
