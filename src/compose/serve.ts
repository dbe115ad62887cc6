import { type ExitCode, exitCode } from '../cli/exit-code.js'
import type { Config } from '../config/config.js'
import type { Result } from '../core/result.js'
import { type Clock, type RandomBytes, seconds } from '../core/time.js'
import type { Audit } from '../server/audit.js'
import type { StatusJson } from '../server/http/shapes.js'
import { type Metrics, openMetrics } from '../server/metrics.js'
import type { Operations } from '../server/operations.js'
import { requestIdsWith } from '../server/request-id.js'
import { aborted } from './aborted.js'
import { carriedCallsWith } from './carried-calls.js'
import { forkWorker } from './fork-worker.js'
import { type Front, openFront } from './front.js'
import { type Instance, openInstance } from './instance.js'
import { keepPruning } from './keep-pruning.js'
import { keepPublishing } from './keep-publishing.js'
import { keepSettling } from './keep-settling.js'
import { type Listeners, openPrivateListeners } from './listeners.js'
import { metricsSourcesOf } from './metrics-sources.js'
import { cosigningChecks } from '../server/cosigning-checks.js'
import { type Cosignings, openCosignings } from './open-cosigning.js'
import { type Log, openLog } from './open-log.js'
import { keepHeapSmall } from './small-heap.js'
import { workerWritesWith } from './worker-writes.js'
import { Workers } from './workers.js'

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
/** How much later than it could a proposal with a timelock takes effect. */
const SETTLING_INTERVAL = seconds(5)
/** How old a certificate may be that no checkpoint of the issuance log covers. */
const PUBLISHING_INTERVAL = seconds(1)

/** Serves one data directory until `signal` aborts, then drains. `up` runs once everything listens. */
export async function serve(
  config: Config,
  ambient: Ambient,
  up: (serving: Serving) => Promise<void> = () => Promise.resolve(),
): Promise<Result<ExitCode>> {
  keepHeapSmall()
  const { clock, random, signal, version } = ambient
  const log = openLog(config.log, version, { processes: config.server.workers })
  // The instance reports to metrics, and metrics read the instance.
  const late: Late = { open: [] }
  const addresses = () => late.open.flatMap((each) => each.addresses)
  const witnesses = () => [...(late.cosigning?.values() ?? [])].map((one) => one.state())
  const opened = await openInstance({
    ...ambient,
    config,
    writer: 'thread',
    listeners: addresses,
    checks: () => [
      ...(late.workers ? [late.workers.check()] : []),
      ...cosigningChecks(witnesses(), clock.now()),
    ],
    witnesses,
    checkpointSigned: (name) => late.cosigning?.get(name)?.wake(),
    cosigned: async (name) => late.cosigning?.get(name)?.settled(),
    observer: {
      stage: (stage, seconds) => late.metrics?.stage(stage, seconds),
      issued: (evidence) => late.metrics?.issued('http', evidence),
    },
    progress: ({ work, done, total }) => log.info({ done, total }, work),
    checkpointFailed: (err) =>
      log.error({ err }, 'a checkpoint could not be signed; it is tried again'),
  })
  if (!opened.ok) return opened
  await using instance = opened.value
  const cosigning = await openCosignings({
    config: config.witnesses,
    logs: {
      index: { key: instance.log.key, tree: instance.store.index.tree },
      issuance: { key: instance.issuanceLog.key, tree: instance.store.issuanceLog.tree },
    },
    clock,
    log,
  })
  if (!cosigning.ok) return cosigning
  late.cosigning = cosigning.value
  const sources = metricsSourcesOf(instance, clock, witnesses)
  const metrics = openMetrics(sources, () =>
    late.workers ? late.workers.snapshots() : Promise.resolve([]),
  )
  late.metrics = metrics
  const background = new AbortController()
  const jobs: Promise<void>[] = []
  try {
    const front = await frontOf({ config, ambient, instance, log, metrics, late })
    late.open.push(front)
    await instance.readiness.measure()
    const operations = followed(instance.operations, () => front.follow(), log)
    const newRequestId = requestIdsWith(random)
    const audit: Audit = (line) => log.info({ audit: line }, 'audit')
    const app = { operations, newRequestId, audit, metrics }
    late.open.push(await openPrivateListeners({ config, clock, log, app }))
    jobs.push(
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
      keepPublishing(
        { publish: instance.publishIssued, clock, interval: PUBLISHING_INTERVAL },
        background.signal,
      ),
      keepSettling(
        { index: instance.index, clock, interval: SETTLING_INTERVAL, log },
        background.signal,
      ),
      preflight(instance, log, background.signal),
      ...[...cosigning.value.values()].map((one) => one.run(background.signal)),
    )
    log.info({ listeners: addresses() }, 'serving')
    await up({ operations, listeners: addresses() })
    await aborted(signal)
    log.info({}, 'stopping: answers under way are given first')
  } finally {
    instance.readiness.stop()
    await Promise.all(late.open.map((each) => each.close(GRACE_MS)))
    background.abort()
    await Promise.allSettled(jobs)
  }
  log.info({}, 'stopped')
  return { ok: true, value: exitCode.ok }
}

/** What is there only after what needs it. */
interface Late {
  readonly open: (Listeners | Front)[]
  metrics?: Metrics
  workers?: Workers
  cosigning?: Cosignings
}

interface FrontOptions {
  readonly config: Config
  readonly ambient: Ambient
  readonly instance: Instance
  readonly log: Log
  readonly metrics: Metrics
  readonly late: Late
}

/** The network is served by this process, or by several that this one looks after. */
async function frontOf(options: FrontOptions): Promise<Front> {
  const { config, ambient, instance, log, metrics, late } = options
  const { clock, random, version } = ambient
  const count = config.server.workers
  if (count === 1) return openFront({ config, useCases: instance, clock, random, log, metrics })
  const { index, inFlight, store, operations } = instance
  const { kek } = config.keys
  const deps = {
    count,
    fork: () => forkWorker('name' in kek ? [kek.name] : []),
    start: {
      ...{ config, version, keys: await instance.unsealIssuers() },
      ...{ logKey: instance.logKey, issuanceKey: instance.issuanceKey },
    },
    commit: workerWritesWith({ index, inFlight, submit: (command) => store.submit(command) }),
    crl: (issuer: string) => operations.crl(issuer),
    carry: carriedCallsWith(operations),
    clock,
    log,
  }
  late.workers = await Workers.started(deps, ambient.signal)
  return late.workers
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
    apply: (asked, context) => after(operations.apply(asked, context)),
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
