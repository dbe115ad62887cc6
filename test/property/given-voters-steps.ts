import fc from 'fast-check'
import type { Result } from '../../src/core/result.js'
import type { Seconds } from '../../src/core/time.js'
import { type Decision, decisions } from '../../src/namespace/ballot.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import type { Group } from '../../src/namespace/group.js'
import type { Target } from '../namespace/given-brake.js'
import { owner } from '../namespace/given-index.js'
import { TestVoter } from '../support/voters.js'
import { type IncidentStep, incidents } from './given-incident-steps.js'
import { limits } from './given-limits-steps.js'

/** Everybody there is; a group is some of them. Two are one person. */
export const people = [
  new TestVoter('ann'),
  new TestVoter('bob', 'ES256'),
  new TestVoter('cyd'),
  new TestVoter('dan'),
  new TestVoter('eve', 'Ed25519', 'ann@acme'),
  // Two who have the names of others: each is in some groups, and the other in others.
  new TestVoter('ann', 'Ed25519', 'ann@web'),
  new TestVoter('bob', 'Ed25519', 'bob@web'),
  // With dan, who a recovery gives the index to.
  new TestVoter('fay'),
  new TestVoter('gus'),
]
export const stranger = new TestVoter('ann')

export type Step =
  | IncidentStep
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
  | {
      readonly do: 'sign'
      readonly who: number
      readonly request: ChangeRequest
      readonly how: Flaw
    }
  | {
      readonly do: 'together'
      readonly requests: readonly ChangeRequest[]
      /** Signed by one of them by hand; else the installation proposes it. */
      readonly who?: number
    }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'crash' }
  /** The store dies at the next write, before any of it is there or when all of it is, or in the middle. */
  | { readonly do: 'die'; readonly at: number }

/** What is wrong with a proposal that somebody signs by hand; nothing, mostly. */
export const flaws = [
  'none',
  'other-index',
  'other-base',
  'other-scope',
  'forged',
  'again',
] as const
export type Flaw = (typeof flaws)[number]

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

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 6, arbitrary: requests.map((request): Step => ({ do: 'propose', request })) },
    { weight: 7, arbitrary: limits.map((request): Step => ({ do: 'propose', request })) },
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
      weight: 30,
      arbitrary: fc
        .record({
          which: index,
          // Mostly those who are there from the start.
          who: fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: who }),
          decision: fc.constantFrom<Decision>(...Array<'approve'>(6).fill('approve'), ...decisions),
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
      weight: 8,
      arbitrary: fc
        .record({
          who: fc.constantFrom(0, 0, 1, 2, 2, 3, 5),
          request: fc.oneof({ weight: 2, arbitrary: requests }, { weight: 1, arbitrary: limits }),
          how: fc.constantFrom<Flaw>(...Array<'none'>(8).fill('none'), ...flaws),
        })
        .map((more): Step => ({ do: 'sign', ...more })),
    },
    {
      weight: 4,
      arbitrary: fc
        .record(
          {
            requests: fc.array(requests, { minLength: 2, maxLength: 4 }),
            who: fc.constantFrom(0, 1, 2),
          },
          { requiredKeys: ['requests'] },
        )
        .map((more): Step => ({ do: 'together', ...more })),
    },
    {
      weight: 4,
      arbitrary: fc
        .constantFrom(60, 3600, 3600, 86_400 * 3, 86_400 * 8)
        .map((length): Step => ({ do: 'wait', seconds: length })),
    },
    { weight: 14, arbitrary: incidents },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'crash' }) },
    { weight: 4, arbitrary: fc.nat(40).map((at): Step => ({ do: 'die', at })) },
  ),
  { minLength: 30, maxLength: 80, size: 'max' },
)

/** Who decides, and by which keys. */
export const votersOf = ({ voters }: Pick<Group, 'voters'>): readonly string[] =>
  voters.map(
    ({ id, status, keys }) => `${id} ${status} ${keys.map((key) => key.thumbprint).join()}`,
  )

export const timelockOf = (length: Seconds): NonNullable<Group['timelock']> => ({
  sensitive: length,
  structural: length,
})

/** Somebody has voted, or braked, so already. */
export const isDuplicate = (result: Result<unknown>): boolean =>
  !result.ok && result.refusal.code === 'namespace.duplicate'
