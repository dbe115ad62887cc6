import type { ServerResponse } from 'node:http'
import type { AuditDetail } from '../audit.js'
import type { CallContext } from '../operations.js'

/** One request as its use case sees it: gone when its connection closes unanswered, or its time is up. */
export class Call implements CallContext {
  readonly requestId: string
  readonly remote: string
  private readonly controller = new AbortController()
  private known: AuditDetail | undefined

  constructor(
    response: ServerResponse,
    {
      requestId,
      remote,
      answerMs,
    }: { readonly requestId: string; readonly remote: string; readonly answerMs: number },
  ) {
    this.requestId = requestId
    this.remote = remote
    const timer = setTimeout(() => this.controller.abort(), answerMs)
    response.once('close', () => {
      clearTimeout(timer)
      // Aborting makes an error with a stack, for nobody once the answer is written.
      if (!response.writableFinished) this.controller.abort()
    })
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** Use cases take it from its call, and pass it on. */
  readonly about = (detail: AuditDetail): void => {
    this.known = { ...this.known, ...detail }
  }

  /** All that was said about it, for the audit line. */
  get detail(): AuditDetail | undefined {
    return this.known
  }
}
