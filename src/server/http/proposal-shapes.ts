import type { Instant, JsonObject } from './shapes.js'
import type { MissingJson, SeatedJson } from './waiting-shapes.js'

/** What does not stand in the way of a change, and what people should know about it. */
export type WarningJson =
  | {
      readonly kind: 'looks-like'
      readonly alias: string
      readonly resembles: string
      /** Of a former alias: the entry that it leads to. */
      readonly leadsTo?: string
    }
  | { readonly kind: 'not-all-compared' }

export interface ChangeJson {
  readonly op: string
  readonly alias: string
  readonly uid: string
  readonly rev: number
  readonly proposal: string
  readonly seq: number
  readonly at: Instant
  readonly class: string
  /** Where a change is asked for: what there is to say about it. */
  readonly warnings?: readonly WarningJson[]
}

/** Aliases by uid: of those that have a name. */
export type NamesJson = Readonly<Record<string, string>>

/** A proposal that voters are asked about, or were. */
export interface ProposalJson {
  readonly id: string
  /** Of the signed statement, hex. */
  readonly digest: string
  readonly standing: string
  /** Number of the record that opened it. */
  readonly record: number
  /** The statement itself, as it was signed. */
  readonly proposal: JsonObject | null
  /** Of what waits. */
  readonly open: {
    readonly class: string
    readonly opened: Instant
    readonly due?: Instant
    /** Hash of the record that opened it. */
    readonly head: string
    readonly scope: string
    readonly votes: readonly JsonObject[]
    readonly sides: JsonObject | null
    readonly awaits: readonly string[]
    /** Then it takes effect, or expires. */
    readonly deadline: Instant
    /** Who may vote, in the group that decides (`present`) and in another that is asked (`second`). */
    readonly voters: readonly SeatedJson[]
    /** What each side wants beside the votes that it has. */
    readonly missing: { readonly present: MissingJson; readonly second?: MissingJson } | null
  } | null
  readonly closed: { readonly at: Instant; readonly record: number } | null
  /** Where one proposal is asked for that waits: what it would do, and the digest of that. */
  readonly impact?: JsonObject
  readonly impactDigest?: string
  /** Where one proposal is asked for: what those are called whom it, and its impact, name by uid. Nothing of it is signed. */
  readonly names?: NamesJson
  /** Where it was just proposed: what there is to say about it. */
  readonly warnings?: readonly WarningJson[]
}

/** What a signed statement led to. */
export interface SubmissionJson {
  readonly proposal: ProposalJson
  /** What took effect because of it. */
  readonly changes: readonly ChangeJson[]
  /** The voter whom two votes that contradict each other suspended. */
  readonly suspended: string | null
}

/** What a request came to: a change, or a proposal that waits for votes. */
export type MadeJson = { readonly change: ChangeJson } | { readonly waits: ProposalJson }

export interface PlannedChangeJson {
  readonly request: JsonObject
  readonly kind: 'add' | 'change' | 'remove'
  /** `entry payments/api` */
  readonly subject: string
  /** The difference, for people: `maxTtl: 86400 -> 3600`. */
  readonly lines: readonly string[]
}

export interface AppliedJson {
  readonly changes: readonly PlannedChangeJson[]
  /** Null for a dry run. */
  readonly applied: readonly ChangeJson[] | null
  /** What waits for votes; null for a dry run. */
  readonly proposed: readonly ProposalJson[] | null
  readonly warnings?: readonly WarningJson[]
}
