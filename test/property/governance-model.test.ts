import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Alias } from '../../src/core/alias.js'
import { plus, type Seconds, seconds } from '../../src/core/time.js'
import { type Decision, decisions } from '../../src/namespace/ballot.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { payloadTypes } from '../../src/namespace/dsse.js'
import type { Group } from '../../src/namespace/group.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { canonicalState } from '../../src/namespace/state.js'
import { Auditor } from '../support/auditor.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { brakeStatement, signedBrake, type Target } from '../namespace/given-brake.js'
import { type GivenIndex, givenIndex, owner, valueOf } from '../namespace/given-index.js'

/** Everybody there is; a group is some of them. Two are one person. */
const people = [
  new TestVoter('ann'),
  new TestVoter('bob', 'ES256'),
  new TestVoter('cyd'),
  new TestVoter('dan'),
  new TestVoter('eve', 'Ed25519', 'ann@acme'),
  // Two who have the names of others: each is in some groups, and the other in others.
  new TestVoter('ann', 'Ed25519', 'ann@web'),
  new TestVoter('bob', 'Ed25519', 'bob@web'),
]
const stranger = new TestVoter('ann')

type Step =
  | { readonly do: 'propose'; readonly request: ChangeRequest }
  | {
      readonly do: 'group'
      readonly alias: string
      readonly members: readonly number[]
      readonly timelock: number
      readonly intervene: boolean
    }
  | {
      readonly do: 'vote'
      readonly which: number
      readonly who: number
      readonly decision: Decision
      readonly how: 'next' | 'same-seq' | 'forged' | 'again'
    }
  | { readonly do: 'withdraw'; readonly which: number; readonly who: number }
  | { readonly do: 'accuse'; readonly a: number; readonly b: number }
  | { readonly do: 'replay'; readonly which: number }
  | {
      readonly do: 'brake'
      readonly who: number
      readonly on: Target
      readonly ttl: number
      readonly how: 'next' | 'again' | 'forged'
    }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'crash' }

const names = fc.constantFrom('a', 'a/b', 'a/c', 'd', 'd/e')
const scopes = fc.constantFrom('', 'a', 'd')

const requests: fc.Arbitrary<ChangeRequest> = fc.oneof(
  {
    weight: 4,
    arbitrary: names.map((name) => ({ op: 'entry.create', alias: name, owner }) as const),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('entry.suspend', 'entry.reactivate', 'entry.retire'), names)
      .map(([op, name]) => ({ op, alias: name })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(names, names)
      .map(([name, to]) => ({ op: 'entry.rename', alias: name, to }) as const),
  },
  {
    weight: 2,
    arbitrary: names.map(
      (name) => ({ op: 'entry.update', alias: name, labels: { x: '1' } }) as const,
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('scope.create', 'scope.suspend', 'scope.reactivate'),
        fc.constantFrom('a', 'd'),
      )
      .map(([op, name]) => ({ op, alias: name })),
  },
)

const targets: fc.Arbitrary<Target> = fc.oneof(
  names.map((alias) => ({ alias })),
  fc.tuple(scopes, fc.constantFrom('ann', 'bob', 'cyd', 'dan')).map(([alias, voter]) => ({
    alias,
    voter,
  })),
)

const lifts: fc.Arbitrary<ChangeRequest> = targets.map(({ alias, voter }) =>
  voter === undefined ? { op: 'brake.lift', alias } : { op: 'voter.reinstate', alias, voter },
)

const index = fc.nat(1000)
const who = fc.nat(people.length - 1)

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 6, arbitrary: requests.map((request): Step => ({ do: 'propose', request })) },
    {
      weight: 2,
      arbitrary: fc
        .record({
          alias: scopes,
          members: fc.uniqueArray(who, {
            minLength: 3,
            maxLength: 5,
            selector: (at) => people[at]!.id,
          }),
          timelock: fc.constantFrom(0, 0, 3600),
          intervene: fc.boolean(),
        })
        .map((more): Step => ({ do: 'group', ...more })),
    },
    {
      weight: 16,
      arbitrary: fc
        .record({
          which: index,
          who,
          decision: fc.constantFrom<Decision>('approve', 'approve', 'approve', ...decisions),
          how: fc.constantFrom<'next' | 'same-seq' | 'forged' | 'again'>(
            'next',
            'next',
            'next',
            'next',
            'same-seq',
            'forged',
            'again',
          ),
        })
        .map((more): Step => ({ do: 'vote', ...more })),
    },
    { weight: 1, arbitrary: lifts.map((request): Step => ({ do: 'propose', request })) },
    {
      weight: 7,
      arbitrary: fc
        .record({
          who,
          on: targets,
          ttl: fc.constantFrom(60, 3600, 86_400),
          how: fc.constantFrom<'next' | 'again' | 'forged'>('next', 'next', 'again', 'forged'),
        })
        .map((more): Step => ({ do: 'brake', ...more })),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ which: index, who })
        .map((more): Step => ({ do: 'withdraw', ...more })),
    },
    {
      weight: 2,
      arbitrary: fc.record({ a: index, b: index }).map((more): Step => ({ do: 'accuse', ...more })),
    },
    {
      weight: 2,
      arbitrary: fc.record({ which: index }).map((more): Step => ({ do: 'replay', ...more })),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(60, 3600, 86_400 * 8)
        .map((length): Step => ({ do: 'wait', seconds: length })),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'crash' }) },
  ),
  { minLength: 10, maxLength: 60 },
)

