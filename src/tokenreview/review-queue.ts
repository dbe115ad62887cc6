import { DependencyError } from '../core/dependency-error.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { sha256Hex } from '../core/uid.js'
import { answerBefore } from './answer-before.js'
import type { Timers, TokenReviewApi, TokenReviewStatus } from './ports.js'

export interface ReviewLimits {
  /** Reviews that the API server sees at a time. */
  readonly concurrency: number
  /** Callers who wait beside those, for a review of their own or with others; one more is refused. */
  readonly queue: number
  /** From the request to its answer: waiting, tries and pauses. */
  readonly totalMs: number
  /** One try. */
  readonly tryMs: number
  readonly retries: number
  /** The longest pause before the first retry; it doubles each time, and its length is random. */
  readonly pauseMs: number
}

export const defaultReviewLimits: ReviewLimits = {
  concurrency: 64,
  queue: 448,
  totalMs: 5000,
  tryMs: 2000,
  retries: 2,
  pauseMs: 200,
}

interface Deps {
  /** For errors: `kubernetes prod-eu`. */
  readonly name: string
  readonly api: TokenReviewApi
  readonly audience: string
  readonly timers: Timers
  readonly limits: ReviewLimits
}

type Reviewed = Result<TokenReviewStatus, Refusal<'server.overloaded'>>

/**
 * Stands between us and one API server: so many reviews at a time, so many waiting, none for ever.
 * Equal tokens under review share one. Nothing is kept once an answer is there: the next request
 * sees a pod that was deleted meanwhile.
 */
export class ReviewQueue {
  private running = 0
  private callers = 0
  private readonly waiting: (() => void)[] = []
  private readonly shared = new Map<string, Promise<Reviewed>>()
  private readonly deps: Deps

  constructor(deps: Deps) {
    this.deps = deps
  }

  /** `token` in its one spelling. Throws `DependencyError`; `signal` lets one caller give up. */
  review(token: string, signal: AbortSignal): Promise<Reviewed> {
    // A digest, so that no token stays behind in a heap dump for longer than its own review.
    const key = sha256Hex(token)
    const { limits } = this.deps
    // Who shares a review waits for the same API server, and takes a place of the whole server too.
    if (this.callers >= limits.concurrency + limits.queue) {
      return Promise.resolve(tooMany())
    }
    let review = this.shared.get(key)
    if (!review) {
      review = this.enter(token).finally(() => this.shared.delete(key))
      this.shared.set(key, review)
    }
    this.callers += 1
    return this.orGiveUp(review, signal).finally(() => {
      this.callers -= 1
    })
  }

  private async enter(token: string): Promise<Reviewed> {
    const { limits, timers } = this.deps
    const deadline = timers.deadline(limits.totalMs)
    if (this.running >= limits.concurrency) {
      if (this.waiting.length >= limits.queue) return tooMany()
      await this.turn(deadline)
    } else {
      this.running += 1
    }
    try {
      return ok(await this.tries(token, deadline))
    } finally {
      this.leave()
    }
  }

  /** Resolves with the place of one who left already taken. */
  private turn(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        deadline.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(enter), 1)
        reject(this.tooLate())
      }
      this.waiting.push(enter)
      deadline.addEventListener('abort', giveUp, { once: true })
    })
  }

  /** The place passes straight to the next in line; nobody can slip in between. */
  private leave(): void {
    const next = this.waiting.shift()
    if (next) next()
    else this.running -= 1
  }

  private async tries(token: string, deadline: AbortSignal): Promise<TokenReviewStatus> {
    const { api, audience, timers, limits } = this.deps
    for (let attempt = 0; ; attempt += 1) {
      const signal = AbortSignal.any([deadline, timers.deadline(limits.tryMs)])
      try {
        return await this.orGiveUp(api.review(token, audience, signal), signal)
      } catch (error) {
        if (!(error instanceof DependencyError) || attempt >= limits.retries) throw error
      }
      await timers.backOff(limits.pauseMs * 2 ** attempt, deadline)
      if (deadline.aborted) throw this.tooLate()
    }
  }

  private orGiveUp<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    return answerBefore(signal, answer, () => this.tooLate())
  }

  private tooLate(): DependencyError {
    return new DependencyError(this.deps.name, 'no answer to a TokenReview in time')
  }
}

const tooMany = (): Result<never, Refusal<'server.overloaded'>> =>
  refuse('server.overloaded', 'too many tokens wait for their review', {
    next: 'try again in a few seconds',
  })
