import { withoutEmergency } from '../../src/namespace/emergency/emergency.js'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hours, seconds, type UnixSeconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { effectiveEnvelope, suspendedAbove } from '../../src/namespace/effective-envelope.js'
import { entryState } from '../../src/namespace/entry.js'
import {
  fullEnvelope,
  holdsPort,
  holdsRegion,
  type PortRange,
} from '../../src/namespace/envelope.js'
import { type Guard, isTighterGuard } from '../../src/namespace/guard/guard.js'
import {
  permit,
  type PermitEntry,
  type PermitRequest,
  type PermitState,
} from '../../src/namespace/permit/permit.js'
import { parseRoute, type RouteMatch } from '../../src/namespace/rule/route.js'
import { isNarrowerRule, type Rule, type RuleCaller } from '../../src/namespace/rule/rule.js'
import type { IndexState } from '../../src/namespace/state.js'
import { alias, givenIndex, valueOf } from '../namespace/given-index.js'
import { steps } from './given-changes.js'
import {
  type Policies,
  someGuard,
  somePolicies,
  someRequest,
  someRule,
  stateOf,
} from './given-policies.js'

const withRequests = somePolicies.chain((policies) =>
  fc.tuple(
    fc.constant(policies),
    fc.array(someRequest(policies), { minLength: 20, maxLength: 20 }),
  ),
)

const allows = (state: PermitState, request: PermitRequest): boolean =>
  permit(state, request).allowed

