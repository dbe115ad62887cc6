import { describe, expect, it } from '@jest/globals'
import { plus, seconds, type UnixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { FoldedState } from '../../../src/namespace/folded-state.js'
import type { Decision } from '../../../src/namespace/permit/decision.js'
import { permit } from '../../../src/namespace/permit/permit.js'
import { parseRoute } from '../../../src/namespace/rule/route.js'
import { alias, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

const entry = (name: string): ChangeRequest => ({ op: 'entry.create', alias: name, owner })
const scope = (name: string): ChangeRequest => ({ op: 'scope.create', alias: name })
const attach = (rule: object): ChangeRequest => ({
  op: 'rule.attach',
  alias: 'pay/api',
  rule: { id: 'shop', callers: ['web/shop'], ports: [8080], ...rule },
})

const givenCalls = (...more: readonly ChangeRequest[]): Promise<GivenIndex> =>
  givenIndex(scope('web'), scope('pay'), entry('web/shop'), entry('pay/api'), ...more)

function decided(
  { index, clock }: GivenIndex,
  route = 'GET /a',
  { from = 'web/shop', to = 'pay/api', port = 8080, headers = {} } = {},
): Decision {
  const uid = (name: string) => index.state.resolve(alias(name))!.uid
  return permit(index.state, {
    caller: uid(from),
    callee: uid(to),
    port,
    ...(route !== '' && { route: valueOf(parseRoute(route, Object.entries(headers))) }),
    at: clock.now(),
  })
}

/** `allowed by shop`, or `guard of scope pay`. */
function brief(decision: Decision): string {
  if (decision.allowed) return `allowed by ${decision.rule.id}`
  const { condition, by } = decision
  return by ? `${condition} of ${by.kind} ${by.alias || '/'}` : condition
}

describe('permit', () => {
  it('denies everything on an empty state', async () => {
    const none = 'e'.padEnd(32, 'a') as Uid
    const call = { caller: none, callee: none, port: 80, at: 0 as UnixSeconds }
    expect(
      permit(
        { root: {} as never, scopeByAlias: () => undefined, entries: new FoldedState().entries },
        call,
      ),
    ).toEqual({
      allowed: false,
      condition: 'unknown',
      detail: 'the callee is no entry of this index',
      by: null,
    })
    expect(brief(decided(await givenCalls()))).toBe('no-rule of entry pay/api')
  })

  it('names the rule that allows, and the revision that made it', async () => {
    const given = await givenCalls(attach({}), { op: 'entry.update', alias: 'pay/api', labels: {} })
    expect(decided(given)).toEqual({ allowed: true, rule: { id: 'shop', rev: 2 } })
  })

  it.each<readonly [string, object, Parameters<typeof decided>[1], object, string]>([
    ['a route', { routes: [{ path: { exact: '/a' } }] }, 'GET /a', {}, 'allowed by shop'],
    [
      'another path',
      { routes: [{ path: { exact: '/a' } }] },
      'GET /a/',
      {},
      'route of entry pay/api',
    ],
    [
      'another case',
      { routes: [{ path: { exact: '/a' } }] },
      'GET /A',
      {},
      'route of entry pay/api',
    ],
    ['a prefix', { routes: [{ path: { prefix: '/a' } }] }, 'GET /a/b', {}, 'allowed by shop'],
    [
      'half an element',
      { routes: [{ path: { prefix: '/a' } }] },
      'GET /ab',
      {},
      'route of entry pay/api',
    ],
    [
      'another method',
      { routes: [{ method: 'GET', path: { prefix: '/' } }] },
      'PUT /a',
      {},
      'route of entry pay/api',
    ],
    ['no route said', { routes: [{ path: { prefix: '/' } }] }, '', {}, 'route of entry pay/api'],
    ['no route said nor wanted', {}, '', {}, 'allowed by shop'],
    ['another port', {}, 'GET /a', { port: 8081 }, 'port of entry pay/api'],
    ['no port', {}, 'GET /a', { port: 0 }, 'port of entry pay/api'],
    ['another caller', {}, 'GET /a', { from: 'pay/api' }, 'no-rule of entry pay/api'],
    [
      'the other direction',
      {},
      'GET /a',
      { from: 'pay/api', to: 'web/shop' },
      'no-rule of entry web/shop',
    ],
    ['a subtree', { callers: [{ subtree: 'web' }] }, 'GET /a', {}, 'allowed by shop'],
    ['everybody', { callers: [{ subtree: '' }] }, 'GET /a', {}, 'allowed by shop'],
    [
      'another subtree',
      { callers: [{ subtree: 'pay' }] },
      'GET /a',
      {},
      'no-rule of entry pay/api',
    ],
    ['an ended rule', { until: 1000 }, 'GET /a', {}, 'no-rule of entry pay/api'],
    ['a rule to come', { from: 4_000_000_000 }, 'GET /a', {}, 'no-rule of entry pay/api'],
  ])('%s', async (_what, rule, route, more, expected) => {
    expect(brief(decided(await givenCalls(attach(rule)), route, more))).toBe(expected)
  })

  it('wants every header of a route', async () => {
    const headers = [
      { name: 'X-A', value: '1' },
      { name: 'X-B', value: '2' },
    ]
    const given = await givenCalls(attach({ routes: [{ path: { prefix: '/' }, headers }] }))
    const of = (fields: Record<string, string>) =>
      brief(decided(given, 'GET /', { headers: fields }))
    expect(of({ 'x-a': '1', 'X-b': '2', other: '3' })).toBe('allowed by shop')
    expect(of({ 'x-a': '1' })).toBe('route of entry pay/api')
    expect(of({ 'x-a': '1', 'x-b': '22' })).toBe('route of entry pay/api')
  })

  it('takes a subtree by whole labels', async () => {
    const given = await givenCalls(entry('webb'), attach({ callers: [{ subtree: 'web' }] }))
    expect(brief(decided(given, '', { from: 'webb' }))).toBe('no-rule of entry pay/api')
  })

  it('says which rule came furthest', async () => {
    const given = await givenCalls(
      attach({ id: 'a', ports: [1] }),
      attach({ id: 'b', routes: [{ path: { exact: '/b' } }] }),
    )
    expect(brief(decided(given))).toBe('route of entry pay/api')
    expect(brief(decided(given, '', { port: 2 }))).toBe('port of entry pay/api')
  })

  it.each<readonly [string, ChangeRequest | readonly ChangeRequest[], string]>([
    ['a suspended callee', { op: 'entry.suspend', alias: 'pay/api' }, 'inactive of entry pay/api'],
    [
      'a suspended caller',
      { op: 'entry.suspend', alias: 'web/shop' },
      'inactive of entry web/shop',
    ],
    ['a retired caller', { op: 'entry.retire', alias: 'web/shop' }, 'inactive of entry web/shop'],
    [
      'a suspended scope above the callee',
      { op: 'scope.suspend', alias: 'pay' },
      'inactive of scope pay',
    ],
    [
      'a suspended scope above the caller',
      { op: 'scope.suspend', alias: 'web' },
      'inactive of scope web',
    ],
    [
      'a caller that may call less',
      { op: 'envelope.set', alias: 'web/shop', envelope: { mayCall: [alias('web')] } },
      'may-call of entry web/shop',
    ],
    [
      'a scope of the caller that may call less',
      { op: 'envelope.set', alias: 'web', envelope: { mayCall: [] } },
      'may-call of scope web',
    ],
    [
      'a callee that may accept less',
      { op: 'envelope.set', alias: 'pay/api', envelope: { mayAccept: [alias('pay')] } },
      'may-accept of entry pay/api',
    ],
    [
      'a root that may accept less',
      { op: 'envelope.set', alias: '', envelope: { mayAccept: [alias('pay')] } },
      'may-accept of scope /',
    ],
    [
      'a callee with fewer ports',
      { op: 'envelope.set', alias: 'pay/api', envelope: { ports: [[1, 8079]] } },
      'port of entry pay/api',
    ],
    [
      'a scope of the caller with fewer ports',
      { op: 'envelope.set', alias: 'web', envelope: { ports: [[8081, 9000]] } },
      'port of scope web',
    ],
    [
      'a guard above the callee',
      { op: 'guard.set', alias: 'pay', guard: { id: 'g', effect: 'forbid' } },
      'guard of scope pay',
    ],
    [
      'a guard above the caller',
      {
        op: 'guard.set',
        alias: 'web',
        guard: { id: 'g', effect: 'forbid', callees: [alias('pay')] },
      },
      'guard of scope web',
    ],
    [
      'a guard of the root',
      { op: 'guard.set', alias: '', guard: { id: 'g', effect: 'forbid', ports: [[8080, 8080]] } },
      'guard of scope /',
    ],
    [
      'a guard of another caller',
      { op: 'guard.set', alias: '', guard: { id: 'g', effect: 'forbid', callers: [alias('pay')] } },
      'allowed by shop',
    ],
    [
      'a guard of another callee',
      { op: 'guard.set', alias: '', guard: { id: 'g', effect: 'forbid', callees: [alias('web')] } },
      'allowed by shop',
    ],
    [
      'a guard of another port',
      { op: 'guard.set', alias: '', guard: { id: 'g', effect: 'forbid', ports: [[1, 8079]] } },
      'allowed by shop',
    ],
    [
      'a guard elsewhere',
      [scope('far'), { op: 'guard.set', alias: 'far', guard: { id: 'g', effect: 'forbid' } }],
      'allowed by shop',
    ],
    [
      'a guard of routes',
      { op: 'guard.set', alias: 'pay', guard: { id: 'g', effect: 'requireRoutes' } },
      'guard of scope pay',
    ],
    [
      'a guard of routes above the caller',
      { op: 'guard.set', alias: 'web', guard: { id: 'g', effect: 'requireRoutes' } },
      'allowed by shop',
    ],
    [
      'a guard of lifetimes',
      { op: 'guard.set', alias: 'pay', guard: { id: 'g', effect: 'maxTtl', maxTtl: 60 } },
      'allowed by shop',
    ],
  ])('%s: %s', async (_what, changes, expected) => {
    const given = await givenCalls(attach({}))
    expect(brief(decided(given))).toBe('allowed by shop')
    await given.did(...[changes].flat())
    expect(brief(decided(given))).toBe(expected)
  })

  it('passes over a rule without routes where a guard wants them, and finds the next', async () => {
    const given = await givenCalls(
      attach({ id: 'a' }),
      attach({ id: 'b', routes: [{ path: { exact: '/b' } }] }),
      { op: 'guard.set', alias: '', guard: { id: 'l7', effect: 'requireRoutes' } },
    )
    expect(brief(decided(given, 'GET /b'))).toBe('allowed by b')
    expect(decided(given)).toMatchObject({ condition: 'guard', guard: 'l7', by: { alias: '' } })
    expect(decided(given, '')).toMatchObject({ condition: 'guard' })
  })

  it('ends with the entry, without a process to end it', async () => {
    const given = await givenCalls(attach({}))
    const validUntil = plus(given.clock.now(), seconds(60))
    await given.did({ op: 'entry.update', alias: 'web/shop', validUntil })
    expect(brief(decided(given))).toBe('allowed by shop')
    given.clock.advance(seconds(60))
    expect(brief(decided(given))).toBe('inactive of entry web/shop')
  })

  it('follows a renamed caller, and not its alias', async () => {
    const given = await givenCalls(attach({}), {
      op: 'entry.rename',
      alias: 'web/shop',
      to: 'web/store',
    })
    expect(brief(decided(given, '', { from: 'web/store' }))).toBe('allowed by shop')
    given.clock.advance(seconds(90_000))
    await given.did(entry('web/shop'))
    expect(brief(decided(given, '', { from: 'web/shop' }))).toBe('no-rule of entry pay/api')
  })

  it('leaves nothing to whoever gets the alias of a retired caller', async () => {
    const given = await givenCalls(attach({}), { op: 'entry.retire', alias: 'web/shop' })
    await given.did(entry('web/shop'))
    expect(brief(decided(given))).toBe('no-rule of entry pay/api')
  })
})
