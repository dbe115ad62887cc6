import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hours, plus, seconds } from '../../src/core/time.js'
import { spread } from '../../src/issuance/linkerd-certify.js'
import { T0 } from '../support/fake-clock.js'
import { countedRandom } from '../support/random.js'

/** linkerd2-proxy renews at 70 % of the way to this instant, without a jitter of its own. */
describe('valid_until', () => {
  const csrs = fc.uint8Array({ minLength: 1, maxLength: 64 })

  it('leaves a tenth of the lifetime at least, and is never after notAfter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400 * 30 }), csrs, (lifetime, csr) => {
        const notAfter = plus(T0, seconds(lifetime))
        const until = spread(T0, notAfter, csr)
        expect(until).toBeLessThanOrEqual(notAfter)
        expect(until).toBeGreaterThanOrEqual(T0 + Math.floor(lifetime * 0.1))
        expect(until).toBeGreaterThan(T0)
      }),
    )
  })

  it('is another one for each of a thousand proxies that start together, evenly spread', () => {
    const random = countedRandom()
    const notAfter = plus(T0, hours(24))
    const all = Array.from({ length: 1000 }, () => spread(T0, notAfter, random(32)))
    expect(new Set(all).size).toBeGreaterThan(900)
    const middle = T0 + hours(24) * 0.55
    const early = all.filter((until) => until < middle).length
    expect(early).toBeGreaterThan(400)
    expect(early).toBeLessThan(600)
  })

  it('brings a proxy back at the same phase, however late or early it comes within reason', () => {
    const lifetime = hours(24)
    const period = lifetime * 0.7 * 0.9
    fc.assert(
      fc.property(csrs, fc.integer({ min: -3000, max: 36_000 }), (csr, late) => {
        const renewsAt = (from: number): number =>
          from +
          0.7 *
            (spread(plus(T0, seconds(from)), plus(T0, seconds(from + lifetime)), csr) - T0 - from)
        const first = renewsAt(0)
        const second = renewsAt(Math.round(first) + late)
        expect(Math.abs(second - first - period)).toBeLessThan(2)
      }),
    )
  })
})
