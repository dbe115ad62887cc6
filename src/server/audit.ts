/**
 * One line for each request that could have changed or revealed something, whatever became of it.
 * Holds no token, key or body.
 */
export interface AuditLine {
  readonly requestId: string
  /** operationId */
  readonly operation: string
  /** The peer's IP address; `local` on the Unix socket. */
  readonly remote: string
  readonly outcome: 'answered' | 'refused' | 'unavailable' | 'failed'
  /** Of HTTP. */
  readonly status?: number
  /** Of a refusal. */
  readonly code?: string
  readonly about?: AuditDetail
}

/** What a request turned out to be about. */
export interface AuditDetail {
  readonly alias?: string
  /** Of the certificate that was issued. */
  readonly serial?: string
  readonly evidence?: string
  /** Alias of the entry that handed it in. */
  readonly by?: string
}

export type Audit = (line: AuditLine) => void
