import { describe, expect, it } from '@jest/globals'
import { goesOnFrom, keptHead, settleTree, verifyTree } from '../../src/namespace/index-tree.js'
import type { Progress, StoredRecord } from '../../src/namespace/ports.js'
import { EMPTY_ROOT, type Hash, leafHash } from '../../src/tlog/hash.js'
import type { SignedHead } from '../../src/tlog/ports.js'
import { signCheckpoint } from '../../src/tlog/sign-note.js'
import { stateLine } from '../../src/tlog/state-root.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { logSigner } from '../support/note-signers.js'
import { treeRoot } from '../tlog/reference-tree.js'
import { codeOf, valueOf } from './given-index.js'

const pace = () => undefined
const signer = logSigner('acme.example/index')
const { key } = signer
const state: Hash = Buffer.alloc(32, 1)
const other: Hash = Buffer.alloc(32, 2)

const log = (size: number): readonly StoredRecord[] =>
  Array.from({ length: size }, (_, seq) => {
    return { seq, bytes: Buffer.from(`record ${seq}`), envelopes: [] }
  })
const rootOf = (size: number): Hash => treeRoot(log(size).map(({ bytes }) => leafHash(bytes)))
const headOf = (size: number) => ({ size, root: rootOf(size) })

interface Said {
  readonly size?: number
  readonly root?: Hash
  readonly states?: readonly Hash[]
  readonly by?: typeof signer
}

const noteOf = ({ size = 5, root = rootOf(5), states = [], by = signer }: Said): Promise<string> =>
  signCheckpoint({ origin: by.key.name, size, root, extensions: states.map(stateLine) }, by)

/** What the store keeps of a checkpoint, and the note of another, where they differ. */
const kept = async (said: Said, more: Partial<SignedHead> = {}) => {
  const head: SignedHead = { ...headOf(5), note: await noteOf(said), ...more }
  return { checkpoint: () => Promise.resolve(head) }
}

describe('the checkpoint that is kept', () => {
  it('says what its note says', async () => {
    expect(valueOf(await keptHead(await kept({}), key))).toEqual(headOf(5))
    const signed = await kept({ states: [state] }, { state })
    expect(valueOf(await keptHead(signed, key))).toEqual(headOf(5))
  })

  it.each<[string, Said, Partial<SignedHead>]>([
    ['another size', { size: 4 }, {}],
    ['another root', { root: other }, {}],
    ['another state', { states: [state] }, { state: other }],
    ['a state, and nobody knows of it', { states: [state] }, {}],
    ['no state', {}, { state }],
    ['two states', { states: [state, state] }, { state }],
    ['two states, and nobody knows of them', { states: [state, other] }, {}],
  ])('is refused where its note says %s', async (_, said, more) => {
    expect(codeOf(await keptHead(await kept(said, more), key))).toBe('tlog.inconsistent')
  })

  it('is refused by another key, and where it is no checkpoint', async () => {
    const by = logSigner('acme.example/other')
    expect(codeOf(await keptHead(await kept({ by }), key))).toBe('tlog.unknown-log')
    const forged = (await noteOf({})).replace(/[A-Za-z](=*\n)$/, '0$1')
    expect(codeOf(await keptHead(await kept({}, { note: forged }), key))).not.toBe('ok')
    expect(codeOf(await keptHead(await kept({}, { note: 'n' }), key))).toBe('tlog.malformed')
  })

  it('is taken as it is where nobody has its key, and may not be there', async () => {
    const head = valueOf(await keptHead(await kept({ size: 4 }), undefined))
    expect(head).toMatchObject(headOf(5))
    const none = { checkpoint: () => Promise.resolve(undefined) }
    expect(valueOf(await keptHead(none, key))).toBeUndefined()
  })
})

