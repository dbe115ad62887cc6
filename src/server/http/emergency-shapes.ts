/** `2026-11-21T08:15:20Z` */
type Instant = string

/** One use of a grant. */
export interface EmergencyUseJson {
  /** Number of its record. */
  readonly seq: number
  readonly at: Instant
  readonly until: Instant
  readonly ratified: boolean
  readonly ratifyBefore: Instant
  readonly subject: string
  readonly act: string
  readonly by: readonly string[]
  readonly reason: string
  readonly ticket?: string
}

/** The same, or a drill, as it is answered to whoever handed it in. */
export interface InvokedJson extends EmergencyUseJson {
  /** Alias of the scope whose group has the grant. */
  readonly scope: string
  readonly grant: string
  readonly drill: boolean
}

/** What some may do at once, and what became of it. */
export interface EmergencyGrantJson {
  readonly scope: string
  readonly name: string
  readonly acts: readonly string[]
  readonly under: string
  readonly who: readonly string[]
  readonly threshold: number
  /** Seconds. */
  readonly longest: number
  readonly coolDown: number
  readonly most: number
  readonly standing: string
  readonly uses: readonly EmergencyUseJson[]
  readonly drilled?: Instant
}

/** A use that runs, or waits for voters, of a grant that its group has no more, or in other words. */
export interface FormerUseJson extends EmergencyUseJson {
  /** Alias of the scope whose group had the grant. */
  readonly scope: string
  readonly grant: string
}

export interface EmergencyGrantsJson {
  readonly grants: readonly EmergencyGrantJson[]
  readonly former: readonly FormerUseJson[]
}
