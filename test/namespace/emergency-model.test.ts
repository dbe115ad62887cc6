import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { JoinTokenFacts } from '../../src/attestation/facts.js'
import { days, hours, minutes, plus, type Seconds, type UnixSeconds } from '../../src/core/time.js'
import { RATIFY_WITHIN } from '../../src/namespace/emergency/emergency.js'
import { grantFor } from '../../src/namespace/grant.js'
import { permit } from '../../src/namespace/permit/permit.js'
import { permissionsBetween } from '../../src/namespace/permit/permissions.js'
import { Auditor } from '../support/auditor.js'
import { deaths, withDeaths } from '../support/dying-writes.js'
import { brakeBy } from './given-brake.js'
import { type GivenEmergency, givenEmergency, invocationBy, onCall } from './given-emergency.js'
import { replaysTheSame } from './replays-the-same.js'
import { codeOf } from './given-index.js'

type By = 'ann' | 'bob' | 'h1' | 'h2'

type Step =
  | {
      readonly do: 'use'
      readonly act: 'allow' | 'reactivate'
      readonly by: By
      readonly ttl: Seconds
    }
  | { readonly do: 'drill'; readonly by: By }
  | { readonly do: 'ratify' }
  | { readonly do: 'suspend' | 'reactivate' }
  | { readonly do: 'brake'; readonly ttl: Seconds }
  | { readonly do: 'group' }
  | { readonly do: 'wait'; readonly for: Seconds }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('use' as const),
      act: fc.constantFrom('allow' as const, 'reactivate' as const),
      by: fc.constantFrom<By>('ann', 'h1', 'h1', 'bob', 'h2'),
      ttl: fc.constantFrom(minutes(1), hours(1), hours(2), hours(3)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('drill' as const),
      by: fc.constantFrom<By>('ann', 'h2'),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'ratify' } as const) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('suspend' as const, 'reactivate' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('brake' as const),
      ttl: fc.constantFrom(minutes(30), hours(6)),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'group' } as const) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      for: fc.constantFrom(minutes(1), hours(1), hours(3), hours(20), days(1)),
    }),
  },
)

interface Use {
  readonly seq: number
  readonly at: number
  readonly until: number
  ratified: boolean
}

/** What is in effect is a function of this and of the time. Of web, who calls, and api, who is called. */
class Model {
  suspended = false
  held = false
  /** Until when web is active though it is suspended, and until when it may call api. */
  active = 0
  allowed = 0
  braked = 0
  uses: Use[] = []
  /** All seconds that any grant ever gave, and the most that it may, in whatever group. */
  given = 0
  drilled = -Infinity

  isActive(at: number): boolean {
    return at >= this.braked && (!this.suspended || at < this.active)
  }

  isReady(at: number): boolean {
    const isDisabled = this.uses.some((one) => !one.ratified && at >= one.at + RATIFY_WITHIN)
    const last = this.uses.at(-1)
    const isFree = !last || at >= last.until + onCall.coolDown
    return !isDisabled && isFree && this.uses.length < onCall.uses
  }

  mayUse(one: Extract<Step, { do: 'use' }>, at: number): boolean {
    if (one.by !== 'ann' && one.by !== 'h1') return false
    if (one.ttl > onCall.longest || !this.isReady(at)) return false
    if (one.act === 'allow') return true
    return this.suspended && !this.held && at >= this.active && at >= this.braked
  }
}

async function agreed(given: GivenEmergency, request: never): Promise<boolean> {
  const made = await given.index.change(request)
  if (!made.ok || made.value.kind !== 'waits') return false
  const proposal = await given.proposal(made.value.proposal)
  for (const voter of [given.bob, given.cyd]) {
    if ((await given.proposal(proposal.id)).standing !== 'open') break
    await given.votes(voter, proposal)
  }
  return (await given.proposal(proposal.id)).standing === 'committed'
}

