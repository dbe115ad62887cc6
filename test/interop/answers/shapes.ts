/** Whom a verifier of an answer with its log believes, and when it looks. */
export interface AnswerTrust {
  readonly index: string
  /** Of the log; the one that the genesis names where it is left out. */
  readonly key?: string | undefined
  readonly policy?: string
  /** Unix seconds. */
  readonly now: number
  /** Seconds. */
  readonly maxAge?: number
}

export interface AnswerVector {
  readonly what: string
  /** One of `files`, of whose octets `drop` from `at` on are `put` instead. */
  readonly file: string
  readonly at: number
  readonly drop: number
  readonly put: string
  readonly trust: AnswerTrust
  /** Records of the log that it is of. */
  readonly size?: number
  /** Code of the refusal. */
  readonly refused?: string
}

export interface LogAnswerVectors {
  readonly files: Readonly<Record<string, string>>
  readonly vectors: readonly AnswerVector[]
}
