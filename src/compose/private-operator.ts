import { join } from 'node:path'
import type { OperatorConnection } from '../cli/world.js'
import type { RandomBytes } from '../core/time.js'
import { createOperatorApp } from '../server/http/app.js'
import { defaultDispatchLimits } from '../server/http/dispatch.js'
import { listenUnixSocket } from '../server/http/listen-unix-socket.js'
import { defaultHttpLimits } from '../server/http/listener.js'
import type { ServerLog } from '../server/grpc/log.js'
import type { Operations } from '../server/operations.js'
import { requestIdsWith } from '../server/request-id.js'
import { unixSocketConnection } from './unix-socket-connection.js'

export interface PrivateOperatorOptions {
  readonly operations: Operations
  /** That nobody else may look into: the socket is there. */
  readonly directory: string
  readonly random: RandomBytes
  /** Told of requests that failed. */
  readonly log: ServerLog
}

/** The operators' API for this process alone; closing the connection ends it. */
export async function privateOperator({
  operations,
  directory,
  random,
  log,
}: PrivateOperatorOptions): Promise<OperatorConnection> {
  const newRequestId = requestIdsWith(random)
  const path = join(directory, 'api.sock')
  const listener = await listenUnixSocket({
    path,
    newRequestId,
    limits: defaultHttpLimits,
    app: createOperatorApp({
      operations,
      newRequestId,
      takeTurn: () => undefined,
      entryTurns: { begin: () => undefined, end: () => undefined },
      limits: defaultDispatchLimits,
      log,
      audit: () => undefined,
      observer: {
        answered: () => undefined,
        refused: () => undefined,
        unavailable: () => undefined,
      },
      metrics: () => Promise.resolve(''),
    }),
  })
  return unixSocketConnection(path, () => listener.close(0))
}
