import type { NamesJson } from './proposal-shapes.js'
import type { JsonObject } from './shapes.js'

/** A proposal for its author to check and to sign. */
export interface DraftJson {
  readonly id: string
  /** Of the statement, hex. */
  readonly digest: string
  /** Alias of the scope whose voters decide. */
  readonly scope: string
  readonly proposal: JsonObject
  readonly impact: JsonObject
  readonly impactDigest: string
  /** Id of a proposal that says the same and waits. */
  readonly waits: string | null
  /** What those are called whom it, and its impact, name by uid. Nothing of it is signed. */
  readonly names?: NamesJson
}

/** Unsigned proposals, with all that they were made of: whoever makes them again gets the same. */
export interface DraftsJson {
  readonly seen: {
    readonly at: number
    readonly nonce: string
    readonly meta: JsonObject
    /** `{table, key, value}` of each row that was looked at. */
    readonly rows: readonly JsonObject[]
  }
  readonly drafts: readonly DraftJson[]
}
