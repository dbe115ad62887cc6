import { beforeEach, describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import type { Config } from '../../src/config/config.js'
import { WorkerChannel } from '../../src/compose/worker-channel.js'
import type { MainAsks, WorkerAsks } from '../../src/compose/worker-messages.js'
import { type Forked, Workers } from '../../src/compose/workers.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { refuse } from '../../src/core/result.js'
import { seconds } from '../../src/core/time.js'
import { FakeClock } from '../support/fake-clock.js'
import { portPair } from '../support/port-pair.js'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Stands for a process: answers as a worker does, and ends when it is told to. */
class FakeProcess implements Forked {
  readonly exited: Promise<string>
  readonly port
  readonly asked: string[] = []
  private end!: (how: string) => void
  readonly pid: number

  constructor(pid: number, start: () => Promise<void>) {
    this.pid = pid
    const [ours, theirs] = portPair()
    this.port = ours
    this.exited = new Promise((resolve) => (this.end = resolve))
    const noted = (name: string): Promise<undefined> => {
      this.asked.push(name)
      return Promise.resolve(undefined)
    }
    new WorkerChannel<WorkerAsks, MainAsks>(theirs, 'main process', {
      start: async () => {
        await start()
        return [{ name: 'linkerd', address: '127.0.0.1:1' }]
      },
      follow: () => noted('follow'),
      metrics: () => Promise.resolve([]),
      stop: () => {
        this.end('exit 0')
        return noted('stop')
      },
    })
  }

  kill(): void {
    this.end('SIGKILL')
  }
}

describe('workers', () => {
  let clock: FakeClock
  let made: FakeProcess[]
  let start: () => Promise<void>
  beforeEach(() => {
    clock = new FakeClock()
    made = []
    start = () => Promise.resolve()
  })
  const living = new AbortController().signal

  const started = (count: number): Promise<Workers> =>
    Workers.started(
      {
        count,
        fork: () => {
          const forked = new FakeProcess(100 + made.length, () => start())
          made.push(forked)
          return forked
        },
        start: { config: {} as Config, version: '0', keys: new Map(), logKey: '', issuanceKey: '' },
        commit: () => Promise.resolve([]),
        carry: () => Promise.reject(new Error('nothing is carried')),
        crl: () => Promise.resolve(refuse('request.not-found', 'none')),
        clock,
        log: pino({ level: 'silent' }),
      },
      living,
    )

  it('serve when all have started, and are told of changes from then on', async () => {
    const workers = await started(3)
    expect(workers.processes.map(({ pid }) => pid)).toEqual([100, 101, 102])
    expect(workers.check()).toMatchObject({ ok: true, detail: '3 of 3 serve' })
    await workers.follow()
    // The first time as part of their start: what changed meanwhile is news to them.
    expect(made.map(({ asked }) => asked)).toEqual(Array(3).fill(['follow', 'follow']))
    await workers.close(0)
    expect(made.every(({ asked }) => asked.includes('stop'))).toBe(true)
    expect(workers.check().ok).toBe(false)
    await settle()
    expect(made).toHaveLength(3)
  })

  it('do not serve at all when one cannot start, and say why; none is left', async () => {
    let n = 0
    start = () => {
      n += 1
      return n === 2
        ? Promise.reject(new DependencyError('linkerd listener', 'in use'))
        : Promise.resolve()
    }
    await expect(started(2)).rejects.toThrow('linkerd listener: in use')
    await Promise.all(made.map(({ exited }) => exited))
  })

  it('are replaced at once, and with growing pauses when they keep ending', async () => {
    const workers = await started(2)
    clock.advance(seconds(60))
    made[0]!.kill()
    await settle()
    expect(workers.processes.map(({ pid }) => pid)).toEqual([101, 102])

    // From here on each one ends as soon as it has started.
    const pauses: number[] = []
    for (let round = 0; round < 9; round += 1) {
      const before = made.length
      made.at(-1)!.kill()
      await settle()
      let waited = 0
      while (made.length === before) {
        clock.advance(seconds(1))
        waited += 1
        await settle()
      }
      pauses.push(waited)
    }
    expect(pauses).toEqual([0, 1, 2, 4, 8, 16, 30, 30, 30])
    expect(workers.check()).toMatchObject({ ok: true, detail: '2 of 2 serve' })
    clock.advance(seconds(10))
    made.at(-1)!.kill()
    await settle()
    expect(workers.check()).toMatchObject({ detail: '2 of 2 serve' })
    await workers.close(0)
  })

  it('that pause are not waited for by a stop', async () => {
    const workers = await started(1)
    for (let n = 0; n < 3; n += 1) {
      made.at(-1)!.kill()
      await settle()
    }
    const { length } = made
    expect(workers.check().ok).toBe(false)
    await workers.close(0)
    expect(made).toHaveLength(length)
  })
})