const ENDINGS = ['committed', 'rejected', 'withdrawn', 'vetoed', 'stale', 'expired']

/** Walks through the steps, and checks after each what must always hold. */
class Walk {
  readonly given: GivenIndex
  private live: LiveIndex
  private readonly auditor = new Auditor()
  private heard = 0
  brakes = 0
  private readonly seen: string[] = []
  private readonly votes: Uint8Array[] = []
  private readonly ended = new Map<string, string>()
  /** The last number of each person about each proposal, as they remember it themselves. */
  private readonly numbers = new Map<string, number>()

  constructor(given: GivenIndex) {
    this.given = given
    this.live = given.index
  }

  async take(step: Step): Promise<void> {
    const { clock } = this.given
    switch (step.do) {
      case 'propose':
        this.note(await this.live.change(step.request))
        break
      case 'group': {
        const { state } = this.live
        const voters = step.members.map((at) => people[at]!.voter(state.index, state.at))
        const group = groupOf(
          voters,
          step.timelock > 0 ? { timelock: { structural: seconds(step.timelock) } } : {},
        )
        this.note(
          await this.live.change({
            op: 'group.set',
            alias: step.alias,
            group,
            ...(step.intervene && { intervene: true }),
          }),
        )
        break
      }
      case 'vote':
        await this.vote(step)
        break
      case 'withdraw': {
        const view = await this.pick(step.which)
        if (view?.proposal) {
          const by = people[step.who]!
          await this.live.submit([
            by.envelope(payloadTypes.withdrawal, {
              v: 1,
              index: view.proposal.index,
              proposal: view.digest,
              author: view.proposal.author,
              at: clock.now(),
            }),
          ])
        }
        break
      }
      case 'accuse': {
        const pair = [step.a, step.b].map((at) => this.votes[at % Math.max(1, this.votes.length)])
        const both = pair.filter((vote) => vote !== undefined)
        if (both.length === 2) await this.live.submit(both)
        break
      }
      case 'replay': {
        const vote = this.votes[step.which % Math.max(1, this.votes.length)]
        if (vote) await this.live.submit([vote])
        break
      }
      case 'brake':
        await this.brake(step)
        break
      case 'wait':
        clock.set(plus(clock.now(), step.seconds as Seconds))
        await this.live.settle()
        break
      case 'crash':
        this.live = valueOf(await LiveIndex.open(this.given.deps))
        break
    }
    await this.check()
  }

  private async brake({ who: at, on, ttl, how }: Extract<Step, { do: 'brake' }>): Promise<void> {
    const { state } = this.live
    const name = on.alias as Alias
    const found =
      on.alias === '' ? state.root : (state.entryByAlias(name) ?? state.scopeByAlias(name))
    if (!found) return
    const by = people[at]!
    const now = this.given.clock.now()
    const voters = [by.id]
    const said = { ...brakeStatement(state, voters, on, now), ttl: seconds(ttl) }
    const envelopes = signedBrake([how === 'forged' ? stranger : by], said)
    const first = await this.live.submitBrake(envelopes)
    if (how === 'forged') expect(first.ok).toBe(false)
    if (how === 'again') expect((await this.live.submitBrake(envelopes)).ok).toBe(false)
    if (first.ok) this.brakes += 1
  }

  private note(made: Awaited<ReturnType<LiveIndex['change']>>): void {
    if (made.ok && made.value.kind === 'waits') this.seen.push(made.value.proposal)
  }

