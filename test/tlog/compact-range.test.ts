import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  appendLeaves,
  emptyRange,
  foldRight,
  mergeRanges,
  rangeRoot,
} from '../../src/tlog/compact-range.js'
import { leafHash } from '../../src/tlog/hash.js'
import { completeSubtrees } from '../../src/tlog/subtrees.js'
import { numberedLeaves, treeRoot } from './reference-tree.js'

/** The leaves and roots of the RFC 6962 test trees (certificate-transparency, merkle testonly). */
const published = [
  ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  [
    '606162636465666768696a6b6c6d6e6f',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ],
] as const

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const range = (begin: number, end: number) =>
  appendLeaves(emptyRange(begin), numberedLeaves(end).slice(begin))

describe('a compact range', () => {
  it('has the roots of the RFC 6962 test trees', () => {
    let tree = emptyRange()
    for (const [leaf, root] of published) {
      tree = appendLeaves(tree, [leafHash(Buffer.from(leaf, 'hex'))])
      expect(hex(rangeRoot(tree))).toBe(root)
    }
  })

  it('has the root of the tree at every size to 300, however it was appended to', () => {
    const leaves = numberedLeaves(300)
    for (let size = 0; size <= leaves.length; size++) {
      const root = treeRoot(leaves.slice(0, size))
      const first = (size * 7) % (size + 1)
      const halves = [leaves.slice(0, first), leaves.slice(first, size)]
      const tree = halves.reduce((whole, part) => appendLeaves(whole, part), emptyRange())
      expect(rangeRoot(tree)).toEqual(root)
      expect(tree.hashes.length).toBe(completeSubtrees({ begin: 0, end: size }).length)
      expect(tree.hashes.length).toBeLessThanOrEqual(9)
    }
  })

  it('leaves the range that is appended to as it is', () => {
    const before = range(0, 13)
    const copy = { ...before, hashes: before.hashes.map(hex) }
    appendLeaves(before, numberedLeaves(5))
    expect({ ...before, hashes: before.hashes.map(hex) }).toEqual(copy)
  })

  it('merges: the same as if it had been appended to (property)', () => {
    const leaves = numberedLeaves(200)
    const cuts = fc.tuple(fc.nat(200), fc.nat(200), fc.nat(200))
    fc.assert(
      fc.property(cuts, (given) => {
        const [a = 0, b = 0, c = 0] = [...given].sort((x, y) => x - y)
        const part = (begin: number, end: number) =>
          appendLeaves(emptyRange(begin), leaves.slice(begin, end))
        expect(mergeRanges(part(a, b), part(b, c))).toEqual(part(a, c))
        const whole = mergeRanges(mergeRanges(part(0, a), part(a, b)), part(b, c))
        expect(rangeRoot(whole)).toEqual(treeRoot(leaves.slice(0, c)))
      }),
    )
  })

  it('tells of every complete subtree once, children first', () => {
    const told = new Map<string, string>()
    const leaves = numberedLeaves(100)
    appendLeaves(emptyRange(), leaves, (level, index, hash) => {
      expect(told.has(`${level}/${index}`)).toBe(false)
      if (level > 0) expect(told.has(`${level - 1}/${2 * index + 1}`)).toBe(true)
      told.set(`${level}/${index}`, hex(hash))
      const width = 2 ** level
      expect(hash).toEqual(treeRoot(leaves.slice(index * width, (index + 1) * width)))
    })
    expect(told.size).toBe(100 + 50 + 25 + 12 + 6 + 3 + 1)
  })

  it('refuses ranges that do not meet, a root of a part, and hashes that are not all there', () => {
    expect(() => mergeRanges(range(0, 3), range(4, 6))).toThrow(RangeError)
    expect(() => rangeRoot(range(2, 3))).toThrow(RangeError)
    expect(() => appendLeaves({ begin: 0, end: 3, hashes: [] }, [])).toThrow(RangeError)
  })

  it('counts beyond 32 bits', () => {
    const begin = 2 ** 40 - 1
    const two = appendLeaves(emptyRange(begin), numberedLeaves(3))
    expect(completeSubtrees(two)).toEqual([
      { level: 0, index: begin },
      { level: 1, index: 2 ** 39 },
    ])
    expect(two.hashes[1]).toEqual(foldRight(numberedLeaves(3).slice(1)))
  })
})