describe('permit', () => {
  it('allows no less with a rule more', () => {
    fc.assert(
      fc.property(withRequests, someRule, fc.nat(4), ([policies, requests], rule, which) => {
        const more: Policies = {
          ...policies,
          entries: policies.entries.map((entry, index) =>
            index === which
              ? { ...entry, rules: [{ ...rule, id: 'more' }, ...entry.rules] }
              : entry,
          ),
        }
        for (const request of requests) {
          if (allows(stateOf(policies), request)) expect(allows(stateOf(more), request)).toBe(true)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('allows no more with a guard more', () => {
    fc.assert(
      fc.property(withRequests, someGuard, fc.nat(3), ([policies, requests], guard, which) => {
        const { scopes } = policies
        const at = which % scopes.length
        const more: Policies = {
          ...policies,
          scopes: scopes.map((scope, index) =>
            index === at
              ? { ...scope, guards: [...(scope.guards ?? []), { ...guard, id: 'more' }] }
              : scope,
          ),
        }
        for (const request of requests) {
          if (allows(stateOf(more), request)) expect(allows(stateOf(policies), request)).toBe(true)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('allows nothing without rules, and nothing to or by what is not active', () => {
    fc.assert(
      fc.property(withRequests, ([policies, requests]) => {
        const { entries } = policies
        const without = entries.map((entry) => ({ ...entry, rules: [] }))
        const asleep = entries.map((entry) => ({
          ...withoutEmergency(entry),
          state: 'suspended' as const,
        }))
        for (const request of requests) {
          for (const held of [without, asleep, []]) {
            expect(allows(stateOf({ ...policies, entries: held }), request)).toBe(false)
          }
          const one = entries.map((entry) =>
            entry.uid === request.caller
              ? { ...withoutEmergency(entry), state: 'suspended' as const }
              : entry,
          )
          expect(allows(stateOf({ ...policies, entries: one }), request)).toBe(false)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('goes by the effective envelopes, and names something that stands in the way', () => {
    fc.assert(
      fc.property(withRequests, ([policies, requests]) => {
        const state = stateOf(policies)
        for (const request of requests) {
          const decision = permit(state, request)
          const [caller, callee] = [request.caller, request.callee].map((uid) =>
            state.entries.get(uid),
          )
          if (!decision.allowed) {
            expect(decision.by === null).toBe(!caller || !callee)
            continue
          }
          const [calls, accepts] = [caller!, callee!].map((entry) => {
            expect(entryState(entry, request.at)).toBe('active')
            expect(suspendedAbove(state, entry.alias)).toBeUndefined()
            return effectiveEnvelope(state as IndexState, entry)
          })
          expect(holdsRegion(calls!.mayCall!, callee!.alias)).toBe(true)
          expect(holdsRegion(accepts!.mayAccept!, caller!.alias)).toBe(true)
          expect(holdsPort(calls!.ports!, request.port)).toBe(true)
          expect(holdsPort(accepts!.ports!, request.port)).toBe(true)
          expect(callee!.rules.map(({ id }) => id)).toContain(decision.rule.id)
        }
      }),
      { numRuns: 400 },
    )
  })
})

const subsets = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  items
    .reduce<readonly (readonly T[])[]>(
      (all, item) => [...all, ...all.map((set) => [...set, item])],
      [[]],
    )
    .filter((set) => set.length > 0)

describe('every small change that is narrowing', () => {
  const [x, y, z] = ['x', 'y', 'z'].map((letter) => `e${letter.repeat(31)}` as Uid)
  const names = new Map([
    [x!, 'web/x'],
    [y!, 'web/in/y'],
    [z!, 'pay/z'],
  ])
  const routes = ['GET /', 'GET /a', 'PUT /a', 'GET /a/b', 'GET /ab'].map((text) =>
    valueOf(parseRoute(text)),
  )
  const requests = [x, y].flatMap((caller) =>
    [80, 81].flatMap((port) =>
      [undefined, ...routes].flatMap((route) =>
        [4, 6].map((at): PermitRequest => ({
          caller: caller!,
          callee: z!,
          port,
          ...(route && { route }),
          at: at as UnixSeconds,
        })),
      ),
    ),
  )
  const stateWith = (rule: Rule, guards: readonly Guard[]): PermitState => {
    const entries = new Map(
      [...names].map(([uid, name]): [Uid, PermitEntry] => [
        uid,
        { uid, alias: alias(name), state: 'active', envelope: fullEnvelope, rules: [rule] },
      ]),
    )
    const scope = { alias: alias(''), state: 'active' as const, envelope: fullEnvelope, guards }
    return { root: scope, scopeByAlias: () => undefined, entries }
  }
  /** A bit for each request. */
  const permitSet = (rule: Rule, guards: readonly Guard[] = []): bigint => {
    const state = stateWith(rule, guards)
    return requests.reduce((set, request) => (set << 1n) | (allows(state, request) ? 1n : 0n), 0n)
  }

  it('enlarges nothing: rules', () => {
    const callers = subsets<RuleCaller>([
      x!,
      { subtree: alias('web') },
      { subtree: alias('web/in') },
    ])
    const matches: readonly RouteMatch[] = [
      { path: { prefix: '/a' } },
      { path: { exact: '/a' } },
      { method: 'GET', path: { prefix: '/' } },
    ]
    const rules = callers.flatMap((named) =>
      subsets<PortRange>([
        [80, 80],
        [81, 81],
      ]).flatMap((ports) =>
        [undefined, ...subsets(matches)].flatMap((some) =>
          [undefined, 5].map((until): Rule => ({
            id: 'r',
            effect: 'allow',
            callers: named,
            ports,
            proto: 'http',
            ...(some && { routes: some }),
            ...(until !== undefined && { until: until as UnixSeconds }),
            rev: 1,
          })),
        ),
      ),
    )
    const sets = rules.map((rule) => permitSet(rule))
    let narrower = 0
    for (const [i, after] of rules.entries()) {
      for (const [j, before] of rules.entries()) {
        if (!isNarrowerRule(after, before)) continue
        narrower += 1
        if ((sets[i]! & ~sets[j]!) !== 0n) throw new Error(JSON.stringify({ before, after }))
      }
    }
    expect(rules.length).toBe(336)
    expect(narrower).toBeGreaterThan(rules.length * 10)
  })

  it('enlarges nothing: guards', () => {
    const everything: Rule = {
      id: 'r',
      effect: 'allow',
      callers: [{ subtree: alias('') }],
      ports: [[1, 65_535]],
      proto: 'http',
      rev: 1,
    }
    const regions = [undefined, ...subsets(['web', 'web/in', 'pay'].map(alias))]
    const ports = [
      undefined,
      ...subsets<PortRange>([
        [80, 80],
        [81, 81],
      ]),
    ]
    const guards: Guard[] = [
      { id: 'g', effect: 'requireRoutes' },
      { id: 'g', effect: 'maxTtl', maxTtl: 5 },
      { id: 'g', effect: 'minThreshold', least: { routine: 2 } },
      ...regions.flatMap((callers) =>
        regions.flatMap((callees) =>
          ports.map((some): Guard => ({
            id: 'g',
            effect: 'forbid',
            ...(callers && { callers }),
            ...(callees && { callees }),
            ...(some && { ports: some }),
          })),
        ),
      ),
    ]
    const sets = guards.map((guard) => permitSet(everything, [guard]))
    const none = permitSet(everything)
    let tighter = 0
    for (const [i, after] of guards.entries()) {
      expect(sets[i]! & ~none).toBe(0n)
      for (const [j, before] of guards.entries()) {
        if (!isTighterGuard(after, before)) continue
        tighter += 1
        if ((sets[i]! & ~sets[j]!) !== 0n) throw new Error(JSON.stringify({ before, after }))
      }
    }
    expect(tighter).toBeGreaterThan(guards.length * 2)
  })
})

describe('a committed change', () => {
  const routes = [
    undefined,
    ...['GET /', 'GET /x', 'PUT /x'].map((text) => valueOf(parseRoute(text, [['x-team', 'a']]))),
  ]

  /** Every call that is allowed between the entries of the index at `at`. */
  function permitted(state: IndexState, at: UnixSeconds): Set<string> {
    const all = new Set<string>()
    const uids = [...state.entries.values()].map(({ uid }) => uid)
    for (const caller of uids) {
      for (const callee of uids) {
        for (const port of [80, 443, 8005]) {
          for (const [index, route] of routes.entries()) {
            const request = { caller, callee, port, ...(route && { route }), at }
            if (allows(state, request)) all.add(`${caller} ${callee} ${port} ${index}`)
          }
        }
      }
    }
    return all
  }

  it('of the class narrowing, or of nothing but weights, allows no call more', async () => {
    const classes = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 12, maxLength: 30 }), async (all) => {
        const given = await givenIndex(
          { op: 'entry.create', alias: 'a/b', owner: { controller: 't' } },
          { op: 'entry.create', alias: 'd/e', owner: { controller: 't' } },
          {
            op: 'rule.attach',
            alias: 'a/b',
            rule: { id: 'r1', callers: [{ subtree: '' }], ports: [80, 443] },
          },
        )
        for (const step of all) {
          if (step.kind === 'wait') given.clock.advance(seconds(hours(1) * step.count))
          if (step.kind !== 'change') continue
          const now = given.clock.now()
          const before = permitted(given.index.state, now)
          const changed = await given.index.change(step.request)
          if (!changed.ok || changed.value.kind !== 'changed') continue
          const more = [...permitted(given.index.state, now)].filter((call) => !before.has(call))
          const kind = changed.value.change.class
          if (kind === 'narrowing' || kind === 'routine') expect(more).toEqual([])
          classes.set(kind, (classes.get(kind) ?? 0) + more.length)
        }
      }),
      { numRuns: 60 },
    )
    expect(classes.get('sensitive')).toBeGreaterThan(0)
  })
})
