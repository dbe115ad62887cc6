import { describe, expect, it } from '@jest/globals'
import { settleTree, verifyTree } from '../../src/namespace/index-tree.js'
import type { Progress, StoredRecord } from '../../src/namespace/ports.js'
import { leafHash } from '../../src/tlog/hash.js'
import { treeRoot } from '../tlog/reference-tree.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { codeOf, givenIndex, owner, valueOf } from './given-index.js'

const pace = () => undefined
const record = (seq: number, text = `record ${seq}`): StoredRecord => ({
  seq,
  bytes: Buffer.from(text),
  envelopes: [],
})
const log = (size: number) => Array.from({ length: size }, (_, seq) => record(seq))
const headOf = (records: readonly StoredRecord[]) => ({
  size: records.length,
  root: treeRoot(records.map(({ bytes }) => leafHash(bytes))),
})

/** A log whose tree is made, and whose checkpoint is kept. */
async function signed(size: number): Promise<MemoryIndexStore> {
  const store = new MemoryIndexStore(log(size))
  valueOf(await settleTree(store, pace))
  await store.tree.keepCheckpoint({ ...headOf(store.records), note: 'kept' })
  return store
}

/** A store of these records, with its own tree, and the checkpoint that was signed over others. */
async function rewritten(records: readonly StoredRecord[], size: number) {
  const store = new MemoryIndexStore(records)
  store.tree.signed = (await signed(size)).tree.signed
  return store
}

describe('a tree that is opened', () => {
  it('takes in the records that it has not, in stretches, and tells how far it is', async () => {
    const store = new MemoryIndexStore(log(4100))
    const told: Progress[] = []
    valueOf(await settleTree(store, (progress) => void told.push(progress)))
    expect(told.map(({ done }) => done)).toEqual([2000, 4000])
    const { size, root } = await store.tree.head()
    expect({ size, root: Buffer.from(root) }).toEqual(headOf(store.records))
    told.length = 0
    valueOf(await settleTree(store, (progress) => void told.push(progress)))
    expect(told).toEqual([])
  })

  it('goes on from its checkpoint, at every size', async () => {
    for (const size of [1, 2, 255, 256, 257, 300]) {
      expect(codeOf(await settleTree(await rewritten(log(300), size), pace))).toBe('ok')
    }
  })

  it.each([
    ['a log that was cut short', log(299), 300],
    ['a log without its last record but one', [...log(298), record(298, 'record 299')], 299],
    ['another first record', [record(0, 'other'), ...log(400).slice(1)], 300],
    ['another record at the end', [...log(299), record(299, 'other'), ...log(400).slice(300)], 300],
  ])('is refused over %s, with the checkpoint of what was', async (_, records, size) => {
    expect(codeOf(await settleTree(await rewritten(records, size), pace))).toBe('tlog.inconsistent')
  })

  it('is refused over tiles that do not come to its root: that is no other log', async () => {
    for (const path of ['tile/0/001.p/44', 'tile/1/000.p/1']) {
      const store = await signed(300)
      store.tree.files.get(path)![7]! ^= 1
      expect(codeOf(await settleTree(store, pace))).toBe('namespace.state-mismatch')
    }
  })

  it('is refused where it has more leaves than there are records', async () => {
    const store = await signed(300)
    store.records = log(299)
    expect(codeOf(await settleTree(store, pace))).toBe('namespace.state-mismatch')
  })
})

describe('a tree that is verified', () => {
  const verified = async (store: MemoryIndexStore, from?: ReturnType<typeof headOf>) => {
    const [size, stored] = [store.records.length, await store.tree.head()]
    return verifyTree(store, { size, stored, pace, from: from ? [from] : [] })
  }

  it('has the root of its records, and of any head before', async () => {
    for (const size of [1, 256, 300, 600]) {
      const store = await signed(size)
      const { root } = valueOf(await verified(store))
      expect(Buffer.from(root)).toEqual(headOf(store.records).root)
      for (const before of [1, 77, 256, 300]) {
        const from = headOf(log(before))
        expect(codeOf(await verified(store, from))).toBe(before > size ? 'tlog.inconsistent' : 'ok')
      }
    }
  })

  it('is refused with a tile that is not of the records, whichever it is', async () => {
    const { files } = (await signed(600)).tree
    for (const path of files.keys()) {
      const store = await signed(600)
      store.tree.files.get(path)![7]! ^= 1
      expect(codeOf(await verified(store))).toBe('namespace.state-mismatch')
    }
  })

  it('is refused with more leaves than there are records, or another root', async () => {
    const store = await signed(300)
    const stored = await store.tree.head()
    const more = { size: 301, root: stored.root }
    const other = { size: 300, root: headOf(log(299)).root }
    for (const head of [more, other]) {
      const check = { size: 300, stored: head, pace, from: [] }
      expect(codeOf(await verifyTree(store, check))).toBe('namespace.state-mismatch')
    }
    store.records = log(299)
    expect(codeOf(await verified(store))).toBe('namespace.state-mismatch')
  })

  it('is refused with a record that is not of the tiles', async () => {
    const store = await signed(300)
    store.records = store.records.with(5, record(5, 'other'))
    expect(codeOf(await verified(store))).toBe('namespace.state-mismatch')
  })

  it.each([
    ['cut short and hashed again', log(299)],
    ['rewritten and hashed again', [...log(100), record(100, 'other'), ...log(400).slice(101)]],
  ])('is found out when its log was %s, by a checkpoint kept elsewhere', async (_, records) => {
    const store = new MemoryIndexStore(records)
    valueOf(await settleTree(store, pace))
    expect(codeOf(await verified(store))).toBe('ok')
    expect(codeOf(await verified(store, headOf(log(300))))).toBe('tlog.inconsistent')
  })
})

describe('an index with a tree', () => {
  it('tells of records whose append failed: they may be committed for all that', async () => {
    const { deps, store } = await givenIndex()
    let told = 0
    const index = valueOf(await LiveIndex.open({ ...deps, appended: () => void (told += 1) }))
    const append = store.append.bind(store)
    store.append = async (...given) => {
      await append(...given)
      throw new Error('no answer')
    }
    const change = index.change({ op: 'entry.create', alias: 'shop/new', owner })
    await expect(change).rejects.toThrow('no answer')
    expect(told).toBe(1)
  })

  it('is not replayed to see that a checkpoint is beyond its end', async () => {
    const { index, store } = await givenIndex()
    const { root } = await store.tree.head()
    store.scratch = () => {
      throw new Error('replayed')
    }
    expect(codeOf(await index.verify({ size: 2, root }))).toBe('tlog.inconsistent')
    await expect(index.verify({ size: 1, root })).rejects.toThrow('replayed')
  })
})
