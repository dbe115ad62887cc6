import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hours, plus, seconds } from '../../src/core/time.js'
import { spread } from '../../src/issuance/linkerd-certify.js'
import { T0 } from '../support/fake-clock.js'
import { countedRandom } from '../support/random.js'

/** linkerd2-proxy renews at 70 % of the way to this instant, without a jitter of its own. */
describe('valid_until', () => {
  it('is in the last fifth of the lifetime, and never after notAfter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400 }), fc.string(), (lifetime, seed) => {
        const notAfter = plus(T0, seconds(lifetime))
        const until = spread(T0, notAfter, countedRandom(seed))
        expect(until).toBeLessThanOrEqual(notAfter)
        expect(until).toBeGreaterThanOrEqual(T0 + Math.floor(lifetime * 0.8))
      }),
    )
  })

  it('is another one for each of a thousand proxies that start together, evenly spread', () => {
    const random = countedRandom()
    const notAfter = plus(T0, hours(24))
    const all = Array.from({ length: 1000 }, () => spread(T0, notAfter, random))
    expect(new Set(all).size).toBeGreaterThan(900)
    const middle = T0 + hours(24) * 0.9
    const early = all.filter((until) => until < middle).length
    expect(early).toBeGreaterThan(400)
    expect(early).toBeLessThan(600)
  })
})
