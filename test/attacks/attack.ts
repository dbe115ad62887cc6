/** Text of a source file that occurs in it once, and what takes its place when the check is gone. */
export interface Edit {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A test, and the check without which it fails. */
export interface Proof {
  readonly file: string
  /** What the test is called, in part; its full name has the attack's id as well. */
  readonly name: string
  /** The name as the file has it, where it is put together from parts. */
  readonly written?: string
  /** The check, for people. */
  readonly check: string
  readonly without: readonly Edit[]
}

/** What went wrong somewhere else, or what anybody may try here. */
export interface Attack {
  /** CVE or GHSA number, the release that fixed it, or what the test calls it. */
  readonly id: string
  readonly where: string
  readonly what: string
  readonly proofs: readonly Proof[]
}

/** An attack on what Capstan does not have yet. */
export interface NotYet {
  readonly id: string
  readonly where: string
  readonly what: string
  readonly missing: string
}

/** One edit of one file. */
export const edit = (file: string, find: string, replace: string): readonly Edit[] => [
  { file, find, replace },
]
