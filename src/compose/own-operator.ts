import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OperatorConnection } from '../cli/world.js'
import type { Config } from '../config/config.js'
import { ok, type Result } from '../core/result.js'
import { createOperatorApp } from '../server/http/app.js'
import { defaultDispatchLimits } from '../server/http/dispatch.js'
import { listenUnixSocket } from '../server/http/listen-unix-socket.js'
import { defaultHttpLimits } from '../server/http/listener.js'
import { requestIdsWith } from '../server/request-id.js'
import { openInstance } from './instance.js'
import { openLog } from './open-log.js'
import type { Ambient } from './serve.js'
import { unixSocketConnection } from './unix-socket-connection.js'

/** The operators' API over a data directory that no server has, for this process alone. */
export async function ownOperator(
  config: Config,
  ambient: Ambient,
): Promise<Result<OperatorConnection>> {
  const progressLog = openLog({ ...config.log, level: 'info' }, ambient.version)
  const opened = await openInstance({
    ...ambient,
    config,
    writer: 'inline',
    listeners: () => [],
    observer: { stage: () => undefined, issued: () => undefined },
    checkpointFailed: (err) => progressLog.error({ err }, 'a checkpoint could not be signed'),
    progress: ({ work, done, total }) => progressLog.info({ done, total }, work),
  })
  if (!opened.ok) return opened
  const instance = opened.value
  const directory = await mkdtemp(join(tmpdir(), 'capstan-'))
  const close = async (): Promise<void> => {
    await instance[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const newRequestId = requestIdsWith(ambient.random)
    const path = join(directory, 'api.sock')
    const listener = await listenUnixSocket({
      path,
      newRequestId,
      limits: defaultHttpLimits,
      app: createOperatorApp({
        operations: instance.operations,
        newRequestId,
        takeTurn: () => undefined,
        limits: defaultDispatchLimits,
        log: openLog({ ...config.log, level: 'error' }, ambient.version),
        audit: () => undefined,
        observer: {
          answered: () => undefined,
          refused: () => undefined,
          unavailable: () => undefined,
        },
        metrics: () => Promise.resolve(''),
      }),
    })
    return ok(
      unixSocketConnection(path, async () => {
        await listener.close(0)
        await close()
      }),
    )
  } catch (error) {
    await close()
    throw error
  }
}
