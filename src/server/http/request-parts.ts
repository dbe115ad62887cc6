import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Json } from '../../core/canonical-json.js'
import { certificateDer, type CertificateDer } from '../../core/der.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { negotiate } from './negotiate.js'
import { type BodyRefusal, jsonContent, readBody } from './read-body.js'
import type { Route } from './route.js'
import { parseStrictJson } from './strict-json.js'

/** The certificate of this very connection, as bytes. TLS has proved possession of its key. */
export function peerCertificateOf(request: IncomingMessage): CertificateDer | undefined {
  if (!(request.socket instanceof TLSSocket)) return undefined
  const certificate = request.socket.getPeerX509Certificate()
  return certificate && certificateDer(new Uint8Array(certificate.raw))
}

/** What follows the question mark, not decoded. */
export function queryOf(request: IncomingMessage): string {
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  return mark === -1 ? '' : url.slice(mark + 1)
}

/** The media type to answer in; empty for a route that answers without content. */
export function preferredType(
  request: IncomingMessage,
  route: Route,
): Result<string, Refusal<'request.not-acceptable'>> {
  const offers = [...new Set(route.answers.flatMap((answer) => Object.keys(answer.content)))]
  if (offers.length === 0) return ok('')
  const type = negotiate(request.headers.accept, offers)
  if (type !== undefined) return ok(type)
  return refuse('request.not-acceptable', 'there is no such form of this answer', {
    wanted: offers.join(' or '),
  })
}

export async function jsonBody(
  request: IncomingMessage,
  limit: number,
): Promise<Result<Json, BodyRefusal>> {
  const content = jsonContent(request)
  if (!content.ok) return content
  const octets = await readBody(request, limit)
  return octets.ok ? parseStrictJson(octets.value) : octets
}
