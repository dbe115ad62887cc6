/** Text of a source file, by its path in the repository, and what is run in its place. */
export interface Edit {
  readonly file: string
  readonly find: string
  readonly replace: string
}

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
  /** `seeds`: with nothing that was learnt before. */
  readonly from: 'corpus' | 'seeds'
  /** Ends with the first finding. */
  readonly first: boolean
  /** Changes of the code that is fuzzed, to see a property fail. */
  readonly edits: readonly Edit[]
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
  readonly findings: readonly {
    readonly key: string
    readonly path: string
    /** Executions until then. */
    readonly after: number
  }[]
}
