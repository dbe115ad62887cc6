import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { JoinTokenFacts } from '../../src/attestation/facts.js'
import {
  days,
  minutes,
  plus,
  type Seconds,
  seconds,
  type UnixSeconds,
} from '../../src/core/time.js'
import { grantFor } from '../../src/namespace/grant.js'
import { permit } from '../../src/namespace/permit/permit.js'
import { permissionsBetween } from '../../src/namespace/permit/permissions.js'
import { deaths, withDeaths } from '../support/dying-writes.js'
import { brakeBy, type Target } from './given-brake.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { codeOf, owner } from './given-index.js'
import { replaysTheSame } from './replays-the-same.js'

/** What a brake may be on, and what is called so in the model. */
const targets = {
  web: { alias: 'shop/web' },
  api: { alias: 'shop/api' },
  shop: { alias: 'shop' },
  rule: { alias: 'shop/api', rule: 'web' },
  bob: { alias: '', voter: 'bob' },
  cyd: { alias: '', voter: 'cyd' },
} as const satisfies Readonly<Record<string, Target>>
type Name = keyof typeof targets

const PER_WEEK = 4

type By = readonly ('ann' | 'bob')[]

type Step =
  | { readonly do: 'brake'; readonly on: Name; readonly ttl: Seconds; readonly by: By }
  | { readonly do: 'lift'; readonly on: Name }
  | { readonly do: 'suspend' | 'reactivate'; readonly on: 'web' | 'api' }
  | { readonly do: 'replace' }
  | { readonly do: 'wait'; readonly for: Seconds }

const names = Object.keys(targets) as Name[]
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('brake' as const),
      on: fc.constantFrom(...names),
      ttl: fc.constantFrom(minutes(1), minutes(90), days(1)),
      by: fc.constantFrom<By>(['ann'], ['bob'], ['ann', 'bob']),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('lift' as const), on: fc.constantFrom(...names) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('suspend' as const, 'reactivate' as const),
      on: fc.constantFrom('web' as const, 'api' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'replace' } as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      for: fc.constantFrom(seconds(30), minutes(60), days(1), days(4)),
    }),
  },
)

/** What is in effect is a function of this and of the time. */
class Model {
  readonly until = new Map<Name, number>()
  readonly suspended = new Set<'web' | 'api'>()
  readonly used: { readonly at: number; readonly by: string }[] = []

  isOn(name: Name, at: number): boolean {
    return at < (this.until.get(name) ?? 0)
  }

  isActive(entry: 'web' | 'api', at: number): boolean {
    return !this.suspended.has(entry) && !this.isOn(entry, at) && !this.isOn('shop', at)
  }

  /** May it be braked now? */
  mayBrake(on: Name, by: By, at: number): boolean {
    if (by.includes('bob') && this.isOn('bob', at)) return false
    if ((on === 'web' || on === 'api') && this.suspended.has(on)) return false
    if (this.isOn(on, at)) return false
    if (on === 'bob' || on === 'cyd') {
      const three = ['ann', 'bob', 'cyd'] as const
      const free = three.filter((one) => one !== on && (one === 'ann' || !this.isOn(one, at)))
      const others = free.filter((one) => one === 'cyd' || !by.includes(one))
      if (free.length < 2 || (others.length < 2 && by.length < 2)) return false
    }
    const recent = this.used.filter((one) => one.at > at - days(7))
    return by.every((id) => recent.filter((one) => one.by === id).length < PER_WEEK)
  }
}

/** Of those who may say yes now, two; ann always may. */
async function agreed(given: GivenGroup, model: Model, request: never): Promise<boolean> {
  const made = await given.index.change(request)
  if (!made.ok || made.value.kind !== 'waits') return false
  const proposal = await given.proposal(made.value.proposal)
  const second = model.isOn('bob', given.now()) ? given.cyd : given.bob
  for (const voter of [given.ann, second]) {
    if ((await given.proposal(proposal.id)).standing !== 'open') break
    await given.votes(voter, proposal)
  }
  return (await given.proposal(proposal.id)).standing === 'committed'
}

