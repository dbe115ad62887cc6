import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Alias } from '../../../src/core/alias.js'
import { unixSeconds } from '../../../src/core/time.js'
import {
  type Envelope,
  fullEnvelope,
  holdsPort,
  holdsRegion,
  type PortRange,
} from '../../../src/namespace/envelope.js'
import type { Guard } from '../../../src/namespace/guard/guard.js'
import {
  type Party,
  permitBetween,
  type PermitEntry,
  type PermitScope,
} from '../../../src/namespace/permit/permit.js'
import { governing } from '../../../src/namespace/questions/governing.js'
import type { Uid } from '../../../src/core/uid.js'

const alias = (text: string): Alias => text as Alias
const [caller, callee] = [alias('web/shop'), alias('pay/api')]
const region = fc.constantFrom('', 'web', 'web/shop', 'pay', 'pay/api', 'ops').map(alias)
const regions = fc.uniqueArray(region, { maxLength: 2 })
const ranges = fc.constantFrom<readonly PortRange[]>(
  ...([[[1, 65_535]], [[80, 90]], [[85, 85]], []] as readonly (readonly PortRange[])[]),
)
const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(fullEnvelope) },
  {
    weight: 1,
    arbitrary: fc.record(
      { mayCall: regions, mayAccept: regions, ports: ranges },
      { requiredKeys: [] },
    ),
  },
)
const guard: fc.Arbitrary<Guard> = fc.oneof(
  fc.constant({ id: 'routes', effect: 'requireRoutes' } as const),
  fc.constant({ id: 'ttl', effect: 'maxTtl', maxTtl: 60 } as const),
  fc.constant({ id: 'two', effect: 'minThreshold', least: { sensitive: 200 } } as const),
  fc
    .record({ callers: regions, callees: regions, ports: ranges }, { requiredKeys: [] })
    .map((said) => ({ id: 'no', effect: 'forbid', ...said }) as const),
)
const scope = (name: string) =>
  fc
    .record({ envelope, guards: fc.array(guard, { maxLength: 2 }) })
    .map((own): PermitScope => ({ alias: alias(name), state: 'active', ...own }))
const entry = (name: Alias, own: Envelope, hasRoutes: boolean): PermitEntry => ({
  ...{ uid: `e${name}` as Uid, alias: name, state: 'active', envelope: own },
  rules: [
    {
      ...{ id: 'rule', effect: 'allow', rev: 1, proto: 'http', ports: [[1, 65_535]] },
      callers: [{ subtree: alias('') }],
      ...(hasRoutes && { routes: [{ path: { prefix: '/' } }] }),
    },
  ],
})
const calls = fc.record({
  root: scope(''),
  above: fc.tuple(scope('web'), scope('pay')),
  own: fc.tuple(envelope, envelope),
  hasRoutes: fc.boolean(),
  port: fc.constantFrom(80, 85, 443),
})

const parties = ({
  root,
  above,
  own,
  hasRoutes,
}: {
  readonly root: PermitScope
  readonly above: readonly [PermitScope, PermitScope]
  readonly own: readonly [Envelope, Envelope]
  readonly hasRoutes: boolean
}): readonly [Party, Party] => [
  { entry: entry(caller, own[0], hasRoutes), scopes: [root, above[0]] },
  { entry: entry(callee, own[1], hasRoutes), scopes: [root, above[1]] },
]

describe('what governs a call', () => {
  it('decides it as permit does, once a rule allows it', () => {
    fc.assert(
      fc.property(calls, (given) => {
        const [from, to] = parties(given)
        const { port, hasRoutes } = given
        const route = { method: 'GET', path: '/a', headers: [] } as never
        const decided = permitBetween(to, from, {
          ...{ port, at: unixSeconds(9) },
          ...(hasRoutes && { route }),
        })
        const { ceilings, guards } = governing(from, to)
        const forbids = guards.some(({ guard: one }) => {
          if (one.effect === 'requireRoutes') return !hasRoutes
          return one.effect === 'forbid' && (!one.ports || holdsPort(one.ports, port))
        })
        const { caller: calling, callee: accepting } = ceilings
        const admits =
          holdsRegion(calling.regions, callee) &&
          holdsRegion(accepting.regions, caller) &&
          holdsPort(calling.ports, port) &&
          holdsPort(accepting.ports, port)
        expect(decided.allowed).toBe(admits && !forbids)
        // Who narrows nothing is not named.
        const narrowest = [calling, accepting].map(({ narrowedBy }) => narrowedBy)
        const isFull = (side: Party) =>
          [...side.scopes, side.entry].every((one) => one.envelope === fullEnvelope)
        if (isFull(from)) expect(narrowest[0]).toEqual([])
        if (isFull(to)) expect(narrowest[1]).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('names who took something away, from the root down, and each guard once', () => {
    const pay: Guard = { id: 'two', effect: 'minControllers', least: { sensitive: 2 } }
    const no: Guard = { id: 'no', effect: 'forbid', callers: [alias('web')], ports: [[22, 22]] }
    const ttl: Guard = { id: 'ttl', effect: 'maxTtl', maxTtl: 60 }
    const [from, to] = parties({
      root: { ...{ alias: alias(''), state: 'active', envelope: fullEnvelope }, guards: [no, ttl] },
      above: [
        {
          alias: alias('web'),
          state: 'active',
          envelope: { ...fullEnvelope, mayCall: [alias('pay')] },
        },
        { ...{ alias: alias('pay'), state: 'active', envelope: fullEnvelope }, guards: [pay] },
      ],
      own: [{ ...fullEnvelope, ports: [[80, 80]] }, fullEnvelope],
      hasRoutes: false,
    })
    expect(governing(from, to)).toEqual({
      ceilings: {
        caller: { regions: ['pay'], ports: [[80, 80]], narrowedBy: ['web', 'web/shop'] },
        callee: { regions: [''], ports: [[1, 65_535]], narrowedBy: [] },
      },
      guards: [
        { scope: '', guard: no },
        { scope: 'pay', guard: pay },
      ],
    })
  })
})
