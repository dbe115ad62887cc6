import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { misbehavingDisk } from '../support/toolchains.js'
import { RivalHistories } from '../support/rival-histories.js'
import { WitnessProcess } from '../support/witness-process.js'

let disk = ''
beforeAll(() => {
  disk = misbehavingDisk()
})
afterAll(() => rmSync(disk, { force: true }))

describe('a witness', () => {
  it('whose power goes in the middle of a write never signs two roots of one size', async () => {
    const rivals = new RivalHistories(800)
    await using witness = await WitnessProcess.made(
      'w.example',
      rivals.logs.map(({ key }) => key),
    )
    let kills = 0
    for (let round = 0; round < 20; round += 1) {
      const marker = join(witness.home, `killed-${round}`)
      const up = await witness.start({
        LD_PRELOAD: disk,
        CAPSTAN_DISK_KILL: `wal ${round % 3 === 0 ? 'write' : 'power'} ${2 + round * 5}`,
        CAPSTAN_CRASH_MARKER: marker,
      })
      if (up) await rivals.race(witness)
      if (!witness.isRunning) kills += 1
      await witness.end('SIGKILL')
    }
    expect(await witness.start()).toBe(true)
    await rivals.insist(witness)
    expect(rivals.forked()).toEqual([])
    expect(rivals.signedCount()).toBeGreaterThan(20)
    expect(kills).toBeGreaterThan(15)
  })

  it('signs nothing on a disk that takes nothing, and goes on when it does again', async () => {
    const rivals = new RivalHistories(1)
    const [{ histories, key }] = rivals.logs as [RivalHistories['logs'][number]]
    await using witness = await WitnessProcess.made('w.example', [key])
    const fault = join(witness.home, 'fault')
    await witness.start({ LD_PRELOAD: disk, CAPSTAN_DISK_FAULT: fault })
    expect((await witness.add(await histories[0].request(0, 1)))?.status).toBe(200)
    writeFileSync(fault, 'errno 28')
    expect(await witness.add(await histories[0].request(1, 2))).toEqual({
      status: 503,
      body: 'try again later\n',
    })
    writeFileSync(fault, '')
    expect((await witness.add(await histories[1].request(1, 2)))?.status).toBe(422)
    expect((await witness.add(await histories[0].request(1, 2)))?.status).toBe(200)
  })
})