async function take(given: GivenGroup, model: Model, one: Step): Promise<void> {
  const now = given.now()
  switch (one.do) {
    case 'wait':
      given.clock.set(plus(now, one.for))
      return
    case 'brake': {
      const may = model.mayBrake(one.on, one.by, now)
      const by = one.by.map((name) => given[name])
      const more = { at: now, ttl: one.ttl }
      const signed = brakeBy(given.index.state, by, targets[one.on], more)
      const done = await given.index.submitBrake(signed)
      expect([one, codeOf(done) === 'ok']).toEqual([one, may])
      if (!may) return
      model.until.set(one.on, now + one.ttl)
      model.used.push(...one.by.map((by) => ({ at: now, by })))
      return
    }
    case 'lift': {
      const { alias, ...more } = targets[one.on] as Target
      const op = more.voter === undefined ? 'brake.lift' : 'voter.reinstate'
      const done = await agreed(given, model, { op, alias, ...more } as never)
      expect(done).toBe(model.isOn(one.on, now))
      if (done) model.until.delete(one.on)
      return
    }
    case 'suspend':
    case 'reactivate': {
      const op = `entry.${one.do}`
      const done = await agreed(given, model, { op, alias: targets[one.on].alias } as never)
      expect(done).toBe(model.suspended.has(one.on) === (one.do === 'reactivate'))
      if (!done) return
      if (one.do === 'suspend') {
        model.suspended.add(one.on)
        model.until.delete(one.on)
      } else model.suspended.delete(one.on)
      return
    }
    case 'replace': {
      const rule = { id: 'web', callers: ['shop/web'], ports: [8080] }
      expect(
        await agreed(given, model, { op: 'rule.replace', alias: 'shop/api', rule } as never),
      ).toBe(true)
    }
  }
}

function holds(given: GivenGroup, model: Model, at: UnixSeconds): void {
  const { state } = given.index
  const [web, api] = [given.entry('shop/web'), given.entry('shop/api')]
  for (const [name, { uid }] of [
    ['web', web],
    ['api', api],
  ] as const) {
    const facts: JoinTokenFacts = { kind: 'join-token', entry: uid, tokenId: 't' }
    expect([name, at, codeOf(grantFor(state, facts, at)) === 'ok']).toEqual([
      name,
      at,
      model.isActive(name, at),
    ])
  }
  const wanted = model.isActive('web', at) && model.isActive('api', at) && !model.isOn('rule', at)
  const decided = permit(state, { caller: web.uid, callee: api.uid, port: 8080, at })
  expect(decided.allowed).toBe(wanted)
  // What is said of the time to come is what is decided then.
  const [permission] = permissionsBetween(state, web, api, given.now())
  expect(permission !== undefined && at >= (permission.from ?? 0)).toBe(wanted)
}

it('what is in effect is a function of the log and the time, whatever happens in which order', async () => {
  let died = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 14 }),
      deaths,
      async (steps, plan) => {
        const open = { mayCall: [''], mayAccept: [''], ports: [[1, 65_535]] } as never
        const given = await givenGroup(
          { brake: { ttl: days(1), perWeek: PER_WEEK } },
          { op: 'scope.create', alias: 'shop' },
          { op: 'entry.create', alias: 'shop/web', owner, envelope: open },
          { op: 'entry.create', alias: 'shop/api', owner, envelope: open },
          {
            op: 'rule.attach',
            alias: 'shop/api',
            rule: { id: 'web', callers: ['shop/web'], ports: [8080] },
          },
        )
        const model = new Model()
        const deathsOf = withDeaths(given, plan)
        for (const one of steps) {
          await take(given, model, one)
          // Now, and at every end that is to come: nothing is written for it.
          const ends = [...model.until.values()].filter((end) => end > given.now())
          for (const at of [given.now(), ...ends, ...ends.map((end) => end - 1)]) {
            holds(given, model, at as UnixSeconds)
          }
        }
        await replaysTheSame(given)
        died += deathsOf()
      },
    ),
    { numRuns: 40 },
  )
  expect(died).toBeGreaterThan(0)
}, 120_000)
