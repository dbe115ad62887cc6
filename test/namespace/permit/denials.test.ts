import { describe, expect, it } from '@jest/globals'
import { type Alias, parentAlias, ROOT } from '../../../src/core/alias.js'
import { toIso } from '../../../src/core/time.js'
import { fullEnvelope } from '../../../src/namespace/envelope.js'
import type { Decision } from '../../../src/namespace/permit/decision.js'
import {
  permit,
  type PermitEntry,
  type PermitRequest,
  type PermitScope,
} from '../../../src/namespace/permit/permit.js'
import { parseRoute } from '../../../src/namespace/rule/route.js'
import type { Rule } from '../../../src/namespace/rule/rule.js'
import { alias, valueOf } from '../given-index.js'
import { entry, givenState, NOW, rule, scope, second, uidOf } from './given-calls.js'

interface Given {
  readonly caller?: Partial<PermitEntry>
  readonly callee?: Partial<PermitEntry>
  readonly scopes?: readonly PermitScope[]
  readonly rules?: readonly Rule[]
  readonly request?: Partial<PermitRequest>
}

/** A call of `pay/api` by `web/shop`, which its rule allows unless something is said. */
function decided({ caller, callee, scopes, rules = [rule()], request }: Given): Decision {
  const entries = [entry('web/shop', caller), entry('pay/api', { rules, ...callee })]
  return permit(givenState(entries, scopes), {
    caller: uidOf('web/shop'),
    callee: uidOf('pay/api'),
    port: 80,
    at: NOW,
    ...request,
  })
}

const soon = second(1060)
const brake = { until: soon }
const routes = [{ path: { exact: '/a' } }] as const

