import type { IncomingMessage } from 'node:http'
import { Agent, request, type RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { DependencyError } from '../core/dependency-error.js'
import { errorCode } from '../core/error-code.js'
import type { Ask, ReaderAnswer } from './shown-logs.js'

/** Whom to believe, and who asks: PEM. */
export interface ReaderTrust {
  /** CA certificates, and no others. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface HttpsAskOptions {
  /** `https://host:port`; any path is ignored. */
  readonly server: URL
  /** Asked for each request: a certificate that was renewed is used at once. */
  readonly trust: () => Promise<ReaderTrust>
  readonly signal: AbortSignal
  readonly pause: (seconds: number) => Promise<void>
}

const TIMEOUT_MS = 30_000
/** Room for a page of a megabyte in base64, and for one record that is larger. */
const MAX_ANSWER_OCTETS = 16 * 1024 * 1024
/** How often in a row a server may ask to wait. */
const MOST_WAITS = 20
const LONGEST_WAIT = 10

/** GET over mutual TLS on one connection that is kept. No redirect is followed. */
export function httpsAsk(options: HttpsAskOptions): Ask & { close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: TIMEOUT_MS })
  const ask = async (path: string, accept: string): Promise<ReaderAnswer> => {
    for (let waits = 0; ; waits += 1) {
      const answer = await once(options, agent, path, accept)
      if (answer.status !== 429 || waits === MOST_WAITS || options.signal.aborted) return answer
      await options.pause(Math.min(LONGEST_WAIT, Math.max(1, answer.retryAfter)))
    }
  }
  return Object.assign(ask, { close: () => agent.destroy() })
}

async function once(
  { server, trust, signal }: HttpsAskOptions,
  agent: Agent,
  path: string,
  accept: string,
): Promise<ReaderAnswer & { readonly retryAfter: number }> {
  const host = server.hostname.replace(/^\[(.*)\]$/, '$1')
  const { ca, cert, key } = await trust()
  try {
    return await exchange({
      ...{ agent, host, port: Number(server.port || 443), path, method: 'GET' },
      ...{ ca, cert, key, minVersion: 'TLSv1.3' as const },
      // An address is no server name (RFC 6066 section 3).
      ...(isIP(host) === 0 && { servername: host }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      headers: { host: server.host, accept },
    })
  } catch (error) {
    throw new DependencyError(`server ${server.host}`, reasonOf(error), error)
  }
}

function exchange(
  options: RequestOptions,
): Promise<ReaderAnswer & { readonly retryAfter: number }> {
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
          body: Buffer.concat(chunks),
          retryAfter: Number(response.headers['retry-after']) || 1,
        }),
      )
    })
    asked.end()
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached'
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time'
  const code = errorCode(error)
  if (code === '') return error.message.slice(0, 200)
  return code === 'ABORT_ERR' ? 'no answer in time' : `it cannot be reached (${code})`
}
