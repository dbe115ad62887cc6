import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { ok, refuse } from '../../src/core/result.js'
import { hours, plus, seconds } from '../../src/core/time.js'
import type { Authority } from '../../src/issuance/authority.js'
import { ReadinessWatch } from '../../src/server/readiness.js'
import { FakeClock, T0 } from '../support/fake-clock.js'

const end = plus(T0, hours(1))

/** As much of an authority as readiness looks at. */
function watch(more: { probe?: () => Promise<void>; anchorEnds?: readonly number[] } = {}) {
  const clock = new FakeClock()
  const state = { probes: 0, hasIssuer: true }
  const authority = {
    issuer: () =>
      state.hasIssuer ? ok({ notAfter: end }) : refuse('ca.no-issuer', 'there is no issuer'),
    trustAnchors: (more.anchorEnds ?? [end]).map((notAfter) => ({ notAfter })),
  } as unknown as Authority
  const probe = (): Promise<void> => {
    state.probes += 1
    return more.probe?.() ?? Promise.resolve()
  }
  return {
    clock,
    state,
    readiness: new ReadinessWatch({ authority: () => authority, ledger: { probe }, clock }),
  }
}

const failing = async (readiness: ReadinessWatch): Promise<string[]> => {
  const { checks } = await readiness.measure()
  return checks.filter((check) => !check.ok).map(({ name }) => name)
}

describe('readiness', () => {
  it('holds while there is an issuer, a trust anchor and a store that writes', async () => {
    const { readiness } = watch()
    expect(await failing(readiness)).toEqual([])
    expect(readiness.ready()).toBe(true)
  })

  it('ends when the store cannot write, and says so in its words', async () => {
    const full = () => Promise.reject(new DependencyError('store', 'writing failed (SQLITE_FULL)'))
    const { readiness } = watch({ probe: full })
    const { ready, checks } = await readiness.measure()
    expect(ready).toBe(false)
    expect(checks.find(({ name }) => name === 'store')?.detail).toContain('SQLITE_FULL')
  })

  it('ends with the last trust anchor, and without any', async () => {
    const { readiness, clock } = watch({ anchorEnds: [T0, end] })
    expect(await failing(readiness)).toEqual([])
    clock.set(plus(end, seconds(1)))
    expect(await failing(readiness)).toEqual(['trust-anchor'])
    expect(await failing(watch({ anchorEnds: [] }).readiness)).toEqual(['trust-anchor'])
  })

  it('tells whoever watches when it changes, and only then', async () => {
    const { readiness, clock, state } = watch()
    const told: boolean[] = []
    const forget = readiness.onChange(() => told.push(readiness.ready()))
    for (const hasIssuer of [true, true, false, false, true]) {
      state.hasIssuer = hasIssuer
      clock.advance(seconds(1))
      await readiness.measure()
    }
    expect(told).toEqual([true, false, true])
    forget()
    readiness.stop()
    expect(told).toHaveLength(3)
  })

  it('writes to the disk at most once a second, however many ask', async () => {
    const { readiness, clock, state } = watch()
    await Promise.all(Array.from({ length: 100 }, () => readiness.measure()))
    expect(state.probes).toBe(1)
    clock.advance(seconds(1))
    await readiness.measure()
    expect(state.probes).toBe(2)
  })

  it('ends when a write takes longer than five seconds, and comes back with it', async () => {
    let written = (): void => undefined
    const hangs = () => new Promise<void>((resolve) => (written = resolve))
    const { readiness, clock, state } = watch({ probe: hangs })
    const first = failing(readiness)
    clock.advance(seconds(5))
    expect(await first).toEqual(['store'])
    expect(readiness.ready()).toBe(false)

    // Whoever asks now is told at once, and the disk is not given more to do.
    clock.advance(seconds(1))
    expect(await failing(readiness)).toEqual(['store'])
    expect(state.probes).toBe(1)

    written()
    await new Promise(setImmediate)
    clock.advance(seconds(1))
    const next = failing(readiness)
    written()
    expect(await next).toEqual([])
    expect(state.probes).toBe(2)
  })

  it('is over once the server stops, whatever the checks say', async () => {
    const { readiness } = watch()
    await readiness.measure()
    readiness.stop()
    expect(readiness.ready()).toBe(false)
    expect(await failing(readiness)).toEqual(['serving'])
  })
})
