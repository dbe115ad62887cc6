import { DependencyError } from '../core/dependency-error.js'
import { type Hash, sameHash } from './hash.js'
import { decodeMapNode, type MapNode, mapNodeHash } from './map-node.js'
import type { MapNodeReader } from './ports.js'

/** Reads nodes, and sees that they are what their hashes say. */
export async function readMapNodes(
  nodes: MapNodeReader,
  hashes: readonly Hash[],
): Promise<readonly MapNode[]> {
  const stored = await nodes.readNodes(hashes)
  return hashes.map((hash, at) => {
    const octets = stored[at]
    const node = octets && decodeMapNode(octets)
    if (!node || !sameHash(mapNodeHash(node), hash)) {
      throw new DependencyError('map', 'a node is not what its hash says')
    }
    return node
  })
}
