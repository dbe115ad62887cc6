import { DependencyError } from '../../src/core/dependency-error.js'
import type { TileReader } from '../../src/tlog/ports.js'
import { type Tile, tilePath } from '../../src/tlog/tile.js'
import type { TileWrite } from '../../src/tlog/tree-edge.js'

/** Tiles in memory, under the paths of tlog-tiles. */
export class MemoryTiles implements TileReader {
  readonly files = new Map<string, Uint8Array>()
  /** Every tile that was asked for. */
  readonly asked: Tile[] = []

  write(tiles: readonly TileWrite[]): void {
    for (const { tile, octets, before } of tiles) {
      if (before > 0) this.files.delete(tilePath({ ...tile, width: before }))
      this.files.set(tilePath(tile), Uint8Array.from(octets))
    }
  }

  readTiles(tiles: readonly Tile[]): Promise<readonly Uint8Array[]> {
    this.asked.push(...tiles)
    const rows = tiles.map((tile) => this.#row(tile))
    const found = rows.filter((row) => row !== undefined)
    if (found.length < rows.length) {
      return Promise.reject(new DependencyError('tiles', 'a tile is missing'))
    }
    return Promise.resolve(found)
  }

  /** A tile that has become wider since stands in for the narrower one. */
  #row({ level, index, width }: Tile): Uint8Array | undefined {
    for (let wider = width; wider <= 256; wider++) {
      const octets = this.files.get(tilePath({ level, index, width: wider }))
      if (octets) return octets.subarray(0, width * 32)
    }
    return undefined
  }
}
