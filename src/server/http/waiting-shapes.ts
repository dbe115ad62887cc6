/** Who may vote about a proposal: in the group that decides (`present`), or in another that is asked. */
export interface SeatedJson {
  readonly id: string
  readonly side: string
  readonly weight: number
}

/** What one side wants beside the votes that it has. */
export interface MissingJson {
  readonly weight: number
  readonly people: number
  /** Somebody beside whoever proposed it. */
  readonly other: boolean
}
