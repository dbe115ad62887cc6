import { DependencyError } from '../core/dependency-error.js'
import { appendLeaves, emptyRange, foldRight } from './compact-range.js'
import { type Hash, HASH_OCTETS } from './hash.js'
import type { TileReader } from './ports.js'
import { completeSubtrees, type LeafRange } from './subtrees.js'
import { isSameTile, type NodeInTile, nodeInTile, type Tile } from './tile.js'

/** Hashes of a tile, from number `from` on. */
export function hashesIn(row: Uint8Array, from: number, count: number): readonly Hash[] {
  return Array.from({ length: count }, (_, at) =>
    row.subarray((from + at) * HASH_OCTETS, (from + at + 1) * HASH_OCTETS),
  )
}

/** The hash over a power of two of a tile's hashes, which is a copy. */
export function nodeOfRow(row: Uint8Array, from: number, count: number): Hash {
  const [hash] = appendLeaves(emptyRange(), hashesIn(row, from, count)).hashes
  if (!hash) throw new RangeError('a node has hashes under it')
  return count === 1 ? Uint8Array.from(hash) : hash
}

/** Reads the tiles, and sees that they are what they were asked to be. */
export async function readRows(
  tiles: TileReader,
  wanted: readonly Tile[],
): Promise<readonly Uint8Array[]> {
  const rows = await tiles.readTiles(wanted)
  const isWhole = wanted.every(({ width }, at) => rows[at]?.length === width * HASH_OCTETS)
  if (rows.length !== wanted.length || !isWhole) {
    throw new DependencyError('tiles', 'a tile is not as wide as it must be')
  }
  return rows
}

/** The hashes of subtrees of a tree of this size, by one reading of the tiles that have them. */
export async function subtreeHashes(
  tiles: TileReader,
  ranges: readonly LeafRange[],
  size: number,
): Promise<readonly Hash[]> {
  const nodes = ranges.map((range) =>
    completeSubtrees(range).map((position) => nodeInTile(position, size)),
  )
  const wanted: Tile[] = []
  for (const { tile } of nodes.flat()) {
    if (!wanted.some((other) => isSameTile(other, tile))) wanted.push(tile)
  }
  const rows = await readRows(tiles, wanted)
  const hashOf = ({ tile, from, count }: NodeInTile): Hash => {
    const row = rows[wanted.findIndex((other) => isSameTile(other, tile))]
    if (!row) throw new DependencyError('tiles', 'a tile is missing')
    return nodeOfRow(row, from, count)
  }
  return nodes.map((parts) => foldRight(parts.map(hashOf)))
}
