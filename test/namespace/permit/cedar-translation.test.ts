import { validate } from '@cedar-policy/cedar-wasm/nodejs'
import { describe, expect, it } from '@jest/globals'
import {
  cedarContext,
  cedarEntities,
  cedarSchema,
  type CedarSource,
} from '../../../src/namespace/permit/cedar.js'
import { activityPolicies, cedarPolicies } from '../../../src/namespace/permit/cedar-policies.js'
import { alias } from '../given-index.js'
import { entry, NOW, rule, scope, second, uidOf } from './given-calls.js'
import { type Given, nameOf, route, sourceOf } from './given-cedar.js'

const soon = second(1060)
const brake = { until: soon }
const emergency = { grant: 'g', until: soon }

describe('what is translated for Cedar', () => {
  const namesOf = (given: Given): readonly string[] =>
    [...cedarPolicies(sourceOf(given))].map(nameOf)
  const states = activityPolicies.map(() => 'state')

  it('has no policy of what takes nothing away', () => {
    expect(namesOf({ scopes: [scope('web'), scope('pay')] })).toEqual([...states, 'rule pay/api r'])
    const guards = [
      { id: 'a', effect: 'maxTtl', maxTtl: 60 },
      { id: 'b', effect: 'minThreshold', least: { routine: 1 } },
    ] as const
    expect(namesOf({ scopes: [scope('web', { guards })] })).toEqual([...states, 'rule pay/api r'])
  })

  it('has no policy of a scope that is retired, nor of an entry that is retiring', () => {
    const none = { envelope: {}, brake, guards: [{ id: 'g', effect: 'forbid' }] } as const
    const scopes = [scope('web', { state: 'retired', ...none })]
    const callee = { state: 'retiring', envelope: {} } as const
    expect(namesOf({ scopes, callee })).toEqual(states)
  })

  it('has a name for each policy of an object, by the object', () => {
    const guards = [{ id: 'g', effect: 'forbid' }] as const
    const scopes = [scope('web', { state: 'suspended', envelope: {}, brake, guards })]
    expect(namesOf({ scopes }).filter((name) => name !== 'state')).toEqual([
      ...['suspended web', 'suspended web', 'braked web', 'braked web'],
      ...['mayCall web', 'mayAccept web', 'ports web', 'ports web'],
      ...['guard web g', 'guard web g', 'rule pay/api r'],
    ])
  })

  it('has every entry in its regions, each region once, and what its states say', () => {
    const guards = [{ id: 'l7', effect: 'requireRoutes' }] as const
    const routed = [
      scope('', {}),
      scope('web', { guards }),
      scope('pay', { state: 'retired', guards }),
    ]
    const source: CedarSource = {
      scopes: routed,
      entries: [
        entry('web/eu/a', { validUntil: soon, brake, emergency }),
        entry('web/b', { state: 'suspended', emergency }),
        entry('pay', { state: 'retiring' }),
      ],
    }
    const region = (id: string) => ({ type: 'Capstan::Region', id })
    const trait = { type: 'Capstan::Trait', id: 'requires-routes' }
    const of = (name: string) => ({ type: 'Capstan::Entry', id: uidOf(name) })
    expect([...cedarEntities(source)]).toStrictEqual([
      {
        uid: of('web/eu/a'),
        attrs: { active: true, validUntil: 1060, brakedUntil: 1060 },
        parents: [region('web/eu/a')],
      },
      { uid: region('web/eu/a'), attrs: {}, parents: [region('web/eu')] },
      { uid: region('web/eu'), attrs: {}, parents: [region('web')] },
      { uid: region('web'), attrs: {}, parents: [region(''), trait] },
      { uid: region(''), attrs: {}, parents: [] },
      {
        uid: of('web/b'),
        attrs: { active: false, emergencyUntil: 1060 },
        parents: [region('web/b')],
      },
      { uid: region('web/b'), attrs: {}, parents: [region('web')] },
      { uid: of('pay'), attrs: { active: false }, parents: [region('pay')] },
      { uid: region('pay'), attrs: {}, parents: [region('')] },
    ])
  })

  it('has of a request what policies ask for', () => {
    const call = { caller: uidOf('a'), callee: uidOf('b'), port: 80, at: NOW }
    expect(cedarContext(call)).toStrictEqual({ port: 80, at: 1000 })
    expect(cedarContext({ ...call, ...route('/a', { X: '1', y: '' }) })).toStrictEqual({
      ...{ port: 80, at: 1000 },
      route: { method: 'GET', path: '/a', headers: ['x: 1', 'y: '] },
    })
  })

  it('is valid under its schema, and nothing that the schema does not know', () => {
    const errorsOf = (policies: readonly string[]) => {
      const checked = validate({
        schema: cedarSchema,
        policies: { staticPolicies: policies.join('\n') },
      })
      if (checked.type === 'failure') throw new Error(JSON.stringify(checked.errors))
      return checked.validationErrors.length
    }
    const routes = [
      { path: { prefix: '/a' }, method: 'GET', headers: [{ name: 'x', value: '1' }] },
    ] as const
    const guards = [
      { id: 'g', effect: 'forbid', callers: [alias('web')], ports: [[1, 2]] },
    ] as const
    const scopes = [scope('web', { state: 'suspended', envelope: {}, brake, guards })]
    const rules = [rule({ routes, from: second(1), until: soon, brake }), rule({ id: 's' })]
    expect(errorsOf([...cedarPolicies(sourceOf({ scopes, rules }))])).toBe(0)
    const own = 'permit (principal, action == Capstan::Action::"call", resource)'
    for (const name of ['principal.owner == 1', 'context.path == "/"', 'principal.active == 1']) {
      expect(errorsOf([`${own} when { ${name} };`])).toBeGreaterThan(0)
    }
  })
})
