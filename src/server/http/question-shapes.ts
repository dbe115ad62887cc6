import type { Json } from '../../core/canonical-json.js'
import type { DecidedChangeJson } from './authorisation-shapes.js'
import type { BrakeJson } from './brake-shapes.js'
import type { EmergencyGrantsJson } from './emergency-shapes.js'
import type { RecoveryJson } from './recovery-shapes.js'
import type { ProposalJson } from './proposal-shapes.js'
import type { GuardJson, Instant } from './shapes.js'

type JsonObject = Readonly<Record<string, Json>>

/** What a proposal would do, and the digest that a vote names. */
export interface ShownImpactJson {
  readonly proposal: string
  /** SHA-256 of `impact` in canonical JSON, hex. */
  readonly digest: string
  readonly impact: JsonObject
}

/** One page of the entries that an entry may call, or that may call it. */
export interface ReachJson {
  readonly entry: string
  readonly at: Instant
  readonly reached: readonly {
    readonly alias: string
    readonly uid: string
    readonly permissions: readonly JsonObject[]
  }[]
  /** Where more may follow: a page may hold nothing and have one. */
  readonly next?: string
}

/** One page of what decides about calls, in the languages of Cedar 4. */
export interface CedarJson {
  /** Records of the index log: pages of one export have the same. */
  readonly size: number
  readonly at: Instant
  readonly policies: readonly string[]
  /** In Cedar's JSON format. */
  readonly entities: readonly JsonObject[]
  readonly next?: string
}

/** One page of what was decided, oldest first. */
export interface ChangesJson {
  readonly changes: readonly DecidedChangeJson[]
  /** The record to go on with, where there are more. */
  readonly next?: number
}

export interface AuthorityJson {
  readonly alias: string
  /** Alias of the scope whose voters decide, and the revision of their group. */
  readonly scope: string
  readonly group: number
  readonly solo: boolean
  readonly voters: readonly {
    readonly id: string
    readonly controller: string
    readonly weight: number
    readonly status: string
  }[]
  /** Those who may propose, beside the voters. */
  readonly proposers: readonly string[]
  readonly classes: readonly {
    readonly class: string
    readonly threshold: number
    readonly controllers: number
    /** Seconds. */
    readonly timelock: number
    readonly seconded: boolean
    readonly coalitions: readonly (readonly string[])[]
    readonly complete: boolean
  }[]
  readonly guards: readonly GuardJson[]
}

export interface ResilienceJson {
  readonly scope: string
  readonly group: number
  readonly solo: boolean
  readonly voters: readonly string[]
  /** From when on one of them has no key that signs, the soonest first. */
  readonly keysEnd: readonly { readonly voter: string; readonly at: Instant }[]
  readonly classes: readonly {
    readonly class: string
    readonly possible: boolean
    readonly needs: readonly string[]
    readonly survives: number
    /** From then on it is impossible, by the end of keys alone. */
    readonly until: Instant | null
  }[]
  readonly recovery: { readonly scope: string; readonly able: boolean } | null
  readonly recoverySet: {
    readonly holders: readonly string[]
    readonly threshold: number
    /** Seconds. */
    readonly delay: number
    readonly able: boolean
    readonly until: Instant | null
  } | null
  readonly grants: readonly { readonly name: string; readonly drilled: Instant | null }[]
}

/** What waited for people at a moment that is over. */
export interface InboxJson extends EmergencyGrantsJson {
  /** The second in which it is looked at. */
  readonly at: Instant
  /** Oldest first, as brakes and recoveries are. */
  readonly proposals: readonly ProposalJson[]
  readonly brakes: readonly BrakeJson[]
  readonly recoveries: readonly RecoveryJson[]
}

/** What was changed between two moments of the index. */
export interface DiffJson {
  readonly from: { readonly size: number; readonly at: Instant }
  readonly to: { readonly size: number; readonly at: Instant }
  readonly permissions: {
    readonly added: readonly JsonObject[]
    readonly removed: readonly JsonObject[]
  }
  readonly entries: readonly JsonObject[]
  /** Absent where no traffic goes elsewhere. */
  readonly splits?: readonly JsonObject[]
  readonly objects: readonly JsonObject[]
  readonly complete: boolean
}

interface ToldJson {
  /** Number of the record. */
  readonly seq: number
  readonly at: Instant
  readonly alias: string
  readonly class: string
  readonly proposal: string
}

/** Changes that a voter voted about; `next` is the record to go on with. */
export interface VotedJson {
  readonly changes: readonly (ToldJson & {
    readonly scope: string
    readonly group: number
    readonly decision: string
    readonly weight: number
    readonly decisive: boolean
  })[]
  readonly next?: number
}

export interface ExceptionsJson {
  readonly exceptions: readonly (ToldJson & {
    readonly kind: string
    readonly op: string
    readonly by: string
    readonly reason?: string
    readonly ratification?: string
  })[]
  readonly next?: number
}

/** One page of what ends by its own time. */
export interface EndsJson {
  /** The second that it is asked in. */
  readonly at: Instant
  readonly ends: readonly {
    /** The first second in which it is over. */
    readonly at: Instant
    readonly kind: string
    readonly alias: string
    readonly of?: string
    readonly id?: string
    readonly last?: true
  }[]
  readonly next?: string
}

export interface StaleJson {
  readonly stale: readonly {
    readonly alias: string
    readonly uid: string
    readonly owner: string
    /** Absent where it had a certificate lately. */
    readonly unused?: { readonly last: Instant | null }
    readonly rules: readonly { readonly id: string; readonly because: string }[]
  }[]
  readonly next?: string
}
