/** The log of certificates, as status shows it. */
export interface IssuanceStatusJson {
  /** Certificates in it. */
  readonly size: number
  /** What verifies its checkpoints. */
  readonly logKey: string
  /** The latest; null before the first. */
  readonly checkpoint: { readonly size: number; readonly signedAt: string } | null
}

export interface VerifiedIssuanceJson {
  readonly size: number
  readonly root: string
  /** Certificates of the ledger that are leaves; of the others only the hashes are left. */
  readonly compared: number
  /** Certificates of before there was a log. */
  readonly before: number
  readonly ok: true
}
