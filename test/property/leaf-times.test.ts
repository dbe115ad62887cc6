import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { planLeaf } from '../../src/ca/plan-leaf.js'
import type { SpkiDer } from '../../src/core/der.js'
import { serialFromRandom } from '../../src/core/serial.js'
import { seconds, unixSeconds } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'

const spki = new Uint8Array(0) as SpkiDer
const serial = serialFromRandom(new Uint8Array(16))

/** Terms whose issuer is valid at `now`. */
const times = fc.record({
  before: fc.integer({ min: 0, max: 100_000 }),
  after: fc.integer({ min: 0, max: 100_000 }),
  maxTtl: fc.integer({ min: 1, max: 86_400 }),
  requestedTtl: fc.option(fc.integer({ min: 1, max: 200_000 }), { nil: undefined }),
  backdate: fc.option(fc.integer({ min: 0, max: 600 }), { nil: undefined }),
})

describe('planLeaf', () => {
  it("never makes a leaf that is valid for longer than it may be, or outside its chain (Let's Encrypt 2021-06-08)", () => {
    fc.assert(
      fc.property(times, ({ before, after, maxTtl, requestedTtl, backdate }) => {
        const issuer = { notBefore: unixSeconds(T0 - before), notAfter: unixSeconds(T0 + after) }
        const plan = planLeaf({
          serial,
          spki,
          names: [{ kind: 'dns', value: 'a.example' }],
          usages: ['serverAuth'],
          maxTtl: seconds(maxTtl),
          ...(requestedTtl === undefined ? {} : { requestedTtl: seconds(requestedTtl) }),
          ...(backdate === undefined ? {} : { backdate: seconds(backdate) }),
          issuer,
          now: T0,
        })
        const ttl = Math.min(maxTtl, requestedTtl ?? maxTtl)
        const allowance = backdate ?? 120
        // Seconds in which a verifier takes it: both ends are inclusive.
        expect(plan.notAfter - plan.notBefore + 1).toBeLessThanOrEqual(ttl + allowance)
        expect(plan.notAfter - T0 + 1).toBeLessThanOrEqual(ttl)
        expect(plan.notBefore).toBeGreaterThanOrEqual(issuer.notBefore)
        expect(plan.notAfter).toBeLessThanOrEqual(issuer.notAfter)
        expect(plan.notBefore).toBeLessThanOrEqual(T0)
        expect(plan.notAfter).toBeGreaterThanOrEqual(T0)
        // And not shorter than it has to be.
        expect([T0 + ttl - 1, issuer.notAfter]).toContain(plan.notAfter)
        expect([T0 - allowance, issuer.notBefore]).toContain(plan.notBefore)
      }),
    )
  })
})
