import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ExitCode, exitCode } from '../cli/exit-code.js'
import type { ServeWitnessOptions } from '../cli/world.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, type Result } from '../core/result.js'
import { seconds, type UnixSeconds } from '../core/time.js'
import { defaultRateLimits, rateLimiterWith } from '../server/http/rate-limit.js'
import { requestIdsWith } from '../server/request-id.js'
import { listenWitness } from '../server/witness/listen-witness.js'
import { createWitnessApp } from '../server/witness/witness-app.js'
import { lockDataDirectory } from '../store/data-directory-lock.js'
import { openWitnessStore } from '../store/open-witness-store.js'
import { knownLogs } from '../tlog/known-logs.js'
import type { WitnessStore } from '../tlog/ports.js'
import { timeFault } from '../tlog/sane-time.js'
import { formatVerifierKey } from '../tlog/verifier-key.js'
import { aborted } from './aborted.js'
import { inUse } from './found.js'
import { openLog } from './open-log.js'
import type { Ambient } from './serve.js'
import { openWitnessKey, WITNESS_MEMORY } from './witness-folder.js'

/** How long a stop waits for answers under way. */
const GRACE_MS = 10_000

/** A witness: cosigns checkpoints of the logs that it is given until `signal` aborts. */
export async function serveWitness(
  options: ServeWitnessOptions,
  ambient: Ambient,
): Promise<Result<ExitCode>> {
  const { folder, logs, listen } = options
  const { clock, random, signal, version } = ambient
  const log = openLog({ level: 'info', format: options.format }, version)
  using lock = lockDataDirectory(folder)
  if (!lock) return inUse(folder)
  const signer = await openWitnessKey(options, ambient)
  if (!signer.ok) return signer
  const tls = options.tls && {
    cert: await octetsOf(options.tls.cert),
    key: await octetsOf(options.tls.key),
  }
  const key = formatVerifierKey(signer.value.key)
  const opened = openWitnessStore(join(folder, WITNESS_MEMORY), key)
  if (!opened.ok) return opened
  using store = opened.value
  const app = createWitnessApp({
    witness: { logs: knownLogs(logs), store, signers: [signer.value] },
    origins: [...new Set(logs.map(({ name }) => name))],
    clock,
    timeFault: timeFaultOf(store, clock.now(), options.time),
    takeTurn: rateLimiterWith(clock, defaultRateLimits),
    log,
  })
  const newRequestId = requestIdsWith(random)
  const listener = await listenWitness({ ...listen, ...(tls && { tls }), app, newRequestId })
  log.info(
    { listening: listener.address, tls: tls !== undefined, key, logs: logs.length },
    'serving',
  )
  await aborted(signal)
  log.info({}, 'stopping: answers under way are given first')
  await listener.close(GRACE_MS)
  log.info({}, 'stopped')
  return ok(exitCode.ok)
}

/** Beside the time that was stated last, and the time that has passed since the start. */
function timeFaultOf(
  store: Pick<WitnessStore, 'latestTime'>,
  at: UnixSeconds,
  trust: ServeWitnessOptions['time'],
): (now: UnixSeconds) => Promise<string | undefined> {
  const start = performance.now()
  return async (now) => {
    const latest = trust === 'may-be-earlier' ? undefined : await store.latestTime()
    const ago = seconds(Math.floor((performance.now() - start) / 1000))
    return timeFault(now, latest, { at, ago })
  }
}

async function octetsOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new DependencyError('witness', `cannot read ${path}`, error)
  }
}
