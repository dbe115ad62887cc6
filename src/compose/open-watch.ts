import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenWatch, WatchOptions } from '../cli/world.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, refuse, type Result } from '../core/result.js'
import { plus, seconds } from '../core/time.js'
import type { LogName } from '../monitor/alarm.js'
import type { WatchMemory } from '../monitor/ports.js'
import { Watch } from '../monitor/watch.js'
import { shownKeys } from '../reader/shown-keys.js'
import { type Ask, shownLogs } from '../reader/shown-logs.js'
import { lockDataDirectory } from '../store/data-directory-lock.js'
import { openWatchMemory } from '../store/open-watch-memory.js'
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import { inUse } from './found.js'
import { LongWork } from './long-work.js'
import { readerWay } from './reader-way.js'
import type { Ambient } from './serve.js'

/** What a monitor remembers. */
const MEMORY = 'watch.db'

/** A monitor of one Capstan, with what it remembers in a folder that this process has for itself. */
export async function openWatch(
  options: WatchOptions,
  ambient: Ambient,
): Promise<Result<OpenWatch>> {
  const { folder, rules } = options
  const { clock, signal } = ambient
  makeFolder(folder)
  const opened: (() => Promise<void> | void)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  let kept = false
  try {
    const lock = lockDataDirectory(folder)
    if (!lock) return inUse(folder)
    opened.push(() => lock[Symbol.dispose]())
    const memory = openWatchMemory(join(folder, MEMORY))
    opened.push(() => memory[Symbol.dispose]())
    const way = await readerWay(options.way, ambient)
    if (!way.ok) return way
    const { ask, close } = way.value
    opened.push(close)
    const trusted = await keysOf(options.keys, memory, ask)
    if (!trusted.ok) return trusted
    const { keys, known } = trusted.value
    const { pace } = new LongWork(options.progress)
    const watch = new Watch({
      ...{ shown: shownLogs(ask), memory, pace, clock, keys, rules },
      scratch: () => memory.scratch(),
      pause: () => clock.sleepUntil(plus(clock.now(), seconds(1)), signal),
    })
    opened.push(() => watch[Symbol.asyncDispose]())
    kept = true
    const texts = {
      index: formatVerifierKey(keys.index),
      issuance: formatVerifierKey(keys.issuance),
    }
    return ok({ watch, keys: texts, known, [Symbol.asyncDispose]: closeAll })
  } finally {
    if (!kept) await closeAll()
  }
}

type Keys = Readonly<Record<LogName, VerifierKey>>

/** Those that are given; then those that are remembered; and at first those that the server says. */
async function keysOf(
  given: WatchOptions['keys'],
  memory: WatchMemory,
  ask: Ask,
): Promise<Result<{ readonly keys: Keys; readonly known: OpenWatch['known'] }>> {
  const remembered: Partial<Record<LogName, VerifierKey>> = {}
  for (const log of ['index', 'issuance'] as const) {
    const head = await memory.head(log)
    if (!head) continue
    const key = parseVerifierKey(head.key)
    if (!key.ok) return key
    const pinned = given[log]
    if (pinned && formatVerifierKey(pinned) !== head.key) return otherLog(log, head.key)
    remembered[log] = key.value
  }
  const index = given.index ?? remembered.index
  const issuance = given.issuance ?? remembered.issuance
  if (index && issuance) {
    const known = given.index && given.issuance ? 'pinned' : 'remembered'
    return ok({ keys: { index, issuance }, known })
  }
  const shown = await shownKeys(ask)
  return ok({
    keys: { index: index ?? shown.index, issuance: issuance ?? shown.issuance },
    known: 'first',
  })
}

const otherLog = (log: LogName, key: string): Result<never> =>
  refuse('tlog.unknown-key', `what is remembered of the ${log} log is of another key`, {
    wanted: key,
    next: 'another Capstan is watched from a folder of its own: --state FOLDER',
  })

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new DependencyError('watch folder', `cannot make ${folder}`, error)
  }
}
