import { describe, expect, it } from '@jest/globals'
import { fullEnvelope } from '../../../src/namespace/envelope.js'
import type { PermitEntry, PermitScope } from '../../../src/namespace/permit/permit.js'
import type { RouteMatch } from '../../../src/namespace/rule/route.js'
import type { Rule } from '../../../src/namespace/rule/rule.js'
import { alias } from '../given-index.js'
import { NOW, rule, scope, second, uidOf } from './given-calls.js'
import { type Asked, decided, type Given, route } from './given-cedar.js'

const soon = second(1060)
const brake = { until: soon }
const emergency = { grant: 'g', until: soon }
const allowed = 'allow, rule pay/api r'
const exact = (path: string): RouteMatch => ({ path: { exact: path } })
const prefix = (path: string): RouteMatch => ({ path: { prefix: path } })

describe('Cedar', () => {
  it.each<readonly [string, Given, Asked, string]>([
    ['a rule', {}, {}, allowed],
    ['no rule', { rules: [] }, {}, 'deny'],
    ['the other direction', {}, { caller: uidOf('pay/api'), callee: uidOf('web/shop') }, 'deny'],
    [
      'a rule that names the caller',
      { rules: [rule({ callers: [uidOf('web/shop')] })] },
      {},
      allowed,
    ],
    ['a rule that names others', { rules: [rule({ callers: [uidOf('pay/api')] })] }, {}, 'deny'],
    [
      'a rule for what begins alike',
      { rules: [rule({ callers: [{ subtree: alias('we') }] })] },
      {},
      'deny',
    ],
    [
      'one of several callers',
      { rules: [rule({ callers: [uidOf('pay/api'), { subtree: alias('web') }] })] },
      {},
      allowed,
    ],
    [
      'two rules',
      { rules: [rule(), rule({ id: 's' })] },
      {},
      'allow, rule pay/api r, rule pay/api s',
    ],
  ])('decides by %s', (_what, given, asked, expected) => {
    expect(decided(given, asked)).toBe(expected)
  })

  it.each<readonly [number, boolean]>([
    [79, false],
    [80, true],
    [81, false],
    [89, false],
    [90, true],
    [95, true],
    [99, true],
    [100, false],
  ])('decides by the ports of a rule: %i', (port, isAllowed) => {
    const rules = [
      rule({
        ports: [
          [80, 80],
          [90, 99],
        ],
      }),
    ]
    expect(decided({ rules }, { port })).toBe(isAllowed ? allowed : 'deny')
  })

  it.each<readonly [string, Partial<Rule>, boolean]>([
    ['begins now', { from: NOW }, true],
    ['begins in the next second', { from: second(1001) }, false],
    ['ends now', { until: NOW }, false],
    ['ends in the next second', { until: second(1001) }, true],
    ['was braked', { brake: { until: NOW } }, true],
    ['is braked', { brake }, false],
  ])('decides by the time of a rule that %s', (_what, more, isAllowed) => {
    expect(decided({ rules: [rule(more)] })).toBe(isAllowed ? allowed : 'deny')
  })

  it.each<readonly [string, Partial<PermitEntry>, string]>([
    ['suspended', { state: 'suspended' }, 'deny, state'],
    ['retiring', { state: 'retiring', drainUntil: soon }, 'deny, state'],
    ['at its end', { validUntil: NOW }, 'deny, state'],
    ['before its end', { validUntil: second(1001) }, allowed],
    ['braked', { brake }, 'deny, state'],
    ['no longer braked', { brake: { until: NOW } }, allowed],
    ['let go by a grant', { state: 'suspended', emergency }, allowed],
    [
      'let go by a grant that is over',
      { state: 'suspended', emergency: { ...emergency, until: NOW } },
      'deny, state',
    ],
    ['let go by a grant, and braked', { state: 'suspended', emergency, brake }, 'deny, state'],
    ['active, and was let go by a grant', { emergency: { ...emergency, until: NOW } }, allowed],
  ])('decides by an entry that is %s', (_what, more, expected) => {
    expect(decided({ caller: more })).toBe(expected)
    expect(decided({ callee: more })).toBe(expected)
  })

  it('denies what it does not know', () => {
    expect(decided({}, { caller: uidOf('nobody') })).toBe('deny, state')
    expect(decided({}, { callee: uidOf('nobody') })).toBe('deny, state')
  })

  it.each<readonly [string, Partial<PermitScope>, string]>([
    ['suspended', { state: 'suspended' }, 'suspended'],
    ['braked', { brake }, 'braked'],
    ['under a guard', { guards: [{ id: 'g', effect: 'forbid' }] }, 'guard'],
  ])('decides by a scope above either that is %s', (_what, more, name) => {
    const id = name === 'guard' ? ' g' : ''
    expect(decided({ scopes: [scope('web', more)] })).toBe(`deny, ${name} web${id}`)
    expect(decided({ scopes: [scope('pay', more)] })).toBe(`deny, ${name} pay${id}`)
    expect(decided({ scopes: [scope('far', more)] })).toBe(allowed)
  })

  it('decides by a brake on a scope until it is over', () => {
    expect(decided({ scopes: [scope('web', { brake: { until: NOW } })] })).toBe(allowed)
    expect(decided({ scopes: [scope('pay', { brake: { until: NOW } })] })).toBe(allowed)
  })

  it.each<readonly [object, string]>([
    [{ mayCall: [alias('far'), alias('pay')] }, allowed],
    [{ mayCall: [alias('far')] }, 'deny, mayCall web/shop'],
    [{ mayCall: [] }, 'deny, mayCall web/shop'],
    [{ mayCall: undefined }, 'deny, mayCall web/shop'],
    [{ mayAccept: [] }, allowed],
    [{ ports: [[80, 80]] }, allowed],
    [{ ports: [[81, 65_535]] }, 'deny, ports web/shop'],
    [{ ports: [[1, 79]] }, 'deny, ports web/shop'],
    [{ ports: undefined }, 'deny, ports web/shop'],
  ])('decides by the envelope of the caller: %j', (more, expected) => {
    const envelope = JSON.parse(
      JSON.stringify({ ...fullEnvelope, ...more }),
    ) as PermitEntry['envelope']
    expect(decided({ caller: { envelope } })).toBe(expected)
  })

  it.each<readonly [object, string]>([
    [{ mayAccept: [alias('web/shop')] }, allowed],
    [{ mayAccept: [alias('web/other')] }, 'deny, mayAccept pay'],
    [{ mayAccept: undefined }, 'deny, mayAccept pay'],
    [{ mayCall: [] }, allowed],
    [{ ports: [[2, 65_535]] }, allowed],
    [{ ports: [] }, 'deny, ports pay'],
  ])('decides by the envelope of a scope above the callee: %j', (more, expected) => {
    const envelope = JSON.parse(
      JSON.stringify({ ...fullEnvelope, ...more }),
    ) as PermitScope['envelope']
    expect(decided({ scopes: [scope('pay', { envelope })] })).toBe(expected)
  })

  it.each<readonly [object, boolean]>([
    [{ callers: ['web'] }, true],
    [{ callers: ['far', 'web/shop'], callees: ['pay'], ports: [[80, 81]] }, true],
    [{ callers: ['pay'] }, false],
    [{ callees: ['web'] }, false],
    [{ callers: ['web'], callees: ['far'] }, false],
    [{ callers: ['web'], ports: [[81, 82]] }, false],
    [
      {
        ports: [
          [1, 79],
          [80, 80],
        ],
      },
      true,
    ],
  ])('decides by a guard of %j', (more, isForbidden) => {
    const guards = [{ id: 'g', effect: 'forbid' as const, ...more }]
    const expected = isForbidden ? 'deny, guard pay g' : allowed
    expect(decided({ scopes: [scope('pay', { guards })] })).toBe(expected)
  })

  it.each<readonly [string, readonly RouteMatch[], Asked, boolean]>([
    ['nothing is known of the route', [exact('/a')], {}, false],
    ['the path is another', [exact('/a')], route('/a/'), false],
    ['the path is one of them', [exact('/b'), exact('/a')], route('/a'), true],
    ['the path is the prefix', [prefix('/a')], route('/a'), true],
    ['the path is below it', [prefix('/a')], route('/a/b'), true],
    ['the path begins alike', [prefix('/a')], route('/ab'), false],
    ['everything is below it', [prefix('/')], route('/a/b'), true],
    ['an asterisk is itself', [prefix('/*')], route('/*/b'), true],
    ['an asterisk is no other', [prefix('/*')], route('/a/b'), false],
    ['an asterisk is exact', [exact('/a*')], route('/ab'), false],
    ['the method is another', [{ ...exact('/a'), method: 'PUT' }], route('/a'), false],
    ['the method is this', [{ ...exact('/a'), method: 'PUT' }], route('/a', {}, 'PUT'), true],
  ])('decides by routes where %s', (_what, routes, asked, isAllowed) => {
    expect(decided({ rules: [rule({ routes })] }, asked)).toBe(isAllowed ? allowed : 'deny')
  })

  it.each(['1', 'a"b', 'a\\b', '\\"', '*', "'", '1: 2'])(
    'decides by header fields whose value is %j',
    (value) => {
      const headers = [
        { name: 'x', value },
        { name: 'y', value: '' },
      ]
      const rules = [rule({ routes: [{ ...exact('/a'), headers }] })]
      expect(decided({ rules }, route('/a', { X: value, y: '', z: '1' }))).toBe(allowed)
      expect(decided({ rules }, route('/a', { x: value }))).toBe('deny')
      expect(decided({ rules }, route('/a', { x: `${value}2`, y: '' }))).toBe('deny')
      expect(decided({ rules }, route('/a', { y: value, x: '' }))).toBe('deny')
    },
  )

  it('wants routes of rules below a guard that does, and not of callers below it', () => {
    const guards = [{ id: 'l7', effect: 'requireRoutes' }] as const
    expect(decided({ scopes: [scope('pay', { guards })] })).toBe('deny')
    expect(decided({ scopes: [scope('', { guards })] })).toBe('deny')
    expect(decided({ scopes: [scope('web', { guards })] })).toBe(allowed)
    const rules = [rule({ routes: [prefix('/')] })]
    expect(decided({ scopes: [scope('pay', { guards })], rules }, route('/a'))).toBe(allowed)
  })
})
