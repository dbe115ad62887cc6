import { beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { minus, plus, seconds } from '../../src/core/time.js'
import { type Metrics, type MetricsSources, openMetrics } from '../../src/server/metrics.js'
import { FakeClock } from '../support/fake-clock.js'

const clock = new FakeClock()
let reads = 0
let issuance: MetricsSources['issuance']
let metrics: Metrics
let recoveries: ReturnType<MetricsSources['recoveries']> = []
beforeEach(() => {
  recoveries = []
  reads = 0
  metrics = openMetrics({
    clock,
    issuers: () => [],
    trustAnchors: () => [],
    cosigning: () => undefined,
    recoveries: () => recoveries,
    ledger: () => ({ queueDepth: 3, lagSeconds: 2 }),
    issuance: () => {
      reads += 1
      return issuance()
    },
  })
})

/** The values of the issuance log, by the ends of their names. */
async function scraped(): Promise<Record<string, number>> {
  const text = await metrics.text()
  expect(text).toContain('capstan_ledger_queue_depth 3')
  const values = [...text.matchAll(/^capstan_issuance_(\w+) (\d+)$/gm)]
  return Object.fromEntries(values.map(([, name = '', value]) => [name, Number(value)]))
}

describe('capstan_recovery_seconds_left', () => {
  const left = async (): Promise<readonly string[]> =>
    (await metrics.text()).match(/^capstan_recovery_seconds_left.*$/gm) ?? []

  it('is there only while somebody is about to replace voters', async () => {
    issuance = () => Promise.resolve({ size: 0, signed: 0, uncoveredSince: undefined })
    expect(await left()).toEqual([])
    const open = { due: plus(clock.now(), seconds(60)) }
    const finished = { due: minus(clock.now(), seconds(9)), finished: clock.now() }
    recoveries = [open, finished]
    expect(await left()).toEqual(['capstan_recovery_seconds_left 60'])
    recoveries = [finished]
    expect(await left()).toEqual([])
  })

  it('counts those that have replaced voters too, and names no scope', async () => {
    issuance = () => Promise.resolve({ size: 0, signed: 0, uncoveredSince: undefined })
    recoveries = [{ due: minus(clock.now(), seconds(9)), finished: clock.now() }]
    expect((await metrics.text()).match(/^capstan_recoveries.*$/gm)).toEqual([
      'capstan_recoveries{standing="open"} 0',
      'capstan_recoveries{standing="finished"} 1',
    ])
  })
})

describe('the metrics of the issuance log', () => {
  it('say how long a certificate has waited for a checkpoint, of one look at the store', async () => {
    const uncoveredSince = minus(clock.now(), seconds(9))
    issuance = () => Promise.resolve({ size: 7, signed: 5, uncoveredSince })
    expect(await scraped()).toEqual({
      ...{ log_size: 7, checkpoint_size: 5, checkpoint_behind_seconds: 9 },
    })
    expect(reads).toBe(1)
    issuance = () => Promise.resolve({ size: 7, signed: 7, uncoveredSince: undefined })
    expect(await scraped()).toMatchObject({ checkpoint_size: 7, checkpoint_behind_seconds: 0 })
    expect(reads).toBe(2)
  })

  it('are away with the store, and every other metric stays', async () => {
    issuance = () => Promise.reject(new DependencyError('store', 'reading failed'))
    expect(await scraped()).toEqual({})
    issuance = () => Promise.resolve({ size: 1, signed: 1, uncoveredSince: undefined })
    expect(await scraped()).toMatchObject({ log_size: 1 })
  })
})
