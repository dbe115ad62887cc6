import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { nodeHash } from '../../src/tlog/hash.js'
import { consistencySubtrees, inclusionSubtrees, type LeafRange } from '../../src/tlog/subtrees.js'
import { consistencyHolds, inclusionHolds, type TreeHead } from '../../src/tlog/verify-proof.js'
import { numberedLeaves, treePath, treeProof, treeRoot, UniformTree } from './reference-tree.js'

const ALL = 64
const leaves = numberedLeaves(ALL)
const heads: readonly TreeHead[] = Array.from({ length: ALL + 1 }, (_, size) => ({
  size,
  root: treeRoot(leaves.slice(0, size)),
}))
/** Trees of which every combination is tried: their number grows with its third power. */
const few = heads.slice(0, 38)
const hashesOf = (ranges: readonly LeafRange[]): readonly Uint8Array[] =>
  ranges.map(({ begin, end }) => treeRoot(leaves.slice(begin, end)))

function flipped(octets: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(octets)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

describe('an inclusion proof', () => {
  it('is made and holds, for every leaf of every tree to 37, and for no other place', () => {
    for (const head of few) {
      for (let index = 0; index < head.size; index++) {
        const path = hashesOf(inclusionSubtrees(index, head.size))
        expect(path).toEqual(treePath(index, leaves.slice(0, head.size)))
        const leaf = leaves[index]!
        for (let other = 0; other <= head.size; other++) {
          const holds = inclusionHolds(head, { index: other, leaf, path })
          if (holds !== (other === index)) throw new Error(`${index} as ${other} of ${head.size}`)
        }
      }
    }
  })

  it('does not hold with one bit changed, in the leaf, the path or the root', () => {
    const size = 37
    const head = heads[size]!
    for (let index = 0; index < size; index++) {
      const path = treePath(index, leaves.slice(0, size))
      const leaf = leaves[index]!
      expect(inclusionHolds(head, { index, leaf, path })).toBe(true)
      for (let bit = 0; bit < 256; bit += 5) {
        const root = flipped(head.root, bit)
        expect(inclusionHolds({ size, root }, { index, leaf, path })).toBe(false)
        expect(inclusionHolds(head, { index, leaf: flipped(leaf, bit), path })).toBe(false)
        for (const [at, hash] of path.entries()) {
          const other = path.with(at, flipped(hash, bit))
          if (inclusionHolds(head, { index, leaf, path: other })) throw new Error(`${at} ${bit}`)
        }
      }
    }
  })

  it('does not hold with a hash more, less, twice, or cut short', () => {
    const head = heads[37]!
    const path = treePath(20, leaves.slice(0, 37))
    const leaf = leaves[20]!
    const wrong = [
      path.slice(1),
      path.slice(0, -1),
      [...path, leaf],
      [leaf, ...path],
      path.toReversed(),
      path.with(0, path[0]!.subarray(1)),
      [],
    ]
    for (const other of wrong) {
      expect(inclusionHolds(head, { index: 20, leaf, path: other })).toBe(false)
    }
  })

  it('does not lead beyond the root of a tree that is stated smaller than it is', () => {
    const [a, b] = [leaves[0]!, leaves[1]!]
    const head = { size: 1, root: nodeHash(a, b) }
    expect(inclusionHolds(head, { index: 0, leaf: b, path: [a] })).toBe(false)
    expect(inclusionHolds(head, { index: 0, leaf: a, path: [b] })).toBe(false)
    const third = { size: 2, root: nodeHash(leaves[2]!, nodeHash(a, b)) }
    expect(inclusionHolds(third, { index: 1, leaf: b, path: [a, leaves[2]!] })).toBe(false)
  })

  it('is no proof for numbers that are no places', () => {
    const leaf = leaves[0]!
    const root = leaf
    for (const size of [0, -1, 0.5, NaN, Infinity, 2 ** 53, 2 ** 64]) {
      expect(inclusionHolds({ size, root }, { index: 0, leaf, path: [] })).toBe(false)
    }
    for (const index of [-1, 0.5, NaN, 1, 2 ** 53]) {
      expect(inclusionHolds({ size: 1, root }, { index, leaf, path: [] })).toBe(false)
    }
    expect(inclusionHolds({ size: 1, root }, { index: 0, leaf, path: [] })).toBe(true)
  })
})

describe('a consistency proof', () => {
  it('is made and holds, for every two trees to 37, and for no others', () => {
    for (const second of few.slice(1)) {
      for (let size = 1; size <= second.size; size++) {
        const proof = hashesOf(consistencySubtrees(size, second.size))
        expect(proof).toEqual(treeProof(size, leaves.slice(0, second.size)))
        for (const first of heads.slice(0, second.size + 1)) {
          // With other sizes the same hashes would have to be of another tree.
          const holds = consistencyHolds(first, second, proof)
          if (holds !== (first.size === size)) throw new Error(`${first.size} for ${size}`)
        }
      }
    }
  })

  it('does not hold with one bit changed, in either root or the proof', () => {
    const second = heads[45]!
    for (const first of heads.slice(1, 45)) {
      const proof = treeProof(first.size, leaves.slice(0, 45))
      expect(consistencyHolds(first, second, proof)).toBe(true)
      for (let bit = 0; bit < 256; bit += 5) {
        const before = { size: first.size, root: flipped(first.root, bit) }
        const after = { size: 45, root: flipped(second.root, bit) }
        expect(consistencyHolds(before, second, proof)).toBe(false)
        expect(consistencyHolds(first, after, proof)).toBe(false)
        for (const [at, hash] of proof.entries()) {
          if (consistencyHolds(first, second, proof.with(at, flipped(hash, bit)))) {
            throw new Error(`${first.size} ${at} ${bit}`)
          }
        }
      }
    }
  })

  it('does not hold for a fork: another leaf somewhere in the first tree', () => {
    for (let size = 1; size < 20; size++) {
      for (let at = 0; at < size; at++) {
        const fork = leaves.with(at, leaves[63]!)
        const first = { size, root: treeRoot(fork.slice(0, size)) }
        for (const tree of [leaves, fork]) {
          const proof = treeProof(size, tree.slice(0, 21))
          expect(consistencyHolds(first, heads[21]!, proof)).toBe(false)
        }
      }
    }
  })

  it('says nothing about a tree without leaves', () => {
    expect(consistencyHolds(heads[0]!, heads[0]!, [])).toBe(false)
    expect(consistencyHolds(heads[0]!, heads[5]!, [])).toBe(false)
    expect(consistencyHolds(heads[5]!, heads[4]!, [])).toBe(false)
    expect(consistencyHolds(heads[5]!, heads[5]!, [leaves[0]!])).toBe(false)
  })
})

/** Trees of equal leaves have proofs at any size. */
describe('proofs of large trees (property)', () => {
  const tree = new UniformTree()
  const size = fc.oneof(fc.nat(2 ** 20), fc.maxSafeNat()).map((n) => n + 1)
  const sized = size.filter(Number.isSafeInteger)
  const hashes = (ranges: readonly LeafRange[]): readonly Uint8Array[] =>
    ranges.map(({ begin, end }) => tree.root(end - begin))

  it('inclusion, to 2^53', () => {
    const given = sized.chain((n) =>
      fc.tuple(
        fc.constant(n),
        fc.maxSafeNat().map((m) => m % n),
      ),
    )
    fc.assert(
      fc.property(given, ([n, index]) => {
        const head = { size: n, root: tree.root(n) }
        const path = hashes(inclusionSubtrees(index, n))
        expect(path.length).toBeLessThanOrEqual(53)
        const leaf = tree.root(1)
        expect(inclusionHolds(head, { index, leaf, path })).toBe(true)
        const other = nodeHash(leaf, leaf)
        expect(inclusionHolds(head, { index, leaf: other, path })).toBe(false)
        for (const at of path.keys()) {
          expect(inclusionHolds(head, { index, leaf, path: path.with(at, head.root) })).toBe(false)
        }
      }),
    )
  })

  it('consistency, to 2^53', () => {
    const given = sized.chain((n) =>
      fc.tuple(
        fc.constant(n),
        fc.maxSafeNat().map((m) => 1 + (m % n)),
      ),
    )
    fc.assert(
      fc.property(given, ([n, m]) => {
        const first = { size: m, root: tree.root(m) }
        const second = { size: n, root: tree.root(n) }
        const proof = hashes(consistencySubtrees(m, n))
        expect(proof.length).toBeLessThanOrEqual(54)
        expect(consistencyHolds(first, second, proof)).toBe(true)
        const fork = { size: m, root: nodeHash(first.root, first.root) }
        expect(consistencyHolds(fork, second, proof)).toBe(false)
        const removed = proof.slice(1)
        if (proof.length > 0) expect(consistencyHolds(first, second, removed)).toBe(false)
      }),
    )
  })
})

it('asks for no proof that there is none of', () => {
  expect(() => inclusionSubtrees(3, 3)).toThrow(RangeError)
  expect(() => inclusionSubtrees(0, 2 ** 53)).toThrow(RangeError)
  expect(() => consistencySubtrees(0, 3)).toThrow(RangeError)
  expect(() => consistencySubtrees(4, 3)).toThrow(RangeError)
})

describe('what is no proof, of no tree', () => {
  const [three, five] = [heads[3]!, heads[5]!]
  const proof = treeProof(3, leaves.slice(0, 5))
  const short = { ...three, root: three.root.slice(1) }

  it.each<[string, TreeHead, TreeHead, readonly Uint8Array[]]>([
    ['a size that is none', { ...three, size: 0.5 }, five, proof],
    ['a second size that is none', three, { ...five, size: Number.NaN }, proof],
    ['a negative size', { ...three, size: -3 }, five, proof],
    ['the larger tree first', five, three, proof],
    ['the larger tree first, without hashes', five, three, []],
    ['a root of 31 octets', short, five, proof],
    ['a second root of 31 octets', three, { ...five, root: five.root.slice(1) }, proof],
    ['two short roots of one size', short, short, []],
    ['a hash of 31 octets', three, five, [proof[0]!.slice(1), ...proof.slice(1)]],
    ['no hashes', three, five, []],
    // What is hashed would be the same: an octet is moved from one to the next.
    [
      'hashes of 33 and 31 octets',
      three,
      five,
      [Buffer.concat([proof[0]!, proof[1]!.slice(0, 1)]), proof[1]!.slice(1), ...proof.slice(2)],
    ],
  ])('shows nothing: %s', (_, first, second, hashes) => {
    expect(consistencyHolds(three, five, proof)).toBe(true)
    expect(consistencyHolds(first, second, hashes)).toBe(false)
  })

  it.each([
    [0, 5],
    [6, 5],
    [Number.NaN, 5],
    [2, Number.NaN],
    [2, 2 ** 53],
  ])('is not asked for: of %d and %d leaves', (first, second) => {
    expect(() => consistencySubtrees(first, second)).toThrow(RangeError)
  })
})
