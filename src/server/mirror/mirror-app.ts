import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { DependencyError } from '../../core/dependency-error.js'
import type { MirrorFiles } from '../../mirror/ports.js'
import type { LogName } from '../../monitor/alarm.js'
import type { TakeTurn } from '../http/rate-limit.js'
import { declaresBody, safeHeaders } from '../http/write-reply.js'
import { servedFile, type Shown } from './mirror-paths.js'

export interface MirrorAppOptions extends Shown {
  readonly files: Readonly<Record<LogName, Pick<MirrorFiles, 'read'>>>
  readonly takeTurn: TakeTurn
  readonly log: { error(fields: object, message: string): void }
}

interface Reply {
  readonly status: number
  readonly body: Uint8Array | string
  readonly headers?: Readonly<Record<string, string>>
}

const FOREVER = 'public, max-age=31536000, immutable'

/** The files of a mirror for reading, as C2SP tlog-tiles serves logs: nothing is made or changed here. */
export function createMirrorApp(options: MirrorAppOptions): RequestListener {
  const { log } = options
  return (request, response) => {
    answer(options, request)
      .catch((error: unknown): Reply => {
        log.error({ err: error }, 'a request could not be answered')
        const unavailable = error instanceof DependencyError
        return { status: unavailable ? 503 : 500, body: 'try again later\n' }
      })
      .then((reply) => write(request, response, reply))
      .catch(() => response.destroy())
  }
}

async function answer(options: MirrorAppOptions, request: IncomingMessage): Promise<Reply> {
  const { files, takeTurn } = options
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const headers = { allow: 'GET, HEAD' }
    return { status: 405, body: 'GET is what this takes\n', headers }
  }
  const wait = takeTurn(request.socket.remoteAddress ?? '')
  if (wait !== undefined) {
    return { status: 429, body: 'too many requests\n', headers: { 'retry-after': `${wait}` } }
  }
  const file = servedFile(request.url ?? '', options)
  const body = file && (await files[file.log].read(file.path))
  if (!body) return { status: 404, body: 'no such file\n' }
  const caching = file.caching === 'immutable' ? FOREVER : 'no-cache'
  return { status: 200, body, headers: { 'content-type': file.type, 'cache-control': caching } }
}

function write(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body)
  response.writeHead(reply.status, {
    ...safeHeaders,
    'cache-control': 'no-store',
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
    ...reply.headers,
    // The next request could not be told from what is left of this one.
    ...(declaresBody(request) && !request.complete && { connection: 'close' }),
  })
  response.end(body)
}
