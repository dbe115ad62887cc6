/** Octets are hex, texts are texts. A vector that is not good says so by `good: false` or `refused`. */
export interface RootVector {
  readonly entries: readonly string[]
  readonly root: string
}
export interface InclusionVector {
  readonly what: string
  readonly size: number
  readonly root: string
  readonly index: number
  readonly entry: string
  readonly path: readonly string[]
  readonly good: boolean
}
export interface ConsistencyVector {
  readonly what: string
  readonly first: number
  readonly firstRoot: string
  readonly second: number
  readonly secondRoot: string
  readonly proof: readonly string[]
  readonly good: boolean
}
export interface PathVector {
  readonly path: string
  /** Missing for a bundle of entries. */
  readonly level?: number
  readonly index?: number
  readonly width?: number
  readonly refused?: true
}
export interface BundleVector {
  readonly what: string
  readonly octets: string
  readonly count: number
  readonly entries?: readonly string[]
  readonly refused?: true
}
export interface CheckpointVector {
  readonly what: string
  /** The verifier key of the log. */
  readonly log: string
  readonly policy: string
  readonly note: string
  readonly size?: number
  readonly root?: string
  readonly refused?: true
}
export interface ProofVector {
  readonly what: string
  readonly log: string
  readonly policy: string
  readonly entry: string
  readonly proof: string
  readonly good: boolean
}
export interface WitnessVector {
  readonly what: string
  readonly log: string
  /** What the witness has cosigned for the origin that is the name of the log's key. */
  readonly recorded: { readonly size: number; readonly root: string } | null
  readonly request: string
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  /** The body of a 409. */
  readonly answer?: string
}
export interface MapVector {
  readonly what: string
  readonly root: string
  readonly table: string
  readonly name: string
  readonly proof: string
  /** Null where the proof shows that there is none. */
  readonly value?: string | null
  readonly refused?: true
}
export interface StateVector {
  readonly what: string
  readonly log: string
  readonly policy: string
  /** What is asked about. */
  readonly table: string
  readonly name: string
  readonly proof: string
  /** Null where the proof shows that there is none. */
  readonly value?: string | null
  readonly refused?: true
}
export interface IssuanceRecordVector {
  readonly what: string
  readonly record: string
  readonly leaf?: string
  readonly refused?: true
}
export interface PolicyVector {
  readonly what: string
  readonly entry: object
  /** Those above it, the root first. */
  readonly scopes: readonly object[]
  readonly digest: string
}
export interface CertificateProofVector {
  readonly what: string
  readonly log: string
  readonly proof: string
  /** DER, or what stands for it. */
  readonly certificate: string
  readonly good: boolean
}
export interface IssuanceVectors {
  readonly records: readonly IssuanceRecordVector[]
  readonly policies: readonly PolicyVector[]
  readonly proofs: readonly CertificateProofVector[]
}

/** By the name of their file. */
export interface Vectors {
  readonly 'tlog-tree': {
    readonly roots: readonly RootVector[]
    readonly inclusion: readonly InclusionVector[]
    readonly consistency: readonly ConsistencyVector[]
  }
  readonly 'tlog-tiles': {
    readonly paths: readonly PathVector[]
    readonly bundles: readonly BundleVector[]
  }
  readonly 'tlog-checkpoint': readonly CheckpointVector[]
  readonly 'tlog-proof': readonly ProofVector[]
  readonly 'tlog-witness': readonly WitnessVector[]
  readonly 'tlog-map': {
    /** The root of the map without keys. */
    readonly empty: string
    readonly entries: readonly {
      readonly table: string
      readonly name: string
      readonly value: string
    }[]
    readonly root: string
    readonly proofs: readonly MapVector[]
  }
  readonly 'state-proof': readonly StateVector[]
  readonly issuance: IssuanceVectors
}
