import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { minutes } from '../../src/core/time.js'
import type { Alarm } from '../../src/monitor/alarm.js'
import { keepWatching } from '../../src/monitor/keep-watching.js'
import type { Told } from '../../src/monitor/raised-alarms.js'
import type { Look } from '../../src/monitor/watch.js'
import { FakeClock } from '../support/fake-clock.js'

const fork: Alarm = { code: 'fork', log: 'index', detail: 'two histories' }
const rollback: Alarm = { code: 'rollback', log: 'issuance', detail: 'less than before' }
const bad: Alarm = { code: 'not-allowed', log: 'issuance', detail: 'x', record: 3, serial: 'ab' }
const looked = (...alarms: readonly Alarm[]): Look => ({
  ...{ alarms, indexSize: 1, issuanceSize: 1, checked: 0, gone: 0, seenAt: undefined },
  remember: () => Promise.resolve(),
})

/** Looks one after another, a minute apart; an error is a look to which no answer came. */
async function watched(
  looks: readonly (Look | Error)[],
  gap = minutes(1),
  placed: (after: number, of: number) => boolean | undefined = () => undefined,
) {
  const clock = new FakeClock()
  const over = new AbortController()
  const told: string[] = []
  const heard: string[] = []
  let at = 0
  const running = keepWatching({
    watch: {
      look: () => {
        const look = looks[at]
        at += 1
        if (at >= looks.length) over.abort()
        return look instanceof Error ? Promise.reject(look) : Promise.resolve(look!)
      },
    },
    ...{ clock, interval: minutes(1), silence: minutes(10), signal: over.signal },
    told: ({ state, alarm }: Told, _at, { after, of }) => {
      told.push(`${at} ${state} ${alarm.code}`)
      return Promise.resolve(placed(after, of) ?? true)
    },
    looked: () => heard.push('looked'),
    unheard: ({ message }) => heard.push(message),
  })
  running.catch(() => undefined)
  for (const _ of looks) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(gap)
  }
  return { count: await running, told, heard }
}

describe('alarms, look after look', () => {
  it('are told when they begin and when they end', async () => {
    const { told, count } = await watched([
      looked(),
      looked(fork),
      looked(fork),
      looked(),
      looked(),
    ])
    expect(told).toEqual(['2 raised fork', '4 over fork'])
    expect(count).toBe(1)
  })

  it('are told again after an hour', async () => {
    const looks = Array.from({ length: 4 }, () => looked(fork))
    expect((await watched(looks, minutes(30))).told).toEqual(['1 raised fork', '3 raised fork'])
  })

  it('about a certificate are told as they are found', async () => {
    const { told } = await watched([looked(bad), looked(), looked(bad, fork), looked(fork)])
    expect(told).toEqual(['1 raised not-allowed', '3 raised not-allowed', '3 raised fork'])
  })

  it('stay while no answer comes, and after ten minutes silence is one', async () => {
    const away = new DependencyError('server', 'it cannot be reached')
    const { told, heard, count } = await watched(
      [looked(fork), away, away, away, looked()],
      minutes(5),
    )
    expect(told).toEqual(['1 raised fork', '3 raised silent', '5 over fork', '5 over silent'])
    expect(heard).toEqual(['looked', ...Array<string>(3).fill(away.message), 'looked'])
    expect(count).toBe(2)
  })

  it('found before the answer broke off are told, and told once', async () => {
    const half = { ...looked(bad, fork), unheard: new DependencyError('server', 'it broke off') }
    const { told, heard } = await watched([half, half, looked(bad), looked()])
    expect(told).toEqual(['1 raised not-allowed', '1 raised fork', '3 over fork'])
    expect(heard.slice(0, 2)).toEqual(Array(2).fill(half.unheard.message))
  })

  it('are not over because half a look did not find them', async () => {
    const unheard = new DependencyError('server', 'it broke off')
    const { told } = await watched([
      looked(fork),
      { ...looked(), unheard },
      { ...looked(rollback), unheard },
      { ...looked(), unheard },
      looked(rollback),
    ])
    expect(told).toEqual(['1 raised fork', '3 raised rollback', '5 over fork'])
  })

  it('that nobody heard are told again, and what they were found in is not remembered', async () => {
    const remembered: number[] = []
    let [at, heard] = [0, 0]
    const found = (...alarms: readonly Alarm[]): Look => {
      const number = (at += 1)
      return {
        ...looked(...alarms),
        remember: () => {
          remembered.push(number)
          return Promise.resolve()
        },
      }
    }
    const { told } = await watched(
      [found(bad, fork), found(bad, fork), found(bad, fork), found(fork)],
      minutes(1),
      () => (heard += 1) > 3,
    )
    expect(told).toEqual([
      ...['1 raised not-allowed', '1 raised fork', '2 raised not-allowed', '2 raised fork'],
      '3 raised not-allowed',
    ])
    expect(remembered).toEqual([3, 4])
  })

  it('are told with their place among those of the look', async () => {
    const places: string[] = []
    await watched([looked(fork, bad), looked(fork)], minutes(1), (after, of) => {
      places.push(`${after} of ${of}`)
      return true
    })
    expect(places).toEqual(['0 of 2', '1 of 2'])
  })

  it('are told while a look does not end, and after it', async () => {
    const clock = new FakeClock()
    const over = new AbortController()
    const told: string[] = []
    const looks: ((look: Look) => void)[] = []
    const running = keepWatching({
      watch: { look: () => new Promise<Look>((resolve) => looks.push(resolve)) },
      ...{ clock, interval: minutes(1), silence: minutes(10), signal: over.signal },
      told: ({ state, alarm }: Told) => {
        told.push(`${state} ${alarm.code}`)
        return Promise.resolve(true)
      },
      ...{ looked: () => undefined, unheard: () => undefined },
    })
    const pass = async (length: number): Promise<void> => {
      clock.advance(minutes(length))
      await new Promise((resolve) => setImmediate(resolve))
    }
    // The first one reads all there is.
    await pass(59)
    looks[0]?.(looked())
    await pass(0)
    await pass(1)
    expect(looks).toHaveLength(2)
    await pass(9)
    expect(told).toEqual([])
    await pass(1)
    expect(told).toEqual(['raised silent'])
    over.abort()
    looks[1]?.(looked())
    expect(await running).toBe(1)
    expect(told).toEqual(['raised silent', 'over silent'])
  })

  it('end with what is no failure of the server', async () => {
    await expect(watched([new TypeError('a defect')])).rejects.toThrow(TypeError)
  })
})
