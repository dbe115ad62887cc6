/** What the program and its worker processes say to each other. */

/** The tests of one file that are run, by their place in it. */
export interface Step {
  readonly file: string
  readonly tests: readonly number[] | 'all'
  /** Milliseconds that each test of the file took without a mutant. */
  readonly ms: readonly number[]
  readonly again: MeasuredFile['again']
}

export type Order =
  | { readonly kind: 'measure'; readonly file: string }
  | {
      readonly kind: 'try'
      readonly mutant: string
      /** Times that the mutated place may be reached: beyond it, it is a loop without an end. */
      readonly hitLimit: number
      /** Tests that reach it as they run: tried with what is loaded, quickest first. */
      readonly resident: readonly Step[]
      /**
       * Tests for which everything is loaded again, under the mutant, when those notice nothing: it is
       * reached as they are loaded, or what it does is remembered.
       */
      readonly loading: readonly Step[]
      /** All of both, in the same way: when the first try left something behind. */
      readonly fresh: readonly Step[]
      /** The process is new: what it says counts, whatever state the mutant left it in. */
      readonly isLast: boolean
      /** Milliseconds after which a property has seen enough examples; without it, it sees all of them. */
      readonly propertyMs?: number
    }

/** How often each mutated place was reached. */
export type Hits = Readonly<Record<string, number>>

export interface MeasuredTest {
  readonly name: string
  readonly ms: number
  readonly hits: Hits
}

export interface MeasuredFile {
  readonly file: string
  readonly loadMs: number
  /** Reached while the file and what it imports were loaded. */
  readonly load: Hits
  readonly tests: readonly MeasuredTest[]
  /**
   * How its tests may be run again: one by one, only all of them in their order, or not twice once
   * loaded.
   */
  readonly again: 'each' | 'whole' | 'never'
}

export type Verdict = 'killed' | 'timed-out' | 'survived'

export type Answer =
  | { readonly kind: 'measured'; readonly measured: MeasuredFile; readonly failed: string[] }
  | {
      readonly kind: 'tried'
      readonly verdict: Verdict
      /** The test that noticed. */
      readonly by?: string
      /** A test failed without the mutant too: the verdict does not count. */
      readonly isSpoilt: boolean
      /** This process is of no further use. */
      readonly isSpent: boolean
    }
