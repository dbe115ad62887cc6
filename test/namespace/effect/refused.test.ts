import { describe, expect, it } from '@jest/globals'
import { hours, minutes, plus, seconds } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { T0 } from '../../support/fake-clock.js'
import { alias, clusterFacts, givenIndex, k8s, owner } from '../given-index.js'

const prod: ChangeRequest = {
  op: 'cluster.register',
  alias: 'prod',
  cluster: clusterFacts('prod'),
}
const api: ChangeRequest = { op: 'entry.create', alias: 'shop/api', owner }
const web: ChangeRequest = { op: 'entry.create', alias: 'shop/web', owner }
const shop: ChangeRequest = { op: 'scope.create', alias: 'shop' }
const bound: ChangeRequest = {
  ...{ op: 'binding.add', alias: 'shop/api', binding: k8s('prod', 'shop', 'api') },
}

describe('a cluster', () => {
  it('is registered once, and is one whose tokens can be told from those of others', async () => {
    const given = await givenIndex(prod)
    expect(await given.codeFor(prod)).toBe('namespace.exists')
    const { issuer, identityTrustDomain } = clusterFacts('prod')
    const register = (more: object) =>
      given.codeFor({
        ...{ op: 'cluster.register', alias: 'twin' },
        cluster: clusterFacts('twin', more),
      })
    expect(await register({ issuer, identityTrustDomain })).toBe('namespace.selector-overlap')
    const apart = { issuer, identityTrustDomain, controlPlaneNamespace: 'other' }
    expect(await register(apart)).toBe('ok')
    const into = clusterFacts('twin', { issuer, identityTrustDomain })
    const updates = (name: string, cluster: object) =>
      given.codeFor({ op: 'cluster.update', alias: name, cluster })
    expect(await updates('twin', into)).toBe('namespace.selector-overlap')
    expect(await updates('prod', clusterFacts('prod'))).toBe('ok')
    await given.did({ op: 'cluster.remove', alias: 'prod' })
    expect(await updates('twin', into)).toBe('ok')
    expect(await updates('prod', clusterFacts('prod'))).toBe('namespace.unknown')
    expect(await given.codeFor(prod)).toBe('namespace.selector-overlap')
  })

  it('keeps its region as long as entries are bound to it, or drain', async () => {
    const given = await givenIndex(prod, api, bound)
    const { uid } = given.entry('shop/api')
    given.issued.until.set(uid, plus(T0, hours(1)))
    const moves = () =>
      given.codeFor({
        ...{ op: 'cluster.update', alias: 'prod' },
        cluster: clusterFacts('prod', { controlPlaneNamespace: 'other' }),
      })
    const removes = () => given.codeFor({ op: 'cluster.remove', alias: 'prod' })
    const full = 'namespace.not-empty'
    expect([await moves(), await removes()]).toEqual([full, full])
    const same = clusterFacts('prod', { audience: 'other' })
    expect(await given.codeFor({ op: 'cluster.update', alias: 'prod', cluster: same })).toBe('ok')
    const { uid: cluster, rev } = given.index.state.clusterByAlias(alias('prod'))!
    expect(rev).toBe(2)
    expect(given.index.state.clusters.get(cluster)).toMatchObject({ audience: 'other' })
    await given.did({ op: 'entry.retire', alias: 'shop/api' })
    expect([await moves(), await removes()]).toEqual([full, full])
    given.clock.set(plus(T0, seconds(25 * 3600 - 1)))
    expect(await removes()).toBe(full)
    given.clock.set(plus(T0, hours(25)))
    expect(await removes()).toBe('ok')
  })
})

