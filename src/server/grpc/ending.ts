import type { ServerHttp2Stream } from 'node:http2'
import type { Caller } from '../../core/caller.js'
import { GrpcFailure, grpcStatus } from './status.js'

/** The longest delay that a Node timer holds. */
const LONGEST_TIMER_MS = 2_147_483_647

/** Why a call ends before its answer: the caller has left, or one of its times is up. */
export class Ending implements Caller {
  /** Resolves with the first reason. */
  readonly failure: Promise<GrpcFailure>
  private readonly controller = new AbortController()
  private resolve: (failure: GrpcFailure) => void = () => undefined
  private answered = false
  private step: NodeJS.Timeout | undefined
  private deadline: NodeJS.Timeout | undefined

  constructor(stream: ServerHttp2Stream) {
    this.failure = new Promise((settle) => {
      this.resolve = settle
    })
    stream.once('close', () => this.closed())
  }

  /** Aborts with the first reason; never once the call is answered. */
  get signal(): AbortSignal {
    return this.controller.signal
  }

  end(failure: GrpcFailure): void {
    this.resolve(failure)
    this.controller.abort()
  }

  /** The deadline of the whole call, as its caller set it. */
  endIn(ms: number, why: string): void {
    this.deadline = this.timer(ms, why)
  }

  /** Allows `ms` for the next step of the call, in place of what the step before it had. */
  allow(ms: number, why: string): void {
    clearTimeout(this.step)
    this.step = this.timer(ms, why)
  }

  /** The next step has no end of its own. */
  allowAnyTime(): void {
    clearTimeout(this.step)
  }

  /** The answer is on its way: `act` if the caller does not take it in `ms`. */
  flush(ms: number, act: () => void): void {
    this.answered = true
    clearTimeout(this.step)
    clearTimeout(this.deadline)
    this.step = setTimeout(act, ms)
  }

  private timer(ms: number, why: string): NodeJS.Timeout {
    return setTimeout(
      () => this.end(new GrpcFailure(grpcStatus.DEADLINE_EXCEEDED, why)),
      Math.min(ms, LONGEST_TIMER_MS),
    )
  }

  private closed(): void {
    clearTimeout(this.step)
    clearTimeout(this.deadline)
    // Aborting makes an error with a stack, for nobody once the work is done.
    if (!this.answered) this.end(new GrpcFailure(grpcStatus.CANCELLED, 'cancelled'))
  }
}
