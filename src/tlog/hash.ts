import { createHash, hash } from 'node:crypto'

/** A SHA-256 digest, 32 octets. */
export type Hash = Uint8Array

export const HASH_OCTETS = 32

/** The root of a tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1). */
export const EMPTY_ROOT: Hash = hash('sha256', '', 'buffer')

const NODE_OCTETS = 1 + 2 * HASH_OCTETS
const node = Buffer.alloc(NODE_OCTETS, 1)

/** Leaves up to this size are hashed in one call, which costs a third of three. */
const SHORT_LEAF = 8192
const shortLeaf = Buffer.alloc(1 + SHORT_LEAF)

/** SHA-256(0x00 || octets): RFC 6962 section 2.1. A text stands for its UTF-8. */
export function leafHash(octets: Uint8Array | string): Hash {
  if (typeof octets === 'string') return hash('sha256', `\0${octets}`, 'buffer')
  if (octets.length > SHORT_LEAF) {
    return createHash('sha256').update(shortLeaf.subarray(0, 1)).update(octets).digest()
  }
  shortLeaf.set(octets, 1)
  return hash('sha256', shortLeaf.subarray(0, 1 + octets.length), 'buffer')
}

/** SHA-256(0x01 || left || right): RFC 6962 section 2.1. */
export function nodeHash(left: Hash, right: Hash): Hash {
  node.set(left, 1)
  node.set(right, 1 + HASH_OCTETS)
  return hash('sha256', node, 'buffer')
}

export const isHash = (octets: Uint8Array): boolean => octets.length === HASH_OCTETS

/** Nothing here is secret. */
export const sameHash = (a: Hash, b: Hash): boolean => Buffer.compare(a, b) === 0

/** A number of leaves, or the position of one: RFC 6962 has 64 bits, this has the 53 of a number. */
export const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

export const half = (value: number): number => Math.floor(value / 2)
