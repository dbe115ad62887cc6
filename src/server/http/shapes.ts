import type { MissingJson, SeatedJson } from './waiting-shapes.js'
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

export interface CertificateJson {
  readonly serial: string
  readonly alias: string
  /** Null for the CA's own TLS certificates. */
  readonly uid: string | null
  readonly issuer: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly issuedAt: Instant
  readonly live: boolean
  readonly revocation?: { readonly at: Instant; readonly reason: string }
  /** The attested facts. */
  readonly evidence: JsonObject
  readonly requestId: string
  readonly parentSerial?: string
  /** Of the DER certificate, hex. */
  readonly sha256: string
}

export interface CertificateWithPemJson extends CertificateJson {
  readonly pem: string
}

export interface InspectionJson {
  readonly names: readonly string[]
  readonly serial: string
  readonly issuedByUs: boolean
  readonly inLedger: boolean
  readonly matchesLedger: boolean
  readonly revoked: boolean
  readonly entry: { readonly uid: string; readonly alias: string; readonly stateNow: string } | null
  readonly evidence: JsonObject | null
  readonly binding: string | null
  readonly live: boolean
  /** One sentence. */
  readonly verdict: string
  /** The identity extension, where there is one. */
  readonly identity?: JsonObject
}

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