describe('a denial', () => {
  it('is not where nothing is in the way', () => {
    expect(decided({})).toStrictEqual({ allowed: true, rule: { id: 'r', rev: 1 } })
  })

  /** What the sentence must name, and what it must not. */
  it.each<readonly [string, Given, object, readonly string[], readonly string[]]>([
    [
      'an unknown caller',
      { request: { caller: uidOf('nobody') } },
      { condition: 'unknown', by: null },
      ['the caller'],
      ['callee'],
    ],
    [
      'an unknown callee',
      { request: { callee: uidOf('nobody') } },
      { condition: 'unknown', by: null },
      ['the callee'],
      ['caller'],
    ],
    [
      'two that are unknown',
      { request: { caller: uidOf('nobody'), callee: uidOf('nobody') } },
      { condition: 'unknown', by: null },
      ['the callee'],
      ['caller'],
    ],
    [
      'a suspended entry',
      { callee: { state: 'suspended' } },
      { condition: 'inactive', by: { kind: 'entry', alias: 'pay/api' } },
      ['the entry pay/api', 'suspended'],
      ['braked'],
    ],
    [
      'a lifetime that is over',
      { caller: { validUntil: NOW } },
      { condition: 'inactive', by: { kind: 'entry', alias: 'web/shop' } },
      ['the entry web/shop', 'suspended'],
      ['braked'],
    ],
    [
      'a braked entry',
      { callee: { brake } },
      { condition: 'inactive', by: { kind: 'entry', alias: 'pay/api' } },
      ['the entry pay/api', `braked until ${toIso(soon)}`],
      ['suspended'],
    ],
    [
      'a suspended entry with a brake, which will not be active when the brake is over',
      { callee: { state: 'suspended', brake } },
      { condition: 'inactive', by: { kind: 'entry', alias: 'pay/api' } },
      ['the entry pay/api', 'suspended'],
      ['braked'],
    ],
    [
      'a lifetime that is over, with a brake',
      { callee: { validUntil: NOW, brake } },
      { condition: 'inactive', by: { kind: 'entry', alias: 'pay/api' } },
      ['the entry pay/api', 'suspended'],
      ['braked'],
    ],
    [
      'a brake on an entry that a grant lets go',
      { callee: { state: 'suspended', emergency: { grant: 'g', until: soon }, brake } },
      { condition: 'inactive', by: { kind: 'entry', alias: 'pay/api' } },
      ['the entry pay/api', `braked until ${toIso(soon)}`],
      ['suspended'],
    ],
    [
      'a retiring caller',
      { caller: { state: 'retiring', drainUntil: soon } },
      { condition: 'inactive', by: { kind: 'entry', alias: 'web/shop' } },
      ['the entry web/shop', 'retiring'],
      [],
    ],
    [
      'a suspended scope',
      { scopes: [scope('web', { state: 'suspended' })] },
      { condition: 'inactive', by: { kind: 'scope', alias: 'web' } },
      ['the scope web', 'suspended'],
      ['braked'],
    ],
    [
      'a braked scope',
      { scopes: [scope('pay', { brake })] },
      { condition: 'inactive', by: { kind: 'scope', alias: 'pay' } },
      ['the scope pay', `braked until ${toIso(soon)}`],
      ['suspended', 'active'],
    ],
    [
      'a suspended scope with a brake',
      { scopes: [scope('pay', { state: 'suspended', brake })] },
      { condition: 'inactive', by: { kind: 'scope', alias: 'pay' } },
      ['the scope pay', 'suspended'],
      ['braked'],
    ],
    [
      'no rule',
      { rules: [] },
      { condition: 'no-rule', by: { kind: 'entry', alias: 'pay/api' } },
      ['pay/api', 'web/shop'],
      ['port', 'route'],
    ],
    [
      'no rule for the port',
      { rules: [rule({ ports: [[81, 81]] })] },
      { condition: 'port', by: { kind: 'entry', alias: 'pay/api' } },
      ['pay/api', 'web/shop', 'port 80'],
      ['route'],
    ],
    [
      'no rule for the route',
      { rules: [rule({ routes })] },
      { condition: 'route', by: { kind: 'entry', alias: 'pay/api' } },
      ['pay/api', 'web/shop', 'port 80', 'a call without one'],
      ['this route'],
    ],
    [
      'no rule for this route',
      { rules: [rule({ routes })], request: { route: valueOf(parseRoute('GET /b')) } },
      { condition: 'route', by: { kind: 'entry', alias: 'pay/api' } },
      ['pay/api', 'web/shop', 'port 80', 'this route'],
      ['without'],
    ],
    [
      'a caller that may call less',
      { caller: { envelope: { ...fullEnvelope, mayCall: [alias('web')] } } },
      { condition: 'may-call', by: { kind: 'entry', alias: 'web/shop' } },
      ['the entry web/shop', 'pay/api'],
      ['accept'],
    ],
    [
      'a scope that may accept less',
      { scopes: [scope('pay', { envelope: { ...fullEnvelope, mayAccept: [alias('pay')] } })] },
      { condition: 'may-accept', by: { kind: 'scope', alias: 'pay' } },
      ['the scope pay', 'accept', 'web/shop'],
      [],
    ],
    [
      'a root with fewer ports',
      { scopes: [scope('', { envelope: { ...fullEnvelope, ports: [[443, 443]] } })] },
      { condition: 'port', by: { kind: 'scope', alias: '' } },
      ['the scope /', 'port 80'],
      ['rule'],
    ],
    [
      'a guard',
      { scopes: [scope('web', { guards: [{ id: 'no-pay', effect: 'forbid' }] })] },
      { condition: 'guard', by: { kind: 'scope', alias: 'web' }, guard: 'no-pay' },
      ['the guard no-pay', 'the scope web'],
      ['route'],
    ],
    [
      'a guard of routes',
      { scopes: [scope('pay', { guards: [{ id: 'l7', effect: 'requireRoutes' }] })] },
      { condition: 'guard', by: { kind: 'scope', alias: 'pay' }, guard: 'l7' },
      ['the rule r', 'no routes'],
      [],
    ],
  ])('for %s says so, and by whom it could be otherwise', (_what, given, said, named, unnamed) => {
    const decision = decided(given)
    if (decision.allowed) throw new Error('it is allowed')
    const { detail, ...rest } = decision
    expect(rest).toStrictEqual({ allowed: false, ...said })
    for (const text of named) expect(detail).toContain(text)
    for (const text of unnamed) expect(detail).not.toContain(text)
  })

  it.each<readonly [string, Given]>([
    ['an envelope of the caller without mayCall', { caller: { envelope: { mayAccept: [ROOT] } } }],
    ['an envelope of the callee without mayAccept', { callee: { envelope: { mayCall: [ROOT] } } }],
    ['an envelope without ports', { callee: { envelope: { mayCall: [ROOT], mayAccept: [ROOT] } } }],
  ])('comes of %s: what is absent allows nothing', (_what, given) => {
    expect(decided(given).allowed).toBe(false)
  })

  it('names the callee before the caller, and what is above before what is below', () => {
    const suspended = { state: 'suspended' } as const
    const by = (given: Given) => {
      const decision = decided(given)
      return decision.allowed ? undefined : decision.by?.alias
    }
    expect(by({ caller: suspended, callee: suspended })).toBe('pay/api')
    const none = { envelope: { ...fullEnvelope, ports: [] } }
    const scopes = (...names: readonly string[]) => names.map((name) => scope(name, none))
    expect(by({ ...{ caller: none, callee: none }, scopes: scopes('web', 'pay') })).toBe('pay')
    expect(by({ caller: none, callee: none })).toBe('pay/api')
    expect(by({ scopes: scopes('web') })).toBe('web')
    const guards = [{ id: 'g', effect: 'forbid' }] as const
    const guarded = (...names: readonly string[]) => names.map((name) => scope(name, { guards }))
    expect(by({ scopes: guarded('web', 'pay') })).toBe('pay')
    expect(by({ scopes: guarded('web', 'pay', '') })).toBe('')
  })
})

