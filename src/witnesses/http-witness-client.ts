import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { DependencyError } from '../core/dependency-error.js'
import type { WitnessClient } from '../tlog/ports.js'

/** Room for 16 signature lines of 4 kB (ML-DSA-44). */
const MAX_ANSWER_OCTETS = 65_536

/**
 * add-checkpoint over HTTP and HTTPS, with connections that are kept. No redirect is followed: a 3xx is
 * an answer like any other. What is answered is not trusted with anything but its signature.
 */
export function httpWitnessClient(timeoutMs: number): WitnessClient {
  const options = { keepAlive: true, maxSockets: 4, timeout: timeoutMs }
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) }
  return {
    async addCheckpoint(url, body, signal) {
      const target = submissionUrl(url)
      if (!target) throw new DependencyError(`witness ${url}`, 'its URL is not http or https')
      const limits = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      const isSecure = target.protocol === 'https:'
      try {
        return await exchange(target, body, {
          signal: limits,
          request: isSecure ? httpsRequest : httpRequest,
          agent: isSecure ? agents.https : agents.http,
        })
      } catch (error) {
        throw new DependencyError(`witness ${target.host}`, reasonOf(error), error)
      }
    },
  }
}

/** `add-checkpoint` under the submission prefix; undefined for what is no URL of HTTP. */
export function submissionUrl(prefix: string): URL | undefined {
  const text = prefix.endsWith('/') ? prefix : `${prefix}/`
  if (!URL.canParse('add-checkpoint', text)) return undefined
  const url = new URL('add-checkpoint', text)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
}

interface Way {
  readonly signal: AbortSignal
  readonly request: typeof httpRequest
  readonly agent: HttpAgent
}

function exchange(
  url: URL,
  body: Uint8Array,
  { signal, request, agent }: Way,
): Promise<{ readonly status: number; readonly body: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length }
    const asked = request(url, { method: 'POST', headers, agent, signal })
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
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
      )
    })
    asked.end(body)
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached'
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time'
  if ('code' in error && typeof error.code === 'string') {
    return error.code === 'ABORT_ERR' ? 'no answer in time' : `it cannot be reached (${error.code})`
  }
  return error.message.slice(0, 200)
}
