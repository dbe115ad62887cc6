import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { Clock, UnixSeconds } from '../core/time.js'
import type { Stage } from '../issuance/issue-leaf.js'
import type { CosigningState } from '../tlog/cosigning.js'
import { StageHistogram } from './stage-histogram.js'

/** What is read at each scrape. */
export interface MetricsSources {
  readonly clock: Pick<Clock, 'now'>
  /** Each issuer that may sign, and when it ends. */
  readonly issuers: () => readonly { readonly id: string; readonly notAfter: UnixSeconds }[]
  readonly trustAnchors: () => readonly { readonly id: string; readonly notAfter: UnixSeconds }[]
  /** The witnesses of each log; a log that none are asked about is not in it. */
  readonly cosigning: () => readonly CosigningState[]
  /** Appends that wait for their commit, and for how long the oldest of them has. */
  readonly ledger: () => { readonly queueDepth: number; readonly lagSeconds: number }
  /** Where somebody is about to replace the voters of a scope, or has in the last thirty days. */
  readonly recoveries: () => readonly {
    readonly due: UnixSeconds
    readonly finished?: UnixSeconds
  }[]
  /**
   * Certificates in the issuance log, how many a checkpoint covers, and when the first of the others
   * was issued. Read from the store: it may reject.
   */
  readonly issuance: () => Promise<{
    readonly size: number
    readonly signed: number
    readonly uncoveredSince: UnixSeconds | undefined
  }>
}

/** All metrics of one process at one moment, as plain data. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** Everything that is counted. Labels are codes, ids and names from the configuration: all few. */
export interface Metrics {
  issued(endpoint: string, evidence: string): void
  refused(endpoint: string, code: string): void
  unavailable(dependency: string): void
  stage(stage: Stage, seconds: number): void
  answered(operation: string, status: number): void
  /** Prometheus exposition format 0.0.4. */
  text(): Promise<string>
  snapshot(): Promise<MetricsSnapshot>
}

/**
 * Metrics in a registry of their own: two servers in one process do not mix. `others` are the
 * snapshots of the processes that this one speaks for.
 */
export function openMetrics(
  sources: MetricsSources,
  others: () => Promise<readonly MetricsSnapshot[]> = () => Promise.resolve([]),
): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  measureOnScrape(registry, sources)
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ): Counter<Label> =>
    new Counter({ name, help, labelNames: [...labelNames], registers: [registry] })

  const issued = counter('capstan_certificates_issued_total', 'Certificates issued', [
    'endpoint',
    'evidence',
  ])
  const refused = counter('capstan_refusals_total', 'Requests refused', ['endpoint', 'code'])
  const unavailable = counter('capstan_unavailable_total', 'Dependencies that did not answer', [
    'dependency',
  ])
  const answered = counter('capstan_http_requests_total', 'HTTP requests answered', [
    'route',
    'status',
  ])
  const stages = new StageHistogram()
  registry.registerMetric(stages.asMetric())
  return {
    issued: (endpoint, evidence) => issued.inc({ endpoint, evidence }),
    refused: (endpoint, code) => refused.inc({ endpoint, code }),
    unavailable: (dependency) => unavailable.inc({ dependency }),
    stage: (stage, seconds) => stages.observe(stage, seconds),
    answered: (operation, status) => answered.inc({ route: operation, status: String(status) }),
    async text() {
      const theirs = await others()
      if (theirs.length === 0) return registry.metrics()
      const all = [await registry.getMetricsAsJSON(), ...theirs]
      return AggregatorRegistry.aggregate(all).metrics()
    },
    snapshot: () => registry.getMetricsAsJSON(),
  }
}

type AddGauge = (
  name: string,
  help: string,
  labelNames: readonly string[],
  collect: (gauge: Gauge) => void | Promise<void>,
  /** Of several processes: the sum, or the one that is worst off. */
  aggregator: 'sum' | 'min' | 'max',
) => Gauge

/** Gauges that say nothing where `collect` sets nothing. */
const addingTo =
  (registry: Registry): AddGauge =>
  (name, help, labelNames, collect, aggregator) =>
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      aggregator,
      collect() {
        this.reset()
        // One without labels is 0 otherwise.
        if (labelNames.length === 0) this.remove()
        return collect(this)
      },
    })

