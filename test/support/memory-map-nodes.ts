import { EMPTY_MAP, type NodeRef } from '../../src/tlog/map-node.js'
import type { MapChange, MapUpdate } from '../../src/tlog/map-draft.js'
import { updateMap } from '../../src/tlog/map.js'
import type { MapNodeReader } from '../../src/tlog/ports.js'

/** A map in memory. */
export class MemoryMapNodes implements MapNodeReader {
  readonly nodes = new Map<number, Uint8Array>()
  root: NodeRef = EMPTY_MAP
  next = 1
  /** How many nodes were read. */
  nodesRead = 0

  change(changes: readonly MapChange[]): MapUpdate {
    const update = updateMap({ nodes: this, root: this.root, next: this.next }, changes)
    for (const { place, octets } of update.put) this.nodes.set(place, octets)
    for (const place of update.drop) this.nodes.delete(place)
    this.root = update.root
    this.next += update.put.length
    return update
  }

  readNode(place: number): Uint8Array | undefined {
    this.nodesRead += 1
    return this.nodes.get(place)
  }
}
