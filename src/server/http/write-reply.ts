import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Channel } from './access.js'
import type { Reply } from './reply.js'

/** Nothing here is a page: whatever a browser makes of an answer, it loads and runs nothing. */
export const safeHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

const ONE_YEAR_S = 31_536_000
const always = Object.entries(safeHeaders).flat()

const FOR_EVER = `private, max-age=${ONE_YEAR_S}, immutable`
const cacheControl = { 'check-again': 'no-cache', 'store-nothing': 'no-store' } as const

export interface ReplyTerms {
  readonly requestId: string
  readonly channel: Channel
  /** `store-nothing` for what is for one caller only. */
  readonly caching: 'check-again' | 'store-nothing'
}

export function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  terms: ReplyTerms,
): void {
  const body = Buffer.from(reply.body)
  // Names and values in turn: Node writes them as they are, without an object for each answer.
  const headers = ['x-request-id', terms.requestId, 'cache-control']
  headers.push(reply.caching === 'immutable' ? FOR_EVER : cacheControl[terms.caching])
  if (terms.channel === 'tls') headers.push('strict-transport-security', `max-age=${ONE_YEAR_S}`)
  if (reply.status !== 204) {
    headers.push('content-type', reply.type, 'content-length', String(body.length))
  }
  if (hasUnreadBody(request)) headers.push('connection', 'close')
  headers.push(...always, ...Object.entries(reply.headers ?? {}).flat())
  response.writeHead(reply.status, headers)
  response.end(body)
}

export const declaresBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined ||
  (request.headers['content-length'] ?? '0') !== '0'

/** The next request could not be told from the rest of this one. */
const hasUnreadBody = (request: IncomingMessage): boolean =>
  declaresBody(request) && !request.complete
