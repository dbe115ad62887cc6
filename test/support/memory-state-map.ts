import type { StateMap } from '../../src/namespace/ports.js'
import { updateMap } from '../../src/tlog/map.js'
import type { MapChange } from '../../src/tlog/map-draft.js'
import { EMPTY_MAP, type NodeRef } from '../../src/tlog/map-node.js'
import type { MapNodeReader } from '../../src/tlog/ports.js'

/** A state map in memory, which keeps every root that it ever had. */
export class MemoryStateMap implements StateMap, MapNodeReader {
  size = 0
  root: NodeRef = EMPTY_MAP
  readonly nodes = this
  readonly roots = new Map<number, NodeRef>()
  readonly stored = new Map<number, Uint8Array>()
  #gone = 0

  get count(): number {
    return this.stored.size - this.#gone
  }

  readNode(place: number): Uint8Array | undefined {
    return this.stored.get(place)
  }

  /** The map that there is, changed: of this size of the log from now on. */
  move(size: number, changes: readonly MapChange[]): void {
    const next = this.stored.size + 1
    const update = updateMap({ nodes: this, root: this.root, next }, changes)
    for (const { place, octets } of update.put) this.stored.set(place, octets)
    this.#gone += update.drop.length
    this.root = update.root
    this.size = size
    this.roots.set(size, update.root)
  }

  clear(): void {
    this.stored.clear()
    this.roots.clear()
    this.#gone = 0
    this.size = 0
    this.root = EMPTY_MAP
  }
}
