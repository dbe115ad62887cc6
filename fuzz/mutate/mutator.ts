import type { Random } from '../engine/random.js'

/** What a mutator may draw on. */
export interface Material {
  readonly random: Random
  /** Another input of the corpus. */
  readonly other: () => Uint8Array
  /** Text that the fuzzed code knows, or compared its input with. */
  readonly word: () => string
}

/**
 * Another input made from this one, which it leaves as it is. One that does not understand the input
 * answers undefined.
 */
export type Mutator = (input: Uint8Array, material: Material) => Uint8Array | undefined
