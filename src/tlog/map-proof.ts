import { DependencyError } from '../core/dependency-error.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type Hash, isHash, sameHash } from './hash.js'
import { bitOf, EMPTY_MAP_ROOT, KEY_BITS, mapInnerHash, mapLeafHash } from './map-hash.js'
import { EMPTY_MAP, type NodeRef } from './map-node.js'
import type { MapNodeReader } from './ports.js'
import type { MapProof, MapStep } from './map-path.js'
import { readMapNode } from './read-map-node.js'

export type { MapProof, MapStep } from './map-path.js'

/** Reads one node for each step. It is verified before it is answered, against the root. */
export function proveKey(nodes: MapNodeReader, root: NodeRef, key: Hash): MapProof {
  if (root.place === EMPTY_MAP.place) return { path: [] }
  const path: MapStep[] = []
  for (let ref = root; path.length <= KEY_BITS;) {
    const node = readMapNode(nodes, ref)
    if (node.kind === 'leaf') return verified({ leaf: node, path: path.reverse() }, root.hash, key)
    const isRight = bitOf(key, node.bit) === 1
    path.push({ bit: node.bit, sibling: (isRight ? node.left : node.right).hash })
    ref = isRight ? node.right : node.left
  }
  throw new DependencyError('store', 'the state map has a way without an end')
}

function verified({ leaf, path }: Required<MapProof>, root: Hash, key: Hash): MapProof {
  const proof = { leaf: { key: leaf.key, value: leaf.value }, path }
  if (!verifyMapProof(proof, root, key).ok) {
    throw new DependencyError('store', 'a node of the state map is not where its key leads')
  }
  return proof
}

/**
 * The value under a key in the map with this root; undefined where the proof shows that there is
 * none. No root has proofs of two answers for one key, whoever made it: the bits of the key and the
 * hashes lead to one leaf.
 */
export function verifyMapProof(
  { leaf, path }: MapProof,
  root: Hash,
  key: Hash,
): Result<Hash | undefined, Refusal<'tlog.bad-proof'>> {
  if (!leaf) {
    return path.length === 0 && sameHash(root, EMPTY_MAP_ROOT) ? ok(undefined) : badProof()
  }
  if (!isHash(key) || !isHash(leaf.key) || !isHash(leaf.value)) return badProof()
  let hash = mapLeafHash(leaf.key, leaf.value)
  let below = KEY_BITS
  for (const { bit, sibling } of path) {
    const inOrder = Number.isSafeInteger(bit) && bit >= 0 && bit < below
    if (!inOrder || !isHash(sibling) || bitOf(leaf.key, bit) !== bitOf(key, bit)) return badProof()
    hash =
      bitOf(key, bit) === 1 ? mapInnerHash(bit, sibling, hash) : mapInnerHash(bit, hash, sibling)
    below = bit
  }
  if (!sameHash(hash, root)) return badProof()
  return ok(sameHash(leaf.key, key) ? leaf.value : undefined)
}

const badProof = (): Result<never, Refusal<'tlog.bad-proof'>> =>
  refuse('tlog.bad-proof', 'the proof does not lead from the key to the root')
