import type { Hash } from './hash.js'

/** What a map with one root has under one key: the way from the root to the leaf that it leads to. */
export interface MapProof {
  /** The leaf that the bits of the key lead to, which has the key if any has; none in an empty map. */
  readonly leaf?: { readonly key: Hash; readonly value: Hash }
  /** From the leaf up. */
  readonly path: readonly MapStep[]
}

export interface MapStep {
  /** The bit of the key that the inner node looks at. */
  readonly bit: number
  /** The child that the key does not lead to. */
  readonly sibling: Hash
}
