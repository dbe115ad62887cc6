import { DependencyError } from '../core/dependency-error.js'
import { sameHash } from './hash.js'
import { decodeMapNode, type MapNode, mapNodeHash, type NodeRef } from './map-node.js'
import type { MapNodeReader } from './ports.js'

/** The node, if it is there and what its hash says. */
export function findMapNode(nodes: MapNodeReader, { hash, place }: NodeRef): MapNode | undefined {
  const octets = nodes.readNode(place)
  const node = octets && decodeMapNode(octets)
  return node && sameHash(mapNodeHash(node), hash) ? node : undefined
}

/** The same, for whoever cannot go on without it. */
export function readMapNode(nodes: MapNodeReader, ref: NodeRef): MapNode {
  const node = findMapNode(nodes, ref)
  if (node) return node
  throw new DependencyError(
    'store',
    'a node of the state map is damaged; the log makes it again: capstan index rebuild',
  )
}
