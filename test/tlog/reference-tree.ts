import { createHash } from 'node:crypto'
import { nodeHash } from '../../src/tlog/hash.js'

const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

/** MTH, PATH and PROOF as RFC 6962 section 2.1 writes them: recursive, slow, over leaf hashes. */
export function treeRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256('')
  const [only] = leaves
  if (leaves.length === 1 && only) return only
  const k = largestPowerBelow(leaves.length)
  return sha256(Buffer.of(1), treeRoot(leaves.slice(0, k)), treeRoot(leaves.slice(k)))
}

export function treePath(m: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  if (leaves.length === 1) return []
  const k = largestPowerBelow(leaves.length)
  return m < k
    ? [...treePath(m, leaves.slice(0, k)), treeRoot(leaves.slice(k))]
    : [...treePath(m - k, leaves.slice(k)), treeRoot(leaves.slice(0, k))]
}

export const treeProof = (m: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] =>
  subProof(m, leaves, 'whole')

function subProof(
  m: number,
  leaves: readonly Uint8Array[],
  part: 'whole' | 'rest',
): readonly Uint8Array[] {
  if (m === leaves.length) return part === 'whole' ? [] : [treeRoot(leaves)]
  const k = largestPowerBelow(leaves.length)
  return m <= k
    ? [...subProof(m, leaves.slice(0, k), part), treeRoot(leaves.slice(k))]
    : [...subProof(m - k, leaves.slice(k), 'rest'), treeRoot(leaves.slice(0, k))]
}

const largestPowerBelow = (n: number): number => 2 ** Math.floor(Math.log2(n - 1))

/** The leaf hash of the text of a number. */
export const numberedLeaf = (at: number): Uint8Array => sha256(Buffer.of(0), String(at))
export const numberedLeaves = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, at) => numberedLeaf(at))

/** A tree whose leaves are all the same, of any size, and its proofs: one hash for each level. */
export class UniformTree {
  readonly #complete: Uint8Array[] = [numberedLeaf(0)]

  #subtree(level: number): Uint8Array {
    for (let at = this.#complete.length; at <= level; at++) {
      const below = this.#complete[at - 1]!
      this.#complete.push(nodeHash(below, below))
    }
    return this.#complete[level]!
  }

  root(size: number): Uint8Array {
    if (size === 0) return sha256('')
    let rest = size
    let root: Uint8Array | undefined
    for (let level = 0; rest > 0; level++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) continue
      root = root ? nodeHash(this.#subtree(level), root) : this.#subtree(level)
    }
    return root!
  }
}
