import { describe, expect, it } from '@jest/globals'
import type { Alias } from '../../../src/core/alias.js'
import { minutes, plus, unixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import { type Envelope, fullEnvelope, type PortRange } from '../../../src/namespace/envelope.js'
import type { Guard } from '../../../src/namespace/guard/guard.js'
import type { PermitEntry, PermitScope } from '../../../src/namespace/permit/permit.js'
import { portsBetween, type PortsBetween } from '../../../src/namespace/questions/ports-between.js'
import type { Rule } from '../../../src/namespace/rule/rule.js'
import { alias } from '../given-index.js'

const now = unixSeconds(1000)
const web = 'eweb' as Uid
const all: readonly PortRange[] = [[1, 65_535]]

interface World {
  readonly rules?: readonly Rule[]
  /** By the alias of a scope. */
  readonly guards?: Readonly<Record<string, readonly Guard[]>>
  /** By the alias of a scope, or `caller`, or `callee`. */
  readonly ports?: Readonly<Record<string, readonly PortRange[]>>
  readonly names?: readonly [caller: string, callee: string]
}

const rule = (ports: readonly PortRange[], more: Partial<Rule> = {}): Rule => ({
  ...{ id: 'r', effect: 'allow', rev: 1, proto: 'http', callers: [web], ports, ...more },
})

const forbid = (id: string, ...ports: readonly PortRange[]): Guard => ({
  ...{ id, effect: 'forbid', ports },
})

/** What is said of `web/shop` calling `pay/api`, each under a scope of its own. */
function between({
  rules = [],
  guards = {},
  ports = {},
  names = ['web/shop', 'pay/api'],
}: World): PortsBetween {
  const envelope = (of: string): Envelope => ({ ...fullEnvelope, ports: ports[of] ?? all })
  const scope = (of: string): PermitScope => ({
    ...{ alias: alias(of), state: 'active', envelope: envelope(of), guards: guards[of] ?? [] },
  })
  const entry = (uid: Uid, name: string, side: string, own: readonly Rule[]): PermitEntry => ({
    ...{ uid, alias: alias(name), state: 'active', envelope: envelope(side), rules: own },
  })
  const caller = entry(web, names[0], 'caller', [])
  const callee = entry('epay' as Uid, names[1], 'callee', rules)
  const scopes = new Map<Alias, PermitScope>(['web', 'pay'].map((of) => [alias(of), scope(of)]))
  const state = {
    root: scope(''),
    scopeByAlias: (of: Alias) => scopes.get(of),
    entries: new Map([caller, callee].map((one) => [one.uid, one])),
  }
  return portsBetween(state, { caller, callee, at: now })
}

/** Ports, with the condition that denies them and who made it so. */
const denied = ({ denied: found }: PortsBetween): readonly unknown[] =>
  found.map(({ ports, denied: { condition, by, guard } }) => [
    JSON.stringify(ports),
    [condition, by?.kind, by?.alias, guard].filter((one) => one !== undefined).join(' '),
  ])

describe('the ports that are denied', () => {
  it('are told apart by the guard that forbids them, above either side', () => {
    const found = between({
      rules: [rule([[100, 199]])],
      guards: { '': [forbid('a', [120, 129])], web: [forbid('b', [130, 139])] },
    })
    expect(denied(found)).toEqual([
      ['[[120,129]]', 'guard scope  a'],
      ['[[130,139]]', 'guard scope web b'],
    ])
    expect(found.allowed[0]?.ports).toEqual([
      [100, 119],
      [140, 199],
    ])
    expect(found).not.toHaveProperty('because')
  })

  it('are told apart by whose envelope is not for them, to the last of a range', () => {
    const ports = { '': [[1, 170]], callee: [[1, 150]] } as const
    expect(denied(between({ rules: [rule([[100, 199]])], ports }))).toEqual([
      ['[[151,170]]', 'port entry pay/api'],
      ['[[171,199]]', 'port scope '],
    ])
    expect(denied(between({ rules: [rule([[160, 171]])], ports }))).toEqual([
      ['[[160,170]]', 'port entry pay/api'],
      ['[[171,171]]', 'port scope '],
    ])
    // By the caller's, too, and by that of the uppermost.
    const both = { '': [[1, 150]], web: [[1, 140]], caller: [[1, 120]] } as const
    expect(denied(between({ rules: [rule([[100, 199]])], ports: both }))).toEqual([
      ['[[121,140]]', 'port entry web/shop'],
      ['[[141,150]]', 'port scope web'],
      ['[[151,199]]', 'port scope '],
    ])
  })

  it('are one where one thing denies them, however far from each other', () => {
    const rules = [
      rule([
        [80, 80],
        [443, 443],
      ]),
      rule([[9000, 9001]], { id: 's' }),
    ]
    const found = between({ rules, ports: { callee: [[1, 10]] } })
    expect(denied(found)).toEqual([['[[80,80],[443,443],[9000,9001]]', 'port entry pay/api']])
    expect(found).toMatchObject({ allowed: [], because: { condition: 'port' }, complete: true })
  })

  it('are told apart where two guards of one scope, or a scope and an entry of one name, deny', () => {
    const guards = { pay: [forbid('a', [80, 80]), forbid('b', [81, 81])] }
    expect(denied(between({ rules: [rule([[80, 81]])], guards }))).toEqual([
      ['[[80,80]]', 'guard scope pay a'],
      ['[[81,81]]', 'guard scope pay b'],
    ])
    const two = {
      rules: [rule([[80, 81]])],
      ports: { pay: [[1, 80]], caller: [[81, 81]] },
    } as const
    expect(denied(between({ ...two, names: ['pay', 'pay/api'] }))).toEqual([
      ['[[80,80]]', 'port entry pay'],
      ['[[81,81]]', 'port scope pay'],
    ])
  })

  it('are those of a rule that allows nothing yet, or not now', () => {
    const later = between({ rules: [rule([[80, 80]], { from: plus(now, minutes(1)) })] })
    expect([later.allowed, denied(later)]).toEqual([[], [['[[80,80]]', 'no-rule entry pay/api']]])
    expect(between({ rules: [rule([[80, 80]], { from: now })] }).allowed).toHaveLength(1)
    // A guard wants routes that the rule does not have.
    const routes: Guard = { id: 'routes', effect: 'requireRoutes' }
    const bare = between({ rules: [rule([[80, 80]])], guards: { pay: [routes] } })
    expect([bare.allowed, denied(bare)]).toEqual([[], [['[[80,80]]', 'guard scope pay routes']]])
  })

  it('fail by no route where nothing is said of the request', () => {
    const routes = [{ path: { prefix: '/pay' }, methods: ['PUT'] as never }]
    const found = between({ rules: [rule([[80, 81]], { routes })], ports: { callee: [[80, 80]] } })
    expect(found.allowed).toMatchObject([{ ports: [[80, 80]], routes }])
    expect(denied(found)).toEqual([['[[81,81]]', 'port entry pay/api']])
  })
})

describe('what is told of very many ports', () => {
  const odd = (count: number): readonly PortRange[] =>
    Array.from({ length: count }, (_, n) => [2 * n + 1, 2 * n + 1])

  it('is by twenty things that deny them at most', () => {
    const of = (count: number) => {
      const guards = Array.from({ length: count }, (_, n) =>
        forbid(`g${n}`, [2 * n + 1, 2 * n + 1]),
      )
      const found = between({ rules: [rule([[1, 100]])], guards: { '': guards } })
      return [found.denied.length, found.complete]
    }
    expect([of(20), of(21)]).toEqual([
      [20, true],
      [20, false],
    ])
  })

  it('is of two hundred ranges that are decided one by one at most', () => {
    const of = (count: number) => {
      const found = between({ rules: [rule(odd(count))], ports: { callee: [[60_000, 60_000]] } })
      return [found.denied.map(({ ports }) => ports.length), found.complete]
    }
    expect([of(200), of(201)]).toEqual([
      [[200], true],
      [[200], false],
    ])
  })

  it('is of a thousand ranges of the rules at most', () => {
    const of = (count: number) => {
      const found = between({ rules: [rule(odd(count))], ports: { callee: [[1, 1999]] } })
      return [found.allowed[0]?.ports.length, found.denied, found.complete]
    }
    expect([of(1000), of(1001)]).toEqual([
      [1000, [], true],
      [1000, [], false],
    ])
  })
})