describe('a tree that is opened with what is known outside the store', () => {
  async function opened(size: number, head?: ReturnType<typeof headOf>, said?: Said) {
    const store = new MemoryIndexStore(log(size))
    if (said) store.tree.signed = { ...headOf(5), note: await noteOf(said) }
    return codeOf(await settleTree(store, pace, { key, ...(head && { head }) }))
  }

  it('goes on from the checkpoint of its key, and from the head that was signed last', async () => {
    expect(await opened(8)).toBe('ok')
    expect(await opened(8, headOf(7), {})).toBe('ok')
    expect(await opened(5, headOf(5), {})).toBe('ok')
    expect(await opened(5, { size: 0, root: EMPTY_ROOT })).toBe('ok')
  })

  it('is refused where its checkpoint is not what was signed', async () => {
    expect(await opened(8, undefined, { size: 4 })).toBe('tlog.inconsistent')
    expect(await opened(8, undefined, { by: logSigner('x') })).toBe('tlog.unknown-log')
  })

  it('is refused where it does not go on from the head: an older backup', async () => {
    expect(await opened(8, headOf(9), {})).toBe('tlog.inconsistent')
    expect(await opened(8, { size: 7, root: other }, {})).toBe('tlog.inconsistent')
    expect(await opened(8, { size: 0, root: other })).toBe('tlog.inconsistent')
    expect(await opened(4, undefined, {})).toBe('tlog.inconsistent')
  })

  it('does not wait for ever for a record that is not there', async () => {
    const store = new MemoryIndexStore(log(3))
    store.size = () => Promise.resolve(4)
    expect(await settleTree(store, pace)).toMatchObject({
      refusal: { code: 'namespace.state-mismatch', found: 'no record 3' },
    })
    const told: Progress[] = []
    store.size = () => Promise.resolve(2003)
    store.records = log(2003)
    expect(codeOf(await settleTree(store, (progress) => void told.push(progress)))).toBe('ok')
    expect(told).toEqual([])
  })

  it('says what was found, and tells of its work as a part of all of it', async () => {
    const short = new MemoryIndexStore(log(300))
    valueOf(await settleTree(short, pace))
    short.records = log(299)
    const refusedOver = { refusal: { found: '299 records, and a tree of 300' } }
    expect(await settleTree(short, pace)).toMatchObject(refusedOver)
    const spoilt = new MemoryIndexStore(log(300))
    valueOf(await settleTree(spoilt, pace))
    spoilt.tree.files.get('tile/0/001.p/44')![7]! ^= 1
    const refused = { refusal: { found: 'tiles of another root' } }
    expect(await settleTree(spoilt, pace)).toMatchObject(refused)
    const told: Progress[] = []
    const long = new MemoryIndexStore(log(2001))
    valueOf(await settleTree(long, (progress) => void told.push(progress)))
    expect(told).toEqual([{ work: 'hash the index log', done: 2000, total: 2001 }])
  })

  it('goes on from nothing where nothing was signed', async () => {
    const { tree } = new MemoryIndexStore()
    const empty = { size: 0, root: EMPTY_ROOT }
    expect(await goesOnFrom(tree, empty, empty)).toBe(true)
    expect(await goesOnFrom(tree, empty, { size: 1, root: EMPTY_ROOT })).toBe(false)
  })
})

describe('a tree that is hashed again', () => {
  /** What was found, of a tree of 300 leaves: over these records, up to `size`, from these heads. */
  async function found(
    records: readonly StoredRecord[],
    about: { readonly size?: number; readonly stored?: object; readonly head?: object } = {},
  ) {
    const store = new MemoryIndexStore(log(300))
    valueOf(await settleTree(store, pace))
    store.records = records
    const stored = { ...(await store.tree.head()), ...about.stored }
    const from = about.head ? [{ ...headOf(300), ...about.head }] : []
    const result = await verifyTree(store, { size: about.size ?? 300, stored, pace, from })
    return result.ok ? 'ok' : result.refusal.found
  }

  it('says what was found in the place of what it must be', async () => {
    const rest = log(300)
    expect(await found(rest)).toBe('ok')
    expect(await found(rest, { size: 299 })).toBe('299 records, and a tree of 300')
    expect(await found(log(299))).toBe('no record 299')
    expect(await found(log(10))).toBe('no record 10')
    expect(await found(rest, { stored: { root: other } })).toBe('another root')
    expect(await found(rest, { head: { root: other } })).toBe('other records')
    expect(await found(rest, { head: { size: 301 } })).toBe('300 records')
    const spoilt = rest.with(5, { ...rest[5]!, bytes: Buffer.from('other') })
    expect(await found(spoilt)).toBe('another tile 0 of level 0')
  })

  const checked = async (size: number, from: readonly ReturnType<typeof headOf>[]) => {
    const store = new MemoryIndexStore(log(size))
    valueOf(await settleTree(store, pace))
    const told: Progress[] = []
    const stored = await store.tree.head()
    const check = { size, stored, from, pace: (progress: Progress) => void told.push(progress) }
    const result = await verifyTree(store, check)
    expect(told.every(({ work }) => work === 'hash the index log')).toBe(true)
    return { code: codeOf(result), done: told.map(({ done, total }) => `${done}/${total}`) }
  }

  it('is read a tile at a time, and up to each head that it must go on from', async () => {
    expect(await checked(600, [])).toEqual({ code: 'ok', done: ['256/600', '512/600', '600/600'] })
    expect(await checked(512, [headOf(300), headOf(10)])).toEqual({
      ...{ code: 'ok', done: ['10/512', '256/512', '300/512', '512/512'] },
    })
    expect(await checked(0, [])).toEqual({ code: 'ok', done: [] })
  })

  it('is refused by each of several heads', async () => {
    const wrong = { size: 300, root: other }
    expect((await checked(512, [headOf(10), wrong])).code).toBe('tlog.inconsistent')
    expect((await checked(512, [wrong, headOf(10)])).code).toBe('tlog.inconsistent')
    expect((await checked(512, [headOf(512), headOf(513)])).code).toBe('tlog.inconsistent')
    expect((await checked(512, [headOf(512)])).code).toBe('ok')
    expect((await checked(512, [{ size: 512, root: other }])).code).toBe('tlog.inconsistent')
  })

  it('is refused without all of its records', async () => {
    const store = new MemoryIndexStore(log(300))
    valueOf(await settleTree(store, pace))
    const stored = await store.tree.head()
    for (const size of [256, 299, 0]) {
      store.records = log(size)
      const check = { size: 300, stored, pace, from: [] }
      expect(codeOf(await verifyTree(store, check))).toBe('namespace.state-mismatch')
    }
  })
})
