import { describe, expect, it } from '@jest/globals'
import type { Envelope } from '../../../src/namespace/envelope.js'
import {
  type Permission,
  permissionsBetween,
  permissionsBeyond,
} from '../../../src/namespace/permit/permissions.js'
import type { PermitEntry, PermitScope } from '../../../src/namespace/permit/permit.js'
import type { RouteMatch } from '../../../src/namespace/rule/route.js'
import type { Rule } from '../../../src/namespace/rule/rule.js'
import { alias } from '../given-index.js'
import { entry, givenState, NOW, rule, scope, second } from './given-calls.js'

interface Given {
  readonly caller?: Partial<PermitEntry>
  readonly callee?: Partial<PermitEntry>
  readonly scopes?: readonly PermitScope[]
}

/** What `web/shop` may do with `pay/api`, whose rules these are. */
function between(
  rules: readonly Rule[],
  { caller, callee, scopes }: Given = {},
): readonly Permission[] {
  const [shop, api] = [entry('web/shop', caller), entry('pay/api', { rules, ...callee })]
  return permissionsBetween(givenState([shop, api], scopes), shop, api, NOW)
}

const one: Permission = {
  caller: alias('web/shop'),
  callee: alias('pay/api'),
  rule: 'r',
  ports: [[80, 80]],
}

describe('the permissions between two entries', () => {
  it('say whose they are, by which rule, and only the limits that there are', () => {
    expect(between([rule()])).toStrictEqual([one])
    const routes = [{ path: { exact: '/a' } }]
    expect(between([rule({ routes, from: second(1001), until: second(1002) })])).toStrictEqual([
      { ...one, routes, from: 1001, until: 1002 },
    ])
  })

  it('come of the rules that name the caller, each by itself', () => {
    const others = [rule({ id: 'x', callers: [{ subtree: alias('far') }] }), rule({ id: 'b' })]
    expect(between([rule({ id: 'a' }), ...others]).map(({ rule: id }) => id)).toEqual(['a', 'b'])
    expect(between(others.slice(0, 1))).toEqual([])
  })

  it.each<readonly [string, Partial<Rule>, object | undefined]>([
    ['begins now', { from: NOW }, {}],
    ['begins in the next second', { from: second(1001) }, { from: 1001 }],
    ['ends now', { until: NOW }, undefined],
    ['ends in the next second', { until: second(1001) }, { until: 1001 }],
    ['is braked until it ends', { brake: { until: second(1005) }, until: second(1005) }, undefined],
    [
      'is braked until the second before it ends',
      { brake: { until: second(1004) }, until: second(1005) },
      { from: 1004, until: 1005 },
    ],
    ['was braked', { brake: { until: NOW } }, {}],
  ])('of a rule that %s', (_what, more, limits) => {
    expect(between([rule(more)])).toStrictEqual(limits ? [{ ...one, ...limits }] : [])
  })

  it.each<readonly [string, Partial<PermitEntry>, object | undefined]>([
    ['whose lifetime ends', { validUntil: second(1010) }, { until: 1010 }],
    ['whose lifetime is over', { validUntil: NOW }, undefined],
    ['that is braked', { brake: { until: second(1010) } }, { from: 1010 }],
    [
      'that is braked for the rest of its lifetime',
      { brake: { until: second(1010) }, validUntil: second(1010) },
      undefined,
    ],
    ['that is suspended', { state: 'suspended' }, undefined],
    [
      'that is let go by a grant',
      { state: 'suspended', emergency: { grant: 'g', until: second(1010) } },
      { until: 1010 },
    ],
    [
      'that was let go by a grant, and then by a vote',
      { emergency: { grant: 'g', until: second(1010) } },
      {},
    ],
  ])('of a party %s', (_what, more, limits) => {
    const expected = limits ? [{ ...one, ...limits }] : []
    expect(between([rule()], { caller: more })).toStrictEqual(expected)
    expect(between([rule()], { callee: more })).toStrictEqual(expected)
  })

  it('end with the first that ends', () => {
    const validUntil = second(1010)
    const rules = [rule({ until: second(1020) })]
    expect(between(rules, { caller: { validUntil } })).toMatchObject([{ until: 1010 }])
    expect(between(rules, { callee: { validUntil: second(1030) } })).toMatchObject([
      { until: 1020 },
    ])
  })

  it.each<readonly [string, Envelope, 'caller' | 'callee']>([
    ['calls nobody', { mayAccept: [alias('')], ports: [[80, 80]] }, 'caller'],
    ['is called by nobody', { mayCall: [alias('')], ports: [[80, 80]] }, 'callee'],
    ['has no ports', { mayCall: [alias('')], mayAccept: [alias('')] }, 'caller'],
    [
      'has other ports',
      { mayCall: [alias('')], mayAccept: [alias('')], ports: [[1, 79]] },
      'callee',
    ],
  ])('are none where a party by its envelope %s', (_what, envelope, party) => {
    expect(between([rule()], { [party]: { envelope } })).toEqual([])
  })

  it('are what the ceilings of both sides leave of the ports, without what guards forbid', () => {
    const full = { mayCall: [alias('')], mayAccept: [alias('')] }
    const scopes = [
      scope('web', { envelope: { ...full, ports: [[1, 89]] } }),
      scope('pay', {
        envelope: { ...full, ports: [[80, 100]] },
        guards: [{ id: 'g', effect: 'forbid', ports: [[82, 83]] }],
      }),
    ]
    expect(between([rule({ ports: [[70, 99]] })], { scopes })).toMatchObject([
      {
        ports: [
          [80, 81],
          [84, 89],
        ],
      },
    ])
  })

  it('are none under a guard that forbids every port to this caller or callee, and no other', () => {
    const guarded = (regions: object) =>
      between([rule()], {
        scopes: [scope('pay', { guards: [{ id: 'g', effect: 'forbid', ...regions }] })],
      })
    expect(guarded({})).toEqual([])
    expect(guarded({ callers: ['web'], callees: ['pay'] })).toEqual([])
    expect(guarded({ callers: ['far'] })).toStrictEqual([one])
    expect(guarded({ callers: ['web'], callees: ['far'] })).toStrictEqual([one])
  })

  it('need routes where a guard above the callee wants them, and not above the caller', () => {
    const guards = [{ id: 'g', effect: 'requireRoutes' }] as const
    const rules = [rule({ id: 'a' }), rule({ id: 'b', routes: [{ path: { prefix: '/' } }] })]
    const ids = (where: string) =>
      between(rules, { scopes: [scope(where, { guards })] }).map(({ rule: id }) => id)
    expect(ids('pay')).toEqual(['b'])
    expect(ids('web')).toEqual(['a', 'b'])
  })
})

