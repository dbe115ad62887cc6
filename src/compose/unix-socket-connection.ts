import { request as httpRequest } from 'node:http'
import { DependencyError } from '../core/dependency-error.js'
import type { OperatorConnection, OperatorResponse } from '../cli/world.js'

/** An operator's way in through a Unix socket; `release` runs when it is closed. */
export function unixSocketConnection(
  socketPath: string,
  release: () => Promise<void> = () => Promise.resolve(),
): OperatorConnection {
  return {
    request: ({ method, path, body, accept = 'application/json', withinMs }) =>
      new Promise<OperatorResponse>((resolve, reject) => {
        const sent = body === undefined ? undefined : JSON.stringify(body)
        const call = httpRequest({
          socketPath,
          path,
          method,
          agent: false,
          ...(withinMs !== undefined && { signal: AbortSignal.timeout(withinMs) }),
          headers: {
            host: 'capstan',
            accept,
            ...(sent !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(sent),
            }),
          },
        })
        call.on('response', (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', (error) => reject(noAnswer(error)))
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              contentType: (response.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
              body: Buffer.concat(chunks),
            }),
          )
        })
        call.on('error', (error) => reject(noAnswer(error)))
        call.end(sent)
      }),
    close: release,
  }
}

const noAnswer = (cause: unknown): DependencyError =>
  new DependencyError('server', 'the running server gave no answer', cause)
