/** Who cosigns the checkpoints of a log, as the HTTP API shows it. Instants are `2026-11-21T08:15:20Z`. */
export interface CosigningJson {
  /** `index` or `issuance` */
  readonly log: string
  /** Has a quorum of the policy cosigned the latest checkpoint? */
  readonly quorum: boolean
  readonly witnesses: readonly {
    readonly name: string
    readonly url: string
    /** Records of the head that it cosigned last. */
    readonly size: number | null
    readonly at: string | null
    /** Since when there has been a checkpoint that it has not cosigned. */
    readonly behindSince: string | null
    readonly fault: string | null
  }[]
}
