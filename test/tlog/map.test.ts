import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DependencyError } from '../../src/core/dependency-error.js'
import { sha256 } from '../../src/core/uid.js'
import type { Hash } from '../../src/tlog/hash.js'
import { updateMap } from '../../src/tlog/map.js'
import type { MapChange } from '../../src/tlog/map-draft.js'
import {
  bitOf,
  EMPTY_MAP_ROOT,
  firstDifference,
  mapInnerHash,
  mapKey,
  mapLeafHash,
} from '../../src/tlog/map-hash.js'
import { decodeMapNode, mapNodeHash } from '../../src/tlog/map-node.js'
import { type MapProof, proveKey, verifyMapProof } from '../../src/tlog/map-proof.js'
import { formatMapProof, parseMapProof } from '../../src/tlog/map-proof-text.js'
import { mapRoot } from './reference-map.js'
import { MemoryMapNodes } from '../support/memory-map-nodes.js'

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const keyOf = (name: number | string): Hash => mapKey('test', String(name))
const valueOf = (value: number | string): Hash => sha256(`value ${value}`)
const set = (name: number, value: number | string = name): MapChange => ({
  key: keyOf(name),
  value: valueOf(value),
})
const unset = (name: number): MapChange => ({ key: keyOf(name), value: undefined })

class TestMap {
  readonly nodes = new MemoryMapNodes()

  get root(): Hash {
    return this.nodes.root.hash
  }
  change(...changes: readonly MapChange[]): void {
    this.nodes.change(changes)
  }
  prove(key: Hash): MapProof {
    return proveKey(this.nodes, this.nodes.root, key)
  }
  lookUp(key: Hash): Hash | undefined {
    const found = verifyMapProof(this.prove(key), this.root, key)
    if (!found.ok) throw new Error('no proof')
    return found.value
  }
  /** What is stored, wherever it is: hashes of all nodes. */
  get content(): readonly string[] {
    return [...this.nodes.nodes.values()]
      .map((octets) => hex(mapNodeHash(decodeMapNode(octets)!)))
      .sort()
  }
}

function mapOf(changes: readonly MapChange[], batch = changes.length): TestMap {
  const map = new TestMap()
  for (let at = 0; at < changes.length; at += batch) {
    map.change(...changes.slice(at, at + batch))
  }
  return map
}

const plain = (changes: readonly MapChange[]): readonly (readonly [Hash, Hash])[] =>
  changes.flatMap(({ key, value }) => (value ? [[key, value] as const] : []))

/** Keys that share long beginnings, which hashes of names do not. */
const nearKey = fc
  .tuple(fc.constantFrom(0, 0x80, 0xff), fc.nat(3), fc.constantFrom(0, 1, 7, 15, 30))
  .map(([octet, low, at]) => {
    const key = Buffer.alloc(32, octet)
    key[at] = (key[at] ?? 0) ^ low
    key[31] = (key[31] ?? 0) ^ (low << 1)
    return key
  })

