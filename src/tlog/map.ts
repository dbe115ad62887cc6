import { HASH_OCTETS, type Hash } from './hash.js'
import { MapDraft, type MapChange, type MapUpdate } from './map-draft.js'
import type { MapNodeReader } from './ports.js'
import { readMapNodes } from './read-map-nodes.js'

/**
 * The map with this root after these changes, one for each key at most: its new root, and the nodes
 * to write. Reads and writes O(log n) nodes for a change, and reads them for all changes together,
 * level by level. Nodes that are not what their hashes say are a `DependencyError`.
 */
export async function updateMap(
  nodes: MapNodeReader,
  root: Hash,
  changes: readonly MapChange[],
): Promise<MapUpdate> {
  checkChanges(changes)
  const draft = new MapDraft(root)
  const keys = changes.map(({ key }) => key)
  for (let gaps = draft.gapsTo(keys); gaps.length > 0; gaps = draft.gapsTo(keys)) {
    const read = await readMapNodes(
      nodes,
      gaps.map(({ hash }) => hash),
    )
    for (const [at, node] of read.entries()) gaps[at]?.fill(node)
  }
  for (const change of changes) {
    // A change before it may have taken away a node, so that the way leads through another.
    for (let gap = draft.apply(change); gap; gap = draft.apply(change)) {
      const [node] = await readMapNodes(nodes, [gap.hash])
      if (node) gap.fill(node)
    }
  }
  return draft.finish()
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
