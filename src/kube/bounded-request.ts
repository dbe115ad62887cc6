import type { Agent as HttpAgent } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface BoundedRequest {
  readonly url: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly agent?: HttpAgent
  readonly signal: AbortSignal
}

export interface BoundedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

const MAX_BYTES = 1_048_576

/**
 * One HTTPS exchange: no redirect is followed (a 3xx is an answer like any other), and at most 1 MiB
 * is read. Throws what Node throws, and `NoAnswer` for what cannot be read as an answer.
 */
export async function boundedRequest(wanted: BoundedRequest): Promise<BoundedAnswer> {
  const url = new URL(wanted.url)
  if (url.protocol !== 'https:') throw new NoAnswer('only https is spoken')
  return new Promise((resolve, reject) => {
    const { method, headers, body, agent, signal } = wanted
    const request = httpsRequest(url, { method, headers: { ...headers }, agent, signal })
    request.once('error', reject)
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        chunks.push(chunk)
        if (size > MAX_BYTES) response.destroy(new NoAnswer('the answer is larger than 1 MiB'))
      })
      response.once('error', reject)
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: single(response.headers), text })
      })
    })
    request.end(body)
  })
}

/** The other side spoke, but not what was asked for. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/**
 * Why a request failed, in words that hold nothing of the request or of the answer: an error's own
 * text may quote either, and a token is in there.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof NoAnswer) return error.message
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : ''
  if (code === 'ABORT_ERR') return 'no answer in time'
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code)
    ? `it cannot be reached (${code})`
    : 'it cannot be reached'
}

function single(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) kept[name] = String(value)
  }
  return kept
}
