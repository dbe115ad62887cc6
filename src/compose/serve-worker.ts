import type { Clock, RandomBytes } from '../core/time.js'
import { openMetrics, type Metrics } from '../server/metrics.js'
import { type Front, openFront } from './front.js'
import { metricsSourcesOf } from './metrics-sources.js'
import { type Log, openLog } from './open-log.js'
import { type MessagePort, WorkerChannel } from './worker-channel.js'
import { keepHeapSmall } from './small-heap.js'
import { cannotServe, openWorkerInstance, type WorkerInstance } from './worker-instance.js'
import type { MainAsks, WorkerAsks } from './worker-messages.js'

interface Ambient {
  readonly port: MessagePort
  readonly clock: Clock
  readonly random: RandomBytes
  /** Closes the connection to the main process, which is the end of this one. */
  readonly end: () => void
}

interface Serving {
  readonly instance: WorkerInstance
  readonly front: Front
  readonly metrics: Metrics
  readonly log: Log
}

/** A worker: does what the main process asks, from `start` to `stop`. */
export function serveWorker(ambient: Ambient): void {
  keepHeapSmall()
  let serving: Serving | undefined
  const background = new AbortController()
  const up = (): Serving => {
    if (!serving) throw cannotServe('it has not started yet')
    return serving
  }
  const main = new WorkerChannel<WorkerAsks, MainAsks>(ambient.port, 'main process', {
    async start(ask) {
      serving = await start(ask, ambient, main)
      const { instance, front } = serving
      void instance.readiness.keepMeasuring(background.signal)
      return front.addresses
    },
    async follow() {
      await up().front.follow()
      return undefined
    },
    metrics: () => up().metrics.snapshot(),
    async stop({ graceMs }) {
      const { instance, front } = up()
      instance.readiness.stop()
      await front.close(graceMs)
      background.abort()
      await instance[Symbol.asyncDispose]()
      ambient.end()
      return undefined
    },
  })
  main.listening()
}

async function start(
  { config, version, keys, logKey, issuanceKey }: MainAsks['start']['ask'],
  { clock, random }: Ambient,
  main: WorkerChannel<WorkerAsks, MainAsks>,
): Promise<Serving> {
  const log = openLog(config.log, version, {
    processes: config.server.workers,
    worker: process.pid,
  })
  const late: { front?: Front; metrics?: Metrics } = {}
  const opened = await openWorkerInstance({
    config,
    clock,
    random,
    version,
    keys,
    logKey,
    issuanceKey,
    main,
    listeners: () => late.front?.addresses ?? [],
    observer: {
      stage: (stage, took) => late.metrics?.stage(stage, took),
      issued: (evidence) => late.metrics?.issued('http', evidence),
    },
  })
  if (!opened.ok) throw cannotServe(opened.refusal.detail)
  const instance = opened.value
  const metrics = openMetrics(metricsSourcesOf(instance, clock))
  late.metrics = metrics
  const front = await openFront({ config, useCases: instance, clock, random, log, metrics })
  late.front = front
  return { instance, front, metrics, log }
}
