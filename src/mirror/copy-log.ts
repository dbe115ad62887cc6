import { DependencyError } from '../core/dependency-error.js'
import type { LogName } from '../monitor/alarm.js'
import type { ShownLogs } from '../monitor/ports.js'
import { OtherRecords } from '../monitor/shown-records.js'
import type { Pace } from '../namespace/ports.js'
import { type Hash, HASH_OCTETS, sameHash } from '../tlog/hash.js'
import { nodeOfRow, readRows } from '../tlog/read-nodes.js'
import {
  type Bundle,
  hashesAt,
  partialTiles,
  type Tile,
  tileAt,
  TILE_WIDTH,
  tilePath,
} from '../tlog/tile.js'
import { edgeOf } from '../tlog/tree-edge.js'
import type { TreeHead } from '../tlog/verify-proof.js'
import { type HeldBundle, otherRecordIn, putBundle, readBundle, widthsHeld } from './held-bundle.js'
import { leftPath } from './layout.js'
import type { MirrorFiles } from './ports.js'
import { shownBundle } from './shown-bundle.js'

export interface CopyDeps {
  readonly log: LogName
  readonly shown: ShownLogs
  readonly files: MirrorFiles
  readonly pace: Pace
}

/**
 * Makes the files of a log that has this head, `from` a size of which all is there. Every tile is compared
 * with the hash above it before it is written, the tiles at the edge with the root, and every record with
 * its tile: what is written is what was signed, so that what an interruption leaves is gone on from, and
 * wrong octets are never under a name that caches keep. Memory holds one tile's records at a time. Throws
 * `OtherRecords` where what is shown is not what was signed.
 */
export async function copyLog(deps: CopyDeps, from: number, head: TreeHead): Promise<void> {
  const copy = new Copy(deps, from, head)
  await copy.edge()
  for (let level = topOf(head.size); level >= 0; level -= 1) {
    for (const tile of tilesToCopy(level, from, head.size)) await copy.take(tile)
  }
}

const topOf = (size: number): number => {
  let level = 0
  while (hashesAt(level + 1, size) > 0) level += 1
  return level
}

/** Those that a tree of size `to` has and one of size `from` has not, or not as wide: of one level. */
export function* tilesToCopy(level: number, from: number, to: number): Generator<Tile> {
  const [before, after] = [hashesAt(level, from), hashesAt(level, to)]
  if (after === before) return
  for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < after; index += 1) {
    const tile = tileAt(level, index, to)
    if (tile) yield tile
  }
}

class Copy {
  private readonly deps: CopyDeps
  private readonly from: number
  private readonly head: TreeHead
  /** The partial tiles of the new tree, by level. */
  private readonly partial = new Map<number, Uint8Array>()
  private above: { readonly path: string; readonly row: Uint8Array } | undefined

  constructor(deps: CopyDeps, from: number, head: TreeHead) {
    this.deps = deps
    this.from = from
    this.head = head
  }

  /** Tiles that are not full have no hash above them: together they come to the root. */
  async edge(): Promise<void> {
    const { shown, log } = this.deps
    const tiles = partialTiles(this.head.size)
    const rows = await readRows(tilesOf(shown, log), tiles)
    try {
      edgeOf(this.head, rows)
    } catch {
      throw new OtherRecords(`tiles that do not come to the root of ${this.head.size} records`)
    }
    for (const [at, { level }] of tiles.entries()) {
      const row = rows[at]
      if (row) this.partial.set(level, row)
    }
  }

  async take(tile: Tile): Promise<void> {
    const { log, files, pace } = this.deps
    const { row, isKept } = await this.rowOf(tile)
    if (tile.level === 0) {
      await this.takeRecords(tile, row)
      const done = tile.index * TILE_WIDTH + tile.width
      await pace({ work: `copy the ${log} log`, done, total: this.head.size })
    } else {
      await pace({ work: `copy the ${log} log`, done: this.from, total: this.head.size })
    }
    if (!isKept) await files.put(tilePath(tile), row)
  }

  /** The hashes of a tile, found right; `isKept`: the file is there already. */
  private async rowOf(tile: Tile): Promise<{ readonly row: Uint8Array; readonly isKept: boolean }> {
    const { shown, log, files } = this.deps
    const kept = await files.read(tilePath(tile))
    if (tile.width < TILE_WIDTH) {
      const row = this.partial.get(tile.level)
      if (!row) throw new DependencyError('server', `it shows no ${tilePath(tile)}`)
      return { row, isKept: kept !== undefined && sameHash(kept, row) }
    }
    const wanted = await this.hashAbove(tile)
    if (kept && isFullTileOf(wanted, kept)) return { row: kept, isKept: true }
    const row = await shown.tile(log, tile)
    if (isFullTileOf(wanted, row)) return { row, isKept: false }
    throw new OtherRecords(`another ${tilePath(tile)} than was signed`)
  }

