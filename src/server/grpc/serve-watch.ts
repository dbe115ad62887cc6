import type { ServerHttp2Stream } from 'node:http2'
import type { Ending } from './ending.js'
import { framed } from './framing.js'
import type { GrpcLimits } from './limits.js'
import type { Load } from './load.js'
import type { Watched } from './method.js'
import { flushWithin, GRPC, statusHeaders } from './respond.js'
import { GrpcFailure, grpcStatus } from './status.js'

/** The watch, if there is room for it; it ends when the server stops. */
export function admitWatch(
  watched: Watched | GrpcFailure,
  ending: Ending,
  load: Load,
): Watched | GrpcFailure {
  if (watched instanceof GrpcFailure) return watched
  const stopping = new GrpcFailure(grpcStatus.UNAVAILABLE, 'server.stopping: the server stops')
  const forget = load.watch(() => ending.end(stopping))
  if (forget instanceof GrpcFailure) return forget
  void ending.failure.then(forget)
  return watched
}

/** Sends the state as it is, and each later one, until the call ends. */
export function startWatch(
  stream: ServerHttp2Stream,
  watched: Watched,
  ending: Ending,
  limits: GrpcLimits,
): void {
  if (stream.destroyed || stream.closed) return
  let last: Uint8Array | undefined
  const send = (): void => {
    // A caller that does not read gets the then latest state once it does.
    if (stream.writableNeedDrain || stream.writableEnded || stream.destroyed) return
    const message = watched.current()
    if (last !== undefined && Buffer.from(last).equals(message)) return
    last = message
    stream.write(framed(message))
  }
  stream.respond({ ':status': 200, 'content-type': GRPC }, { waitForTrailers: true })
  stream.on('drain', send)
  const unsubscribe = watched.onChange(send)
  send()
  void ending.failure.then((failure) => {
    unsubscribe()
    if (stream.destroyed) return
    stream.once('wantTrailers', () => stream.sendTrailers(statusHeaders(failure)))
    stream.end()
    flushWithin(stream, limits)
  })
}
