import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ROOT } from '../../src/core/alias.js'
import { days, hours, plus, type Seconds, seconds } from '../../src/core/time.js'
import { recoveryStanding, TO_DECIDE } from '../../src/namespace/recovery/recovery.js'
import { Auditor } from '../support/auditor.js'
import { deaths, withDeaths } from '../support/dying-writes.js'
import { TestVoter } from '../support/voters.js'
import { brakeBy } from './given-brake.js'
import { replaysTheSame } from './replays-the-same.js'
import { codeOf } from './given-index.js'
import {
  cancellationBy,
  DELAY,
  type GivenRecovery,
  givenRecovery,
  newGroup,
  recoveryBy,
} from './given-recovery.js'

type Holder = 'r1' | 'r2' | 'r3'
type Voter = 'ann' | 'bob' | 'cyd' | 'dan' | 'eve' | 'fay'

type Step =
  | { readonly do: 'start'; readonly by: readonly Holder[]; readonly forged: boolean }
  /** What was handed in last, once more. */
  | { readonly do: 'again' }
  | { readonly do: 'cancel'; readonly by: Voter; readonly stranger: boolean }
  | { readonly do: 'finish' }
  | { readonly do: 'brake'; readonly on: 0 | 1 | 2 }
  /** The living voters set their own group again. */
  | { readonly do: 'group' }
  | { readonly do: 'guard' }
  | { readonly do: 'wait'; readonly for: Seconds }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      by: fc.constantFrom<readonly Holder[]>(
        ['r1'],
        ['r1', 'r2'],
        ['r2', 'r3'],
        ['r1', 'r2', 'r3'],
      ),
      forged: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'again' } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      by: fc.constantFrom<Voter>('ann', 'bob', 'cyd', 'dan', 'eve'),
      stranger: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'finish' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('brake' as const),
      on: fc.constantFrom(0 as const, 1 as const, 2 as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'group' } as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'guard' } as const) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      for: fc.constantFrom(seconds(1), hours(30), DELAY, days(4), days(8)),
    }),
  },
)

/** What must be so, reckoned beside the code: who decides, and what waits. */
class Model {
  deciding: 'old' | 'new' = 'old'
  begun: { at: number; statement: string } | undefined
  peace = 0
  last: readonly Uint8Array[] | undefined

  isOpen(at: number): boolean {
    return this.begun !== undefined && at < this.begun.at + DELAY + days(7)
  }

  mayFinish(at: number): boolean {
    return this.begun !== undefined && at >= this.begun.at + DELAY && this.isOpen(at)
  }
}

const deciders = { old: ['ann', 'bob', 'cyd'], new: ['dan', 'eve', 'fay'] } as const

async function agreed(given: GivenRecovery, model: Model, request: never): Promise<boolean> {
  const made = await given.index.change(request)
  if (!made.ok || made.value.kind !== 'waits') return false
  const proposal = await given.proposal(made.value.proposal)
  for (const name of deciders[model.deciding]) {
    if ((await given.proposal(proposal.id)).standing !== 'open') break
    await given.index.submit([given[name].vote(proposal, 'approve', given.now())])
  }
  return (await given.proposal(proposal.id)).standing === 'committed'
}

/** The three who do not decide now: they are who a recovery names. */
const groupToBe = (given: GivenRecovery, model: Model) => {
  const { ann, bob, cyd } = given
  return newGroup(model.deciding === 'old' ? given : { ...given, dan: ann, eve: bob, fay: cyd })
}

