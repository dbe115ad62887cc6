import type { Caller } from '../../core/caller.js'
import type { GrpcFailure } from './status.js'

/** What a method learns of its call beside the message. */
export interface GrpcCall {
  /** The peer's IP address. */
  readonly remote: string
  readonly caller: Caller
}

/** One message in, one out. */
export interface UnaryMethod {
  readonly kind: 'unary'
  /** `/package.Service/Method` */
  readonly path: string
  /** It is answered however many calls are under work: what it takes is nothing. */
  readonly needsNoPlace?: true
  answer(message: Uint8Array, call: GrpcCall): Promise<Uint8Array | GrpcFailure>
}

/** One message in; then the latest state, and each later one, until the caller leaves. */
export interface WatchMethod {
  readonly kind: 'watch'
  readonly path: string
  /** What to watch for this request, or why not. */
  open(message: Uint8Array): Watched | GrpcFailure
}

export interface Watched {
  /** The message for the state as it is now. */
  current(): Uint8Array
  /** Calls `listener` after each change until the returned function is called. */
  onChange(listener: () => void): () => void
}

export type GrpcMethod = UnaryMethod | WatchMethod
