import { DependencyError } from '../core/dependency-error.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type Hash, isHash, sameHash } from './hash.js'
import { bitOf, EMPTY_MAP_ROOT, KEY_BITS, mapInnerHash, mapLeafHash } from './map-hash.js'
import type { MapNodeReader } from './ports.js'
import { readMapNodes } from './read-map-nodes.js'

/** What a map with one root has under one key: the way from the root to the leaf that it leads to. */
export interface MapProof {
  /** The leaf that the bits of the key lead to, which has the key if any has; none in an empty map. */
  readonly leaf?: { readonly key: Hash; readonly value: Hash }
  /** From the leaf up. */
  readonly path: readonly MapStep[]
}

export interface MapStep {
  /** The bit of the key that the inner node looks at. */
  readonly bit: number
  /** The child that the key does not lead to. */
  readonly sibling: Hash
}

/** Reads one node for each step. It is verified before it is answered, against the root. */
export async function proveKey(nodes: MapNodeReader, root: Hash, key: Hash): Promise<MapProof> {
  if (sameHash(root, EMPTY_MAP_ROOT)) return { path: [] }
  const path: MapStep[] = []
  for (let hash = root; path.length <= KEY_BITS;) {
    const [node] = await readMapNodes(nodes, [hash])
    if (!node) break
    if (node.kind === 'leaf') return verified({ leaf: node, path: path.reverse() }, root, key)
    const isRight = bitOf(key, node.bit) === 1
    path.push({ bit: node.bit, sibling: isRight ? node.left : node.right })
    hash = isRight ? node.right : node.left
  }
  throw new DependencyError('map', 'a way without an end')
}

function verified({ leaf, path }: Required<MapProof>, root: Hash, key: Hash): MapProof {
  const proof = { leaf: { key: leaf.key, value: leaf.value }, path }
  if (!verifyMapProof(proof, root, key).ok) {
    throw new DependencyError('map', 'a node is not where its key leads')
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
