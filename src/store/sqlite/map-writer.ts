import type { Database, Statement } from 'better-sqlite3'
import { type Hash, sameHash } from '../../tlog/hash.js'
import { updateMap } from '../../tlog/map.js'
import type { MapChange } from '../../tlog/map-draft.js'
import { EMPTY_MAP, type NodeRef } from '../../tlog/map-node.js'
import { MapReader } from './map-reader.js'
import { NotRecordable } from './not-recordable.js'

export const mapSqlTables = ['index_map', 'index_map_node', 'index_map_gone'] as const

/** A map that is being made, from no rows on. */
const MAKING = -1
interface SweepLimits {
  /** Nodes that are gone and stay for a while: taking away many at once is cheaper. */
  readonly leftLying: number
  /** Nodes taken away at a time: whoever writes beside it waits so long. */
  readonly swept: number
}

/** About half a megabyte, and about three milliseconds. */
const defaultSweepLimits: SweepLimits = { leftLying: 4096, swept: 2048 }

/** The state map, written. Every method runs inside a transaction. */
export class MapWriter {
  private readonly map: MapReader
  private readonly limits: SweepLimits
  private readonly putRoot: Statement<[number, Hash, number]>
  private readonly forgetRoots: Statement<[number]>
  private readonly lastPlace: Statement<[], number>
  private readonly putNode: Statement<[number, Uint8Array]>
  private readonly dropNode: Statement<[number]>
  private readonly putGone: Statement<[number, number]>
  private readonly dropGone: Statement<[number]>
  private readonly gone: Statement<[number, number], number>
  private readonly countGone: Statement<[], number>
  private readonly clear: readonly Statement[]
  private readonly firstRoot: Statement<[], number | null>
  /** Nodes that may be lying about: counted where that is not known. */
  private lying: number | undefined
  /** Once it is begun, all of them go. */
  private isSweeping = false

  constructor(database: Database, limits = defaultSweepLimits) {
    this.limits = limits
    this.map = new MapReader(database)
    this.putRoot = database.prepare(
      `INSERT INTO index_map (size, root, place) VALUES (?, ?, ?)
       ON CONFLICT (size) DO UPDATE SET root = excluded.root, place = excluded.place`,
    )
    this.forgetRoots = database.prepare('DELETE FROM index_map WHERE size < ?')
    this.lastPlace = database
      .prepare<[], number>('SELECT coalesce(max(place), 0) FROM index_map_node')
      .pluck()
    this.putNode = database.prepare('INSERT INTO index_map_node (place, octets) VALUES (?, ?)')
    this.dropNode = database.prepare('DELETE FROM index_map_node WHERE place = ?')
    this.putGone = database.prepare('INSERT INTO index_map_gone (place, size) VALUES (?, ?)')
    this.dropGone = database.prepare('DELETE FROM index_map_gone WHERE place = ?')
    this.gone = database
      .prepare<[number, number], number>(
        'SELECT place FROM index_map_gone WHERE size <= ? ORDER BY place LIMIT ?',
      )
      .pluck()
    this.clear = mapSqlTables.map((table) => database.prepare(`DELETE FROM ${table}`))
    this.firstRoot = database.prepare<[], number | null>('SELECT min(size) FROM index_map').pluck()
    this.countGone = database.prepare<[], number>('SELECT count(*) FROM index_map_gone').pluck()
  }

  /** Of which size of the log the map is; 0 where it is not made. */
  get size(): number {
    return this.map.size
  }

  /** With the log: a checkpoint of what was may have been signed, or is being signed. */
  append(from: number, to: number, changes: readonly MapChange[]): void {
    const dropped = this.update(from, to, changes)
    for (const place of dropped) this.putGone.run(place, to)
    if (this.lying !== undefined) this.lying += dropped.length
  }

  /** Over what is in the log already: nobody signs what was between. */
  advance(from: number, to: number, changes: readonly MapChange[]): void {
    for (const place of this.update(from, to, changes)) this.dropNode.run(place)
    this.forgetRoots.run(to)
  }

  /** Makes it of rows, the first of them in the place of what was there; `size` with the last. */
  make(changes: readonly MapChange[], isFirst: boolean, size: number | undefined): void {
    if (isFirst) {
      for (const statement of this.clear) statement.run()
      this.lying = 0
      this.putRoot.run(MAKING, EMPTY_MAP.hash, EMPTY_MAP.place)
    }
    this.advance(MAKING, size ?? MAKING, changes)
  }

  /** Is this the root that the map had at that size? */
  hadRoot(size: number, root: Hash | undefined): boolean {
    const kept = this.map.rootAt(size)
    return root === undefined ? !kept : kept !== undefined && sameHash(kept.hash, root)
  }

  /** A checkpoint of this size is kept: what only smaller ones lead to may go. */
  signed(size: number): void {
    this.forgetRoots.run(size)
  }

  /**
   * Takes away some nodes that no root leads to any more, once many lie about; answers how many. To be
   * called again until there are none: after many changes at once there may be hundreds of thousands.
   */
  sweep(): number {
    this.lying ??= this.countGone.get() ?? 0
    const { leftLying, swept } = this.limits
    if (!this.isSweeping && this.lying <= leftLying) return 0
    // What was gone by then, no later root leads to.
    const places = this.gone.all(this.firstRoot.get() ?? 0, swept)
    for (const place of places) {
      this.dropNode.run(place)
      this.dropGone.run(place)
    }
    this.isSweeping = places.length === swept
    this.lying = this.isSweeping ? this.lying - places.length : undefined
    return places.length
  }

  /** Writes the new nodes, and answers the places of those that are gone. */
  private update(from: number, to: number, changes: readonly MapChange[]): readonly number[] {
    const root = this.rootOf(from)
    const next = (this.lastPlace.get() ?? 0) + 1
    const { put, drop, ...made } = updateMap({ nodes: this.map, root, next }, changes)
    for (const { place, octets } of put) this.putNode.run(place, octets)
    this.putRoot.run(to, made.root.hash, made.root.place)
    return drop
  }

  private rootOf(size: number): NodeRef {
    const root = this.map.rootAt(size) ?? (size === 0 ? EMPTY_MAP : undefined)
    if (root) return root
    throw new NotRecordable('the state map is not at the end of the log')
  }
}