describe('what permissions allow beyond others', () => {
  const get = (path: string): RouteMatch => ({ method: 'GET', path: { exact: path } })
  const prefix = (path: string): RouteMatch => ({ path: { prefix: path } })
  const limited = (more: Partial<Permission>): Permission => ({ ...one, ...more })

  it('is nothing where only names differ', () => {
    const renamed = { ...one, rule: 'other', caller: alias('web/store'), callee: alias('pay/v2') }
    expect(permissionsBeyond([renamed], [one])).toEqual([])
  })

  it.each<readonly [string, Partial<Permission>, Partial<Permission>]>([
    ['fewer ports', { ports: [[80, 80]] }, { ports: [[79, 81]] }],
    ['routes', { routes: [get('/a')] }, {}],
    ['fewer routes', { routes: [get('/a')] }, { routes: [get('/a'), get('/b')] }],
    ['narrower routes', { routes: [get('/a/b')] }, { routes: [get('/c'), prefix('/a')] }],
    ['a later start', { from: second(7) }, { from: second(5) }],
    ['a start', { from: second(7) }, {}],
    ['an earlier end', { until: second(7) }, { until: second(9) }],
    ['an end', { until: second(7) }, {}],
    ['the same start, on fewer ports', { from: second(7) }, { from: second(7), ports: [[79, 81]] }],
    ['the same end, on fewer ports', { until: second(7) }, { until: second(7), ports: [[79, 81]] }],
  ])('is nothing with %s, and the whole of it the other way round', (_what, less, more) => {
    expect(permissionsBeyond([limited(less)], [limited(more)])).toEqual([])
    expect(permissionsBeyond([limited(more)], [limited(less)])).not.toEqual([])
  })

  it.each<readonly [string, Partial<Permission>, Partial<Permission>]>([
    ['another port', { ports: [[443, 443]] }, {}],
    ['every route, and not one', {}, { routes: [get('/a')] }],
    ['another route', { routes: [get('/a')] }, { routes: [get('/b')] }],
    ['no start', {}, { from: second(7) }],
    ['an earlier start', { from: second(6) }, { from: second(7) }],
    ['no end', {}, { until: second(7) }],
    ['a later end', { until: second(8) }, { until: second(7) }],
  ])('is all of it with %s', (_what, after, before) => {
    expect(permissionsBeyond([limited(after)], [limited(before)])).toStrictEqual([limited(after)])
  })

  it('is the ports that are left, and nothing of those of which none is', () => {
    const wide = limited({ ports: [[70, 90]] })
    const before = [limited({ ports: [[70, 79]] }), limited({ ports: [[85, 99]] })]
    expect(permissionsBeyond([wide], before)).toStrictEqual([{ ...one, ports: [[80, 84]] }])
    const rest = limited({ ports: [[80, 84]] })
    expect(permissionsBeyond([wide], [...before, rest])).toEqual([])
  })

  it('is said of the routes together that have the same ports left', () => {
    const after = limited({
      ports: [[80, 81]],
      routes: [get('/a'), get('/b'), get('/c'), get('/d')],
    })
    const before = [
      limited({ ports: [[80, 80]], routes: [get('/b')] }),
      limited({ ports: [[80, 81]], routes: [get('/d')] }),
    ]
    expect(permissionsBeyond([after], before)).toStrictEqual([
      { ...one, ports: [[80, 81]], routes: [get('/a'), get('/c')] },
      { ...one, ports: [[81, 81]], routes: [get('/b')] },
    ])
  })

  describe('where there are very many routes', () => {
    const some = (count: number): readonly RouteMatch[] =>
      Array.from({ length: count }, (_, index) => get(`/${index}`))
    const before = limited({ ports: [[79, 81]], routes: some(200) })
    const beyond = (routes: readonly RouteMatch[], earlier: readonly Permission[]) =>
      permissionsBeyond([limited({ routes })], earlier).flatMap((left) => left.routes)

    it('is too much, and never too little', () => {
      expect(beyond(some(100), [before])).toEqual([])
      expect(beyond(some(101), [before])).toEqual([get('/100')])
    })

    it('is not, when the first that is looked at has them all', () => {
      expect(beyond(some(101), [limited({ ports: [[79, 81]] }), before])).toEqual([])
    })
  })
})