  private async hashAbove({ level, index }: Tile): Promise<Hash> {
    const above = tileAt(level + 1, Math.floor(index / TILE_WIDTH), this.head.size)
    if (!above) throw new RangeError('a full tile has a hash above it')
    const at = (index % TILE_WIDTH) * HASH_OCTETS
    return (await this.rowAbove(above)).subarray(at, at + HASH_OCTETS)
  }

  private async rowAbove(tile: Tile): Promise<Uint8Array> {
    const edge = tile.width < TILE_WIDTH ? this.partial.get(tile.level) : undefined
    if (edge) return edge
    const path = tilePath(tile)
    if (this.above?.path === path) return this.above.row
    const row = await this.deps.files.read(path)
    if (row?.length !== tile.width * HASH_OCTETS) {
      throw new DependencyError('mirror', `${path} is gone or damaged: capstan mirror --repair`)
    }
    this.above = { path, row }
    return row
  }

  /** What is held already is not asked for again, and never lost where the server has pruned it since. */
  private async takeRecords({ index, width }: Tile, row: Uint8Array): Promise<void> {
    const { log, shown, files } = this.deps
    const bundle = { index, width }
    const whole = await this.heldOf(bundle, row)
    if (whole && isComplete(whole)) return
    const first = index * TILE_WIDTH
    const begun = await this.begunOf(bundle, row)
    const held = whole && begun ? over(whole, begun) : (whole ?? begun)
    // What was gone before is asked for again only where the folder is gone over.
    const start = whole ? 0 : (begun?.records.length ?? 0)
    const read = await shownBundle(shown, log, first + start, first + width)
    const made = merge(held, read, start)
    const other = otherRecordIn(made, row)
    if (other !== undefined)
      throw new OtherRecords(`another record ${first + other} than was signed`)
    await putBundle(files, log, bundle, made)
    if (whole && isComplete(made)) await files.remove(leftPath(bundle))
  }

  /** What narrower bundles have of it, whatever checkpoint they were copied for. */
  private async begunOf(bundle: Bundle, row: Uint8Array): Promise<HeldBundle | undefined> {
    const { files } = this.deps
    let held: HeldBundle | undefined
    for (const width of await widthsHeld(files, bundle.index)) {
      if (width >= bundle.width) break
      const one = await this.heldOf({ index: bundle.index, width }, row)
      if (one) held = held ? over(one, held) : one
    }
    return held
  }

  /** What is on disk, where it is of this tile. */
  private async heldOf(
    bundle: { readonly index: number; readonly width: number },
    row: Uint8Array,
  ): Promise<HeldBundle | undefined> {
    const { log, files } = this.deps
    const held = await readBundle(files, log, bundle)
    return held && otherRecordIn(held, row) === undefined ? held : undefined
  }
}

const isComplete = ({ records }: HeldBundle): boolean => !records.includes(undefined)

const isFullTileOf = (wanted: Hash, row: Uint8Array): boolean =>
  row.length === TILE_WIDTH * HASH_OCTETS && sameHash(nodeOfRow(row, 0, TILE_WIDTH), wanted)

/** What the wider of two bundles of one tile has, and where it has only the hash, what the other one has. */
const over = (wide: HeldBundle, narrow: HeldBundle): HeldBundle => ({
  records: wide.records.map((record, at) => record ?? narrow.records[at]),
  envelopes: wide.envelopes,
})

/** `read` begins at number `start` of the bundle; what is held counts where only the hash is shown. */
function merge(held: HeldBundle | undefined, read: HeldBundle, start: number): HeldBundle {
  if (!held) return read
  const records = [
    ...held.records.slice(0, start),
    ...read.records.map((record, at) => record ?? held.records[start + at]),
  ]
  return { records, envelopes: [...held.envelopes.slice(0, start), ...read.envelopes] }
}

/** The tiles of a log as they are shown. */
export const tilesOf = (
  shown: Pick<ShownLogs, 'tile'>,
  log: LogName,
): { readTiles: (tiles: readonly Tile[]) => Promise<readonly Uint8Array[]> } => ({
  async readTiles(tiles) {
    const rows: Uint8Array[] = []
    for (const tile of tiles) rows.push(await shown.tile(log, tile))
    return rows
  },
})
