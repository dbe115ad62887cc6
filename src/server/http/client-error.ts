import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Refusal } from '../../core/refusal.js'
import { refuse } from '../../core/result.js'
import { refusalReply } from './problem.js'
import { safeHeaders } from './write-reply.js'

/**
 * Answers what never became a request (not HTTP, header too large, too slow) as a problem too, and
 * closes the connection: nobody knows where its next request would begin.
 */
export function answerClientErrors(server: Server, newRequestId: () => string): void {
  const answering = new WeakMap<Duplex, ServerResponse>()
  server.prependListener('request', (request, response) => {
    answering.set(request.socket, response)
    response.once('close', () => answering.delete(request.socket))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Half an answer may be on its way: anything more would be read as part of it.
    if (!socket.writable || answering.get(socket)?.headersSent === true) {
      socket.destroy()
      return
    }
    socket.end(rawReply(refusalOf(error.code), newRequestId()), () => socket.destroy())
  })
}

function refusalOf(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return refuse('request.header-too-large', 'the header is too large').refusal
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return refuse('request.timeout', 'the request did not arrive in time').refusal
  }
  return refuse('request.malformed', 'not an HTTP/1.1 request').refusal
}

function rawReply(refusal: Refusal, requestId: string): string {
  const { status, type, body } = refusalReply(refusal, requestId)
  const headers = {
    ...safeHeaders,
    'cache-control': 'no-store',
    'content-type': type,
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const reason = STATUS_CODES[status] ?? ''
  return [`HTTP/1.1 ${status} ${reason}`, ...lines, '', String(body)].join('\r\n')
}
