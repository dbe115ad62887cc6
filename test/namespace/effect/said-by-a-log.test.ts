import { describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../../src/core/time.js'
import { bindingOf } from '../../../src/namespace/binding.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import type { Single } from '../../../src/namespace/operation.js'
import { T0 } from '../../support/fake-clock.js'
import { alias, clusterFacts, givenIndex, k8s, owner } from '../given-index.js'
import { effectIn, nobody, refusalIn } from './given-effect.js'

const shop: ChangeRequest = { op: 'scope.create', alias: 'shop' }
const api: ChangeRequest = { op: 'entry.create', alias: 'shop/api', owner }
const prod: ChangeRequest = {
  op: 'cluster.register',
  alias: 'prod',
  cluster: clusterFacts('prod'),
}
const guard = { id: 'ttl', effect: 'maxTtl', maxTtl: 60 }
const terms = { solo: false, voters: [], threshold: {}, minControllers: {} }

const ofScopes: readonly (readonly [Single['op'], object])[] = [
  ['scope.suspend', {}],
  ['scope.reactivate', {}],
  ['scope.retire', {}],
  ['group.set', { group: terms }],
  ['guard.set', { guard }],
  ['guard.clear', { guard: 'ttl' }],
]
const ofClusters: readonly (readonly [Single['op'], object])[] = [
  ['cluster.update', { cluster: clusterFacts('prod') }],
  ['cluster.remove', {}],
]
const rule = { id: 'web', effect: 'allow', callers: [nobody], ports: [[80, 80]], proto: 'tcp' }
const ofEntries: readonly (readonly [Single['op'], object])[] = [
  ['entry.suspend', {}],
  ['entry.reactivate', {}],
  ['entry.retire', {}],
  ['entry.update', { labels: {} }],
  ['entry.rename', { to: 'shop/other' }],
  ['binding.add', { binding: { kind: 'edge', attestor: 'tpm', device: 'd', id: 'b' } }],
  ['binding.remove', { binding: 'b' }],
  ['rule.attach', { rule }],
  ['rule.replace', { rule }],
  ['rule.detach', { rule: 'web' }],
  ['split.set', { split: { port: 80, backendRefs: [{ entry: nobody, weight: 1 }] } }],
  ['split.clear', { port: 80 }],
]
const envelopeSet: readonly [Single['op'], object] = ['envelope.set', { envelope: {} }]

// By name nobody finds what is gone: whoever writes a log himself names it by its uid.
describe('a log does nothing to', () => {
  const kinds = [
    ['scope', ofScopes],
    ['cluster', ofClusters],
    ['entry', ofEntries],
    ['scope or entry', [envelopeSet]],
  ] as const
  const all = kinds.flatMap(([kind, ops]) => ops.map(([op, body]) => [kind, op, body] as const))

  it.each(all)('a %s that never was: %s', async (kind, op, body) => {
    const given = await givenIndex(shop, api, prod)
    const subject = { alias: 'shop/none', uid: nobody }
    expect(refusalIn(given, op, subject, body)).toEqual({
      code: 'namespace.unknown',
      detail: `there is no such ${kind}`,
      found: 'shop/none',
    })
  })

  it.each([...ofScopes, envelopeSet])('a scope that is retired: %s', async (op, body) => {
    const given = await givenIndex(shop)
    const { uid } = given.scope('shop')
    await given.did({ op: 'scope.retire', alias: 'shop' })
    expect(given.index.state.scopes.get(uid)?.state).toBe('retired')
    const { code, found } = refusalIn(given, op, { alias: 'shop', uid }, body)
    expect([code, found]).toEqual(['namespace.unknown', 'shop'])
  })

  it.each(ofClusters)('a cluster that is retired: %s', async (op, body) => {
    const given = await givenIndex(prod)
    const { uid } = given.index.state.clusterByAlias(alias('prod'))!
    await given.did({ op: 'cluster.remove', alias: 'prod' })
    expect(given.index.state.clusters.get(uid)?.state).toBe('retired')
    const { code, found } = refusalIn(given, op, { alias: 'prod', uid }, body)
    expect([code, found]).toEqual(['namespace.unknown', 'prod'])
  })

  it.each(ofEntries)(
    'an entry that is retired, while it drains and after: %s',
    async (op, body) => {
      const given = await givenIndex(shop, api)
      const { uid } = given.entry('shop/api')
      given.issued.until.set(uid, plus(T0, hours(1)))
      await given.did({ op: 'entry.retire', alias: 'shop/api' })
      for (const at of [T0, plus(T0, hours(25))]) {
        const refusal = refusalIn(given, op, { alias: 'shop/api', uid }, body, { at })
        expect(refusal).toMatchObject({ code: 'namespace.wrong-state', found: 'retired' })
      }
      const [set, envelope] = envelopeSet
      expect(refusalIn(given, set, { alias: 'shop/api', uid }, envelope).code).toBe(
        'namespace.unknown',
      )
    },
  )

  it('what it names in letters that are none', async () => {
    const given = await givenIndex()
    const found = (name: string) =>
      refusalIn(given, 'scope.suspend', { alias: name, uid: nobody }).found
    expect(found('a-b/0')).toBe('a-b/0')
    expect(found('x'.repeat(200))).toBe('x'.repeat(200))
    expect(found('x'.repeat(201))).toBe(`"${'x'.repeat(80)}"`)
    expect(found('Shop')).toBe('"Shop"')
    expect(found('a\nb')).toBe('"a\\nb"')
    expect(found('')).toBe('""')
  })

  it.each<readonly [Single['op'], object]>([
    ['scope.create', { envelope: {} }],
    ['entry.create', { owner, envelope: {}, bindings: [], labels: {} }],
    ['cluster.register', { cluster: clusterFacts('new') }],
  ])('an alias that is none: %s', async (op, body) => {
    const given = await givenIndex()
    for (const name of ['Shop', 'a b', 'shop/', '/shop']) {
      expect(refusalIn(given, op, { alias: name }, body).code).toBe('namespace.bad-alias')
    }
    expect(effectIn(given, op, { alias: 'shop' }, body).ok).toBe(true)
  })

  it('a name that an entry cannot be given: of a scope, of none, of another', async () => {
    const given = await givenIndex(shop, api, { ...api, alias: 'shop/web' })
    const { uid } = given.entry('shop/api')
    const codeOf = (to: string) =>
      refusalIn(given, 'entry.rename', { alias: 'shop/api', uid }, { to }).code
    expect(codeOf('shop')).toBe('namespace.exists')
    expect(codeOf('Shop/Api')).toBe('namespace.bad-alias')
    expect(codeOf('shop/web')).toBe('namespace.alias-taken')
  })

  it('a binding whose id is not of what it says', async () => {
    const given = await givenIndex(prod, shop, api)
    await given.did({ op: 'binding.add', alias: 'shop/api', binding: k8s('prod', 'shop', 'api') })
    const { uid, bindings } = given.entry('shop/api')
    const binding = {
      kind: 'edge',
      attestor: 'tpm',
      device: 'd',
      id: bindings[0]!.id.replace(/.$/, '1'),
    }
    const subject = { alias: 'shop/api', uid }
    expect(refusalIn(given, 'binding.add', subject, { binding }).code).toBe('namespace.malformed')
    expect(refusalIn(given, 'binding.add', subject, { binding: bindings[0] }).code).toBe(
      'namespace.exists',
    )
  })

  it('a binding of a cluster that never was, or is retired', async () => {
    const given = await givenIndex(prod, shop, api)
    const { uid: retired } = given.index.state.clusterByAlias(alias('prod'))!
    await given.did({ op: 'cluster.remove', alias: 'prod' })
    const subject = { alias: 'shop/api', uid: given.entry('shop/api').uid }
    for (const cluster of [retired, nobody]) {
      const facts = { kind: 'k8s', cluster, namespace: 'shop', serviceAccount: 'api' } as const
      expect(refusalIn(given, 'binding.add', subject, { binding: bindingOf(facts) })).toEqual({
        ...{ code: 'namespace.unknown', detail: 'there is no such cluster', found: cluster },
      })
    }
  })

  it('a ceiling made of regions and ports that are none', async () => {
    const given = await givenIndex(shop)
    const { uid } = given.scope('shop')
    const refused = (envelope: object) =>
      refusalIn(given, 'envelope.set', { alias: 'shop', uid }, { envelope })
    expect(refused({ mayCall: ['a//b'] })).toMatchObject({
      ...{ code: 'namespace.bad-alias', found: 'a//b' },
    })
    expect(refused({ ports: [[443, 80]] })).toMatchObject({
      ...{ code: 'namespace.malformed', found: '[443,80]' },
    })
    const create = (envelope: object) =>
      refusalIn(given, 'scope.create', { alias: 'lab' }, { envelope }).code
    expect(create({ names: ['A'] })).toBe('namespace.bad-alias')
    expect(create({ ports: [[2, 1]] })).toBe('namespace.malformed')
    expect(
      refusalIn(given, 'scope.create', { alias: 'lab' }, { envelope: { federate: ['x'] } }),
    ).toMatchObject({
      ...{ code: 'namespace.envelope-exceeds-parent', wanted: 'federate within []' },
      next: "capstan envelope show '' --effective",
    })
  })

  it('the uid of something else than it names', async () => {
    const given = await givenIndex(shop, api, prod)
    const { uid } = given.entry('shop/api')
    expect(refusalIn(given, 'scope.suspend', { alias: 'shop', uid }).code).toBe('namespace.unknown')
    expect(refusalIn(given, 'cluster.remove', { alias: 'prod', uid }).code).toBe(
      'namespace.unknown',
    )
  })
})
