import { isSize } from './hash.js'

/** The leaves from `begin` up to, and without, `end`. */
export interface LeafRange {
  readonly begin: number
  readonly end: number
}

/** A complete subtree: the leaves from `index * 2^level` to `(index + 1) * 2^level`. */
export interface NodePosition {
  readonly level: number
  readonly index: number
}

/** The fewest complete subtrees that these leaves are made of, from left to right. */
export function completeSubtrees({ begin, end }: LeafRange): readonly NodePosition[] {
  const nodes: NodePosition[] = []
  for (let at = begin; at < end;) {
    let level = 0
    let width = 1
    while (at % (2 * width) === 0 && at + 2 * width <= end) {
      width *= 2
      level++
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}

/** Largest power of two below `size`, which is 2 or more. */
function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** PATH of RFC 6962 section 2.1.1: the subtrees whose hashes prove a leaf, from the leaf up. */
export function inclusionSubtrees(index: number, size: number): readonly LeafRange[] {
  if (!isSize(size) || !isSize(index) || index >= size) {
    throw new RangeError('a leaf that is in the tree')
  }
  const path: LeafRange[] = []
  let begin = 0
  let end = size
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin)
    if (index < middle) {
      path.push({ begin: middle, end })
      end = middle
    } else {
      path.push({ begin, end: middle })
      begin = middle
    }
  }
  return path.reverse()
}

/** PROOF of RFC 6962 section 2.1.2, for `0 < first <= second`; empty where they are the same. */
export function consistencySubtrees(first: number, second: number): readonly LeafRange[] {
  if (!isSize(first) || !isSize(second) || first === 0 || first > second) {
    throw new RangeError('a tree with leaves, and one that is no smaller')
  }
  const proof: LeafRange[] = []
  let begin = 0
  let end = second
  while (first !== end) {
    const middle = begin + splitOf(end - begin)
    if (first <= middle) {
      proof.push({ begin: middle, end })
      end = middle
    } else {
      proof.push({ begin, end: middle })
      begin = middle
    }
  }
  // What is left ends where the first tree does. Where it is all of it, the verifier has its hash.
  if (begin > 0) proof.push({ begin, end })
  return proof.reverse()
}
