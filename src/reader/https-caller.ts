import type { IncomingMessage } from 'node:http'
import { Agent, request, type RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { DependencyError } from '../core/dependency-error.js'
import { errorCode } from '../core/error-code.js'
import { refusalCode } from './refusal-code.js'

/** Whom to believe, and who asks: PEM. */
export interface CallerTrust {
  /** CA certificates, and no others. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface HttpsCallerOptions {
  /** `https://host:port`; any path is ignored. */
  readonly server: URL
  /** Asked for each request: a certificate that was renewed is used at once. */
  readonly trust: () => Promise<CallerTrust>
  readonly signal: AbortSignal
  readonly pause: (seconds: number) => Promise<void>
}

export interface HttpsCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly accept: string
  /** Sent as JSON. */
  readonly json?: string
  /** So long at most, and not again where the server asks to wait. */
  readonly withinMs?: number
}

export interface HttpsAnswer {
  readonly status: number
  /** Media type without parameters, lower case. */
  readonly contentType: string
  readonly body: Uint8Array
}

/** The way to a Capstan over mutual TLS. Rejects with `DependencyError` where no answer comes. */
export interface HttpsCaller {
  call(call: HttpsCall): Promise<HttpsAnswer>
  close(): void
}

const TIMEOUT_MS = 30_000
/** Room for a page of a megabyte in base64, and for what a draft was made of. */
const MAX_ANSWER_OCTETS = 24 * 1024 * 1024
/** How often in a row a server may ask to wait. */
const MOST_WAITS = 20
const LONGEST_WAIT = 10

/** One connection that is kept. No redirect is followed; who is asked to wait asks again. */
export function httpsCaller(options: HttpsCallerOptions): HttpsCaller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: TIMEOUT_MS })
  return {
    async call(call) {
      for (let waits = 0; ; waits += 1) {
        const { retryAfter, ...answer } = await once(options, agent, call)
        const isLast = waits === MOST_WAITS || options.signal.aborted || call.withinMs !== undefined
        if (isLast || !isToWait(answer)) return answer
        await options.pause(Math.min(LONGEST_WAIT, Math.max(1, retryAfter)))
      }
    },
    close: () => agent.destroy(),
  }
}

/** Nothing was done about a request that is to come later. What else there is too much of stays so. */
function isToWait({ status, body }: HttpsAnswer): boolean {
  if (status !== 429) return false
  const code = refusalCode(body)
  return code === undefined || code === 'request.throttled' || code === 'server.overloaded'
}

type Timed = HttpsAnswer & { readonly retryAfter: number }

async function once(
  { server, trust, signal }: HttpsCallerOptions,
  agent: Agent,
  { method, path, accept, json, withinMs = TIMEOUT_MS }: HttpsCall,
): Promise<Timed> {
  const host = server.hostname.replace(/^\[(.*)\]$/, '$1')
  const { ca, cert, key } = await trust()
  try {
    return await exchange(
      {
        ...{ agent, host, port: Number(server.port || 443), path, method },
        ...{ ca, cert, key, minVersion: 'TLSv1.3' as const },
        // Whatever the environment says (NODE_TLS_REJECT_UNAUTHORIZED).
        rejectUnauthorized: true,
        // An address is no server name (RFC 6066 section 3).
        ...(isIP(host) === 0 && { servername: host }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
        headers: {
          ...{ host: server.host, accept },
          ...(json !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(json),
          }),
        },
      },
      json,
    )
  } catch (error) {
    throw new DependencyError(`server ${server.host}`, reasonOf(error), error)
  }
}

function exchange(options: RequestOptions, sent: string | undefined): Promise<Timed> {
  return new Promise((resolve, reject) => {
    const asked = request(options)
    asked.once('error', reject)
    asked.once('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        chunks.push(chunk)
        if (size > MAX_ANSWER_OCTETS) response.destroy(new Error('the answer is too large'))
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          contentType: (response.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
          body: Buffer.concat(chunks),
          retryAfter: Number(response.headers['retry-after']) || 1,
        }),
      )
    })
    asked.end(sent)
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached'
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time'
  const code = errorCode(error)
  if (code === '') return error.message.slice(0, 200)
  return code === 'ABORT_ERR' ? 'no answer in time' : `it cannot be reached (${code})`
}
