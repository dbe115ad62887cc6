import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { leafHash } from '../../src/tlog/hash.js'
import { EMPTY_MAP_ROOT } from '../../src/tlog/map-hash.js'
import { unixSeconds } from '../../src/core/time.js'
import type { KeptCosignature, LogTree } from '../../src/tlog/ports.js'
import { proveInclusion } from '../../src/tlog/prove.js'
import { changedTiles } from '../../src/tlog/tile.js'
import { treeRoot } from '../tlog/reference-tree.js'
import { type OpenWholeStore, plain, record } from './given-store.js'
import { append } from './given-tables.js'

const records = (from: number, count: number) =>
  Array.from({ length: count }, (_, position) => record(from + position))
const leavesOf = (some: readonly { readonly bytes: Uint8Array }[]) =>
  some.map(({ bytes }) => leafHash(bytes))
const note = (text: string) => `${text}\n`

/** What every `LogTree` keeps to, that of the index log at hand. */
export function logTreeContract(name: string, open: OpenWholeStore): void {
  const headOf = async (tree: LogTree) => plain(await tree.head())
  const rootOf = (some: readonly { readonly bytes: Uint8Array }[]) => ({
    size: some.length,
    root: plain(treeRoot(leavesOf(some))),
    // Of records that come to nothing.
    ...(some.length > 0 && { state: plain(EMPTY_MAP_ROOT) }),
  })

  describe(`LogTree: ${name}`, () => {
    it('has no leaves at first, and no checkpoint', async () => {
      const { tree } = (await open()).store.index
      expect(await headOf(tree)).toEqual(rootOf([]))
      expect(await tree.checkpoint()).toBeUndefined()
      expect(await tree.readTiles([])).toEqual([])
    })

    it('has each record as its leaf once it is appended, also after reopening', async () => {
      const { store, reopen } = await open()
      const all = records(0, 700)
      for (const [from, to] of [
        [0, 1],
        [1, 255],
        [255, 256],
        [256, 513],
        [513, 700],
      ] as const) {
        expect(await append(store.index, from, all.slice(from, to))).toBe(true)
        expect(await headOf(store.index.tree)).toEqual(rootOf(all.slice(0, to)))
      }
      for (const opened of [() => store, reopen]) {
        const { tree } = (await opened()).index
        const head = await tree.head()
        expect(plain(head)).toEqual(rootOf(all))
        for (const index of [0, 255, 256, 699]) {
          const { leaf } = await proveInclusion(tree, head, index)
          expect(plain(leaf)).toEqual(plain(leavesOf(all)[index]))
        }
      }
      const again = (await reopen()).index
      const more = records(700, 3)
      expect(await append(again, 700, more)).toBe(true)
      expect(await headOf(again.tree)).toEqual(rootOf([...all, ...more]))
    })

    it('shows cosignatures with the checkpoint that they are of, and keeps the latest of each', async () => {
      const { store, reopen } = await open()
      const { index } = store
      await append(index, 0, records(0, 3))
      const head = await index.tree.head()
      await index.tree.keepCheckpoint({ ...head, note: note('three') })
      const of = (witness: string, at: number, over: object = {}): KeptCosignature => ({
        ...{ ...head, witness, at: unixSeconds(at), line: `${witness} ${at}\n` },
        ...over,
      })
      const { tree } = index
      const shown = async (from = tree) => (await from.checkpoint())?.note
      await tree.keepCosignature(of('w2', 20))
      await tree.keepCosignature(of('w1', 10))
      expect(await shown()).toBe(note('three') + 'w1 10\nw2 20\n')
      await tree.keepCosignature(of('w2', 15))
      await tree.keepCosignature(of('w1', 30))
      expect(await shown()).toBe(note('three') + 'w1 30\nw2 20\n')
      // Of another head of the same size, and of a text without its state.
      await tree.keepCosignature(of('w3', 10, { root: Buffer.alloc(32, 9) }))
      await tree.keepCosignature(of('w4', 10, { state: undefined }))
      expect(await shown()).toBe(note('three') + 'w1 30\nw2 20\n')

      await append(index, 3, [record(3)])
      const next = await tree.head()
      await tree.keepCheckpoint({ ...next, note: note('four') })
      expect(await shown()).toBe(note('four'))
      await tree.keepCosignature({ ...next, witness: 'w1', at: unixSeconds(5), line: 'w1 5\n' })
      // What was asked before the log went on is answered after.
      await tree.keepCosignature(of('w1', 40))
      for (const again of [() => index, async () => (await reopen()).index]) {
        const from = (await again()).tree
        expect(await shown(from)).toBe(note('four') + 'w1 5\n')
        const sizes = (await from.cosignatures()).map(({ witness, size }) => [witness, size])
        expect(sizes.toSorted()).toEqual([
          ['w1', 4],
          ['w2', 3],
          ['w3', 3],
          ['w4', 3],
        ])
      }
    })

    it('gives tiles as wide as they are asked for, and none that are not there', async () => {
      const { index } = (await open()).store
      const all = records(0, 300)
      await append(index, 0, all)
      const octets = Buffer.concat(leavesOf(all))
      const wanted = [
        { level: 0, index: 0, width: 256 },
        { level: 0, index: 1, width: 44 },
        { level: 0, index: 1, width: 3 },
      ]
      const [full, last, cut] = await index.tree.readTiles(wanted)
      expect(plain([full, last, cut])).toEqual(
        plain([octets.subarray(0, 8192), octets.subarray(8192, 9600), octets.subarray(8192, 8288)]),
      )
      expect(changedTiles(0, 300)).toHaveLength(3)
      for (const none of [
        { level: 0, index: 1, width: 45 },
        { level: 0, index: 2, width: 1 },
        { level: 1, index: 0, width: 2 },
        { level: 2, index: 0, width: 1 },
      ]) {
        await expect(index.tree.readTiles([none])).rejects.toThrow(DependencyError)
      }
    })

    it('stays as it was where records are not appended', async () => {
      const { index } = (await open()).store
      const all = records(0, 2)
      await append(index, 0, all)
      expect(await append(index, 1, [record(1)])).toBe(false)
      await expect(append(index, 2, [record(2), record(2)])).rejects.toThrow(DependencyError)
      await expect(append(index, 2, [record(2), record(4)])).rejects.toThrow(DependencyError)
      expect(await headOf(index.tree)).toEqual(rootOf(all))
      const third = record(2)
      await append(index, 2, [third])
      expect(await headOf(index.tree)).toEqual(rootOf([...all, third]))
    })

    it('takes in nothing where every record is a leaf', async () => {
      const { index } = (await open()).store
      const all = records(0, 2)
      await append(index, 0, all)
      expect(plain(await index.tree.catchUp(10))).toEqual(rootOf(all))
    })

    it('keeps one checkpoint, of its own heads, that only ever gets larger', async () => {
      const { store, reopen } = await open()
      const { index } = store
      const { tree } = index
      await append(index, 0, records(0, 2))
      const two = await tree.head()
      await append(index, 2, records(2, 1))
      const three = await tree.head()
      const keep = (head: typeof two, text: string) =>
        tree.keepCheckpoint({ ...head, note: note(text) })
      expect(await keep({ ...three, size: 4 }, 'beyond the tree')).toBe(false)
      expect(await keep({ ...three, root: two.root }, 'of another root')).toBe(false)
      expect(await tree.checkpoint()).toBeUndefined()
      expect(await keep(two, 'two')).toBe(true)
      expect(await keep(three, 'three')).toBe(true)
      expect(await keep(three, 'three again')).toBe(false)
      expect(await keep(two, 'back')).toBe(false)
      const kept = plain({ ...three, note: note('three') })
      expect(plain(await tree.checkpoint())).toEqual(kept)
      expect(plain(await (await reopen()).index.tree.checkpoint())).toEqual(kept)
    })
  })
}
