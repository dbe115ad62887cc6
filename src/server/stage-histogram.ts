import type { Metric } from 'prom-client'
import { type Stage, stages } from '../issuance/issue-leaf.js'

/** From a cached CSR's microseconds to a TokenReview that is about to time out. */
const BUCKETS_S = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
const NAME = 'capstan_stage_seconds'

interface Counted {
  /** By bucket; what is longer than the last is in `count` alone. */
  readonly buckets: number[]
  sum: number
  count: number
}

/** One value of a metric, as prom-client's registry prints it. */
interface Sample {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/**
 * How long each stage of issuing took. prom-client's own histogram looks its labels up for every
 * observation, and there are five for every certificate: this one has a place for each.
 */
export class StageHistogram {
  readonly name = NAME
  readonly help = 'How long each stage of issuing took'
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  private readonly counted: Readonly<Record<Stage, Counted>>

  constructor() {
    const empty = (): Counted => ({ buckets: BUCKETS_S.map(() => 0), sum: 0, count: 0 })
    this.counted = Object.fromEntries(stages.map((stage) => [stage, empty()])) as Record<
      Stage,
      Counted
    >
  }

  observe(stage: Stage, seconds: number): void {
    const counted = this.counted[stage]
    counted.sum += seconds
    counted.count += 1
    for (let bucket = 0; bucket < BUCKETS_S.length; bucket += 1) {
      if (seconds > (BUCKETS_S[bucket] ?? 0)) continue
      counted.buckets[bucket] = (counted.buckets[bucket] ?? 0) + 1
      return
    }
  }

  /** For prom-client's registry; a bucket holds all that are shorter, too. */
  get(): Promise<
    Pick<StageHistogram, 'name' | 'help' | 'type' | 'aggregator'> & { values: Sample[] }
  > {
    const values: Sample[] = []
    for (const stage of stages) {
      const { buckets, sum, count } = this.counted[stage]
      if (count === 0) continue
      let below = 0
      for (const [bucket, le] of BUCKETS_S.entries()) {
        below += buckets[bucket] ?? 0
        values.push({ metricName: `${NAME}_bucket`, labels: { le, stage }, value: below })
      }
      values.push(
        { metricName: `${NAME}_bucket`, labels: { le: '+Inf', stage }, value: count },
        { metricName: `${NAME}_sum`, labels: { stage }, value: sum },
        { metricName: `${NAME}_count`, labels: { stage }, value: count },
      )
    }
    const { name, help, type, aggregator } = this
    return Promise.resolve({ name, help, type, aggregator, values })
  }

  /** What prom-client's registry calls a metric: it prints whatever `get` answers. */
  asMetric(): Metric {
    return this as unknown as Metric
  }
}
