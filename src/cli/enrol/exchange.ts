import { request, type IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { errorCode } from '../../core/error-code.js'
import { type Outcome, parseProblem, refused } from '../problem.js'

/** Whom to believe: these CA certificates and nobody else, or (for one public read) anybody. */
export type Trust =
  { readonly kind: 'only'; readonly anchorsPem: string } | { readonly kind: 'unverified' }

/** The client's own certificate, for renewal by mutual TLS. */
export interface ClientIdentity {
  readonly keyPem: string
  /** Leaf first. */
  readonly certPem: string
}

export interface Exchange {
  /** `https://host:port`, any path is ignored. */
  readonly server: URL
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  readonly trust: Trust
  readonly identity?: ClientIdentity
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 30_000
const MAX_BODY_OCTETS = 1_048_576

/**
 * One HTTPS request on a connection of its own, answered with parsed JSON. Not one octet of the
 * request is written before the handshake is over and the server verified.
 */
export async function exchange(call: Exchange): Promise<Outcome<unknown>> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(TIMEOUT_MS)])
  let socket: TLSSocket | undefined
  try {
    socket = await connected(call, signal)
    const answer = await answered(call, socket, signal)
    const status = answer.statusCode ?? 0
    const body = parseJson(await bodyOf(answer))
    if (status >= 200 && status < 300) return { ok: true, value: body }
    const problem = parseProblem(body, status)
    if (problem !== undefined) return { ok: false, problem }
    return refused({
      code: status >= 500 ? 'enrol.unreachable' : 'enrol.bad-answer',
      detail: `${call.server.host} answered ${status} and did not say why`,
      next: 'is this the address of the Capstan HTTP API?',
    })
  } catch (error) {
    return refused(failureOf(error, call.server))
  } finally {
    socket?.destroy()
  }
}

function connected(call: Exchange, signal: AbortSignal): Promise<TLSSocket> {
  const host = call.server.hostname.replace(/^\[(.*)\]$/, '$1')
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.destroy()
      reject(new Error('no answer in time'))
    }
    const socket = connect({
      host,
      port: Number(call.server.port || 443),
      minVersion: 'TLSv1.3',
      // An address is no server name (RFC 6066 section 3).
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(call.trust.kind === 'only'
        ? { ca: call.trust.anchorsPem, rejectUnauthorized: true }
        : { rejectUnauthorized: false }),
      ...(call.identity ? { key: call.identity.keyPem, cert: call.identity.certPem } : {}),
    })
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', abort)
      if (call.trust.kind === 'only' && !socket.authorized) reject(socket.authorizationError)
      else resolve(socket)
    })
  })
}

function answered(
  call: Exchange,
  socket: TLSSocket,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body))
  return new Promise((resolve, reject) => {
    const sent = request({
      createConnection: () => socket,
      method: call.method,
      path: call.path,
      signal,
      headers: {
        host: call.server.host,
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json', 'content-length': body.length } : {}),
      },
    })
    sent.once('response', resolve)
    sent.once('error', reject)
    sent.end(body)
  })
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of answer) {
    const octets = part as Buffer
    length += octets.length
    if (length > MAX_BODY_OCTETS) throw new Error('the answer is larger than 1 MiB')
    parts.push(octets)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What OpenSSL and Node call a server that is not who it should be. */
const UNTRUSTED = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function failureOf(error: unknown, server: URL): Parameters<typeof refused>[0] {
  const code = errorCode(error)
  if (UNTRUSTED.has(code)) {
    return {
      code: 'enrol.untrusted-server',
      detail: `${server.host} is not the server that was pinned; it was told nothing`,
      wanted: `a certificate for ${server.hostname}, issued under the pinned trust anchor`,
      found: code,
      next: 'compare --server, --ca-bundle and --ca-fingerprint with what the operator gave you',
    }
  }
  return {
    code: 'enrol.unreachable',
    detail: `${server.host} does not answer`,
    ...(code === '' ? {} : { found: code }),
  }
}
