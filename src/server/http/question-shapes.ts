import type { Json } from '../../core/canonical-json.js'

type JsonObject = Readonly<Record<string, Json>>

/** What a proposal would do, and the digest that a vote names. */
export interface ShownImpactJson {
  readonly proposal: string
  /** SHA-256 of `impact` in canonical JSON, hex. */
  readonly digest: string
  readonly impact: JsonObject
}
