import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { hashesIn, nodeOfRow, readRows, subtreeHashes } from '../../src/tlog/read-nodes.js'
import { appendToEdge, emptyEdge } from '../../src/tlog/tree-edge.js'
import { MemoryTiles } from '../support/memory-tiles.js'
import { numberedLeaves, treeRoot } from './reference-tree.js'

const leaves = numberedLeaves(300)
const tiles = new MemoryTiles()
tiles.write(appendToEdge(emptyEdge, leaves).tiles)
const [first, second] = [
  { level: 0, index: 0, width: 256 },
  { level: 0, index: 1, width: 44 },
]

/** Somebody who answers with these rows, whatever was asked. */
const answering = (...rows: readonly Uint8Array[]) => ({ readTiles: () => Promise.resolve(rows) })

describe('rows of tiles', () => {
  it('are as wide as was asked', async () => {
    const rows = await readRows(tiles, [first, second])
    expect(rows.map(({ length }) => length)).toEqual([256 * 32, 44 * 32])
  })

  it.each([
    ['too few', [new Uint8Array(256 * 32)]],
    ['too many', [new Uint8Array(256 * 32), new Uint8Array(44 * 32), new Uint8Array(32)]],
    ['a narrow one', [new Uint8Array(255 * 32), new Uint8Array(44 * 32)]],
    ['a wide one', [new Uint8Array(256 * 32), new Uint8Array(45 * 32)]],
    ['none', []],
  ])('are not taken from a reader that answers %s', async (_, rows) => {
    await expect(readRows(answering(...rows), [first, second])).rejects.toThrow(DependencyError)
  })

  it('have the hash of a subtree, as a copy', async () => {
    const [row = new Uint8Array()] = await readRows(tiles, [first])
    expect(Buffer.from(nodeOfRow(row, 4, 4))).toEqual(Buffer.from(treeRoot(leaves.slice(4, 8))))
    const one = nodeOfRow(row, 7, 1)
    expect(Buffer.from(one)).toEqual(Buffer.from(leaves[7]!))
    one[0]! ^= 1
    expect(Buffer.from(hashesIn(row, 7, 1)[0]!)).toEqual(Buffer.from(leaves[7]!))
    expect(() => nodeOfRow(row, 0, 0)).toThrow(RangeError)
  })

  it('are read once, though several subtrees are of one tile', async () => {
    const asked = tiles.asked.length
    const ranges = [
      { begin: 0, end: 3 },
      { begin: 4, end: 8 },
    ]
    const hashes = await subtreeHashes(tiles, ranges, 300)
    expect(hashes.map((hash) => Buffer.from(hash))).toEqual(
      ranges.map(({ begin, end }) => Buffer.from(treeRoot(leaves.slice(begin, end)))),
    )
    expect(tiles.asked.length - asked).toBe(1)
  })
})
