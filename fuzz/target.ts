import type { Mutator } from './mutate/mutator.js'

/** A part of Capstan that reads what strangers send, and what must hold whatever they send. */
export interface Target {
  /** Good inputs to begin with. */
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** Ways to change an input that keep its form; octets are always changed too. */
  readonly mutators: readonly Mutator[]
  /**
   * Gives one input to the code. Throws when a promise of the code is broken. Otherwise answers how
   * it ended, in few words: a new ending is as interesting as a new branch.
   */
  readonly run: (input: Uint8Array) => string | Promise<string>
  /** Milliseconds that an input may take; `SLOW_MS` where nothing is said. A reason stands beside it. */
  readonly slowMs?: number
  /** As `run`, for what costs more than reading does. Its time is not held against the code. */
  readonly check?: (input: Uint8Array) => string | Promise<string>
}

/** No target takes more: what listeners admit is at most this, or is not read by these parsers. */
export const MAX_INPUT = 65_536
