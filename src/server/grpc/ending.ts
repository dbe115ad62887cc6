import type { ServerHttp2Stream } from 'node:http2'
import { GrpcFailure, grpcStatus } from './status.js'

/** The longest delay that a Node timer holds. */
const LONGEST_TIMER_MS = 2_147_483_647

/** Why a call ends before its answer: the caller has left, or one of its times is up. */
export class Ending {
  /** Resolves with the first reason. */
  readonly failure: Promise<GrpcFailure>
  readonly end: (failure: GrpcFailure) => void
  readonly signal: AbortSignal
  private readonly stream: ServerHttp2Stream

  constructor(stream: ServerHttp2Stream) {
    const controller = new AbortController()
    let resolve: (failure: GrpcFailure) => void = () => undefined
    this.failure = new Promise((settle) => {
      resolve = settle
    })
    this.stream = stream
    this.signal = controller.signal
    this.end = (failure) => {
      resolve(failure)
      controller.abort()
    }
    stream.once('close', () => this.end(new GrpcFailure(grpcStatus.CANCELLED, 'cancelled')))
  }

  /** Ends the call in `ms`, unless the stream closes before. */
  after(ms: number, why: string): NodeJS.Timeout {
    return closingTimer(this.stream, ms, () =>
      this.end(new GrpcFailure(grpcStatus.DEADLINE_EXCEEDED, why)),
    )
  }
}

/** Acts in `ms`, unless the stream closes before. */
export function closingTimer(
  stream: ServerHttp2Stream,
  ms: number,
  act: () => void,
): NodeJS.Timeout {
  const timer = setTimeout(act, Math.min(ms, LONGEST_TIMER_MS))
  stream.once('close', () => clearTimeout(timer))
  return timer
}
