import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Ending } from './ending.js'
import { encodeMessage, framed } from './framing.js'
import type { GrpcLimits } from './limits.js'
import type { GrpcFailure } from './status.js'

export const GRPC = 'application/grpc'

/** Answers to what is no gRPC call: too many headers, a method other than POST, another content type. */
export type HttpStatus = 405 | 415 | 431

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants

export function statusHeaders({ status, message }: GrpcFailure): Record<string, string> {
  return { 'grpc-status': String(status), 'grpc-message': encodeMessage(message) }
}

export function succeed(
  stream: ServerHttp2Stream,
  message: Uint8Array,
  limits: GrpcLimits,
  ending: Ending,
): void {
  if (stream.destroyed || stream.closed) return
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.respond({ ':status': 200, 'content-type': GRPC }, { waitForTrailers: true })
  stream.end(framed(message))
  ending.flush(limits.flushMs, () => stream.close(NGHTTP2_CANCEL))
}

/**
 * Trailers-Only (gRPC over HTTP/2): the failure is in the one and only header block. `ending` is that
 * of the call, if it has one by now.
 */
export function fail(
  stream: ServerHttp2Stream,
  failure: GrpcFailure,
  limits: GrpcLimits,
  ending?: Ending,
): void {
  respondOnly(
    stream,
    {
      ':status': 200,
      'content-type': GRPC,
      // What the caller may send instead, where compression was the reason.
      'grpc-accept-encoding': 'identity',
      ...statusHeaders(failure),
    },
    limits,
    ending,
  )
}

export function respondHttp(
  stream: ServerHttp2Stream,
  status: HttpStatus,
  limits: GrpcLimits,
): void {
  respondOnly(stream, { ':status': status }, limits)
}

function respondOnly(
  stream: ServerHttp2Stream,
  headers: Record<string, string | number>,
  limits: GrpcLimits,
  ending?: Ending,
): void {
  if (stream.destroyed || stream.closed) return
  stream.respond(headers, { endStream: true })
  // The answer is complete before the request is: the rest of it is not wanted (RFC 9113 section 8.1).
  if (!stream.readableEnded && !stream.endAfterHeaders) stream.close(NGHTTP2_NO_ERROR)
  if (ending) ending.flush(limits.flushMs, () => stream.close(NGHTTP2_CANCEL))
  else flushWithin(stream, limits)
}

/** The caller takes the answer in its time, or the stream is reset. */
export function flushWithin(stream: ServerHttp2Stream, limits: GrpcLimits): void {
  const timer = setTimeout(() => stream.close(NGHTTP2_CANCEL), limits.flushMs)
  stream.once('close', () => clearTimeout(timer))
}
