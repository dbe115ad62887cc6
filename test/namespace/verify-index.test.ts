import { beforeEach, describe, expect, it } from '@jest/globals'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { RowChange, TableName } from '../../src/namespace/state-tables.js'
import type { MemoryTable } from '../../src/namespace/table.js'
import { verifyIndex } from '../../src/namespace/verify-index.js'
import { signCheckpoint } from '../../src/tlog/sign-note.js'
import { logSigner } from '../support/note-signers.js'
import { clusterFacts, codeOf, type GivenIndex, givenIndex, owner, valueOf } from './given-index.js'

const mismatch = 'namespace.state-mismatch'
const signer = logSigner('acme.example/index')
const other = Buffer.alloc(32, 7)
let given: GivenIndex

beforeEach(async () => {
  given = await givenIndex(
    { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
    { op: 'entry.create', alias: 'shop/web', owner },
  )
})

const table = (name: TableName): MemoryTable<string, unknown> =>
  given.store.state.tables[name] as unknown as MemoryTable<string, unknown>

const verified = async () => codeOf(await given.index.verify())

/** Signs the log as it is, and keeps that. */
async function signed(change: object = {}) {
  const { tree } = given.store
  const head = await tree.head()
  const { size, root } = head
  const note = await signCheckpoint({ origin: signer.key.name, size, root, extensions: [] }, signer)
  tree.signed = { ...head, note, ...change }
  return head
}

describe('an index that is verified', () => {
  it('says what was read again', async () => {
    const { root } = await given.store.tree.head()
    const { size, head } = given.index.state
    expect(valueOf(await given.index.verify())).toEqual({ records: size, head, root })
  })

  it.each<[string, TableName, RowChange['key'] | undefined, unknown]>([
    ['a row more', 'redirects', 'shop/old', 'e'],
    ['a row less', 'entryAliases', 'shop/web', undefined],
    ['another row', 'held', 'alias:shop/web', 'e'],
    ['a scope of others', 'scopeAliases', '', 's'],
    ['a time of its own', 'history', 'x 000000000000', 0],
  ])('is refused with %s in its tables', async (_, name, key, value) => {
    expect(await verified()).toBe('ok')
    if (value === undefined) table(name).delete(key!)
    else table(name).set(key!, value)
    expect(await verified()).toBe(mismatch)
  })

  it('is refused where its tables stand elsewhere', async () => {
    const { state } = given.store
    Object.assign(state, { meta: { ...state.meta, head: 'a'.repeat(64) } })
    expect(await verified()).toBe(mismatch)
  })

  it('is refused where the log has more than its tables, or is cut short', async () => {
    const { records } = given.store
    given.store.records = [...records, records.at(-1)!]
    expect(await given.index.verify()).toMatchObject({
      refusal: { code: mismatch, found: '4 records, and tables of 3' },
    })
    given.store.records = records.slice(0, -1)
    expect(await verified()).not.toBe('ok')
  })

  it('is refused with a record that was changed, or whose envelopes were', async () => {
    const { records } = given.store
    given.store.records = records.with(1, { ...records[1]!, envelopes: [] })
    expect(await verified()).toBe('namespace.bad-canonical')
    // Also before what was signed of it is compared, and in what came since.
    await signed({ size: 2 })
    expect(await verified()).toBe('namespace.bad-canonical')
    given.store.tree.signed = undefined
    given.store.records = records
    const { deps, index } = given
    const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
      valueOf(await index.change({ op: 'entry.suspend', alias: 'shop/web' }))
      const { records: now } = deps.store as typeof given.store
      given.store.records = now.with(3, { ...now[3]!, envelopes: [] })
      return work()
    }
    const result = await verifyIndex({ store: given.store, pace: () => undefined, inTurn })
    expect(codeOf(result)).toBe('namespace.bad-canonical')
  })

  it('is refused with another map of its state', async () => {
    given.store.map.move(3, [{ key: other, value: other }])
    expect(await verified()).toBe(mismatch)
    given.store.map.size = 2
    expect(await verified()).toBe(mismatch)
  })

  it('is refused with another tile of its tree', async () => {
    given.store.tree.files.get('tile/0/000.p/3')![7]! ^= 1
    expect(await verified()).toBe(mismatch)
  })
})

