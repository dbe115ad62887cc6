import type { RandomBytes } from '../../src/core/time.js'
import type {
  JwksSource,
  Timers,
  TokenReviewApi,
  TokenReviewStatus,
} from '../../src/tokenreview/ports.js'

/** Deadlines that pass when a test says so, and pauses that take no time. */
export class FakeTimers implements Timers {
  readonly deadlines: { readonly ms: number; readonly controller: AbortController }[] = []
  readonly pauses: number[] = []

  deadline(ms: number): AbortSignal {
    const controller = new AbortController()
    this.deadlines.push({ ms, controller })
    return controller.signal
  }

  backOff(ms: number): Promise<void> {
    this.pauses.push(ms)
    return Promise.resolve()
  }

  /** Every deadline of this length passes. */
  pass(ms: number): void {
    for (const deadline of this.deadlines) if (deadline.ms === ms) deadline.controller.abort()
  }
}

/** An API server that answers by script, and counts. */
export class FakeTokenReviewApi implements TokenReviewApi {
  readonly asked: { readonly token: string; readonly audience: string }[] = []
  private readonly answer: (call: number, signal: AbortSignal) => Promise<TokenReviewStatus>

  constructor(answer: (call: number, signal: AbortSignal) => Promise<TokenReviewStatus>) {
    this.answer = answer
  }

  static saying(status: TokenReviewStatus): FakeTokenReviewApi {
    return new FakeTokenReviewApi(() => Promise.resolve(status))
  }

  review(token: string, audience: string, signal: AbortSignal): Promise<TokenReviewStatus> {
    this.asked.push({ token, audience })
    return this.answer(this.asked.length, signal)
  }
}

/** A key set that a test may replace or break, and a count of its readings. */
export class FakeJwksSource implements JwksSource {
  read = 0
  answer: () => Promise<unknown>

  constructor(...keys: readonly object[]) {
    this.answer = () => Promise.resolve({ keys })
  }

  publish(...keys: readonly object[]): void {
    this.answer = () => Promise.resolve({ keys })
  }

  fetch(): Promise<unknown> {
    this.read += 1
    return this.answer()
  }
}

/** Lets every promise that can go on, go on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Always half of what is possible. */
export const halfway: RandomBytes = (size) => new Uint8Array(size).fill(0x80)
