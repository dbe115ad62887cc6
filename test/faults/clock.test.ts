import { describe, expect, it } from '@jest/globals'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { UnderLoad } from './under-load.js'

const DAY = 86_400

/** libfaketime: it moves the wall clock of one process, and leaves the one that timers go by alone. */
function fakeTime(): string {
  const found = readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, 'faketime/libfaketime.so.1'))
    .find(existsSync)
  if (found === undefined) throw new Error('libfaketime is not there: apt-get install faketime')
  return found
}

describe('a clock', () => {
  it('that jumps a day on, back, and to before the CA was founded', async () => {
    const run = await UnderLoad.founded({ logLevel: 'warn' })
    await using _ = run
    const file = join(run.capstan.home, 'clock')
    let ahead = 0
    const jump = (seconds: number): void => {
      ahead = seconds
      writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}`)
    }
    jump(0)
    await run.capstan.start({
      env: {
        LD_PRELOAD: fakeTime(),
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    })
    // The cluster's clock goes with the server's; that of the clients stays.
    const token = (): string =>
      run.cluster.token('shop', 'web', Math.floor(Date.now() / 1000) + ahead)
    run.phase('before')
    run.load({ token, tls: 0, http: 0 })
    await pause(1500)

    jump(DAY)
    run.phase('a day on: it begins')
    expect(await run.recovered(10_000, { token, over: 'loopback' })).toBeLessThan(3000)
    run.phase('a day on')
    // Long enough for its own certificates to be made anew, of tomorrow.
    await pause(7000)
    expect(await run.unready()).toEqual([])

    jump(0)
    run.phase('back: it begins')
    // TLS too: the server's own certificates of tomorrow are replaced.
    expect(await run.recovered(30_000, { token })).toBeLessThan(12_000)
    run.phase('back')
    await pause(3000)
    expect(await run.unready()).toEqual([])

    jump(-DAY)
    run.phase('a day before the CA was founded: it begins')
    await pause(1000)
    run.phase('a day before the CA was founded')
    await pause(2000)
    expect((await run.unready()).join()).toContain('is the clock right?')

    jump(0)
    run.phase('right: it begins')
    expect(await run.recovered(10_000, { token })).toBeLessThan(3000)
    run.phase('right')
    await pause(3000)
    expect(await run.unready()).toEqual([])
    await run.finish()
    run.print('the clock jumps')

    for (const phase of ['before', 'a day on', 'back', 'right']) {
      expect(run.issued(phase)).toBeGreaterThan(0)
      expect(run.failures(phase)).toEqual([])
    }
    const early = run.outcomes('a day before the CA was founded')
    expect(early).toEqual(['gRPC 14 ca.expired'])
    expect(run.lost()).toEqual([])
    expect(run.capstan.isRunning).toBe(true)
  })
})
