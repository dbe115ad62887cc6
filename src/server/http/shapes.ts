import type { Json } from '../../core/canonical-json.js'
import type { BrakeMarkJson } from './brake-shapes.js'
import type { OpenRecoveryJson, RecoveryMarkJson } from './recovery-shapes.js'
import type { CosigningJson } from './cosigning-json.js'
import type { IssuanceStatusJson } from './issuance-shapes.js'

/**
 * What the HTTP API answers, exactly as it goes over the wire. Instants are `Instant`; names of
 * people's things are aliases; certificates are PEM.
 */

/** `2026-11-21T08:15:20Z` */
export type Instant = string

export type JsonObject = Readonly<Record<string, Json>>

export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly detail: string
  }[]
}

export interface TrustAnchorJson {
  /** Hex of the first 8 octets of its subject key identifier. */
  readonly id: string
  readonly subject: string
  readonly notAfter: Instant
  /** Of the DER certificate, hex. */
  readonly sha256: string
  readonly pem: string
}

export interface TrustBundleJson {
  readonly trustDomain: string
  /** Grows with every change of the set. */
  readonly sequence: number
  readonly trustAnchors: readonly TrustAnchorJson[]
}

/** SPIFFE Trust Domain and Bundle section 4: a JWK set with two members of its own. */
export interface SpiffeBundleJson {
  readonly spiffe_sequence: number
  /** Seconds. */
  readonly spiffe_refresh_hint: number
  readonly keys: readonly JsonObject[]
}

export interface ChallengeJson {
  readonly id: string
  /** 32 octets, base64url: goes into the challengePassword of the CSR. */
  readonly nonce: string
  readonly expiresAt: Instant
}

export interface IssuedJson {
  readonly serial: string
  readonly alias: string
  readonly uid: string
  /** In the order of the certificate: the first is the one that proxies go by. */
  readonly names: readonly string[]
  readonly notBefore: Instant
  readonly notAfter: Instant
  /** Id of the issuer. */
  readonly issuer: string
  readonly certificate: string
  /** The issuer's certificate first, then upward; without the trust anchor. */
  readonly chain: readonly string[]
  readonly requestId: string
}

export interface StatusJson {
  readonly index: {
    readonly id: string
    readonly trustDomain: string
    readonly solo: boolean
    /** Records in the log. */
    readonly size: number
    readonly head: string
    /** What verifies the checkpoints of the index log: a verifier key of C2SP signed-note. */
    readonly logKey: string
  }
  readonly issuance: IssuanceStatusJson
  /** Null when there is none that can sign. */
  readonly issuer: {
    readonly id: string
    readonly subject: string
    readonly notBefore: Instant
    readonly notAfter: Instant
  } | null
  readonly trustAnchors: readonly Omit<TrustAnchorJson, 'pem'>[]
  readonly entries: number
  readonly liveCertificates: number
  /** Of each log that witnesses are asked about; empty in a process that does not ask them. */
  readonly cosigning: readonly CosigningJson[]
  /** Of which scopes somebody is about to replace the voters. */
  readonly recoveries: readonly OpenRecoveryJson[]
  /** How many brakes are on, uses of emergency grants run, and uses wait for voters to ratify them. */
  readonly incidents: {
    readonly brakes: number
    readonly grants: number
    readonly toRatify: number
  }
  readonly server: {
    readonly version: string
    readonly pid: number
    readonly listeners: readonly { readonly name: string; readonly address: string }[]
  }
}

export interface EntryJson {
  readonly uid: string
  readonly alias: string
  readonly state: string
  readonly owner: { readonly controller: string; readonly contact?: string }
  readonly rev: number
  /** Hash of the latest record about it. */
  readonly head: string
  readonly envelope: JsonObject
  readonly effectiveEnvelope: JsonObject
  /** Each has `id` and `kind`; a cluster is written as its alias. */
  readonly bindings: readonly JsonObject[]
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly validUntil?: Instant
  readonly drainUntil?: Instant
  /** No certificates and no calls before then. */
  readonly brake?: BrakeMarkJson
  /** Suspended, and as if it were active before then. */
  readonly emergency?: { readonly grant: string; readonly until: Instant }
  readonly createdAt: Instant
}

/** A page of them; `next` where more follow. */
export interface EntriesJson {
  readonly entries: readonly EntryJson[]
  readonly next?: string
}

export interface ScopeJson {
  readonly uid: string
  /** Empty for the root. */
  readonly alias: string
  readonly state: string
  readonly rev: number
  readonly head: string
  readonly envelope: JsonObject
  readonly effectiveEnvelope: JsonObject
  /** Its own voters; null where those of a scope above decide. */
  readonly group: JsonObject | null
  /** Alias of the scope whose voters decide about what is in it. */
  readonly decidedBy: string
  readonly brake?: BrakeMarkJson
  /** The latest recovery of its group. */
  readonly recovery?: RecoveryMarkJson
  readonly createdAt: Instant
}

export interface EntryRulesJson {
  readonly uid: string
  readonly alias: string
  readonly rev: number
  /** Callers as aliases, or as uids where they have gone. */
  readonly rules: readonly JsonObject[]
  readonly splits: readonly JsonObject[]
}

export interface GuardJson {
  /** Alias of the scope that it is set on; empty for the root. */
  readonly scope: string
  readonly guard: JsonObject
}

export interface PermitJson {
  readonly allowed: boolean
  readonly caller: string
  readonly callee: string
  readonly port: number
  readonly route?: string
  readonly at: Instant
  /** The rule that allows it, with the revision of the callee that made it what it is. */
  readonly rule?: { readonly id: string; readonly rev: number }
  /** What is denied fails by this first. */
  readonly denied?: {
    readonly condition: string
    readonly detail: string
    readonly guard?: string
    /** What would have to change, and the scope whose voters decide about that. */
    readonly change?: {
      readonly kind: string
      readonly alias: string
      readonly owner?: string
      readonly decidedBy: string
    }
  }
}

export interface ClusterJson {
  readonly uid: string
  readonly alias: string
  readonly rev: number
  readonly head: string
  readonly identityTrustDomain: string
  readonly controlPlaneNamespace: string
  /** The exact `iss` of its tokens. */
  readonly issuer: string
  readonly audience: string
  readonly validation: string
  readonly tokenReview?: JsonObject
  readonly jwks?: JsonObject
  readonly createdAt: Instant
}
export interface NewTokenJson {
  readonly id: string
  /** Shown once, never again. */
  readonly token: string
  readonly alias: string
  readonly expiresAt: Instant
  /** SHA-256 of the trust anchor that the client should see, hex. */
  readonly caFingerprint: string
}

export interface TokenJson {
  readonly id: string
  readonly alias: string
  readonly createdAt: Instant
  readonly expiresAt: Instant
  readonly usedAt: Instant | null
}

export interface RevokedJson {
  readonly revoked: number
  readonly serials: readonly string[]
}

export interface ClusterCheckJson {
  readonly ok: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly detail: string
    readonly next?: string
  }[]
}

export interface VerifiedJson {
  readonly records: number
  readonly head: string
  /** Of the tree over the records, base64. */
  readonly root: string
  readonly ok: true
}

/** Null when nothing takes long. */
export interface ProgressJson {
  readonly progress: {
    readonly work: string
    readonly done: number
    /** Absent where it is not known before the end. */
    readonly total?: number
  } | null
}
