import type { Instant, PermitJson } from './shapes.js'

export interface HistoryItemJson {
  readonly seq: number
  readonly at: Instant
  readonly op: string
  readonly subject: string
  readonly rev: number
  readonly by: string
  /** `approve: ann, bob` */
  readonly votes: readonly string[]
  readonly reason?: string
  readonly ticket?: string
  readonly proposal: string
  readonly class: string
  readonly summary: readonly string[]
}

/** One change, and who decided about it. */
export interface DecidedChangeJson {
  readonly change: HistoryItemJson
  /** Alias of the scope whose voters decided, and the revision of their group. */
  readonly scope: string
  readonly group: number
  /** What the group asked for, before any guard; null where the log does not say any more. */
  readonly needs: { readonly threshold: number; readonly controllers: number } | null
  readonly votes: readonly {
    readonly voter: string
    readonly decision: string
    readonly cast: Instant
    readonly controller?: string
    readonly weight?: number
  }[]
}

/** Who made something what it is. */
export interface AuthorisationJson extends DecidedChangeJson {
  /** Other changes of the same kind, oldest first. */
  readonly others: readonly HistoryItemJson[]
}

export interface WhyJson extends PermitJson {
  readonly authorisation: AuthorisationJson | null
}
