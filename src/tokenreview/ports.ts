/** The answer of `authentication.k8s.io/v1` TokenReview, status only, nothing decided yet. */
export interface TokenReviewStatus {
  /** Absent and false both mean no: the API server omits it for a bad token. */
  readonly authenticated?: boolean
  readonly audiences?: readonly string[]
  readonly error?: string
  readonly user?: {
    readonly username?: string
    readonly uid?: string
    readonly groups?: readonly string[]
    readonly extra?: Readonly<Record<string, readonly string[]>>
  }
}

/** One cluster's API server. */
export interface TokenReviewApi {
  /**
   * Asks with exactly one audience. Throws `DependencyError` when it could not be asked: refused
   * connection, time-out, 403, 429, 5xx, or an answer that is no TokenReview.
   */
  review(token: string, audience: string, signal: AbortSignal): Promise<TokenReviewStatus>
}

/** One cluster's public keys for service account tokens. */
export interface JwksSource {
  /** Reads the key set afresh. Throws `DependencyError` when it cannot. At most 1 MiB, no redirects. */
  fetch(signal: AbortSignal): Promise<unknown>
}

/** Lengths of time shorter than a `Clock` tells. */
export interface Timers {
  /** A signal that aborts after `ms` milliseconds and does not keep the process alive. */
  deadline(ms: number): AbortSignal
  /** Resolves after a random part of `ms` milliseconds, or at once when `signal` aborts. */
  backOff(ms: number, signal: AbortSignal): Promise<void>
}
