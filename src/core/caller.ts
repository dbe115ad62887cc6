/** Who waits for an answer. */
export interface Caller {
  /**
   * Aborts when the caller is gone, or its time is up. Made when it is first read, which costs more
   * than most steps of the way to a certificate: to be read where something is waited for.
   */
  readonly signal: AbortSignal
}
