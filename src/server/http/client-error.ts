import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Refusal } from '../../core/refusal.js'
import { refuse } from '../../core/result.js'
import { refusalReply } from './problem.js'
import { safeHeaders } from './write-reply.js'

/**
 * How long a client that is still sending may take to read why it is refused. Closing with its
 * octets unread would make TCP throw away the answer (RFC 9112 section 9.6).
 */
const LINGER_MS = 1000

/**
 * Answers what never became a request (not HTTP, header too large, too slow) as a problem too, and
 * closes the connection: nobody knows where its next request would begin.
 */
export function answerClientErrors(server: Server, newRequestId: () => string): void {
  const answering = new WeakMap<Duplex, ServerResponse>()
  const secured = new WeakSet<Duplex>()
  const refused = new WeakSet<Duplex>()
  server.prependListener('request', (request, response) => {
    answering.set(request.socket, response)
    response.once('close', () => {
      if (answering.get(request.socket) === response) answering.delete(request.socket)
    })
  })
  server.on('secureConnection', (socket: TLSSocket) => secured.add(socket))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // The parser fails again for each further piece, and for the end, of what was no request.
    if (refused.has(socket)) return
    // A handshake that failed or never came: there is nothing yet to speak HTTP over.
    const unready = socket instanceof TLSSocket && !secured.has(socket)
    // Half an answer may be on its way: anything more would be read as part of it.
    if (unready || !socket.writable || answering.get(socket)?.headersSent === true) {
      socket.destroy()
      return
    }
    refused.add(socket)
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(timer))
    socket.end(rawReply(refusalOf(error.code), newRequestId()))
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
