import { describe, expect, it } from '@jest/globals'
import type { Uid } from '../../src/core/uid.js'
import { isOfSigned, settleMap, verifyMap } from '../../src/namespace/index-map.js'
import type { MakingMap, Pace, Progress, StateStore } from '../../src/namespace/ports.js'
import type { MapChange } from '../../src/tlog/map-draft.js'
import { emptyState } from '../../src/namespace/state-tables.js'
import type { MemoryTable } from '../../src/namespace/table.js'
import type { Hash } from '../../src/tlog/hash.js'
import { mapKey } from '../../src/tlog/map-hash.js'
import type { SignedHead } from '../../src/tlog/ports.js'
import { metaAt, newUid } from '../contract/given-tables.js'
import { MemoryStateMap } from '../support/memory-state-map.js'
import { mapRoot } from '../tlog/reference-map.js'
import { codeOf } from './given-index.js'

const mismatch = 'namespace.state-mismatch'
const other: Hash = Buffer.alloc(32, 7)
const inOneGo: Pace = () => undefined
const keyOf = (n: number): Hash => mapKey('name', `name ${n}`)
const changesOf = (count: number): readonly MapChange[] =>
  Array.from({ length: count }, (_, n) => ({ key: keyOf(n), value: mapKey('name', `of ${n}`) }))

/** Tables of so many names, at `size`, whose map is at `mapped`; what is signed over them, if anything is. */
function given(names: number, signed?: Partial<SignedHead>, mapped = 0) {
  const { tables } = emptyState()
  const held = tables.held as MemoryTable<string, Uid>
  for (let n = 0; n < names; n += 1) held.set(`name:name ${n}`, newUid())
  const map = new MemoryStateMap()
  map.size = mapped
  const stages: (MakingMap & { readonly rows: number })[] = []
  const head = signed && { root: other, note: 'n', ...{ size: 3, ...signed } }
  const store = {
    state: { meta: metaAt(3), tables },
    map,
    tree: { checkpoint: () => Promise.resolve(head) },
    makeMap: (rows: readonly MapChange[], stage: MakingMap) => {
      stages.push({ ...stage, rows: rows.length })
      map.move(stage.size ?? 0, rows)
      return Promise.resolve()
    },
  }
  return { store: store as unknown as Parameters<typeof settleMap>[0], map, stages }
}

describe('a map that an earlier version has not made', () => {
  it.each([
    [0, [0]],
    [999, [999]],
    [1000, [1000, 0]],
    [2500, [1000, 1000, 500]],
  ])('is made of %i rows in parts, the last of which says what it is of', async (names, parts) => {
    const { store, stages } = given(names)
    const told: Progress[] = []
    expect(codeOf(await settleMap(store, (progress) => void told.push(progress)))).toBe('ok')
    expect(stages).toEqual(
      parts.map((rows, at) => ({
        ...{ rows, isFirst: at === 0 },
        ...(at === parts.length - 1 && { size: 3 }),
      })),
    )
    expect(told).toEqual(
      parts.slice(1).map((_, at) => ({ work: 'map the state', done: 1000 * (at + 1) })),
    )
  })

  it('is not made where it is there', async () => {
    const { store, stages } = given(5, undefined, 3)
    expect(codeOf(await settleMap(store, inOneGo))).toBe('ok')
    expect(stages).toEqual([])
  })
})

describe('a map that is made', () => {
  it('is what the checkpoint of its size signs, or is refused', async () => {
    const { map } = given(0)
    const { hash } = map.root
    for (const [signed, code] of [
      [{ state: hash }, 'ok'],
      [{ state: other }, mismatch],
      [{}, 'ok'],
      // Of another size: another state.
      [{ size: 2, state: other }, 'ok'],
    ] as const) {
      expect(codeOf(await settleMap(given(0, signed, 3).store, inOneGo))).toBe(code)
    }
    expect(await settleMap(given(0, { state: other }, 3).store, inOneGo)).toMatchObject({
      refusal: { found: 'another root was signed', next: expect.stringContaining('index rebuild') },
    })
  })

  it('is compared also where it was made just now', async () => {
    expect(codeOf(await settleMap(given(3, { state: other }).store, inOneGo))).toBe(mismatch)
  })
})

