import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MirrorOptions, OpenMirror } from '../cli/world.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, refuse, type Result } from '../core/result.js'
import { plus, seconds } from '../core/time.js'
import { FoldedIndex } from '../mirror/folded-index.js'
import { keyOfFolder, putKeyOfFolder } from '../mirror/known-keys.js'
import { Mirror } from '../mirror/mirror.js'
import { MirroredLog } from '../mirror/mirrored-log.js'
import type { MirrorFiles } from '../mirror/ports.js'
import type { LogName } from '../monitor/alarm.js'
import type { Pace } from '../namespace/ports.js'
import { shownKeys } from '../reader/shown-keys.js'
import { type Ask, shownLogs } from '../reader/shown-logs.js'
import { lockDataDirectory } from '../store/data-directory-lock.js'
import { openMirrorFiles } from '../store/open-mirror-files.js'
import { openShownIndex } from '../store/open-shown-index.js'
import { formatVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import { inUse } from './found.js'
import { LongWork } from './long-work.js'
import { readerWay } from './reader-way.js'
import type { Ambient } from './serve.js'

/** A mirror of one Capstan in a folder that this process has for itself. */
export async function openMirror(
  options: MirrorOptions,
  ambient: Ambient,
): Promise<Result<OpenMirror>> {
  const { folder, rules, from, logs } = options
  const { clock, signal } = ambient
  const opened: (() => Promise<void> | void)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  let kept = false
  try {
    const lock = lockDataDirectory(folder)
    if (!lock) return inUse(folder)
    opened.push(() => lock[Symbol.dispose]())
    const way = await readerWay(options.way, ambient)
    if (!way.ok) return way
    const { ask, close } = way.value
    opened.push(close)
    const trusted = await keysOf(options, ask)
    if (!trusted.ok) return trusted
    const { keys, known } = trusted.value
    const scratch = await scratchFolder()
    opened.push(scratch.remove)
    const pace = obedient(new LongWork(options.progress).pace, signal)
    const pause = (): Promise<void> => clock.sleepUntil(plus(clock.now(), seconds(1)), signal)
    const shown = shownLogs(ask)
    const mirrored: Partial<Record<LogName, MirroredLog>> = {}
    for (const log of logs) {
      const [key, files] = [keys[log], filesOf(folder, log)]
      if (!key) continue
      if (!(await keyOfFolder(files))) await putKeyOfFolder(files, key)
      const deps = { log, shown, files, rules: { ...rules, key }, clock, pace, pause, from }
      if (log !== 'index') {
        mirrored[log] = new MirroredLog(deps)
        continue
      }
      const tables = openShownIndex(join(scratch.path, 'index'))
      opened.push(async () => tables[Symbol.asyncDispose]())
      const fold = new FoldedIndex({
        ...{ files, pace, clock, key: formatVerifierKey(key) },
        scratch: () => tables.scratch(),
      })
      opened.push(() => fold[Symbol.asyncDispose]())
      mirrored[log] = new MirroredLog({ ...deps, fold })
    }
    kept = true
    return ok({
      mirror: new Mirror(mirrored),
      keys: textsOf(keys),
      known,
      [Symbol.asyncDispose]: closeAll,
    })
  } finally {
    if (!kept) await closeAll()
  }
}

export const filesOf = (folder: string, log: LogName): MirrorFiles =>
  openMirrorFiles(join(folder, log))

/** Room for the tables that an index log comes to. */
export async function scratchFolder(): Promise<{
  readonly path: string
  readonly remove: () => Promise<void>
}> {
  const path = await mkdtemp(join(tmpdir(), 'capstan-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Obeys signals between two steps: what is there is gone on from. */
export const obedient =
  (pace: Pace, signal: AbortSignal): Pace =>
  (progress) => {
    if (signal.aborted) throw new DependencyError('command', 'it was stopped')
    return pace(progress)
  }

type Keys = Readonly<Partial<Record<LogName, VerifierKey>>>

const textsOf = (keys: Keys): OpenMirror['keys'] =>
  Object.fromEntries(Object.entries(keys).map(([log, key]) => [log, formatVerifierKey(key)]))

/** Those that are given; then those that the folder was begun with; and at first those that the server says. */
async function keysOf(
  { folder, keys: given, logs }: MirrorOptions,
  ask: Ask,
): Promise<Result<{ readonly keys: Keys; readonly known: OpenMirror['known'] }>> {
  const keys: Partial<Record<LogName, VerifierKey>> = {}
  let known: OpenMirror['known'] = 'pinned'
  for (const log of logs) {
    const begun = await keyOfFolder(filesOf(folder, log))
    const pinned = given[log]
    if (begun && pinned && formatVerifierKey(begun) !== formatVerifierKey(pinned)) {
      return otherKey(log, formatVerifierKey(begun))
    }
    if (pinned) keys[log] = pinned
    else if (begun) [keys[log], known] = [begun, known === 'first' ? known : 'remembered']
    else [keys[log], known] = [(await shownKeys(ask))[log], 'first']
  }
  return ok({ keys, known })
}

export const otherKey = (log: LogName, begun: string): Result<never> =>
  refuse('tlog.unknown-key', `the folder is a mirror of a ${log} log of another key`, {
    wanted: begun,
    next: 'another Capstan is mirrored to a folder of its own: --to FOLDER',
  })
