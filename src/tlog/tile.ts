import { isSize } from './hash.js'
import type { NodePosition } from './subtrees.js'

/** Hashes in a full tile; its height is 8. */
export const TILE_WIDTH = 256
const TILE_HEIGHT = 8

/**
 * A row of consecutive hashes of the tree (C2SP tlog-tiles): those of nodes of level `8 * level`,
 * from `256 * index` on, `width` of them. At level 0 they are leaf hashes.
 */
export interface Tile {
  readonly level: number
  readonly index: number
  /** From 1 to 256; below 256 the tile is partial. */
  readonly width: number
}

/** The entries under a tile of level 0. */
export type Bundle = Omit<Tile, 'level'>

/** `tile/0/x001/x234/067`, `tile/1/000.p/12` */
export const tilePath = ({ level, ...rest }: Tile): string => `tile/${level}/${tail(rest)}`

/** `tile/entries/x001/x234/067.p/5` */
export const bundlePath = (bundle: Bundle): string => `tile/entries/${tail(bundle)}`

function tail({ index, width }: Bundle): string {
  const groups = [String(index % 1000).padStart(3, '0')]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  }
  return groups.join('/') + (width === TILE_WIDTH ? '' : `.p/${width}`)
}

/** What a path names: a tile of hashes, or a bundle of entries. */
export type TilePath =
  | { readonly kind: 'hashes'; readonly tile: Tile }
  | { readonly kind: 'entries'; readonly bundle: Bundle }

const PATH = /^tile\/(?:entries|(0|[1-9]\d?))\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Undefined for anything but the one spelling of a tile: no leading zeros, level 63 at most. */
export function parseTilePath(path: string): TilePath | undefined {
  const [, level, groups, partial] = PATH.exec(path) ?? []
  if (groups === undefined) return undefined
  const index = Number(groups.replaceAll(/[x/]/g, ''))
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  const isPartial = partial !== undefined
  if (!isSize(index) || groups.startsWith('x000') || (isPartial && width >= TILE_WIDTH)) {
    return undefined
  }
  if (level === undefined) return { kind: 'entries', bundle: { index, width } }
  if (Number(level) > 63) return undefined
  return { kind: 'hashes', tile: { level: Number(level), index, width } }
}

/** Hashes of a level of tiles in a tree of this size. */
export const hashesAt = (level: number, size: number): number =>
  Math.floor(size / TILE_WIDTH ** level)

/** The tile at this place in a tree of this size; undefined where there is none. */
export function tileAt(level: number, index: number, size: number): Tile | undefined {
  const width = Math.min(TILE_WIDTH, hashesAt(level, size) - index * TILE_WIDTH)
  return width > 0 ? { level, index, width } : undefined
}

/** The tile that has this node, or all of what is under it, and where in the tile that begins. */
export interface NodeInTile {
  readonly tile: Tile
  /** Number of the first hash. */
  readonly from: number
  /** How many hashes are under the node: 1 where the tile has the node itself. */
  readonly count: number
}

/** The node is complete in a tree of this size. */
export function nodeInTile({ level, index }: NodePosition, size: number): NodeInTile {
  const tileLevel = Math.floor(level / TILE_HEIGHT)
  const count = 2 ** (level % TILE_HEIGHT)
  const first = index * count
  const tile = tileAt(tileLevel, Math.floor(first / TILE_WIDTH), size)
  const from = first % TILE_WIDTH
  if (!tile || from + count > tile.width) throw new RangeError('a node of a tree of this size')
  return { tile, from, count }
}

/** The tiles at the right edge that are not full, from the leaves up: what appending goes on from. */
export function partialTiles(size: number): readonly Tile[] {
  const tiles: Tile[] = []
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const hashes = hashesAt(level, size)
    const width = hashes % TILE_WIDTH
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / TILE_WIDTH), width })
  }
  return tiles
}

/** The tiles that a tree of size `to` has and one of size `from` has not, or not as wide. */
export function changedTiles(from: number, to: number): readonly Tile[] {
  const tiles: Tile[] = []
  for (let level = 0; hashesAt(level, to) > hashesAt(level, from); level++) {
    const last = Math.ceil(hashesAt(level, to) / TILE_WIDTH)
    for (let index = Math.floor(hashesAt(level, from) / TILE_WIDTH); index < last; index++) {
      const tile = tileAt(level, index, to)
      if (tile) tiles.push(tile)
    }
  }
  return tiles
}

export const isSameTile = (a: Tile, b: Tile): boolean => a.level === b.level && a.index === b.index
