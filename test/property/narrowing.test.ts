import { beforeAll, describe, expect, it } from '@jest/globals'
import { hours, minutes, plus, seconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { brakeEffect } from '../../src/namespace/effect/brake.js'
import { effectOf } from '../../src/namespace/effect/effect-of.js'
import type { Entry } from '../../src/namespace/entry.js'
import { type Envelope, fullEnvelope, normalize } from '../../src/namespace/envelope.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import type { ChangeClass } from '../../src/namespace/group.js'
import type { Guard } from '../../src/namespace/guard/guard.js'
import type { Single } from '../../src/namespace/operation.js'
import { permit } from '../../src/namespace/permit/permit.js'
import { normalizeRule, type Rule } from '../../src/namespace/rule/rule.js'
import { parseRoute } from '../../src/namespace/rule/route.js'
import type { Scope } from '../../src/namespace/scope.js'
import type { Effect, IndexState } from '../../src/namespace/state.js'
import type { StateSource } from '../../src/namespace/state-tables.js'
import { brakeStatement } from '../namespace/given-brake.js'
import { alias, type GivenIndex, givenIndex, owner, valueOf } from '../namespace/given-index.js'
import { T0 } from '../support/fake-clock.js'

/**
 * Everything that can be changed by one step in a small index: a caller below a scope, a callee, and
 * what stands between them, in every combination. What is called narrowing is compared, call by call.
 */
let given: GivenIndex
beforeAll(async () => {
  given = await givenIndex(
    { op: 'scope.create', alias: 'web' },
    { op: 'entry.create', alias: 'web/x', owner },
    { op: 'entry.create', alias: 'pay/z', owner },
  )
})

const envelopes: readonly Envelope[] = (
  [{}, { mayCall: [] }, { mayAccept: [alias('web')] }, { ports: [[80, 80]] }] as const
).map((less) => normalize({ ...fullEnvelope, ...less }))

const guards: readonly Guard[] = [
  { id: 'g', effect: 'forbid', callers: [alias('web')], ports: [[80, 80]] },
  { id: 'g', effect: 'requireRoutes' },
  { id: 'g', effect: 'minThreshold', least: { sensitive: 2 } },
]

const rulesFor = (caller: Uid): readonly Omit<Rule, 'rev'>[] =>
  [
    { callers: [{ subtree: alias('') }], ports: [[80, 81]] },
    { callers: [caller], ports: [[80, 80]], routes: [{ path: { prefix: '/a' } }] },
    { callers: [{ subtree: alias('web') }], ports: [[81, 81]], until: plus(T0, hours(1)) },
  ].map((rule) =>
    normalizeRule({ id: 'r', effect: 'allow', proto: 'http', ...rule } as unknown as Rule),
  )

const routes = [undefined, 'GET /a', 'PUT /b'].map((text) =>
  text === undefined ? undefined : valueOf(parseRoute(text)),
)
const times = [T0, plus(T0, hours(2))]

/** Every state of the small index, on top of what was founded. */
function* states(): Iterable<StateSource> {
  const [scope, caller, callee] = [given.scope('web'), given.entry('web/x'), given.entry('pay/z')]
  for (const state of ['active', 'suspended'] as const) {
    for (const envelope of envelopes.slice(0, 2)) {
      for (const guard of [undefined, ...guards.slice(0, 2)]) {
        for (const calling of ['active', 'suspended'] as const) {
          for (const accepting of envelopes.slice(2)) {
            for (const rule of [undefined, ...rulesFor(caller.uid)]) {
              const some = new FoldedState(given.store.state)
              const put = (object: Scope | Entry) => some.imagine({ put: object, quarantine: [] })
              put({ ...scope, state, envelope, ...(guard && { guards: [guard] }) })
              put({ ...caller, state: calling })
              put({ ...callee, envelope: accepting, rules: rule ? [{ ...rule, rev: 1 }] : [] })
              yield some
            }
          }
        }
      }
    }
  }
}

/** Every change of one object that there is, as far as calls can depend on it. */
function changes(state: IndexState): readonly Single[] {
  const of = (name: string) => {
    const object =
      name === ''
        ? state.root
        : (state.entryByAlias(alias(name)) ?? state.scopeByAlias(alias(name)))
    return { subject: { alias: object!.alias, uid: object!.uid } }
  }
  const [caller, callee, scope, root] = ['web/x', 'pay/z', 'web', ''].map(of) as [
    ReturnType<typeof of>,
    ReturnType<typeof of>,
    ReturnType<typeof of>,
    ReturnType<typeof of>,
  ]
  const entries = [caller, callee]
  return [
    ...entries.flatMap((on) =>
      (['entry.suspend', 'entry.reactivate', 'entry.retire'] as const).map((op) => ({
        op,
        ...on,
        body: {},
      })),
    ),
    ...entries.flatMap((on) =>
      [T0 + 60, T0 + 7300, null].map((validUntil) => ({
        op: 'entry.update' as const,
        ...on,
        body: { validUntil },
      })),
    ),
    ...['pay/x', 'web/in'].map((to) => ({ op: 'entry.rename' as const, ...caller, body: { to } })),
    ...(['scope.suspend', 'scope.reactivate', 'scope.retire'] as const).map((op) => ({
      op,
      ...scope,
      body: {},
    })),
    ...[caller, callee, scope, root].flatMap((on) =>
      [...envelopes, normalize({ ...fullEnvelope, ports: [] })].map((envelope) => ({
        op: 'envelope.set' as const,
        ...on,
        body: { envelope },
      })),
    ),
    ...rulesFor(caller.subject.uid).flatMap((rule) =>
      (['rule.attach', 'rule.replace'] as const).map((op) => ({ op, ...callee, body: { rule } })),
    ),
    { op: 'rule.detach', ...callee, body: { rule: 'r' } },
    ...[scope, root].flatMap((on) => [
      ...guards.map((guard) => ({ op: 'guard.set' as const, ...on, body: { guard } })),
      { op: 'guard.clear' as const, ...on, body: { guard: 'g' } },
    ]),
  ] as unknown as readonly Single[]
}

/** A bit for each call between the two, at two times. */
function permitted(state: IndexState): bigint {
  const uids = [given.entry('web/x').uid, given.entry('pay/z').uid]
  let set = 0n
  for (const [caller, callee] of [uids, [...uids].reverse()]) {
    for (const port of [80, 81]) {
      for (const route of routes) {
        for (const at of times) {
          const request = { caller: caller!, callee: callee!, port, ...(route && { route }), at }
          set = (set << 1n) | (permit(state, request).allowed ? 1n : 0n)
        }
      }
    }
  }
  return set
}

/** Calls that are allowed after it, and were not before. */
function gained(source: StateSource, before: bigint, effect: Effect): bigint {
  const after = new FoldedState(source)
  after.imagine(effect)
  return permitted(after) & ~before
}

const context = { at: T0, newUid: '' as Uid, issuedUntil: null }
const inView = (source: StateSource): IndexState => new FoldedState(source)

describe('in every state of a small index', () => {
  it('nothing that is narrowing, or routine, allows a call more', () => {
    const made = new Map<ChangeClass, { count: number; gaining: number }>()
    for (const source of states()) {
      const state = inView(source)
      const before = permitted(state)
      for (const operation of changes(state)) {
        const decided = effectOf(state, operation, context)
        if (!decided.ok) continue
        const { effect, changeClass } = decided.value
        const more = gained(source, before, effect)
        const sum = made.get(changeClass) ?? { count: 0, gaining: 0 }
        const gaining = sum.gaining + (more === 0n ? 0 : 1)
        made.set(changeClass, { count: sum.count + 1, gaining })
        const takes = changeClass === 'narrowing' || changeClass === 'routine'
        if (takes && more !== 0n)
          throw new Error(JSON.stringify({ operation, before: `${before}` }))
      }
    }
    expect(made.get('narrowing')?.count).toBeGreaterThan(2000)
    // The others are why there are classes.
    expect(made.get('sensitive')?.gaining).toBeGreaterThan(50)
    expect(made.get('structural')?.gaining).toBeGreaterThan(50)
  })

  it('no brake allows a call more, while it lasts and after', () => {
    let braked = 0
    const mark = { until: plus(T0, minutes(30)) }
    for (const source of states()) {
      const state = inView(source)
      const before = permitted(state)
      for (const target of ['web/x', 'pay/z', 'web'] as const) {
        for (const rule of target === 'pay/z' ? [undefined, 'r'] : [undefined]) {
          const on = { alias: target, ...(rule !== undefined && { rule }) }
          const statement = { ...brakeStatement(state, ['local'], on, T0), ttl: seconds(1800) }
          const subject = state.entries.get(statement.subject.uid)
          const object = subject ?? state.scopes.get(statement.subject.uid)
          const put = brakeEffect(state, object!, statement, { mark, at: T0 })
          if (!put.ok) continue
          braked += 1
          expect(gained(source, before, { put: put.value, quarantine: [] })).toBe(0n)
        }
      }
    }
    expect(braked).toBeGreaterThan(200)
  })
})