describe('an index that was signed', () => {
  it('is what was signed, at the size that it had', async () => {
    const head = await signed()
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    expect(await verified()).toBe('ok')
    expect(codeOf(await given.index.verify(head))).toBe('ok')
  })

  it('is refused where another state was signed, then or by whoever asks', async () => {
    const head = await signed({ state: other })
    expect(await verified()).toBe(mismatch)
    await signed()
    expect(codeOf(await given.index.verify({ ...head, state: other }))).toBe(mismatch)
    expect(codeOf(await given.index.verify(head))).toBe('ok')
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    expect(codeOf(await given.index.verify({ ...head, state: other }))).toBe(mismatch)
    await given.did({ op: 'entry.reactivate', alias: 'shop/web' })
    await signed()
    expect(codeOf(await given.index.verify({ ...head, state: other }))).toBe(mismatch)
  })

  it('is refused by another root, before what it comes to is looked at', async () => {
    await signed({ root: other })
    expect(await verified()).toBe('tlog.inconsistent')
    await signed()
    const from = { size: 2, root: other }
    expect(codeOf(await given.index.verify(from))).toBe('tlog.inconsistent')
    expect(codeOf(await given.index.verify({ ...from, state: other }))).toBe('tlog.inconsistent')
  })

  it('is refused with a checkpoint of another key, where its own is known', async () => {
    const { store } = given
    const about = { store, pace: () => undefined, inTurn: <T>(work: () => Promise<T>) => work() }
    await signed({ state: undefined })
    expect(codeOf(await verifyIndex({ ...about, key: signer.key }))).toBe('ok')
    const strange = logSigner('acme.example/other').key
    expect(codeOf(await verifyIndex({ ...about, key: strange }))).toBe('tlog.unknown-log')
  })

  it('is refused by the key that the index was opened with', async () => {
    await signed()
    const strange = logSigner('acme.example/other').key
    const { tree } = given.store
    const kept = tree.signed
    tree.signed = undefined
    const index = valueOf(await LiveIndex.open({ ...given.deps, signed: { key: strange } }))
    expect(codeOf(await index.verify())).toBe('ok')
    tree.signed = kept
    expect(codeOf(await index.verify())).toBe('tlog.unknown-log')
    const about = { ...given.deps, signed: { key: strange } }
    expect(codeOf(await LiveIndex.open(about))).toBe('tlog.unknown-log')
  })

  it('is compared at each size that was signed, whichever is the later', async () => {
    const first = await given.store.tree.head()
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    const second = await signed()
    await given.did({ op: 'entry.reactivate', alias: 'shop/web' })
    expect(codeOf(await given.index.verify(first))).toBe('ok')
    given.store.tree.signed = { ...first, note: 'n' }
    expect(codeOf(await given.index.verify(second))).toBe('ok')
    expect(codeOf(await given.index.verify({ ...second, state: other }))).toBe(mismatch)
    given.store.tree.signed = { ...first, note: 'n', state: other }
    expect(codeOf(await given.index.verify(second))).toBe(mismatch)
  })

  it('is refused where the checkpoint is of more records than there are', async () => {
    await signed({ size: 99 })
    expect(await verified()).toBe('tlog.inconsistent')
  })
})

describe('an index that changes while it is verified', () => {
  it('is verified as it is at the end', async () => {
    const { store, deps, index } = given
    let turns = 0
    const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
      turns += 1
      valueOf(await index.change({ op: 'entry.create', alias: 'shop/late', owner }))
      return work()
    }
    const result = valueOf(await verifyIndex({ store, pace: () => undefined, inTurn }))
    expect([turns, result.records, result.head]).toEqual([1, 4, index.state.head])
    expect(deps.store.state.meta.size).toBe(4)
  })
})
