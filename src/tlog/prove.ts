import { DependencyError } from '../core/dependency-error.js'
import { EMPTY_ROOT, type Hash } from './hash.js'
import type { TileReader } from './ports.js'
import { subtreeHashes } from './read-nodes.js'
import { consistencySubtrees, inclusionSubtrees } from './subtrees.js'
import { consistencyHolds, type Inclusion, inclusionHolds, type TreeHead } from './verify-proof.js'

/**
 * Proof that leaf number `index` is in the tree. It is verified before it is answered: tiles that do
 * not come to the root are a `DependencyError`. Throws RangeError for a leaf that the tree has not.
 */
export async function proveInclusion(
  tiles: TileReader,
  tree: TreeHead,
  index: number,
): Promise<Inclusion> {
  const ranges = [{ begin: index, end: index + 1 }, ...inclusionSubtrees(index, tree.size)]
  const [leaf = EMPTY_ROOT, ...path] = await subtreeHashes(tiles, ranges, tree.size)
  const inclusion = { index, leaf, path }
  if (!inclusionHolds(tree, inclusion)) throw otherRoot()
  return inclusion
}

/**
 * Proof that the first tree is the beginning of the second; empty where they are the same, and where
 * the first has no leaves. It is verified before it is answered, as above.
 */
export async function proveConsistency(
  tiles: TileReader,
  first: TreeHead,
  second: TreeHead,
): Promise<readonly Hash[]> {
  if (first.size === 0) return []
  const ranges = consistencySubtrees(first.size, second.size)
  const proof = await subtreeHashes(tiles, ranges, second.size)
  if (!consistencyHolds(first, second, proof)) throw otherRoot()
  return proof
}

/** The root that the tree had when it had `size` leaves, from one to what it has now. */
export async function rootAt(tiles: TileReader, size: number, now: number): Promise<Hash> {
  const [root = EMPTY_ROOT] = await subtreeHashes(tiles, [{ begin: 0, end: size }], now)
  return root
}

const otherRoot = (): DependencyError =>
  new DependencyError('tiles', 'they do not come to the root of the tree')
