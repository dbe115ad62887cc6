import { DependencyError } from '../core/dependency-error.js'
import { appendLeaves, type CompactRange, emptyRange, rangeRoot } from './compact-range.js'
import { type Hash, HASH_OCTETS, sameHash } from './hash.js'
import type { TileReader } from './ports.js'
import { nodeOfRow, readRows } from './read-nodes.js'
import { completeSubtrees } from './subtrees.js'
import { nodeInTile, partialTiles, type Tile, TILE_WIDTH } from './tile.js'
import type { TreeHead } from './verify-proof.js'

/** What is kept of a tree to append to it: the frontier, and the tiles that are not full yet. */
export interface TreeEdge {
  readonly frontier: CompactRange
  /** The partial tile of each level from the leaves up; empty where the last one is full. */
  readonly rows: readonly Uint8Array[]
}

/** A tile as it now is. */
export interface TileWrite {
  readonly tile: Tile
  /** All of its hashes, `32 * width` octets. */
  readonly octets: Uint8Array
  /** How many of them, from the left, were in the tile before: to be replaced by the wider one. */
  readonly before: number
}

export interface Appended {
  readonly edge: TreeEdge
  /** In the order of `changedTiles`: level by level, from left to right. */
  readonly tiles: readonly TileWrite[]
}

export const emptyEdge: TreeEdge = { frontier: emptyRange(), rows: [] }

export const headOf = ({ frontier }: TreeEdge): TreeHead => ({
  size: frontier.end,
  root: rangeRoot(frontier),
})

const ROW_OCTETS = TILE_WIDTH * HASH_OCTETS
const NO_ROW = new Uint8Array(0)

/**
 * The tree with these leaf hashes at its end, and the tiles to write. Costs what is appended and the
 * partial tiles, whatever the size of the tree. The edge given is left as it is, so that what could
 * not be written was not appended.
 */
export function appendToEdge({ frontier, rows }: TreeEdge, leaves: readonly Hash[]): Appended {
  const added: Hash[][] = []
  const next = appendLeaves(frontier, leaves, (level, _, hash) => {
    if (level % 8 === 0) (added[level / 8] ??= []).push(hash)
  })
  const tiles: TileWrite[] = []
  const kept = added.map((hashes, level) => {
    const row = rows[level] ?? NO_ROW
    return fill({ level, row, hashes, end: Math.floor(next.end / TILE_WIDTH ** level) }, tiles)
  })
  return { edge: { frontier: next, rows: [...kept, ...rows.slice(kept.length)] }, tiles }
}

interface Level {
  readonly level: number
  readonly row: Uint8Array
  readonly hashes: readonly Hash[]
  /** Hashes that the level then has. */
  readonly end: number
}

/** Writes the tiles of a level, and answers the one that is not full. */
function fill({ level, row, hashes, end }: Level, tiles: TileWrite[]): Uint8Array {
  const octets = new Uint8Array(row.length + hashes.length * HASH_OCTETS)
  octets.set(row)
  for (const [at, hash] of hashes.entries()) octets.set(hash, row.length + at * HASH_OCTETS)
  const first = (end - octets.length / HASH_OCTETS) / TILE_WIDTH
  for (let from = 0; from < octets.length; from += ROW_OCTETS) {
    const part = octets.subarray(from, from + ROW_OCTETS)
    const tile = { level, index: first + from / ROW_OCTETS, width: part.length / HASH_OCTETS }
    tiles.push({ tile, octets: part, before: from === 0 ? row.length / HASH_OCTETS : 0 })
  }
  // A copy: a slice would keep all that was appended in memory.
  return octets.slice(octets.length - (octets.length % ROW_OCTETS))
}

/**
 * The edge of a stored tree, from its partial tiles: one of each level at most. Tiles that do not come to the root are a `DependencyError`.
 */
export async function openEdge(tiles: TileReader, tree: TreeHead): Promise<TreeEdge> {
  return edgeOf(tree, await readRows(tiles, partialTiles(tree.size)))
}

/** The same of octets that are read already: those of `partialTiles`, in their order. */
export function edgeOf(tree: TreeHead, read: readonly Uint8Array[]): TreeEdge {
  const rows: Uint8Array[] = []
  for (const [at, { level, width }] of partialTiles(tree.size).entries()) {
    const row = read[at] ?? NO_ROW
    if (row.length !== width * HASH_OCTETS) throw notOfRoot()
    rows[level] = row
  }
  const whole = Array.from(rows, (row: Uint8Array | undefined) => row ?? NO_ROW)
  const hashes = completeSubtrees({ begin: 0, end: tree.size }).map((position) => {
    const { tile, from, count } = nodeInTile(position, tree.size)
    return nodeOfRow(whole[tile.level] ?? NO_ROW, from, count)
  })
  const frontier = { begin: 0, end: tree.size, hashes }
  if (!sameHash(rangeRoot(frontier), tree.root)) throw notOfRoot()
  return { frontier, rows: whole }
}

const notOfRoot = (): DependencyError =>
  new DependencyError('tiles', 'they do not come to the root of the tree')
