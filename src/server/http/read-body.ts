import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { bareType } from './negotiate.js'

export type BodyRefusal = Refusal<
  'request.malformed' | 'request.too-large' | 'request.unsupported-type'
>

/**
 * What is read and thrown away beyond the limit so that an honest client, which reads its answer
 * only after it has sent everything, gets to see the refusal.
 */
const LINGER_OCTETS = 1_048_576

/** Is the body said to be plain JSON? Looked at before any of it is read. */
export function jsonContent(request: IncomingMessage): Result<undefined, BodyRefusal> {
  const type = request.headers['content-type'] ?? ''
  const [, ...parameters] = type.toLowerCase().split(';')
  const utf8 = parameters.every((part) => /^\s*(?:charset="?utf-8"?)?\s*$/.test(part))
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (bareType(type) === 'application/json' && utf8 && encoding.toLowerCase() === 'identity') {
    return ok()
  }
  return refuse('request.unsupported-type', 'the body must be JSON, not compressed', {
    wanted: 'content-type: application/json',
  })
}

/** The whole body, at most `limit` octets. Time is bounded by the server's request timeout. */
export async function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<Result<Uint8Array, BodyRefusal>> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request.iterator({
      destroyOnReturn: false,
    }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else chunks.length = 0
      if (size > limit + LINGER_OCTETS) break
    }
  } catch {
    return refuse('request.malformed', 'the body ended before it was whole')
  }
  if (size <= limit) return ok(Buffer.concat(chunks))
  return refuse('request.too-large', 'the body is too large', { wanted: `at most ${limit} octets` })
}
