import type { NamesJson } from './proposal-shapes.js'
import type { GuardJson, Instant, PermitJson } from './shapes.js'

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
  /** Of a whole history: what those were called just then whom the summary names by uid. */
  readonly names?: NamesJson
  /** Uids of those of them that are not called so any more. */
  readonly former?: readonly string[]
}

/** One change, and who decided about it. */
export interface DecidedChangeJson {
  readonly change: HistoryItemJson
  /** Alias of the scope whose voters decided, and the revision of their group. */
  readonly scope: string
  readonly group: number
  /** What the group asked for, before any guard; null of what is not by class, and as `groupNotLookedAt`. */
  readonly needs: { readonly threshold: number; readonly controllers: number } | null
  readonly votes: readonly {
    readonly voter: string
    readonly decision: string
    readonly cast: Instant
    readonly controller?: string
    readonly weight?: number
  }[]
  /**
   * Where what the group was then is not known, and so neither `needs` nor what a voter was worth: how many
   * records of the scope were not looked through for it.
   */
  readonly groupNotLookedAt?: number
}

/** Who made something what it is. */
export interface AuthorisationJson extends DecidedChangeJson {
  /** Other changes of the same kind, oldest first. */
  readonly others: readonly HistoryItemJson[]
  /** How many records before those were not looked through, where there are some. */
  readonly notLookedAt?: number
}

/** Where the traffic of a port goes. */
export interface SplitJson {
  readonly port: number
  readonly backendRefs: readonly {
    readonly entry: string
    readonly port?: number
    readonly weight: number
  }[]
}

/** What one side may do at all, and who narrowed it: scopes, and at last the entry. */
interface CeilingJson {
  readonly regions: readonly string[]
  readonly ports: readonly (readonly [from: number, to: number])[]
  readonly narrowedBy: readonly string[]
}

/** Under what the rule of a call stands. */
export interface GoverningJson {
  readonly ceilings: { readonly caller: CeilingJson; readonly callee: CeilingJson }
  /** Of scopes above them: those that bear on the call, and on who may change its rule. */
  readonly guards: readonly GuardJson[]
}

/** What is decided about some ports of the callee. */
export interface WhyPortsItemJson {
  readonly ports: readonly (readonly [from: number, to: number])[]
  readonly allowed: boolean
  /** What allows it, for which requests, how long still, and who decided on that. */
  readonly rule?: { readonly id: string; readonly rev: number }
  readonly routes?: readonly Readonly<Record<string, unknown>>[]
  readonly until?: number
  readonly authorisation?: DecidedChangeJson | null
  /** What it fails by; `detail` is of the first of the ports. */
  readonly denied?: NonNullable<PermitJson['denied']>
}

/** All ports that rules and splits of the callee know between the two. */
export interface WhyPortsJson {
  /** On one port at least. */
  readonly allowed: boolean
  readonly caller: string
  readonly callee: string
  readonly route?: string
  readonly at: Instant
  readonly ports: readonly WhyPortsItemJson[]
  /** Why every port is denied; null where one is not. */
  readonly denied: PermitJson['denied'] | null
  readonly governing: GoverningJson
  readonly splits: readonly AuthorisedSplitJson[]
  /** False where there are more ports, or splits, than are listed. */
  readonly complete: boolean
}

/** With who decided on it. */
export interface AuthorisedSplitJson extends SplitJson {
  readonly authorisation: DecidedChangeJson | null
  /** Where nobody was found who did: how many records of the entry were not looked through, where there are some. */
  readonly notLookedAt?: number
}

export interface WhyJson extends PermitJson {
  readonly governing: GoverningJson
  readonly authorisation: AuthorisationJson | null
  /** Of the callee's port, with who decided on it; null where its traffic is not split. */
  readonly split: AuthorisedSplitJson | null
  /** A signed head of the index log that covers the record of `authorisation`; `root` is base64. */
  readonly checkpoint: { readonly size: number; readonly root: string } | null
}
