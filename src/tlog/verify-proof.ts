import { half, type Hash, HASH_OCTETS, isHash, isSize, nodeHash, sameHash } from './hash.js'

/** A tree as a checkpoint states it. */
export interface TreeHead {
  readonly size: number
  readonly root: Hash
}

export interface Inclusion {
  readonly index: number
  readonly leaf: Hash
  /** From the leaf's sibling up to the root's child. */
  readonly path: readonly Hash[]
}

/** Is this leaf at this place in the tree? RFC 9162 section 2.1.3.2. Anything odd is a no. */
export function inclusionHolds(
  { size, root }: TreeHead,
  { index, leaf, path }: Inclusion,
): boolean {
  if (!isSize(size) || !isSize(index) || index >= size || !isHash(leaf)) return false
  let at = index
  let last = size - 1
  let hash = leaf
  for (const sibling of path) {
    if (last === 0 || !isHash(sibling)) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash)
      // The last node of a level that has no sibling there is its own parent.
      while (at % 2 === 0 && at !== 0) {
        at /= 2
        last = half(last)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && sameHash(hash, root)
}

/**
 * Is the first tree the beginning of the second? RFC 9162 section 2.1.4.2. Where the sizes are the
 * same the proof is empty. Nothing is shown about a tree without leaves: that is a no.
 */
export function consistencyHolds(
  first: TreeHead,
  second: TreeHead,
  proof: readonly Hash[],
): boolean {
  if (!isSize(first.size) || !isSize(second.size)) return false
  if (first.size === 0 || first.size > second.size) return false
  if (!isHash(first.root) || !isHash(second.root)) return false
  if (first.size === second.size) return proof.length === 0 && sameHash(first.root, second.root)
  if (proof.length === 0 || proof.some(({ length }) => length !== HASH_OCTETS)) return false
  return chainsToBoth(first, second, proof)
}

function chainsToBoth(first: TreeHead, second: TreeHead, proof: readonly Hash[]): boolean {
  let at = first.size - 1
  let last = second.size - 1
  while (at % 2 === 1) {
    at = half(at)
    last = half(last)
  }
  // A first tree that is complete is a node of the second, and its hash is not sent.
  const [seed = first.root, ...rest] = at === 0 ? [first.root, ...proof] : proof
  let firstRoot = seed
  let secondRoot = seed
  for (const hash of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      firstRoot = nodeHash(hash, firstRoot)
      secondRoot = nodeHash(hash, secondRoot)
      while (at % 2 === 0 && at !== 0) {
        at /= 2
        last = half(last)
      }
    } else {
      secondRoot = nodeHash(secondRoot, hash)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && sameHash(firstRoot, first.root) && sameHash(secondRoot, second.root)
}
