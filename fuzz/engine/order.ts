/** What a session is to do. */
export interface Order {
  /** A name, or the path of a module that exports a `target`. */
  readonly target: string
  readonly seconds: number
  /** It ends with the first of the two. */
  readonly executions: number
  readonly seed: number
  /** `tree`: write the distilled corpus where version control sees it. */
  readonly keep: 'here' | 'tree'
  /** Where findings go, and what the next run begins with. */
  readonly out: string
  /** The buffer of a `Desk`. */
  readonly desk: SharedArrayBuffer
}

/** How far it is. */
export interface Report {
  readonly seconds: number
  readonly executions: number
  /** Inputs, what they do that no other does, and the branches they take of all there are. */
  readonly corpus: number
  readonly features: number
  readonly branches: number
  readonly branchesInAll: number
  /** Milliseconds that the slowest input took which is no finding, with the counting. */
  readonly slowestMs: number
  /** What was found, and where it is. */
  readonly findings: readonly { readonly key: string; readonly path: string }[]
}