describe('a call that several rules allow', () => {
  const routed = rule({ id: 'routed', routes })
  const route = valueOf(parseRoute('GET /a'))
  const by = (rules: readonly Rule[], scopes: readonly PermitScope[] = []) => {
    const decision = decided({ rules, scopes, request: { route } })
    return decision.allowed ? decision.rule.id : decision.condition
  }

  it('is allowed by the first of them', () => {
    expect(by([rule({ id: 'open' }), routed])).toBe('open')
    expect(by([routed, rule({ id: 'open' })])).toBe('routed')
  })

  it('is allowed by the first with routes where a guard wants them', () => {
    const scopes = [scope('pay', { guards: [{ id: 'l7', effect: 'requireRoutes' }] })]
    expect(by([rule({ id: 'open' }), routed], scopes)).toBe('routed')
    expect(by([rule({ id: 'open' })], scopes)).toBe('guard')
  })

  it('is allowed by what names the caller itself, then by what names the nearest above it', () => {
    const below = (name: string, region: Alias) =>
      rule({ id: name, callers: [{ subtree: region }] })
    const own = rule({ id: 'own', callers: [uidOf('web/shop')] })
    const above = [below('root', ROOT), below('web', parentAlias(alias('web/shop')))]
    expect(by([...above, own])).toBe('own')
    expect(by(above)).toBe('web')
    expect(by([...above, below('itself', alias('web/shop'))])).toBe('itself')
  })
})

describe('a rule', () => {
  it.each<readonly [string, string, Partial<Rule>]>([
    ['that begins now', 'allowed', { from: NOW }],
    ['that begins in the next second', 'no-rule', { from: second(1001) }],
    ['that ends now', 'no-rule', { until: NOW }],
    ['that ends in the next second', 'allowed', { until: second(1001) }],
    ['whose brake is over now', 'allowed', { brake: { until: NOW } }],
    ['that is braked for one second more', 'no-rule', { brake: { until: second(1001) } }],
    ['that began, and is braked', 'no-rule', { from: second(1), brake }],
    ['that was braked, and has not begun', 'no-rule', { from: soon, brake: { until: NOW } }],
  ])('%s: %s', (_what, expected, more) => {
    const decision = decided({ rules: [rule(more)] })
    expect(decision.allowed ? 'allowed' : decision.condition).toBe(expected)
  })
})
