import { type Hash, HASH_OCTETS } from './hash.js'
import { EMPTY_MAP_ROOT, mapInnerHash, mapLeafHash } from './map-hash.js'

/** A node by what it hashes to, and by where it is stored: a number from 1. */
export interface NodeRef {
  readonly hash: Hash
  readonly place: number
}

/** The root of a map without keys, which is stored nowhere. */
export const EMPTY_MAP: NodeRef = { hash: EMPTY_MAP_ROOT, place: 0 }

/** A node of the map as it is stored. Where its children are is no part of what is hashed. */
export type MapNode =
  | { readonly kind: 'leaf'; readonly key: Hash; readonly value: Hash }
  | {
      readonly kind: 'inner'
      readonly bit: number
      readonly left: NodeRef
      readonly right: NodeRef
    }

const LEAF = 0
const INNER = 1
/** Octets of a place. */
const PLACE = 6
const LEFT_PLACE = 2 + 2 * HASH_OCTETS

/** 0 || key || value, or 1 || bit || left || right || their places: 65 or 78 octets. */
export function encodeMapNode(node: MapNode): Uint8Array {
  if (node.kind === 'leaf') return Buffer.concat([Buffer.of(LEAF), node.key, node.value])
  const places = Buffer.alloc(2 * PLACE)
  places.writeUIntBE(node.left.place, 0, PLACE)
  places.writeUIntBE(node.right.place, PLACE, PLACE)
  return Buffer.concat([Buffer.of(INNER, node.bit), node.left.hash, node.right.hash, places])
}

/** Undefined for octets that are no node. */
export function decodeMapNode(octets: Uint8Array): MapNode | undefined {
  const [kind, bit = 0] = octets
  if (kind === LEAF && octets.length === 1 + 2 * HASH_OCTETS) {
    return { kind: 'leaf', key: octets.slice(1, 33), value: octets.slice(33) }
  }
  if (kind !== INNER || octets.length !== LEFT_PLACE + 2 * PLACE) return undefined
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  const child = (position: 0 | 1): NodeRef => ({
    hash: octets.slice(2 + position * HASH_OCTETS, 2 + (position + 1) * HASH_OCTETS),
    place: buffer.readUIntBE(LEFT_PLACE + position * PLACE, PLACE),
  })
  return { kind: 'inner', bit, left: child(0), right: child(1) }
}

export const mapNodeHash = (node: MapNode): Hash =>
  node.kind === 'leaf'
    ? mapLeafHash(node.key, node.value)
    : mapInnerHash(node.bit, node.left.hash, node.right.hash)