  private async pick(which: number): Promise<ProposalView | undefined> {
    // Mostly what waits, and now and then what is over.
    const waiting = this.live.proposals().map(({ id }) => id)
    const among = waiting.length > 0 && which % 8 > 0 ? waiting : this.seen
    const id = among[which % Math.max(1, among.length)]
    return id === undefined ? undefined : valueOf(await this.live.proposal(id))
  }

  private async vote({
    which,
    who: at,
    decision,
    how,
  }: Extract<Step, { do: 'vote' }>): Promise<void> {
    const view = await this.pick(which)
    if (!view?.open) return
    const by = how === 'forged' ? stranger : people[at]!
    const mine = `${by.controller} ${by.id} ${view.id}`
    const before = this.numbers.get(mine) ?? 0
    const seq = how === 'same-seq' && before > 0 ? before : before + 1
    const cast = plus(this.given.clock.now(), 0 as Seconds)
    const vote = by.vote(view, decision, cast, { seq })
    this.votes.push(vote)
    const submitted = await this.live.submit([vote])
    if (how === 'forged') expect(submitted.ok).toBe(false)
    if (how !== 'forged' && submitted.ok) this.numbers.set(mine, seq)
    // Whoever counts their own votes is not kept from voting by anybody else's.
    if (how === 'next' && !submitted.ok) {
      expect(submitted.refusal.code).not.toBe('namespace.duplicate')
    }
    if (how === 'again') expect((await this.live.submit([vote])).ok).toBe(false)
  }

  private async check(): Promise<void> {
    const { store } = this.given
    // The auditor hears every record once, as it comes, and throws at what must not be.
    for (const record of store.records.slice(this.heard)) this.auditor.hear(record)
    this.heard = store.records.length
    for (const id of this.seen) {
      const { standing } = valueOf(await this.live.proposal(id))
      const before = this.ended.get(id)
      // What is over stays over, and in the same way: expired or stale of itself, and then so noted.
      if (before !== undefined) expect([before, 'stale', 'expired']).toContain(standing)
      if (before !== undefined) expect(ENDINGS).toContain(standing)
      if (ENDINGS.includes(standing)) this.ended.set(id, standing)
    }
    for (const scope of this.live.state.scopes.values()) {
      if (!scope.group) continue
      // Who decides is who the auditor heard of: no record puts others in their place.
      expect(votersOf(scope.group)).toEqual(votersOf(this.auditor.groupOf(scope.uid) as Group))
      if (scope.group.solo) continue
      const active = scope.group.voters.filter(({ status }) => status === 'active')
      const most = Math.max(0, ...active.map(({ weight }) => weight))
      expect(most).toBeLessThan(scope.group.threshold.routine)
    }
  }

  /** The log again, from nothing: by the auditor, and by the fold. */
  async end(): Promise<number> {
    valueOf(await this.live.verify())
    const again = valueOf(await LiveIndex.open(this.given.deps))
    expect(canonicalState(again.state)).toBe(canonicalState(this.live.state))
    return this.auditor.commits
  }
}

const votersOf = ({ voters }: Pick<Group, 'voters'>): readonly string[] =>
  voters.map(
    ({ id, status, keys }) => `${id} ${status} ${keys.map((key) => key.thumbprint).join()}`,
  )

describe('an index whose voters do what they like', () => {
  it('changes only by those who may, as an auditor reckons who shares no code with it', async () => {
    let commits = 0
    let deliberated = 0
    let brakes = 0
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const walk = new Walk(
          await givenIndex(
            { op: 'scope.create', alias: 'a' },
            { op: 'entry.create', alias: 'a/b', owner },
          ),
        )
        // The index is the voters' from the start, in most runs.
        const first: Step[] = [
          { do: 'group', alias: '', members: [0, 1, 2], timelock: 0, intervene: false },
          { do: 'vote', which: 0, who: 0, decision: 'approve', how: 'next' },
          { do: 'vote', which: 0, who: 1, decision: 'approve', how: 'next' },
        ]
        for (const step of [...first, ...all]) await walk.take(step)
        commits += await walk.end()
        brakes += walk.brakes
        deliberated += walk.given.store.records.filter(
          ({ seq, envelopes }) => seq > 0 && envelopes.length === 0,
        ).length
      }),
      { numRuns: 60 },
    )
    expect(commits).toBeGreaterThan(150)
    // That much happened for the test to mean something.
    expect(deliberated).toBeGreaterThan(60)
    expect(brakes).toBeGreaterThan(4)
  }, 240_000)
})
