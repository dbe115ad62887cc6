import { describe, expect, it } from '@jest/globals'
import { unixSeconds } from '../src/core/time.js'
import { clockOver } from '../src/system.js'

const DAY_MS = 86_400_000

/** Resolves with the time by `wall` at which the sleeper woke. */
describe("the machine's clock", () => {
  it('wakes who sleeps soon after the instant was jumped over', async () => {
    let wall = 1_000_000
    const clock = clockOver(() => wall, 2)
    const slept = clock.sleepUntil(unixSeconds(80_000))
    wall += DAY_MS
    await slept
    expect(clock.now()).toBeGreaterThan(80_000)
  })

  it('wakes who sleeps when it is set back', async () => {
    let wall = 2 * DAY_MS
    const clock = clockOver(() => wall, 2)
    const slept = clock.sleepUntil(unixSeconds(3 * 86_400))
    wall -= DAY_MS
    await slept
    expect(clock.now()).toBe(86_400)
  })

  it('wakes nobody for a small step back', async () => {
    let wall = 2 * DAY_MS
    const clock = clockOver(() => wall, 2)
    const stop = new AbortController()
    let isAwake = false
    const slept = clock.sleepUntil(unixSeconds(3 * 86_400), stop.signal).then(() => {
      isAwake = true
    })
    wall -= 500
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2))
    expect(isAwake).toBe(false)
    stop.abort()
    await slept
  })
})
