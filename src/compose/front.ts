import type { Config } from '../config/config.js'
import type { Clock, RandomBytes } from '../core/time.js'
import { certifyWith } from '../issuance/linkerd-certify.js'
import type { Audit } from '../server/audit.js'
import { healthMethods } from '../server/grpc/health.js'
import { certifyMethod, IDENTITY_SERVICE } from '../server/grpc/linkerd-identity.js'
import type { StatusJson } from '../server/http/shapes.js'
import { LoopWatch } from '../server/loop-watch.js'
import type { Metrics } from '../server/metrics.js'
import { requestIdsWith } from '../server/request-id.js'
import { auditedCertify } from './audited-certify.js'
import type { UseCases } from './assemble.js'
import { openPublicListeners } from './listeners.js'
import type { Log } from './open-log.js'
import { OwnCertificates } from './server-certificates.js'

/** What the network sees of a server: Linkerd's endpoint and the HTTP API. */
export interface Front {
  readonly addresses: StatusJson['server']['listeners']
  /** The namespace has changed: a cluster that was just registered is served under its name. */
  follow(): Promise<void>
  /** Stops accepting, and gives answers under way for at most `graceMs`. */
  close(graceMs: number): Promise<void>
}

interface Options {
  readonly config: Config
  readonly useCases: Pick<
    UseCases,
    'authority' | 'store' | 'index' | 'issueLeaf' | 'operations' | 'readiness'
  >
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly metrics: Metrics
}

/** Served by this process, under certificates that it makes for itself. */
export async function openFront(options: Options): Promise<Front> {
  const { config, useCases, clock, random, log, metrics } = options
  const { authority, store, index, issueLeaf, operations, readiness } = useCases
  const certificates = new OwnCertificates({
    issuer: (now) => authority().issuer(now),
    ledger: store.ledger,
    clock,
    random,
    names: config.server.http.names,
    regions: () => [...index.state.clusters.values()].filter(({ state }) => state === 'active'),
    failed: (err) => log.error({ err }, "the server's own certificate could not be renewed"),
  })
  await certificates.refresh()
  await readiness.measure()

  const newRequestId = requestIdsWith(random)
  const audit: Audit = (line) => log.info({ audit: line }, 'audit')
  const certify = auditedCertify(certifyWith({ issueLeaf }), { audit, metrics })
  const loop = watchedLoop(log)
  const listeners = await openPublicListeners({
    config,
    certificates,
    clock,
    loop: loop.watch,
    log,
    methods: [
      certifyMethod({ certify, newRequestId, log }),
      ...healthMethods(readiness, [IDENTITY_SERVICE]),
    ],
    app: { operations, newRequestId, audit, metrics },
  })
  const background = new AbortController()
  const job = certificates.keepFresh(background.signal)
  return {
    addresses: listeners.addresses,
    follow: () => certificates.refresh(),
    async close(graceMs) {
      await listeners.close(graceMs)
      loop.stop()
      background.abort()
      await job.catch(() => undefined)
    },
  }
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
