import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { Ending } from './ending.js'
import { MessageReader, parseTimeout } from './framing.js'
import type { GrpcLimits } from './limits.js'
import type { Held, Load, Peer } from './load.js'
import type { ServerLog } from './log.js'
import type { GrpcCall, GrpcMethod, UnaryMethod } from './method.js'
import { fail, GRPC, type HttpStatus, respondHttp, succeed } from './respond.js'
import { admitWatch, startWatch } from './serve-watch.js'
import { GrpcFailure, grpcStatus } from './status.js'

export interface CallDeps {
  readonly methods: ReadonlyMap<string, GrpcMethod>
  readonly limits: GrpcLimits
  readonly load: Load
  readonly log: ServerLog
}

/** The connection that a call came on. */
export interface CallPeer extends Pick<Peer, 'awaits' | 'holds'> {
  readonly address: string
  /** A request did not arrive in time. */
  readonly late: () => void
}

/**
 * One gRPC call on one HTTP/2 stream, from its headers to its last frame. Every wait has an end:
 * for the request, for the work, for the caller to take the answer. Rejects only for a bug.
 */
export async function serveCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  peer: CallPeer,
  deps: CallDeps,
): Promise<void> {
  await answerCall(stream, headers, peer, deps)
  if (!stream.closed) stream.once('close', peer.awaits())
}

async function answerCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  peer: CallPeer,
  deps: CallDeps,
): Promise<void> {
  const { limits } = deps
  const call = openCall(headers, deps)
  if (typeof call === 'number') {
    respondHttp(stream, call, limits)
    return
  }
  if (call instanceof GrpcFailure) {
    fail(stream, call, limits)
    return
  }
  const { method, timeoutMs } = call
  const ending = new Ending(stream)
  if (timeoutMs !== undefined) ending.endIn(timeoutMs, 'the deadline of the call has passed')

  ending.allow(limits.requestMs, 'the request did not arrive in time')
  const arrived = peer.awaits()
  const held = peer.holds()
  const message = await Promise.race([receiveMessage(stream, held, limits), ending.failure])
  arrived()
  if (message instanceof GrpcFailure) {
    held.release()
    if (message.status === grpcStatus.DEADLINE_EXCEEDED) peer.late()
    fail(stream, message, limits, ending)
  } else if (method.kind === 'watch') {
    ending.allowAnyTime()
    held.release()
    const watched = admitWatch(method.open(message), ending, deps.load)
    if (watched instanceof GrpcFailure) fail(stream, watched, limits)
    else startWatch(stream, watched, ending, limits)
  } else {
    const place = method.needsNoPlace ? undefined : deps.load.enter()
    if (place instanceof GrpcFailure) {
      held.release()
      fail(stream, place, limits, ending)
      return
    }
    const call = { remote: peer.address, caller: ending }
    const answered = work(method, message, call, deps.log)
    // The place is taken until the work ends: callers who leave early must not make room for more.
    void answered.then(() => {
      held.release()
      place?.()
    })
    ending.allow(limits.answerMs, 'the answer took too long')
    const answer = await Promise.race([answered, ending.failure])
    if (answer instanceof GrpcFailure) fail(stream, answer, limits, ending)
    else succeed(stream, answer, limits, ending)
  }
}

/** The call that these headers open; otherwise an HTTP status or a gRPC failure. */
function openCall(
  headers: IncomingHttpHeaders,
  { methods, limits }: CallDeps,
):
  | { readonly method: GrpcMethod; readonly timeoutMs: number | undefined }
  | GrpcFailure
  | HttpStatus {
  if (octetsOf(headers) > limits.headerOctets) return 431
  if (headers[':method'] !== 'POST') return 405
  if (!isGrpc(headers['content-type'])) return 415

  const method = methods.get(headers[':path'] ?? '')
  if (!method) return new GrpcFailure(grpcStatus.UNIMPLEMENTED, 'unknown method')
  if ((headers['grpc-encoding'] ?? 'identity') !== 'identity') {
    return new GrpcFailure(grpcStatus.UNIMPLEMENTED, 'compressed messages are not read')
  }
  const asked = headers['grpc-timeout']
  const timeoutMs = asked === undefined ? undefined : parseTimeout(String(asked))
  if (asked !== undefined && timeoutMs === undefined) {
    return new GrpcFailure(grpcStatus.INVALID_ARGUMENT, 'grpc-timeout is not one')
  }
  return { method, timeoutMs }
}

/** node:http2 announces a limit for header lists, and does not keep to it. */
function octetsOf(headers: IncomingHttpHeaders): number {
  let octets = 0
  for (const [name, value] of Object.entries(headers)) {
    octets += name.length + String(value).length + 32
  }
  return octets
}

function isGrpc(contentType: string | undefined): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  return type === GRPC || type === `${GRPC}+proto`
}

function receiveMessage(
  stream: ServerHttp2Stream,
  held: Held,
  limits: GrpcLimits,
): Promise<Uint8Array | GrpcFailure> {
  return new Promise((resolve) => {
    const reader = new MessageReader(limits.messageOctets)
    const take = (chunk: Uint8Array): void => {
      const failure = reader.push(chunk)
      held.hold(reader.room)
      if (!failure) return
      stream.off('data', take)
      resolve(failure)
    }
    stream.on('data', take)
    stream.once('end', () => {
      // A reset ends the octets too, and a reset request is not a whole one.
      if (!stream.closed) resolve(reader.finish())
    })
  })
}

async function work(
  method: UnaryMethod,
  message: Uint8Array,
  call: GrpcCall,
  log: ServerLog,
): Promise<Uint8Array | GrpcFailure> {
  try {
    return await method.answer(message, call)
  } catch (thrown) {
    log.error({ err: thrown, path: method.path }, 'a gRPC method threw')
    return new GrpcFailure(grpcStatus.INTERNAL, 'internal error')
  }
}
