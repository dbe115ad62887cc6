import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DependencyError } from '../../src/core/dependency-error.js'
import { proveConsistency, proveInclusion } from '../../src/tlog/prove.js'
import { changedTiles, tilePath } from '../../src/tlog/tile.js'
import {
  appendToEdge,
  emptyEdge,
  headOf,
  openEdge,
  type TreeEdge,
} from '../../src/tlog/tree-edge.js'
import { consistencyHolds, inclusionHolds } from '../../src/tlog/verify-proof.js'
import { MemoryTiles } from '../support/memory-tiles.js'
import { numberedLeaf, numberedLeaves, treePath, treeProof, treeRoot } from './reference-tree.js'

/** Sizes at which tiles begin and end, and some between. */
const SIZES = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 66_000]
const leaves = numberedLeaves(66_000)

function grown(sizes: readonly number[]): { tiles: MemoryTiles; edge: TreeEdge } {
  const tiles = new MemoryTiles()
  let edge = emptyEdge
  for (const size of sizes) {
    const from = edge.frontier.end
    const appended = appendToEdge(edge, leaves.slice(from, size))
    expect(appended.tiles.map(({ tile }) => tile)).toEqual(changedTiles(from, size))
    tiles.write(appended.tiles)
    edge = appended.edge
  }
  return { tiles, edge }
}

describe('a tree that is appended to', () => {
  it('writes the same tiles and has the same root, however it came to its size', () => {
    const { tiles, edge } = grown(SIZES)
    const once = grown([66_000])
    expect(headOf(edge)).toEqual(headOf(once.edge))
    expect(headOf(edge).root).toEqual(treeRoot(leaves))
    expect(edge).toEqual(once.edge)
    expect([...tiles.files.keys()].sort()).toEqual([...once.tiles.files.keys()].sort())
    // Octet by octet, without a walk through millions of numbers.
    const same = (path: string, octets: Uint8Array) =>
      Buffer.compare(octets, once.tiles.files.get(path)!) === 0
    expect([...tiles.files].filter(([path, octets]) => !same(path, octets))).toEqual([])
    expect(tiles.asked).toEqual([])
  })

  it('has the leaf hashes in its tiles of level 0', () => {
    const { tiles } = grown([300])
    expect(tiles.files.get('tile/0/001.p/44')?.subarray(43 * 32)).toEqual(
      Uint8Array.from(numberedLeaf(299)),
    )
  })

  it('keeps O(log n): no more than a tile of each level and a hash of each bit', () => {
    const { edge } = grown([65_535])
    expect(edge.frontier.hashes.length).toBe(16)
    expect(edge.rows.map(({ length }) => length / 32)).toEqual([255, 255])
    for (const { buffer } of edge.rows) expect(buffer.byteLength).toBeLessThan(8193)
  })

  it('leaves the edge it goes on from as it is', () => {
    const { edge } = grown([300])
    const again = () => headOf(appendToEdge(edge, leaves.slice(300, 700)).edge)
    const before = structuredClone(edge)
    expect(again()).toEqual(again())
    expect(structuredClone(edge)).toEqual(before)
  })

  it('goes on from what is stored, reading one tile of each level', async () => {
    for (const size of [0, ...SIZES]) {
      const { tiles, edge } = grown(size === 0 ? [] : [size])
      const opened = await openEdge(tiles, headOf(edge))
      expect(tiles.asked.length).toBeLessThanOrEqual(3)
      expect(headOf(opened)).toEqual(headOf(edge))
      const more = leaves.slice(0, 700)
      expect(headOf(appendToEdge(opened, more).edge)).toEqual(headOf(appendToEdge(edge, more).edge))
      expect(appendToEdge(opened, more).tiles).toEqual(appendToEdge(edge, more).tiles)
    }
  })

  it('does not go on from tiles that are not of its root, or not there', async () => {
    const { tiles, edge } = grown([300])
    const head = headOf(edge)
    const path = 'tile/0/001.p/44'
    const row = tiles.files.get(path)!
    row[0]! ^= 1
    await expect(openEdge(tiles, head)).rejects.toThrow(DependencyError)
    tiles.files.set(path, row.subarray(1))
    await expect(openEdge(tiles, head)).rejects.toThrow(DependencyError)
    tiles.files.delete(path)
    await expect(openEdge(tiles, head)).rejects.toThrow(DependencyError)
  })
})

describe('proofs from tiles', () => {
  const { tiles } = grown(SIZES)
  const heads = new Map(
    [...SIZES, 700].map((size) => [size, { size, root: treeRoot(leaves.slice(0, size)) }]),
  )
  const headAt = (size: number) => heads.get(size) ?? { size: 0, root: treeRoot([]) }

  it.each(SIZES)('of inclusion in a tree of %i leaves', async (size) => {
    for (const index of new Set([0, Math.floor(size / 3), size - 1])) {
      const proof = await proveInclusion(tiles, headAt(size), index)
      expect(inclusionHolds(headAt(size), proof)).toBe(true)
      expect(proof.leaf).toEqual(Uint8Array.from(leaves[index]!))
      // The reference is slow, and the sizes beside the largest have no other shapes.
      if (size > 1000 && size < 66_000) continue
      expect(proof.path.map((hash) => Uint8Array.from(hash))).toEqual(
        treePath(index, leaves.slice(0, size)).map((hash) => Uint8Array.from(hash)),
      )
    }
  })

  it.each(SIZES)('of consistency of every smaller tree with one of %i', async (size) => {
    for (const first of SIZES.filter((other) => other <= size)) {
      const proof = await proveConsistency(tiles, headAt(first), headAt(size))
      expect(consistencyHolds(headAt(first), headAt(size), proof)).toBe(true)
    }
  })

  it('are those of RFC 6962 for any two sizes (property)', async () => {
    const two = fc.tuple(fc.nat(699), fc.nat(699))
    const small = grown([700]).tiles
    const plain = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Uint8Array.from(hash))
    await fc.assert(
      fc.asyncProperty(two, async ([a, b]) => {
        const [m, n] = a < b ? [a + 1, b + 1] : [b + 1, a + 1]
        const [first, second] = [m, n].map((size) => leaves.slice(0, size))
        const [before, after] = [first!, second!].map((all) => ({
          size: all.length,
          root: treeRoot(all),
        }))
        const proof = await proveConsistency(small, before!, after!)
        expect(plain(proof)).toEqual(plain(treeProof(m, second!)))
        const { path } = await proveInclusion(small, after!, m - 1)
        expect(plain(path)).toEqual(plain(treePath(m - 1, second!)))
      }),
      { numRuns: 40 },
    )
  })

  it('read no more than a few tiles of each level', async () => {
    tiles.asked.length = 0
    await proveInclusion(tiles, headAt(66_000), 40_000)
    expect(tiles.asked.map(tilePath).sort()).toEqual([
      'tile/0/156',
      'tile/0/257.p/208',
      'tile/1/000',
      'tile/1/001.p/1',
    ])
  })

  it('are not made of tiles that do not come to the root', async () => {
    const { tiles: damaged, edge } = grown([300])
    damaged.files.get('tile/0/000')![5]! ^= 1
    const head = headOf(edge)
    await expect(proveInclusion(damaged, head, 3)).rejects.toThrow(DependencyError)
    await expect(proveConsistency(damaged, headAt(255), head)).rejects.toThrow(DependencyError)
  })

  it('from an empty tree are empty', async () => {
    expect(await proveConsistency(tiles, headAt(0), headAt(300))).toEqual([])
    expect(await proveConsistency(tiles, headAt(300), headAt(300))).toEqual([])
  })
})
