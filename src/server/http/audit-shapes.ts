/** A page of the index log, whole: what folding it needs. Octets are base64. */
export interface IndexRecordsJson {
  readonly records: readonly {
    /** Canonical JSON; its leaf hash is the tree's. */
    readonly record: string
    /** The DSSE envelopes that it names, in its order. */
    readonly envelopes: readonly string[]
  }[]
  /** Number of the first record that is not in the page. */
  readonly next: number
}

/** A page of the issuance log with the certificates; those that were pruned are left out. */
export interface IssuedRecordsJson {
  readonly records: readonly {
    /** Number of the record. */
    readonly seq: number
    /** Canonical JSON, base64; its leaf hash is the tree's. */
    readonly record: string
    /** DER, base64. */
    readonly certificate: string
    /** Canonical JSON of the attested facts. */
    readonly evidence: string
  }[]
  /** Number of the first record that was not looked at. */
  readonly next: number
}

/** One thing that an audit looked at. */
export interface AuditCheckJson {
  /** `index-log`, `issuance-log`, `index-delay`, `issuance-delay`, `certificates` */
  readonly name: string
  readonly ok: boolean
  /** One sentence. */
  readonly detail: string
  /** Of the refusal, where it is not ok. */
  readonly code?: string
  readonly wanted?: string
  readonly found?: string
  readonly next?: string
}

/** Something that an audit found, as a monitor would alarm about it. */
export interface AlarmJson {
  readonly code: string
  readonly log: string
  readonly detail: string
  readonly wanted?: string
  readonly found?: string
  readonly record?: number
  readonly serial?: string
  readonly entry?: string
  readonly reason?: string
}

export interface AuditJson {
  readonly ok: boolean
  readonly full: boolean
  readonly checks: readonly AuditCheckJson[]
  /** Of a full audit. */
  readonly certificates: {
    readonly checked: number
    /** Only their hashes are left. */
    readonly gone: number
    readonly alarms: number
    /** A hundred at most. */
    readonly first: readonly AlarmJson[]
  } | null
}
