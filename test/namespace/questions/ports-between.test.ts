import { describe, expect, it } from '@jest/globals'
import { hours, plus, seconds } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { portsBetween } from '../../../src/namespace/questions/ports-between.js'
import { parseRoute } from '../../../src/namespace/rule/route.js'
import { T0 } from '../../support/fake-clock.js'
import { type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

const entry = (alias: string): ChangeRequest => ({ op: 'entry.create', alias, owner })
const rule = (id: string, ports: readonly number[], more: object = {}): ChangeRequest => ({
  ...{ op: 'rule.attach', alias: 'pay/api' },
  rule: { id, callers: ['web/shop'], ports, ...more } as never,
})
const world = [entry('web/shop'), entry('web/other'), entry('pay/api')]

/** What is said in short: ports by the rule that allows them, and by the condition that denies them. */
function said(given: GivenIndex, request?: string, at = T0) {
  const route = request === undefined ? {} : { route: valueOf(parseRoute(request)) }
  const [caller, callee] = [given.entry('web/shop'), given.entry('pay/api')]
  const found = portsBetween(given.index.state, { caller, callee, at, ...route })
  return {
    allowed: found.allowed.map((one) => [one.rule.id, one.ports]),
    denied: found.denied.map((one) => one.ports),
    isBecause: found.because !== undefined,
    complete: found.complete,
  }
}

describe('the ports between two entries', () => {
  it('are none where no rule names the caller, and it is said why', async () => {
    const callers = ['web/other']
    const given = await givenIndex(...world, rule('other', [80], { callers }))
    expect(said(given)).toEqual({ allowed: [], denied: [], isBecause: true, complete: true })
  })

  it('are those of its rules, with the revision of each', async () => {
    const given = await givenIndex(...world, rule('a', [80]), rule('b', [443]))
    expect(said(given)).toEqual({
      allowed: [
        ['a', [[80, 80]]],
        ['b', [[443, 443]]],
      ],
      ...{ denied: [], isBecause: false, complete: true },
    })
    const [caller, callee] = [given.entry('web/shop'), given.entry('pay/api')]
    const { allowed } = portsBetween(given.index.state, { caller, callee, at: T0 })
    expect(allowed.map((one) => one.rule.rev)).toEqual(callee.rules.map(({ rev }) => rev))
    expect(allowed[0]).not.toHaveProperty('from')
  })

  it('are those within its ceiling: the others are told beside', async () => {
    const envelope = { ports: [[80, 80]] } as never
    const given = await givenIndex(...world, rule('a', [80, 81, 82]), {
      ...{ op: 'envelope.set', alias: 'pay/api', envelope },
    })
    expect(said(given)).toMatchObject({
      ...{ allowed: [['a', [[80, 80]]]], denied: [[[81, 82]]], isBecause: false },
    })
  })

  it('are those of a split too, where no rule is for them', async () => {
    const split = { port: 90, backendRefs: [{ entry: 'web/other', weight: 1 }] }
    const given = await givenIndex(...[...world, rule('a', [80])], {
      op: 'split.set',
      alias: 'pay/api',
      split,
    })
    expect(said(given)).toMatchObject({ allowed: [['a', [[80, 80]]]], denied: [[[90, 90]]] })
  })

  it('are those of a request, where one is asked for', async () => {
    const routes = [{ path: { prefix: '/pay' } }, { path: { prefix: '/ask' } }]
    const given = await givenIndex(...world, rule('a', [80], { routes }))
    const open = { allowed: [['a', [[80, 80]]]], denied: [], isBecause: false }
    expect(said(given)).toMatchObject(open)
    expect(said(given, 'GET /ask')).toMatchObject(open)
    expect(said(given, 'GET /other')).toMatchObject({ allowed: [], denied: [[[80, 80]]] })
  })

  it('go when the rule ends', async () => {
    const until = plus(T0, hours(1))
    const given = await givenIndex(...world, rule('a', [80], { until }))
    expect(said(given, undefined, plus(until, seconds(-1))).allowed).toHaveLength(1)
    expect(said(given, undefined, until)).toMatchObject({ allowed: [], denied: [] })
  })

  it('are told up to a number of rules, and it is said where there are more', async () => {
    const rules = (count: number) =>
      Array.from({ length: count }, (_, at) => rule(`r${at}`, [100 + 2 * at]))
    const twenty = said(await givenIndex(...world, ...rules(20)))
    expect([twenty.allowed.length, twenty.complete]).toEqual([20, true])
    const more = said(await givenIndex(...world, ...rules(21)))
    expect([more.allowed.length, more.complete]).toEqual([20, false])
  })
})
