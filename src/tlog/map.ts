import { HASH_OCTETS } from './hash.js'
import { type MapChange, MapDraft, type MapUpdate } from './map-draft.js'
import type { NodeRef } from './map-node.js'
import type { MapNodeReader } from './ports.js'

/** A map as it is stored. */
export interface StoredMap {
  readonly nodes: MapNodeReader
  readonly root: NodeRef
  /** The first place that is free, and so are all after it. */
  readonly next: number
}

/**
 * The map after these changes, one for each key at most: its new root, and the nodes to write. Reads
 * and writes O(log n) nodes for a change. A node that is not what its hash says is a
 * `DependencyError`.
 */
export function updateMap(
  { nodes, root, next }: StoredMap,
  changes: readonly MapChange[],
): MapUpdate {
  checkChanges(changes)
  const draft = new MapDraft(nodes, root)
  for (const change of changes) draft.apply(change)
  return draft.finish(next)
}

function checkChanges(changes: readonly MapChange[]): void {
  const keys = new Set<string>()
  for (const { key, value } of changes) {
    if (key.length !== HASH_OCTETS || (value && value.length !== HASH_OCTETS)) {
      throw new RangeError('keys and values of 32 octets')
    }
    keys.add(Buffer.from(key).toString('latin1'))
  }
  if (keys.size < changes.length) throw new RangeError('one change for each key')
}
