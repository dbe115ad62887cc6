import { type ExitCode, exitCode } from '../cli/exit-code.js'
import type { Config } from '../config/config.js'
import type { Result } from '../core/result.js'
import type { Clock, RandomBytes } from '../core/time.js'
import { certifyWith } from '../issuance/linkerd-certify.js'
import type { Audit } from '../server/audit.js'
import { certifyMethod, IDENTITY_SERVICE } from '../server/grpc/linkerd-identity.js'
import { healthMethods } from '../server/grpc/health.js'
import type { StatusJson } from '../server/http/shapes.js'
import { LoopWatch } from '../server/loop-watch.js'
import { type Metrics, openMetrics } from '../server/metrics.js'
import type { Operations } from '../server/operations.js'
import { requestIdsWith } from '../server/request-id.js'
import { auditedCertify } from './audited-certify.js'
import { type Instance, openInstance } from './instance.js'
import { keepPruning } from './keep-pruning.js'
import { type Listeners, openListeners } from './listeners.js'
import { type Log, openLog } from './open-log.js'
import { OwnCertificates } from './server-certificates.js'

export interface Ambient {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: RandomBytes
  readonly signal: AbortSignal
  readonly version: string
}

/** A server that is up. */
export interface Serving {
  readonly operations: Operations
  readonly listeners: StatusJson['server']['listeners']
}

/** How long a stop waits for answers under way. */
const GRACE_MS = 20_000

/** Serves one data directory until `signal` aborts, then drains. `up` runs once everything listens. */
export async function serve(
  config: Config,
  ambient: Ambient,
  up: (serving: Serving) => Promise<void> = () => Promise.resolve(),
): Promise<Result<ExitCode>> {
  const { clock, random, signal, version } = ambient
  const log = openLog(config.log, version)
  // The instance reports to metrics, and metrics read the instance.
  const late: { instance?: Instance; metrics?: Metrics; listeners?: Listeners } = {}
  const opened = await openInstance({
    ...ambient,
    config,
    writer: 'thread',
    listeners: () => late.listeners?.addresses ?? [],
    observer: {
      stage: (stage, seconds) => late.metrics?.stage(stage, seconds),
      issued: (evidence) => late.metrics?.issued('http', evidence),
    },
    progress: ({ work, done, total }) => log.info({ done, total }, work),
  })
  if (!opened.ok) return opened
  await using instance = opened.value
  const metrics = openMetrics(sourcesOf(instance, clock))
  late.metrics = metrics

  const certificates = new OwnCertificates({
    issuer: (now) => instance.authority().issuer(now),
    ledger: instance.store.ledger,
    clock,
    random,
    names: config.server.http.names,
    regions: () => [...instance.index.state.clusters.values()].filter(isActive),
    failed: (err) => log.error({ err }, "the server's own certificate could not be renewed"),
  })
  await certificates.refresh()
  await instance.readiness.measure()

  const newRequestId = requestIdsWith(random)
  const audit: Audit = (line) => log.info({ audit: line }, 'audit')
  const operations = followed(instance.operations, () => certificates.refresh(), log)
  const certify = auditedCertify(certifyWith({ issueLeaf: instance.issueLeaf }), {
    audit,
    metrics,
  })
  const loop = watchedLoop(log)
  const listeners = await openListeners({
    config,
    certificates,
    clock,
    loop: loop.watch,
    log,
    methods: [
      certifyMethod({ certify, newRequestId, log }),
      ...healthMethods(instance.readiness, [IDENTITY_SERVICE]),
    ],
    app: { operations, newRequestId, audit, metrics },
  })
  late.listeners = listeners
  const background = new AbortController()
  const jobs = [
    certificates.keepFresh(background.signal),
    instance.readiness.keepMeasuring(background.signal),
    keepPruning(
      {
        ledger: instance.store.ledger,
        clock,
        retention: config.issuance.ledgerRetention,
        interval: config.issuance.pruneInterval,
        log,
      },
      background.signal,
    ),
    preflight(instance, log, background.signal),
  ]
  try {
    log.info({ listeners: listeners.addresses }, 'serving')
    await up({ operations, listeners: listeners.addresses })
    await aborted(signal)
    log.info({}, 'stopping: answers under way are given first')
  } finally {
    instance.readiness.stop()
    await listeners.close(GRACE_MS)
    loop.stop()
    background.abort()
    await Promise.allSettled(jobs)
  }
  log.info({}, 'stopped')
  return { ok: true, value: exitCode.ok }
}

/** Says once when it begins to be late, and once when it is in time again. */
function watchedLoop(log: Log): { readonly watch: LoopWatch; readonly stop: () => void } {
  const watch = new LoopWatch()
  watch.onChange((isLate) => {
    if (isLate) log.warn({}, 'overloaded: few new connections are accepted')
    else log.info({}, 'no longer overloaded')
  })
  return { watch, stop: watch.start(() => performance.now()) }
}

const isActive = ({ state }: { readonly state: string }): boolean => state === 'active'

/** A cluster that was just registered is served under its name at once. */
function followed(operations: Operations, refresh: () => Promise<void>, log: Log): Operations {
  const after = async <T>(done: Promise<Result<T>>): Promise<Result<T>> => {
    const result = await done
    if (result.ok) {
      await refresh().catch((err: unknown) =>
        log.error({ err }, "the server's own certificate could not be renewed"),
      )
    }
    return result
  }
  return {
    ...operations,
    change: (request, context) => after(operations.change(request, context)),
    apply: (document, mode, context) => after(operations.apply(document, mode, context)),
  }
}

/** Asks every cluster whether its tokens can be judged, and says by name what stands in the way. */
async function preflight(instance: Instance, log: Log, signal: AbortSignal): Promise<void> {
  const clusters = [...instance.index.state.clusters.values()].filter(isActive)
  await Promise.all(
    clusters.map(async (cluster) => {
      try {
        const checks = await instance.clusters.check(cluster, signal)
        for (const { name, ok, detail, next } of checks) {
          if (ok) continue
          const fields = { cluster: cluster.alias, check: name, detail, ...(next && { next }) }
          log.error(fields, 'this cluster is refused until this is put right')
        }
      } catch (err) {
        log.error({ err, cluster: cluster.alias }, 'this cluster cannot be asked')
      }
    }),
  )
}

function sourcesOf({ authority, store }: Instance, clock: Clock) {
  return {
    clock,
    issuers: () => authority().issuers,
    trustAnchors: () => authority().trustAnchors,
    ledger: () => ({ queueDepth: store.queueDepth(), lagSeconds: store.lagSeconds() }),
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
