import { beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { minus, plus, seconds } from '../../src/core/time.js'
import { cosigningChecks } from '../../src/server/cosigning-checks.js'
import { type Metrics, type MetricsSources, openMetrics } from '../../src/server/metrics.js'
import { FakeClock } from '../support/fake-clock.js'

const clock = new FakeClock()
let reads = 0
let issuance: MetricsSources['issuance']
let cosigning: ReturnType<MetricsSources['cosigning']> = []
let metrics: Metrics
let recoveries: ReturnType<MetricsSources['recoveries']> = []
beforeEach(() => {
  recoveries = []
  reads = 0
  metrics = openMetrics({
    clock,
    issuers: () => [],
    trustAnchors: () => [],
    cosigning: () => cosigning,
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

describe('the metrics of witnesses', () => {
  it('are of each log by its name', async () => {
    const witness = { name: 'w1', url: 'http://w1/', size: 4, at: clock.now(), fault: undefined }
    const behindSince = minus(clock.now(), seconds(7))
    cosigning = [
      {
        log: 'index',
        quorum: true,
        witnesses: [{ ...witness, isCurrent: true, behindSince: undefined }],
      },
      {
        log: 'issuance',
        quorum: false,
        witnesses: [{ ...witness, isCurrent: false, behindSince }],
      },
    ]
    issuance = () => Promise.resolve({ size: 1, signed: 1, uncoveredSince: undefined })
    const text = await metrics.text()
    for (const line of [
      'capstan_checkpoint_quorum{log="index"} 1',
      'capstan_checkpoint_quorum{log="issuance"} 0',
      'capstan_witness_behind_seconds{log="index",witness="w1"} 0',
      'capstan_witness_behind_seconds{log="issuance",witness="w1"} 7',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
    const checks = cosigningChecks(cosigning, clock.now())
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([['witnesses', true]])
    expect(checks[0]?.detail).toContain('index: 1 of 1 have')
    expect(checks[0]?.detail).toContain('issuance: 0 of 1 have')
    expect(checks[0]?.detail).toContain('no quorum for the issuance log')
    expect(checks[0]?.detail).toContain('w1 is behind on the issuance log for 7 s')
    cosigning = []
    expect(await metrics.text()).not.toContain('capstan_checkpoint_quorum{')
    expect(cosigningChecks(cosigning, clock.now())).toEqual([])
  })
})

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
