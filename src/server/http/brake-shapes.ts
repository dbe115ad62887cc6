/** `2026-11-21T08:15:20Z` */
type Instant = string

/** The latest brake on something, which may be over. */
export interface BrakeMarkJson {
  readonly until: Instant
}

/** Something that voters suspended at once, for a while. */
export interface BrakeJson {
  /** Number of its record. */
  readonly seq: number
  readonly at: Instant
  readonly until: Instant
  readonly standing: string
  readonly subject: { readonly alias: string; readonly uid: string; readonly kind: string }
  readonly rule?: string
  readonly voter?: string
  /** Alias of the scope whose voters used it. */
  readonly scope: string
  readonly by: readonly string[]
  readonly reason?: string
  readonly ticket?: string
}
