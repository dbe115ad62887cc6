import { EMPTY_ROOT, half, type Hash, nodeHash } from './hash.js'
import { completeSubtrees, type LeafRange } from './subtrees.js'

/**
 * What is left of the leaves of a range when everything that is settled is hashed: the roots of its
 * complete subtrees, from left to right; 2 log2(n) at most. Of a range that begins at 0 it is all
 * that appending, and the root, need of a tree. Transparency-dev calls it a compact range.
 */
export interface CompactRange extends LeafRange {
  readonly hashes: readonly Hash[]
}

export const emptyRange = (at = 0): CompactRange => ({ begin: at, end: at, hashes: [] })

/** Told of each subtree as it becomes complete, children before their parent. */
export type OnNode = (level: number, index: number, hash: Hash) => void

/** The range with these leaf hashes at its end. */
export function appendLeaves(
  range: CompactRange,
  leaves: readonly Hash[],
  onNode?: OnNode,
): CompactRange {
  const stack = new RangeStack(range, onNode)
  let at = range.end
  for (const leaf of leaves) stack.push(0, at++, leaf)
  return { begin: range.begin, end: at, hashes: stack.hashes }
}

/** Two ranges, of which the second begins where the first ends, as one. */
export function mergeRanges(left: CompactRange, right: CompactRange): CompactRange {
  if (left.end !== right.begin) throw new RangeError('ranges that meet')
  const stack = new RangeStack(left)
  for (const [at, { level, index }] of completeSubtrees(right).entries()) {
    stack.push(level, index, right.hashes[at] ?? EMPTY_ROOT)
  }
  return { begin: left.begin, end: right.end, hashes: stack.hashes }
}

/** The root of a tree whose leaves are all in the range. */
export function rangeRoot(range: CompactRange): Hash {
  if (range.begin !== 0) throw new RangeError('a range from the first leaf on')
  return foldRight(range.hashes)
}

/** The root over complete subtrees that get smaller to the right (RFC 6962 section 2.1). */
export function foldRight(hashes: readonly Hash[]): Hash {
  let root = hashes.at(-1) ?? EMPTY_ROOT
  for (let at = hashes.length - 2; at >= 0; at--) root = nodeHash(hashes[at] ?? root, root)
  return root
}

class RangeStack {
  readonly hashes: Hash[]
  readonly #levels: number[]
  readonly #onNode: OnNode | undefined

  constructor(range: CompactRange, onNode?: OnNode) {
    this.hashes = [...range.hashes]
    this.#levels = completeSubtrees(range).map(({ level }) => level)
    if (this.#levels.length !== this.hashes.length) throw new RangeError('a hash for each subtree')
    this.#onNode = onNode
  }

  /** Adds a subtree that begins where the last one ends, and joins what is then complete. */
  push(level: number, index: number, hash: Hash): void {
    this.#onNode?.(level, index, hash)
    while (index % 2 === 1 && this.#levels.at(-1) === level) {
      this.#levels.pop()
      const left = this.hashes.pop()
      if (left === undefined) break
      hash = nodeHash(left, hash)
      level++
      index = half(index)
      this.#onNode?.(level, index, hash)
    }
    this.#levels.push(level)
    this.hashes.push(hash)
  }
}
