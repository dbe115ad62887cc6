import { type Hash, sameHash } from '../../src/tlog/hash.js'
import {
  bitOf,
  EMPTY_MAP_ROOT,
  KEY_BITS,
  mapInnerHash,
  mapLeafHash,
} from '../../src/tlog/map-hash.js'
import type { MapProof } from '../../src/tlog/map-proof.js'

interface Row {
  readonly key: Hash
  readonly value: Hash
}

/** A map as docs/format-tlog.md says it, all of it anew for each question. */
export class ReferenceMap {
  readonly #rows: readonly Row[]

  constructor(rows: readonly Row[]) {
    this.#rows = rows
  }

  get root(): Hash {
    return rootOf(this.#rows)
  }

  prove(key: Hash): MapProof {
    const path: { bit: number; sibling: Hash }[] = []
    let rows = this.#rows
    while (rows.length > 1) {
      const bit = splitOf(rows)
      const side = bitOf(key, bit)
      path.unshift({ bit, sibling: rootOf(rows.filter((row) => bitOf(row.key, bit) !== side)) })
      rows = rows.filter((row) => bitOf(row.key, bit) === side)
    }
    const [leaf] = rows
    return { ...(leaf && { leaf }), path }
  }

  has(key: Hash): boolean {
    return this.#rows.some((row) => sameHash(row.key, key))
  }
}

function rootOf(rows: readonly Row[]): Hash {
  const [first, ...more] = rows
  if (!first) return EMPTY_MAP_ROOT
  if (more.length === 0) return mapLeafHash(first.key, first.value)
  const bit = splitOf(rows)
  const [left, right] = [0, 1].map((side) => rows.filter(({ key }) => bitOf(key, bit) === side))
  return mapInnerHash(bit, rootOf(left ?? []), rootOf(right ?? []))
}

function splitOf(rows: readonly Row[]): number {
  for (let bit = 0; bit < KEY_BITS; bit++) {
    if (new Set(rows.map(({ key }) => bitOf(key, bit))).size === 2) return bit
  }
  throw new Error('two rows of one key')
}