describe('the map', () => {
  it('is empty at first', () => {
    expect(hex(EMPTY_MAP_ROOT)).toBe(hex(sha256('capstan/map/v1 empty\n')))
  })

  it('has the root that the format says, in whatever order and batches it was made (property)', () => {
    const entries = fc.uniqueArray(fc.tuple(fc.oneof(nearKey, fc.nat(50).map(keyOf)), fc.nat(5)), {
      selector: ([key]) => hex(key),
      maxLength: 40,
    })
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 40 }), (given, batch) => {
        const changes = given.map(([key, value]) => ({ key, value: valueOf(value) }))
        const once = mapOf(changes)
        const parts = mapOf(changes.toReversed(), batch)
        expect(hex(once.root)).toBe(hex(mapRoot(plain(changes))))
        expect(hex(parts.root)).toBe(hex(once.root))
        expect(parts.content).toEqual(once.content)
        expect(once.nodes.nodes.size).toBe(Math.max(0, 2 * changes.length - 1))
      }),
    )
  })

  it('is as it was when what was changed is changed back (property)', () => {
    const keys = fc.uniqueArray(fc.oneof(nearKey, fc.nat(30).map(keyOf)), {
      selector: hex,
      maxLength: 20,
    })
    fc.assert(
      fc.property(keys, keys, fc.integer({ min: 1, max: 20 }), (first, then, batch) => {
        const before = first.map((key) => ({ key, value: valueOf('before') }))
        const map = mapOf(before)
        const { root } = map
        const { content } = map
        const had = new Set(first.map(hex))
        const there = then.map((key) => ({ key, value: valueOf('after') }))
        const back = then.map((key) => ({
          key,
          value: had.has(hex(key)) ? valueOf('before') : undefined,
        }))
        for (const changes of [there, back]) {
          for (let at = 0; at < changes.length; at += batch) {
            map.change(...changes.slice(at, at + batch))
          }
        }
        expect(hex(map.root)).toBe(hex(root))
        expect(map.content).toEqual(content)
      }),
    )
  })

  it('behaves as a Map, and proves what it has and has not (property)', () => {
    const key = fc.oneof(nearKey, fc.nat(12).map(keyOf))
    const change = fc.record({ key, value: fc.option(fc.nat(3).map(valueOf), { nil: undefined }) })
    const batch = fc.uniqueArray(change, { selector: (one) => hex(one.key), maxLength: 6 })
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 6 }), key, (batches, other) => {
        const map = new TestMap()
        const model = new Map<string, Hash>()
        for (const changes of batches) {
          map.change(...changes)
          for (const { key: changed, value } of changes) {
            if (value) model.set(hex(changed), value)
            else model.delete(hex(changed))
          }
          const entries = [...model].map(
            ([name, value]) => [Buffer.from(name, 'hex'), value] as const,
          )
          expect(hex(map.root)).toBe(hex(mapRoot(entries)))
        }
        const asked = [other, ...batches.flat().map((one) => one.key)]
        for (const one of asked) {
          const found = map.lookUp(one)
          expect(found && hex(found)).toBe(
            model.has(hex(one)) ? hex(model.get(hex(one))!) : undefined,
          )
        }
      }),
    )
  })

  it('takes nothing away, and adds nothing, for changes that change nothing', () => {
    const changes = [1, 2, 3, 4, 5].map((n) => set(n))
    const map = mapOf(changes)
    for (const same of [changes, [unset(9)], []]) {
      const { root } = map
      const { put, drop } = map.nodes.change(same)
      expect([hex(map.root), put, drop]).toEqual([hex(root), [], []])
    }
  })

  it('reads and writes O(log n) nodes a key', () => {
    const n = 4096
    const map = mapOf(Array.from({ length: n }, (_, at) => set(at)))
    expect(map.nodes.nodes.size).toBe(2 * n - 1)
    map.nodes.nodesRead = 0
    const changes = Array.from({ length: 8 }, (_, at) => set(n + at))
    const { put, drop } = map.nodes.change(changes)
    expect(map.nodes.nodesRead).toBeLessThan(8 * 20)
    expect(put.length).toBeLessThan(8 * 20)
    expect(put.length - drop.length).toBe(16)
    const { path } = map.prove(keyOf(17))
    expect(path.length).toBeLessThan(40)
  })

  it('reads what a change of the same batch uncovered', () => {
    // Taking the left key away makes its sibling's children the next on its way.
    const key = (first: number): Hash => Buffer.concat([Buffer.of(first), Buffer.alloc(31)])
    const value = valueOf(1)
    const map = mapOf([0x00, 0x80, 0xc0, 0xe0].map((first) => ({ key: key(first), value })))
    map.change({ key: key(0x00), value: undefined }, { key: key(0x10), value })
    const left = [0x10, 0x80, 0xc0, 0xe0].map((first) => [key(first), value] as const)
    expect(hex(map.root)).toBe(hex(mapRoot(left)))
  })

  it('refuses two changes of one key, and what is no hash', () => {
    const map = new TestMap()
    expect(() => map.change(set(1), unset(1))).toThrow(RangeError)
    expect(() => map.change({ key: Buffer.alloc(31), value: valueOf(1) })).toThrow(RangeError)
    expect(() => map.change({ key: keyOf(1), value: Buffer.alloc(33) })).toThrow(RangeError)
    expect(() => mapKey('Uid', 'a')).toThrow(RangeError)
    expect(() => mapKey('a\nb', 'a')).toThrow(RangeError)
  })

  it('does not take a node for another, wherever the one above it says that it is', () => {
    const map = mapOf([1, 2, 3, 4].map((n) => set(n)))
    const { root, nodes } = map.nodes
    const top = Buffer.from(nodes.get(root.place)!)
    const [left, right] = [top.readUIntBE(66, 6), top.readUIntBE(72, 6)]
    for (const [at, place] of [
      [66, right],
      [72, left],
      [66, root.place],
      [66, 0],
      [72, 2 ** 48 - 1],
    ] as const) {
      const other = Buffer.from(top)
      other.writeUIntBE(place, at, 6)
      nodes.set(root.place, other)
      expect(() => [1, 2, 3, 4].map((n) => map.lookUp(keyOf(n)))).toThrow(DependencyError)
    }
  })

  it('does not read nodes that are not there, or not what their hash says', () => {
    const map = mapOf([1, 2, 3, 4].map((n) => set(n)))
    for (const [name, octets] of [...map.nodes.nodes]) {
      for (const other of [undefined, octets.subarray(1), Buffer.from(octets).fill(1, 40)]) {
        if (other) map.nodes.nodes.set(name, other)
        else map.nodes.nodes.delete(name)
        expect(() => [1, 2, 3, 4].map((n) => map.lookUp(keyOf(n)))).toThrow(DependencyError)
        const again = [1, 2, 3, 4].map((n) => set(n, 'new'))
        expect(() =>
          updateMap({ nodes: map.nodes, root: map.nodes.root, next: map.nodes.next }, again),
        ).toThrow(DependencyError)
        map.nodes.nodes.set(name, octets)
      }
    }
  })
})

