import { describe, expect, it } from '@jest/globals'
import {
  between,
  days,
  earliest,
  hours,
  minus,
  minutes,
  plus,
  seconds,
  toIso,
  unixSeconds,
} from '../../src/core/time.js'
import { FakeClock, T0 } from '../support/fake-clock.js'

describe('instants and lengths', () => {
  it('add up', () => {
    expect(plus(T0, days(1))).toBe(T0 + 86_400)
    expect(minus(plus(T0, hours(2)), minutes(120))).toBe(T0)
    expect(between(T0, plus(T0, seconds(5)))).toBe(5)
    expect(between(plus(T0, seconds(5)), T0)).toBe(-5)
  })

  it('have an earliest', () => {
    expect(earliest(plus(T0, seconds(1)), T0, plus(T0, seconds(2)))).toBe(T0)
    expect(earliest(T0)).toBe(T0)
  })

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('are not made of %d', (value) => {
    expect(() => unixSeconds(value)).toThrow(RangeError)
    expect(() => seconds(value)).toThrow(RangeError)
  })

  it('are written to the second, in UTC', () => {
    expect(toIso(T0)).toBe('2026-11-21T00:00:00Z')
    expect(toIso(unixSeconds(0))).toBe('1970-01-01T00:00:00Z')
  })
})

describe('FakeClock, as every Clock,', () => {
  it('wakes a sleeper at its instant, not before', async () => {
    const clock = new FakeClock()
    const woken: string[] = []
    const sleep = clock.sleepUntil(plus(T0, seconds(10))).then(() => woken.push('slept'))
    clock.advance(seconds(9))
    await Promise.resolve()
    expect(woken).toEqual([])
    clock.advance(seconds(1))
    await sleep
    expect(woken).toEqual(['slept'])
    expect(clock.now()).toBe(plus(T0, seconds(10)))
  })

  it('lets nobody sleep into the past', async () => {
    const clock = new FakeClock()
    await clock.sleepUntil(T0)
    expect(clock.now()).toBe(T0)
  })

  it('wakes a sleeper whose signal aborts', async () => {
    const stop = new AbortController()
    const sleep = new FakeClock().sleepUntil(plus(T0, days(1)), stop.signal)
    stop.abort()
    await sleep
    expect(stop.signal.aborted).toBe(true)
  })
})
