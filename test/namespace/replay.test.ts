import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Progress, StoredRecord } from '../../src/namespace/ports.js'
import { replay, settle, STRETCH } from '../../src/namespace/replay.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { contentOf } from '../contract/given-tables.js'
import { codeOf, type GivenIndex, givenIndex, owner, valueOf } from './given-index.js'

const inOneGo = () => undefined
let given: GivenIndex
let records: readonly StoredRecord[]

beforeAll(async () => {
  given = await givenIndex()
  for (let n = 0; n < 9; n += 1) await given.did({ op: 'entry.create', alias: `shop/n${n}`, owner })
  records = given.store.records
})

/** Tables over a log, and where they stood each time that they were written. */
function watched(log: readonly StoredRecord[]) {
  const store = new MemoryIndexStore(log)
  const written: string[] = []
  const advance = store.advance.bind(store)
  store.advance = (change) => {
    written.push(`${change.from} ${change.meta.size}`)
    return advance(change)
  }
  return { store, written }
}

describe('a log that is replayed', () => {
  it.each([
    [10, 4, ['0 4', '4 8', '8 10']],
    [10, 5, ['0 5', '5 10']],
    [10, 10, ['0 10']],
    [10, 11, ['0 10']],
    [7, 5, ['0 5', '5 7']],
    [1, 1, ['0 1']],
    [0, 5, []],
  ])('up to %i records is written %i at a time', async (size, stretch, stretches) => {
    const { store, written } = watched(records)
    valueOf(await replay(store, store, { size, pace: inOneGo, stretch }))
    expect([written, store.state.meta.size]).toEqual([stretches, size])
  })

  it('goes on from where the tables are, and does nothing where they are there', async () => {
    const { store, written } = watched(records)
    for (const size of [3, 10, 10, 2]) {
      valueOf(await replay(store, store, { size, pace: inOneGo }))
    }
    expect(written).toEqual(['0 3', '3 10'])
    expect(contentOf(store.state)).toEqual(contentOf(given.store.state))
    expect(STRETCH).toBeGreaterThan(10)
  })

  it('is told of as a part of the whole', async () => {
    const told: Progress[] = []
    const { store } = watched(records)
    const pace = (progress: Progress) => void told.push(progress)
    valueOf(await replay(store, store, { size: 10, pace, stretch: 9 }))
    expect(told).toEqual([{ work: 'read the index log', done: 8, total: 10 }])
  })

  it('stops at a record that does not belong there, at what was before its stretch', async () => {
    const { store, written } = watched(records.with(6, { ...records[6]!, envelopes: [] }))
    const options = { size: 10, pace: inOneGo, stretch: 4 }
    expect(codeOf(await replay(store, store, options))).toBe('namespace.bad-canonical')
    expect([written, store.state.meta.size]).toEqual([['0 4'], 4])
  })
})

describe('tables that are opened', () => {
  it('take in what of the log they have not', async () => {
    const { store, written } = watched(records)
    valueOf(await replay(store, store, { size: 4, pace: inOneGo }))
    expect(codeOf(await settle(store, inOneGo))).toBe('ok')
    expect(codeOf(await settle(store, inOneGo))).toBe('ok')
    expect(written).toEqual(['0 4', '4 10'])
  })

  it('are read from the last record that they have, and that alone', async () => {
    const { store } = watched(records)
    expect(codeOf(await settle(store, inOneGo))).toBe('ok')
    const read: string[] = []
    store.read = (from, limit) => {
      read.push(`${from} ${limit}`)
      return Promise.resolve(store.records.slice(from, from + limit))
    }
    expect(codeOf(await settle(store, inOneGo))).toBe('ok')
    expect(read).toEqual(['9 1'])
  })

  it('are refused where there is no log', async () => {
    expect(codeOf(await settle(new MemoryIndexStore(), inOneGo))).toBe('namespace.unknown')
  })

  it.each([
    ['is shorter', (log: readonly StoredRecord[]) => log.slice(0, -1)],
    ['is gone', () => []],
    ['ends otherwise', (log: readonly StoredRecord[]) => log.with(9, log[8]!)],
    [
      'ends with other octets',
      (log: readonly StoredRecord[]) => log.with(9, { ...log[9]!, bytes: Buffer.from('{}') }),
    ],
  ])('are refused where their log %s', async (_, change) => {
    const { store, written } = watched(records)
    valueOf(await settle(store, inOneGo))
    store.records = change(records)
    written.length = 0
    expect(await settle(store, inOneGo)).toMatchObject({
      refusal: { wanted: `a log whose record 9 has the hash ${given.index.state.head}` },
    })
    expect(codeOf(await settle(store, inOneGo))).toBe('namespace.state-mismatch')
    expect(written).toEqual([])
  })
})
