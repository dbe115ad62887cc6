import { type Hash, HASH_OCTETS } from './hash.js'
import { mapInnerHash, mapLeafHash } from './map-hash.js'

/** A node of the map as it is stored, under its hash. */
export type MapNode =
  | { readonly kind: 'leaf'; readonly key: Hash; readonly value: Hash }
  | { readonly kind: 'inner'; readonly bit: number; readonly left: Hash; readonly right: Hash }

const LEAF = 0
const INNER = 1

/** 0 || key || value, or 1 || bit || left || right: 65 or 66 octets. */
export function encodeMapNode(node: MapNode): Uint8Array {
  return node.kind === 'leaf'
    ? Buffer.concat([Buffer.of(LEAF), node.key, node.value])
    : Buffer.concat([Buffer.of(INNER, node.bit), node.left, node.right])
}

/** Undefined for octets that are no node. */
export function decodeMapNode(octets: Uint8Array): MapNode | undefined {
  const [kind, bit = 0] = octets
  if (kind === LEAF && octets.length === 1 + 2 * HASH_OCTETS) {
    return { kind: 'leaf', key: octets.slice(1, 33), value: octets.slice(33) }
  }
  if (kind === INNER && octets.length === 2 + 2 * HASH_OCTETS) {
    return { kind: 'inner', bit, left: octets.slice(2, 34), right: octets.slice(34) }
  }
  return undefined
}

export const mapNodeHash = (node: MapNode): Hash =>
  node.kind === 'leaf'
    ? mapLeafHash(node.key, node.value)
    : mapInnerHash(node.bit, node.left, node.right)