async function take(given: GivenEmergency, model: Model, one: Step): Promise<void> {
  const now = given.now()
  switch (one.do) {
    case 'wait':
      given.clock.set(plus(now, one.for))
      return
    case 'use': {
      const alias = one.act === 'allow' ? 'shop/api' : 'shop/web'
      const may = model.mayUse(one, now)
      const signed = invocationBy(given, [given[one.by]], { alias, act: one.act }, { ttl: one.ttl })
      const done = await given.index.invokeEmergency(signed)
      expect([one, codeOf(done) === 'ok']).toEqual([one, may])
      if (!done.ok) return
      const { seq, until } = done.value
      model.uses.push({ seq, at: now, until, ratified: false })
      model.given += one.ttl
      if (one.act === 'allow') model.allowed = Math.max(model.allowed, until)
      else model.active = until
      return
    }
    case 'drill': {
      const may = one.by === 'ann' && model.isReady(now) && now >= model.drilled + days(1)
      const asked = { alias: 'shop/web', act: 'reactivate' } as const
      const signed = invocationBy(given, [given[one.by]], asked, { drill: true })
      const done = await given.index.invokeEmergency(signed)
      expect([one, codeOf(done) === 'ok' || codeOf(done) === 'namespace.braked']).toEqual([
        one,
        may,
      ])
      if (done.ok) model.drilled = now
      return
    }
    case 'ratify': {
      const last = model.uses.at(-1)
      if (!last) return
      const may = !last.ratified && now < last.at + RATIFY_WITHIN
      const request = { op: 'emergency.ratify', alias: '', use: last.seq }
      expect(await agreed(given, request as never)).toBe(may)
      last.ratified ||= may
      return
    }
    case 'suspend': {
      const isOn = now < model.active && model.suspended
      const done = await agreed(given, { op: 'entry.suspend', alias: 'shop/web' } as never)
      expect(done).toBe(!model.suspended || isOn)
      if (!done) return
      model.held ||= now < model.braked
      model.suspended = true
      model.active = 0
      model.braked = 0
      return
    }
    case 'reactivate': {
      const done = await agreed(given, { op: 'entry.reactivate', alias: 'shop/web' } as never)
      expect(done).toBe(model.suspended)
      if (!done) return
      model.suspended = false
      model.held = false
      model.active = 0
      return
    }
    case 'brake': {
      const may = (!model.suspended || now < model.active) && now >= model.braked
      const more = { at: now, ttl: one.ttl }
      const signed = brakeBy(given.index.state, [given.cyd], { alias: 'shop/web' }, more)
      expect(codeOf(await given.index.submitBrake(signed)) === 'ok').toBe(may)
      if (may) model.braked = now + one.ttl
      return
    }
    case 'group': {
      const { rev: _rev, ...group } = given.index.state.root.group!
      expect(await agreed(given, { op: 'group.set', alias: '', group } as never)).toBe(true)
    }
  }
}

function holds(given: GivenEmergency, model: Model, at: UnixSeconds): void {
  const { state } = given.index
  const [web, api] = [given.entry('shop/web'), given.entry('shop/api')]
  const facts: JoinTokenFacts = { kind: 'join-token', entry: web.uid, tokenId: 't' }
  const granted = grantFor(state, facts, at)
  expect([at, granted.ok]).toEqual([at, model.isActive(at)])
  // Invariant 28: no certificate outlives what it was granted by.
  if (granted.ok && model.suspended) {
    expect(at + granted.value.maxTtl).toBeLessThanOrEqual(model.active)
  }
  const wanted = model.isActive(at) && at < model.allowed
  const decided = permit(state, { caller: web.uid, callee: api.uid, port: 8080, at })
  expect(decided.allowed).toBe(wanted)
  const known = permissionsBetween(state, web, api, given.now())
  expect(known.some(({ from, until }) => at >= (from ?? 0) && at < (until ?? Infinity))).toBe(
    wanted,
  )
}

it('grants end by the time alone, and give no more than was voted about, whatever happens', async () => {
  let [used, died] = [0, 0]
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 16 }),
      deaths,
      async (steps, plan) => {
        const given = await givenEmergency({ brake: { ttl: days(1), perWeek: 100 } })
        const model = new Model()
        const voters = given.index.state.root.group!.voters
        const below = given.scope('shop')
        const deathsOf = withDeaths(given, plan)
        for (const one of steps) {
          await take(given, model, one)
          const ends = [model.active, model.allowed, model.braked].filter(
            (end) => end > given.now(),
          )
          for (const at of [given.now(), ...ends, ...ends.map((end) => end - 1)]) {
            holds(given, model, at as UnixSeconds)
          }
        }
        // Invariant 36: never a group, never another scope, and no more than the bound.
        expect(given.index.state.root.group!.voters).toEqual(voters)
        expect(given.scope('shop')).toEqual(below)
        expect(model.given).toBeLessThanOrEqual(onCall.uses * onCall.longest)
        await replaysTheSame(given)
        died += deathsOf()
        const auditor = new Auditor()
        for (const record of given.store.records) auditor.hear(record)
        used += auditor.emergencies
      },
    ),
    { numRuns: 60 },
  )
  expect([used > 0, died > 0]).toEqual([true, true])
}, 120_000)
