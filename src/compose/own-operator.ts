import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OperatorConnection } from '../cli/world.js'
import type { Config } from '../config/config.js'
import { ok, type Result } from '../core/result.js'
import { openInstance } from './instance.js'
import { openLog } from './open-log.js'
import { privateOperator } from './private-operator.js'
import type { Ambient } from './serve.js'

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
  const { operations } = instance
  const directory = await mkdtemp(join(tmpdir(), 'capstan-'))
  const close = async (): Promise<void> => {
    await instance[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const log = openLog({ ...config.log, level: 'error' }, ambient.version)
    const own = await privateOperator({ operations, directory, random: ambient.random, log })
    return ok({
      request: (request) => own.request(request),
      async close() {
        await own.close()
        await close()
      },
    })
  } catch (error) {
    await close()
    throw error
  }
}
