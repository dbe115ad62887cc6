import type { Config } from '../config/config.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Progress } from '../namespace/ports.js'
import { lockDataDirectory } from '../store/data-directory-lock.js'
import { emptyIndexTables } from '../store/empty-index-tables.js'
import { inUse, storePath } from './found.js'
import { openInstance } from './instance.js'
import { readInstanceFile } from './instance-file.js'
import { openLog } from './open-log.js'
import type { Ambient } from './serve.js'

/** Replays the whole index log into empty tables. No server may run. */
export async function rebuildIndex(
  config: Config,
  ambient: Ambient,
  progress: (progress: Progress) => void,
): Promise<Result<{ readonly records: number; readonly head: string }>> {
  const { dataDir } = config
  if (!(await readInstanceFile(dataDir))) {
    return refuse('namespace.unknown', `there is no CA in ${dataDir}`, {
      next: 'capstan init --trust-domain NAME',
    })
  }
  {
    using lock = lockDataDirectory(dataDir)
    if (!lock) return inUse(dataDir)
    emptyIndexTables(storePath(dataDir))
  }
  const log = openLog({ ...config.log, level: 'error' }, ambient.version)
  // Opening replays what the tables do not hold: now that is all of it.
  const opened = await openInstance({
    ...ambient,
    config,
    writer: 'thread',
    listeners: () => [],
    observer: { stage: () => undefined, issued: () => undefined },
    progress,
    checkpointFailed: (err) => log.error({ err }, 'a checkpoint could not be signed'),
  })
  if (!opened.ok) return opened
  await using instance = opened.value
  const { size, head } = instance.index.state
  return ok({ records: size, head })
}