describe('the map of what was replayed', () => {
  const again = { state: { meta: metaAt(3) }, map: new MemoryStateMap() } as unknown as StateStore
  const { hash } = again.map.root
  const head = { size: 3, root: other }

  it('has the root that was signed, where one was', () => {
    expect(codeOf(isOfSigned(again, { ...head, state: hash }))).toBe('ok')
    expect(codeOf(isOfSigned(again, { ...head, state: other }))).toBe(mismatch)
    expect(codeOf(isOfSigned(again, head))).toBe('ok')
    expect(isOfSigned(again, { ...head, state: other })).toMatchObject({
      refusal: { found: 'another root in the checkpoint of 3 records' },
    })
  })

  it('is of the size that was signed', () => {
    expect(() => isOfSigned(again, { ...head, size: 2, state: hash })).toThrow('another size')
  })
})

describe('a map that is verified', () => {
  function made(count: number): MemoryStateMap {
    const map = new MemoryStateMap()
    map.move(3, changesOf(count))
    return map
  }
  const rootOf = (count: number): Hash =>
    mapRoot(changesOf(count).map(({ key, value }) => [key, value!]))
  const verified = async (map: MemoryStateMap, count: number, pace = inOneGo, size = 3) =>
    codeOf(await verifyMap(map, { size, root: rootOf(count) }, pace))

  it('is right with every node that it has', async () => {
    for (const count of [0, 1, 2, 3, 40]) expect(await verified(made(count), count)).toBe('ok')
  })

  it('tells how far it is', async () => {
    const told: Progress[] = []
    expect(await verified(made(600), 600, (progress) => void told.push(progress))).toBe('ok')
    // 600 leaves, and what holds them together.
    expect(told).toEqual([500, 1000].map((done) => ({ work: 'compare', done })))
  })

  it('is refused of another size, or with another root', async () => {
    expect(await verified(made(3), 3, inOneGo, 4)).toBe(mismatch)
    expect(await verified(made(3), 4)).toBe(mismatch)
    expect(await verified(made(3), 0)).toBe(mismatch)
    expect(await verified(made(0), 1)).toBe(mismatch)
  })

  it('is refused with a node that is damaged or gone, whichever it is', async () => {
    for (const place of made(8).stored.keys()) {
      const [spoilt, without] = [made(8), made(8)]
      const octets = Buffer.from(spoilt.stored.get(place)!)
      octets[40]! ^= 1
      spoilt.stored.set(place, octets)
      without.stored.delete(place)
      expect([place, await verified(spoilt, 8)]).toEqual([place, mismatch])
      expect([place, await verified(without, 8)]).toEqual([place, mismatch])
    }
  })

  it('says what was found in the place of what it must be', async () => {
    const refused = async (map: MemoryStateMap, size: number, count: number) => {
      const found = await verifyMap(map, { size, root: rootOf(count) }, inOneGo)
      return found.ok ? undefined : found.refusal.found
    }
    const without = made(8)
    without.stored.delete(1)
    const more = made(8)
    more.stored.set(1000, Buffer.alloc(65))
    expect(await refused(made(8), 4, 8)).toBe('a map of 3 records')
    expect(await refused(made(8), 3, 7)).toBe('another root')
    expect(await refused(without, 3, 8)).toMatch(/^a damaged node, after \d+ others$/)
    expect(await refused(more, 3, 8)).toBe('16 nodes, and 15 that belong to it')
  })

  it('is refused with nodes that no key is in', async () => {
    for (const count of [0, 8]) {
      const map = made(count)
      map.stored.set(1000, Buffer.alloc(65))
      expect(await verified(map, count)).toBe(mismatch)
    }
  })
})