async function take(given: GivenRecovery, model: Model, one: Step, n: number): Promise<void> {
  const now = given.now()
  switch (one.do) {
    case 'wait':
      given.clock.set(plus(now, one.for))
      return
    case 'start': {
      const by = one.by.map((name) => (one.forged ? new TestVoter(name) : given.safe[name]))
      const signed = recoveryBy(given, by, { group: groupToBe(given, model) })
      const may = !one.forged && by.length >= 2 && !model.isOpen(now) && now >= model.peace
      const done = await given.index.submitRecovery(signed)
      expect([one, done.ok]).toEqual([one, may])
      if (!done.ok) return
      model.begun = { at: now, statement: done.value.statement }
      model.peace = 0
      model.last = signed
      return
    }
    case 'again': {
      if (!model.last) return
      expect(codeOf(await given.index.submitRecovery(model.last))).not.toBe('ok')
      return
    }
    case 'cancel': {
      const by = one.stranger ? new TestVoter(one.by) : given[one.by]
      const isVoter = (deciders[model.deciding] as readonly string[]).includes(one.by)
      const may = model.isOpen(now) && isVoter && !one.stranger
      const done = await given.index.submitRecovery(cancellationBy(given, [by]))
      expect([one, done.ok]).toEqual([one, may])
      if (!may) return
      model.begun = undefined
      model.peace = now + TO_DECIDE
      return
    }
    case 'finish': {
      const may = model.mayFinish(now)
      const done = await given.index.finishRecovery(ROOT)
      expect([one, codeOf(done) === 'ok']).toEqual([one, may])
      if (!may) return
      model.deciding = model.deciding === 'old' ? 'new' : 'old'
      model.begun = undefined
      return
    }
    case 'brake': {
      const names = deciders[model.deciding]
      const by = names.filter((_, at) => at !== one.on).map((name) => given[name])
      const target = { alias: '', voter: names[one.on] }
      await given.index.submitBrake(brakeBy(given.index.state, by, target, { at: now }))
      return
    }
    case 'group': {
      const { rev: _rev, ...group } = given.index.state.root.group!
      const voters = group.voters.map(({ brake: _brake, ...voter }) => voter)
      const done = await agreed(given, model, {
        op: 'group.set',
        alias: '',
        group: { ...group, voters },
      } as never)
      if (!done) return
      model.begun = undefined
      model.peace = 0
      return
    }
    case 'guard': {
      const guard = { id: `g${n}`, effect: 'maxTtl', maxTtl: 3600 }
      await agreed(given, model, { op: 'guard.set', alias: '', guard } as never)
    }
  }
}

function holds(given: GivenRecovery, model: Model): void {
  const { root } = given.index.state
  const now = given.now()
  // Invariant 35: no sooner than the delay, not after a no, and nothing but the group.
  expect(root.group?.voters.map(({ id }) => id)).toEqual(deciders[model.deciding])
  expect(root.group?.recovery?.holders.map(({ id }) => id)).toEqual(['r1', 'r2', 'r3'])
  const standing = root.recovery && recoveryStanding(root.recovery, now)
  expect(standing === 'waiting' || standing === 'due').toBe(model.isOpen(now))
  expect(standing === 'due').toBe(model.mayFinish(now))
}

it('nobody is replaced sooner than the delay, after a no, or by who may not', async () => {
  let [finished, died] = [0, 0]
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 16 }),
      deaths,
      async (steps, plan) => {
        const given = await givenRecovery({}, { op: 'scope.create', alias: 'shop' })
        const model = new Model()
        const shop = given.scope('shop')
        const deathsOf = withDeaths(given, plan)
        for (const [n, one] of steps.entries()) {
          const was = model.deciding
          await take(given, model, one, n)
          if (was !== model.deciding) finished += 1
          holds(given, model)
        }
        expect(given.scope('shop')).toEqual(shop)
        await replaysTheSame(given)
        died += deathsOf()
        const auditor = new Auditor()
        for (const record of given.store.records) auditor.hear(record)
        expect(auditor.groupOf(given.index.state.root.uid)).toMatchObject({
          rev: given.index.state.root.group?.rev,
        })
      },
    ),
    { numRuns: 40 },
  )
  // A model in which nothing ever happens shows nothing.
  expect([finished > 0, died > 0]).toEqual([true, true])
}, 120_000)
