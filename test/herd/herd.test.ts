import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { spread } from '../../src/issuance/linkerd-certify.js'
import {
  dailyPeaks,
  DAYS,
  PROXIES,
  secondRestart,
  untilLastFifth,
  untilNotAfter,
  week,
} from './page.js'

/** 10,000 proxies restart in one instant, and renew as linkerd2-proxy does. */
describe('a herd', () => {
  /** An even load, and what chance adds to the fullest of some 900 minutes. */
  const even = PROXIES / (0.7 * 0.9 * 24 * 60)
  const flat = even + 5 * Math.sqrt(even)
  const ours = week(spread)
  const oursTwice = week(spread, [secondRestart])

  it('comes back as one when it is told the truth', () => {
    expect(Math.max(...dailyPeaks(week(untilNotAfter)))).toBeGreaterThan(PROXIES / 2)
  })

  it('is spread over the day from its first renewal on', () => {
    for (const fullest of dailyPeaks(ours)) expect(fullest).toBeLessThan(flat)
  })

  it('stays spread when half of it restarts in the middle of a day', () => {
    for (const fullest of dailyPeaks(oursTwice)) expect(fullest).toBeLessThan(flat)
  })

  it('costs a tenth of the renewals more than no jitter, and half of one at a restart', () => {
    const bare = (PROXIES * DAYS * 24) / 16.8
    expect(ours.total / bare).toBeLessThan(1 / 0.9)
    const extra = oursTwice.total - ours.total
    expect(extra / (PROXIES / 2)).toBeLessThan(0.5)
  })

  it('is spread better than by drawing from the last fifth, for the same number of renewals', () => {
    const drawn = week(untilLastFifth())
    expect(ours.total / drawn.total).toBeLessThan(1.05)
    expect(Math.max(...dailyPeaks(drawn))).toBeGreaterThan(2 * Math.max(...dailyPeaks(ours)))
  })

  it('is on its page as it comes out here', () => {
    const root = join(import.meta.dirname, '../..')
    const typescript = './test/support/typescript.mjs'
    const done = spawnSync(
      process.execPath,
      ['--import', typescript, 'test/herd/write.ts', '--check'],
      { cwd: root, encoding: 'utf8' },
    )
    expect(done.stderr).toBe('')
    expect(done.status).toBe(0)
  })
})