describe('a name that is given up', () => {
  it.each([
    ['a day and an hour, where certificates are shorter', hours(1), hours(25)],
    ['an hour beyond the last certificate, where that is later', hours(30), hours(31)],
    ['just as long where both are one', hours(24), hours(25)],
  ])('is free again after %s', async (_, issued, drained) => {
    const given = await givenIndex(api)
    given.issued.until.set(given.entry('shop/api').uid, plus(T0, issued))
    await given.did({ op: 'entry.rename', alias: 'shop/api', to: 'shop/gateway' })
    given.clock.set(plus(T0, seconds(drained - 1)))
    expect(await given.codeFor(api)).toBe('namespace.alias-quarantined')
    given.clock.set(plus(T0, drained))
    expect(await given.codeFor(api)).toBe('ok')
  })

  it('is free at once where nothing was ever issued, and at once for who gave it up', async () => {
    const given = await givenIndex(api, web)
    given.issued.until.set(given.entry('shop/api').uid, plus(T0, hours(1)))
    await given.did({ op: 'entry.rename', alias: 'shop/api', to: 'shop/gateway' })
    await given.did({ op: 'entry.rename', alias: 'shop/gateway', to: 'shop/api' })
    await given.did({ op: 'entry.rename', alias: 'shop/web', to: 'shop/site' }, web)
  })

  it('and a binding too, which is taken as long as it is held', async () => {
    const given = await givenIndex(prod, api, web, bound)
    const takes = () => given.codeFor({ ...bound, alias: 'shop/web' })
    expect(await takes()).toBe('namespace.identity-collision')
    expect(await given.codeFor(bound)).toBe('namespace.exists')
    given.issued.until.set(given.entry('shop/api').uid, plus(T0, hours(1)))
    const binding = 'prod/shop/api'
    await given.did({ op: 'binding.remove', alias: 'shop/api', binding })
    expect(await given.codeFor({ op: 'binding.remove', alias: 'shop/api', binding })).toBe(
      'namespace.unknown',
    )
    expect(await takes()).toBe('namespace.binding-quarantined')
    given.clock.set(plus(T0, hours(25)))
    expect(await takes()).toBe('ok')
  })
})

describe('a change is refused, and it is said what is in the way', () => {
  const refused = async (
    world: readonly ChangeRequest[],
    request: unknown,
    refusal: object,
  ): Promise<void> => {
    const given = await givenIndex(...world)
    expect(await given.index.change(request)).toMatchObject({ ok: false, refusal })
  }

  it.each<readonly [string, readonly ChangeRequest[], object, object]>([
    [
      'a scope that holds an entry',
      [shop, api],
      { op: 'scope.retire', alias: 'shop' },
      { code: 'namespace.not-empty', found: 'entry shop/api' },
    ],
    [
      'a scope that holds another',
      [shop, { op: 'scope.create', alias: 'shop/eu' }],
      { op: 'scope.retire', alias: 'shop' },
      { code: 'namespace.not-empty', found: 'scope shop/eu' },
    ],
    [
      'a suspended scope above',
      [shop, { op: 'scope.suspend', alias: 'shop' }],
      { ...api },
      { code: 'namespace.wrong-state', next: 'capstan scope reactivate shop' },
    ],
    [
      'a narrower scope above',
      [{ ...shop, envelope: { maxTtl: 60 } }],
      { ...api, envelope: { maxTtl: 61 } },
      {
        ...{ code: 'namespace.envelope-exceeds-parent', wanted: 'maxTtl within 60', found: '61' },
        next: 'capstan envelope show shop --effective',
      },
    ],
    [
      'the name of a scope',
      [shop],
      { op: 'entry.create', alias: 'shop', owner },
      { code: 'namespace.exists', found: 'shop' },
    ],
    [
      'the name of an entry',
      [api],
      { ...api },
      { code: 'namespace.alias-taken', found: 'shop/api' },
    ],
    [
      'no such guard',
      [shop],
      { op: 'guard.clear', alias: 'shop', guard: 'none' },
      { code: 'namespace.unknown', found: 'none', next: 'capstan guards list shop' },
    ],
    [
      'no such split',
      [api],
      { op: 'split.clear', alias: 'shop/api', port: 80 },
      { code: 'namespace.unknown', found: 'port 80' },
    ],
    [
      'no such rule',
      [api],
      { op: 'rule.detach', alias: 'shop/api', rule: 'none' },
      { code: 'namespace.unknown', found: 'none' },
    ],
    [
      'a lifetime that is over',
      [{ ...api, validUntil: plus(T0, minutes(0)) }],
      { op: 'entry.reactivate', alias: 'shop/api' },
      { code: 'namespace.wrong-state', wanted: 'an entry that is valid longer' },
    ],
  ])('%s', async (_, world, request, refusal) => {
    await refused(world, request, refusal)
  })

  it('what moved away is in nobody’s way: a scope is empty without it', async () => {
    const given = await givenIndex(shop, api, { op: 'scope.create', alias: 'shop2' })
    given.issued.until.set(given.entry('shop/api').uid, plus(T0, hours(1)))
    await given.did({ op: 'entry.rename', alias: 'shop/api', to: 'shop2/api' })
    expect(await given.codeFor({ op: 'scope.retire', alias: 'shop' })).toBe('ok')
    expect(await given.codeFor({ op: 'scope.retire', alias: 'shop2' })).toBe('namespace.not-empty')
  })
})
