/** `2026-11-21T08:15:20Z` */
type Instant = string

/** That somebody is about to replace the voters of a scope, or has: as its scope shows it. */
export interface RecoveryMarkJson {
  readonly standing: string
  readonly since: Instant
  readonly due: Instant
  readonly holders: readonly string[]
}

/** The same where there are several scopes. */
export interface OpenRecoveryJson extends RecoveryMarkJson {
  /** Alias; empty for the root. */
  readonly scope: string
  /** When the scope got its voters by it: told for thirty days. */
  readonly finished?: Instant
}

/** The latest recovery of a scope. */
export interface RecoveryJson {
  readonly scope: { readonly alias: string; readonly uid: string }
  readonly standing: string
  /** Revision of the group that it began with. */
  readonly from: number
  /** Digest of what the holders signed, hex. */
  readonly statement: string
  readonly holders: readonly string[]
  /** Number of the record that started it. */
  readonly seq: number
  readonly since: Instant
  readonly due: Instant
  readonly lapses: Instant
  readonly cancelled?: { readonly at: Instant; readonly again: Instant }
  readonly finished?: Instant
  /** Who is to decide, as it was signed. */
  readonly group: Readonly<Record<string, unknown>>
  readonly reason?: string
  readonly ticket?: string
}
