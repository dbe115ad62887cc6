/** A change of the source that no test notices, and why that is as it should be. */
export interface Survivor {
  /** Under src/. */
  readonly file: string
  /** As the source has it, white space aside. */
  readonly original: string
  /** What it may become without a test that fails. */
  readonly replacements: readonly string[]
  readonly why: string
  /** So many places of the file read alike, and survive it. */
  readonly places: number
}

/** Explains changes of one file. */
export const inFile =
  (file: string) =>
  (
    original: string,
    replacements: string | readonly string[],
    why: string,
    places = 1,
  ): Survivor => ({
    file,
    original,
    replacements: typeof replacements === 'string' ? [replacements] : replacements,
    why,
    places,
  })

/** Why a mutant survives, where one sentence fits many. */
export const TYPES = 'asked for by the compiler: at run time it cannot be otherwise'
export const SPEED = 'only the speed differs'
