import { describe, expect, it } from '@jest/globals'
import { hours, plus, seconds } from '../../src/core/time.js'
import type { Decision } from '../../src/namespace/permit/decision.js'
import { routeOf } from '../../src/namespace/rule/route.js'
import { permitBundles } from '../../src/verify/permit-bundles.js'
import { verifyBundle, type VerifiedEntry } from '../../src/verify/verify-bundle.js'
import { givenServices } from '../interop/given-services.js'
import { brakeBy, type Target } from '../namespace/given-brake.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { valueOf } from '../namespace/given-index.js'
import { bundleOf, LOG } from './given-bundle.js'

async function verified(given: GivenGroup, alias: string): Promise<VerifiedEntry> {
  const octets = await bundleOf(given, alias)
  const logKey = LOG.key
  const { index } = given.index.state
  return valueOf(verifyBundle(octets, { indexId: index, logKey, now: given.now() }))
}

const targets: readonly (readonly [string, Target])[] = [
  ['the callee', { alias: 'pay/api' }],
  ['the caller', { alias: 'web/shop/front' }],
  ['a scope above the callee', { alias: 'pay' }],
  ['a scope above the caller', { alias: 'web' }],
  ['the rule', { alias: 'pay/api', rule: 'orders' }],
]

describe('bundles, while a brake is on', () => {
  it.each(targets)('%s, say no before its end, and yes from then on', async (_, target) => {
    const given = await givenServices()
    const { index } = given
    const at = given.now()
    valueOf(await index.submitBrake(brakeBy(index.state, [given.ann], target, { at })))
    const [caller, callee] = [
      await verified(given, 'web/shop/front'),
      await verified(given, 'pay/api'),
    ]
    const decided = (now: typeof at): Decision =>
      valueOf(
        permitBundles(caller, callee, {
          port: 8080,
          route: valueOf(routeOf('GET', '/orders/7')),
          now,
        }),
      )
    const end = plus(at, hours(2))
    expect(decided(plus(end, seconds(-1))).allowed).toBe(false)
    expect(decided(end).allowed).toBe(true)
  })
})