function measureOnScrape(registry: Registry, sources: MetricsSources): void {
  const gauge = addingTo(registry)
  const { clock, issuers, trustAnchors, ledger, cosigning, recoveries } = sources

  gauge(
    'capstan_issuer_seconds_left',
    'Until the issuer ends; negative after',
    ['issuer'],
    (left) => {
      for (const { id, notAfter } of issuers()) left.set({ issuer: id }, notAfter - clock.now())
    },
    'min',
  )
  gauge(
    'capstan_trust_anchor_seconds_left',
    'Until the trust anchor ends; negative after',
    ['trust_anchor'],
    (left) => {
      for (const { id, notAfter } of trustAnchors()) {
        left.set({ trust_anchor: id }, notAfter - clock.now())
      }
    },
    'min',
  )
  gauge(
    'capstan_witness_behind_seconds',
    'Since when a witness has not cosigned the latest checkpoint; 0 where it has',
    ['log', 'witness'],
    (behind) => {
      for (const { log, witnesses } of cosigning()) {
        for (const { name, behindSince } of witnesses) {
          const since = behindSince === undefined ? 0 : clock.now() - behindSince
          behind.set({ log, witness: name }, since)
        }
      }
    },
    'max',
  )
  gauge(
    'capstan_checkpoint_quorum',
    'Whether a quorum of the witnesses has cosigned the latest checkpoint: 1 or 0',
    ['log'],
    (quorum) => {
      for (const state of cosigning()) quorum.set({ log: state.log }, Number(state.quorum))
    },
    'max',
  )
  gauge(
    'capstan_recovery_seconds_left',
    'Until the recovery set of a scope may replace its voters, of the first; negative after',
    [],
    (left) => {
      const dues = recoveries().flatMap(({ due, finished }) =>
        finished === undefined ? [due] : [],
      )
      if (dues.length > 0) left.set(Math.min(...dues) - clock.now())
    },
    'min',
  )
  gauge(
    'capstan_recoveries',
    'Recoveries that are under way, and that replaced the voters of a scope in the last thirty days',
    ['standing'],
    (count) => {
      const all = recoveries()
      const finished = all.filter((one) => one.finished !== undefined).length
      count.set({ standing: 'open' }, all.length - finished)
      count.set({ standing: 'finished' }, finished)
    },
    'max',
  )
  gauge(
    'capstan_ledger_queue_depth',
    'Appends that wait for their commit',
    [],
    (depth) => depth.set(ledger().queueDepth),
    'sum',
  )
  gauge(
    'capstan_ledger_lag_seconds',
    'Age of the oldest waiting append',
    [],
    (lag) => lag.set(ledger().lagSeconds),
    'max',
  )
  measureIssuanceLog(gauge, sources)
}

function measureIssuanceLog(gauge: AddGauge, { clock, issuance }: MetricsSources): void {
  let underWay: ReturnType<typeof read> | undefined
  const read = () =>
    issuance()
      // A store that does not answer takes no other metric along: what it is wanted for is counted.
      .catch(() => undefined)
      .finally(() => (underWay = undefined))
  /** The gauges of one scrape ask at the same moment: the store is read once for all of them. */
  const found = () => (underWay ??= read())

  gauge(
    'capstan_issuance_log_size',
    'Certificates in the issuance log',
    [],
    async (size) => {
      const log = await found()
      if (log) size.set(log.size)
    },
    'max',
  )
  gauge(
    'capstan_issuance_checkpoint_size',
    'Certificates that its latest checkpoint covers',
    [],
    async (size) => {
      const log = await found()
      if (log) size.set(log.signed)
    },
    'max',
  )
  gauge(
    'capstan_issuance_checkpoint_behind_seconds',
    'Age of the oldest certificate that no checkpoint covers; 0 where each is covered',
    [],
    async (behind) => {
      const log = await found()
      if (!log) return
      const { uncoveredSince: since } = log
      behind.set(since === undefined ? 0 : Math.max(0, clock.now() - since))
    },
    'max',
  )
}