describe('a map proof', () => {
  it('of one key is none of another value, key or root', () => {
    const map = mapOf(Array.from({ length: 30 }, (_, at) => set(at)))
    const key = keyOf(7)
    const proof = map.prove(key) as Required<MapProof>
    const { leaf, path } = proof
    const holds = (other: MapProof, root = map.root, asked = key): boolean =>
      verifyMapProof(other, root, asked).ok
    expect(holds(proof)).toBe(true)
    expect(holds({ leaf: { ...leaf, value: valueOf('x') }, path })).toBe(false)
    expect(holds({ leaf: { ...leaf, key: keyOf(8) }, path })).toBe(false)
    expect(holds(proof, EMPTY_MAP_ROOT)).toBe(false)
    expect(holds({ path: [] })).toBe(false)
    expect(holds({ leaf, path: path.slice(1) })).toBe(false)
    expect(holds({ leaf, path: path.toReversed() })).toBe(false)
    expect(holds({ leaf, path: [...path, path.at(-1)!] })).toBe(false)
    for (const [at, step] of path.entries()) {
      expect(holds({ leaf, path: path.with(at, { ...step, bit: step.bit + 1 }) })).toBe(false)
      for (let bit = 0; bit < 256; bit += 7) {
        const sibling = Uint8Array.from(step.sibling)
        sibling[bit >> 3]! ^= 1 << (bit & 7)
        expect(holds({ leaf, path: path.with(at, { ...step, sibling }) })).toBe(false)
      }
    }
    // A key that parts from this one at a bit that the path looks at is not led here.
    const other = Buffer.from(key)
    other[path.at(-1)!.bit >> 3]! ^= 0x80 >> (path.at(-1)!.bit & 7)
    expect(holds(proof, map.root, other)).toBe(false)
    // One that does not is led to this leaf, and that shows it is not there.
    const absent = Buffer.from(key)
    absent[31]! ^= 1
    expect(verifyMapProof(proof, map.root, absent)).toEqual({ ok: true, value: undefined })
  })

  it('shows for no key that it is there and that it is not, whoever made the map', () => {
    // Two leaves of which one is where its key does not lead: no honest map has this root.
    const [a, b] = [keyOf(1), keyOf(2)]
    const bit = firstDifference(a, b)
    const hashes = [mapLeafHash(a, valueOf(1)), mapLeafHash(b, valueOf(2))] as const
    const [left, right] = bitOf(a, bit) === 0 ? hashes : [hashes[1], hashes[0]]
    const wrong = mapInnerHash(bit, right, left)
    const leaves = [
      { key: a, value: valueOf(1) },
      { key: b, value: valueOf(2) },
    ]
    for (const [at, leaf] of leaves.entries()) {
      const proof = { leaf, path: [{ bit, sibling: hashes[1 - at]! }] }
      expect(verifyMapProof(proof, wrong, leaf.key).ok).toBe(false)
      // Where the leaf stands it can only show that the other key is absent.
      expect(verifyMapProof(proof, wrong, leaves[1 - at]!.key).ok).toBe(false)
    }
  })

  it('has keys, values and hashes of 32 octets, and bits of a key', () => {
    const nodes = new MemoryMapNodes()
    const [a, b] = ['a', 'b'].map((name) => mapKey('alias', name)) as [Hash, Hash]
    nodes.change([
      { key: a, value: a },
      { key: b, value: b },
    ])
    const proof = proveKey(nodes, nodes.root, a)
    const { leaf, path } = proof
    if (!leaf) throw new Error('no leaf')
    const codeOf = (other: MapProof, key: Hash = a): string | undefined => {
      const read = verifyMapProof(other, nodes.root.hash, key)
      return read.ok ? undefined : read.refusal.code
    }
    expect(codeOf(proof)).toBeUndefined()
    const short = a.slice(0, 31)
    expect(codeOf(proof, short)).toBe('tlog.bad-proof')
    expect(codeOf({ leaf: { ...leaf, key: short }, path })).toBe('tlog.bad-proof')
    expect(codeOf({ leaf: { ...leaf, value: short }, path })).toBe('tlog.bad-proof')
    // One octet more of the value, and one less of the key: what is hashed is as long as before.
    const long = Buffer.concat([a, a.slice(0, 1)])
    expect(codeOf({ leaf: { key: short, value: long }, path })).toBe('tlog.bad-proof')
    for (const bit of [-1, 0.5, Number.NaN, 256]) {
      expect(codeOf({ leaf, path: path.map((step) => ({ ...step, bit })) })).toBe('tlog.bad-proof')
    }
    // The same octet is hashed for these, and the keys have no such bit in which they could differ.
    for (const [leafOf, key] of [
      [a, b],
      [b, a],
    ] as const) {
      const there = proveKey(nodes, nodes.root, leafOf)
      for (const off of [-256, 0.5]) {
        const moved = there.path.map(({ bit, sibling }) => ({ bit: bit + off, sibling }))
        expect(codeOf({ ...there, path: moved }, key)).toBe('tlog.bad-proof')
        expect(codeOf({ ...there, path: moved }, leafOf)).toBe('tlog.bad-proof')
      }
    }
  })

  it('leads up: bits that do not fall are of no map, whatever root they come to', () => {
    const [key, value, sibling] = [keyOf(1), valueOf(1), valueOf(2)]
    for (const bits of [
      [9, 9],
      [3, 9],
    ] as const) {
      let root = mapLeafHash(key, value)
      for (const bit of bits) {
        const pair = bitOf(key, bit) === 1 ? ([sibling, root] as const) : ([root, sibling] as const)
        root = mapInnerHash(bit, ...pair)
      }
      const path = bits.map((bit) => ({ bit, sibling }))
      expect(verifyMapProof({ leaf: { key, value }, path }, root, key).ok).toBe(false)
    }
  })

  it('is written and read, each in one spelling', () => {
    const map = mapOf(Array.from({ length: 30 }, (_, at) => set(at)))
    for (const name of [3, 99]) {
      const text = formatMapProof(map.prove(keyOf(name)))
      const read = parseMapProof(Buffer.from(text))
      if (!read.ok) throw new Error('not read')
      expect(formatMapProof(read.value)).toBe(text)
      const found = verifyMapProof(read.value, map.root, keyOf(name))
      expect(found.ok && found.value && hex(found.value)).toBe(
        name === 3 ? hex(valueOf(3)) : undefined,
      )
    }
    expect(formatMapProof({ path: [] })).toBe('capstan/map-proof@v1\nempty\n')
    expect(parseMapProof(Buffer.from('capstan/map-proof@v1\nempty\n'))).toEqual({
      ok: true,
      value: { path: [] },
    })
  })

  const hash = Buffer.alloc(32).toString('base64')
  const header = 'capstan/map-proof@v1'
  it.each([
    ['nothing', ''],
    ['another header', `capstan/map-proof@v2\nempty\n`],
    ['no line feed at the end', `${header}\nempty`],
    ['no leaf', `${header}\n`],
    ['half a leaf', `${header}\nleaf ${hash}\n`],
    ['more than a leaf', `${header}\nleaf ${hash} ${hash} ${hash}\n`],
    ['a step in an empty map', `${header}\nempty\n3 ${hash}\n`],
    ['a step to the same bit', `${header}\nleaf ${hash} ${hash}\n3 ${hash}\n3 ${hash}\n`],
    ['a step down', `${header}\nleaf ${hash} ${hash}\n3 ${hash}\n4 ${hash}\n`],
    ['a bit that keys have not', `${header}\nleaf ${hash} ${hash}\n256 ${hash}\n`],
    ['a bit of another spelling', `${header}\nleaf ${hash} ${hash}\n03 ${hash}\n`],
    ['an empty line', `${header}\nleaf ${hash} ${hash}\n\n`],
    ['a sibling that is no hash', `${header}\nleaf ${hash} ${hash}\n3 abc\n`],
    ['carriage returns', `${header}\r\nempty\r\n`],
    ['more octets than it may have', `${header}\nleaf ${hash} ${hash}\n${'a'.repeat(20_000)}\n`],
  ])('is not one with %s', (_, text) => {
    const read = parseMapProof(Buffer.from(text))
    expect(read.ok ? read.value : read.refusal.code).toBe('tlog.malformed')
  })

  it('of the longest path that there is can be written', () => {
    const path = Array.from({ length: 256 }, (_, at) => ({ bit: 255 - at, sibling: keyOf(at) }))
    const text = formatMapProof({ leaf: { key: keyOf(0), value: keyOf(1) }, path })
    expect(parseMapProof(Buffer.from(text)).ok).toBe(true)
  })
})

it('hashes of the map are none of a log', () => {
  // What is hashed begins with "c" here, and with 0x00 or 0x01 there (RFC 6962).
  const [a, b] = [keyOf(1), keyOf(2)]
  expect(hex(mapLeafHash(a, b))).toBe(
    hex(sha256(Buffer.concat([Buffer.from('capstan/map/v1 leaf\n'), a, b]))),
  )
  expect(hex(mapInnerHash(9, a, b))).toBe(
    hex(sha256(Buffer.concat([Buffer.from('capstan/map/v1 inner\n'), Buffer.of(9), a, b]))),
  )
  expect(hex(mapKey('uid', 'x'))).toBe(hex(sha256('capstan/map/v1 key\nuid\nx')))
})
