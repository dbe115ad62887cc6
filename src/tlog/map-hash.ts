import { hash } from 'node:crypto'
import { HASH_OCTETS, type Hash } from './hash.js'

/**
 * Hashes of the map. Each begins with a text of its own that no other does; RFC 6962 hashes begin
 * with 0x00 or 0x01, so that nothing is a node of a log and of a map.
 */
const KEY = 'capstan/map/v1 key\n'
const LEAF = 'capstan/map/v1 leaf\n'
const INNER = 'capstan/map/v1 inner\n'
const EMPTY = 'capstan/map/v1 empty\n'

/** The root of a map without keys. */
export const EMPTY_MAP_ROOT: Hash = hash('sha256', EMPTY, 'buffer')

/** Bits of a key, numbered from the most significant one of its first octet. */
export const KEY_BITS = 8 * HASH_OCTETS

/** What is looked up: `name` in one of the map's tables. A table has no line feed. */
export function mapKey(table: string, name: Uint8Array | string): Hash {
  if (!/^[a-z][a-z0-9-]*$/.test(table)) throw new RangeError('a table is named in small letters')
  return hash(
    'sha256',
    Buffer.concat([Buffer.from(`${KEY}${table}\n`), Buffer.from(name)]),
    'buffer',
  )
}

const leaf = Buffer.alloc(LEAF.length + 2 * HASH_OCTETS)
leaf.write(LEAF)

/** SHA-256("capstan/map/v1 leaf\n" || key || value) */
export function mapLeafHash(key: Hash, value: Hash): Hash {
  leaf.set(key, LEAF.length)
  leaf.set(value, LEAF.length + HASH_OCTETS)
  return hash('sha256', leaf, 'buffer')
}

const inner = Buffer.alloc(INNER.length + 1 + 2 * HASH_OCTETS)
inner.write(INNER)

/**
 * SHA-256("capstan/map/v1 inner\n" || bit || left || right). The keys under an inner node agree in
 * all bits before `bit`; those on the left have 0 there, those on the right 1.
 */
export function mapInnerHash(bit: number, left: Hash, right: Hash): Hash {
  inner[INNER.length] = bit
  inner.set(left, INNER.length + 1)
  inner.set(right, INNER.length + 1 + HASH_OCTETS)
  return hash('sha256', inner, 'buffer')
}

export const bitOf = (key: Hash, bit: number): 0 | 1 =>
  (((key[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 0 ? 0 : 1

/** The first bit in which two keys differ; KEY_BITS where they are the same. */
export function firstDifference(a: Hash, b: Hash): number {
  for (let at = 0; at < HASH_OCTETS; at++) {
    const difference = (a[at] ?? 0) ^ (b[at] ?? 0)
    if (difference !== 0) return 8 * at + Math.clz32(difference) - 24
  }
  return KEY_BITS
}
