import { beforeAll, describe, expect, it } from '@jest/globals'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { builtModule } from '../support/built.js'
import { RivalHistories } from '../support/rival-histories.js'
import { WitnessProcess } from '../support/witness-process.js'

// The process runs compiled code: this suite tests what the last `npm run build` made.
beforeAll(() => void builtModule('compose/serve-witness.js'))

describe('a witness that is killed', () => {
  it('never signs two roots of one size, whatever it had answered by then', async () => {
    const rivals = new RivalHistories(600)
    await using witness = await WitnessProcess.made(
      'w.example',
      rivals.logs.map(({ key }) => key),
    )
    for (let round = 0; round < 6; round += 1) {
      expect(await witness.start()).toBe(true)
      const before = rivals.signedCount()
      const over = new AbortController()
      const racing = rivals.race(witness).finally(() => over.abort())
      // It is killed in the middle of its work, however fast the machine is.
      while (rivals.signedCount() === before && !over.signal.aborted) await pause(1)
      await pause(23 * round)
      await witness.end('SIGKILL')
      await racing
    }
    expect(await witness.start()).toBe(true)
    await rivals.insist(witness)
    expect(rivals.forked()).toEqual([])
    expect(rivals.signedCount()).toBeGreaterThanOrEqual(6)
  })

  it('ends cleanly when it is asked to, and goes on from what it had cosigned', async () => {
    const rivals = new RivalHistories(1)
    const [{ histories, key }] = rivals.logs as [RivalHistories['logs'][number]]
    await using witness = await WitnessProcess.made('w.example', [key])
    expect(await witness.start()).toBe(true)
    expect((await witness.add(await histories[0].request(0, 5)))?.status).toBe(200)
    expect(await witness.end('SIGTERM')).toBe(0)
    expect(witness.log).toContain('"msg":"stopped"')
    expect(await witness.start()).toBe(true)
    expect(await witness.add(await histories[0].request(0, 6))).toEqual({
      status: 409,
      body: '5\n',
    })
    expect((await witness.add(await histories[1].request(5, 6)))?.status).toBe(422)
    expect((await witness.add(await histories[0].request(5, 6)))?.status).toBe(200)
  })

  it('signs nothing once its memory is gone, or is that of another witness', async () => {
    const rivals = new RivalHistories(1)
    const [{ histories, key }] = rivals.logs as [RivalHistories['logs'][number]]
    await using witness = await WitnessProcess.made('w.example', [key])
    await using other = await WitnessProcess.made('v.example', [key])
    expect(await witness.start()).toBe(true)
    expect((await witness.add(await histories[0].request(0, 5)))?.status).toBe(200)
    expect(await witness.end('SIGTERM')).toBe(0)
    const memory = join(witness.folder, 'witness.db')
    for (const end of ['', '-wal', '-shm']) rmSync(`${memory}${end}`, { force: true })

    expect(await witness.start()).toBe(false)
    expect(witness.log).toContain('tlog.memory-gone')
    expect(witness.log).toContain('this key must not sign again')
    expect(existsSync(memory)).toBe(false)
    copyFileSync(join(other.folder, 'witness.db'), memory)
    expect(await witness.start()).toBe(false)
    expect(witness.log).toContain(`that of ${other.key}`)
    expect(await other.start()).toBe(true)
  })
})
