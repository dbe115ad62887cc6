import { describe, expect, it } from '@jest/globals'
import { days, hours, type Seconds } from '../../src/core/time.js'
import type { Group, Voter } from '../../src/namespace/group.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import { isSound, people, totalWeight } from '../../src/namespace/sound-group.js'
import { T0 } from '../support/fake-clock.js'
import { groupOf, TestVoter } from '../support/voters.js'

const INDEX = 'a'.repeat(64)
const [ann, bob, cyd, dan] = ['ann', 'bob', 'cyd', 'dan'].map((id) => new TestVoter(id)) as [
  TestVoter,
  TestVoter,
  TestVoter,
  TestVoter,
]
const three = [ann, bob, cyd].map((voter) => voter.voter(INDEX, T0))
const sound = groupOf(three, { brake: { ttl: hours(1), perWeek: 3 } })
const { threshold, minControllers } = sound

const refusalOf = (terms: GroupTerms, before: Group | null = null) => {
  const result = isSound({ ...terms, rev: 1 }, { index: INDEX, before })
  return result.ok ? undefined : result.refusal
}
const isFine = (more: Partial<GroupTerms>): boolean =>
  refusalOf({ ...sound, ...more }) === undefined
const weighing = (...weights: readonly number[]): readonly Voter[] =>
  weights.map((weight, at) => ({ ...three[at]!, weight }))
const one = 1 as Seconds
const solo = { ...sound, solo: true, voters: weighing(300, 100, 100) }

/** What each of these is refused for, and what it says that it wants. */
const unsound: readonly [string, GroupTerms, string, string, string][] = [
  [
    'one id of a voter and a proposer',
    { ...sound, proposers: [{ ...dan.holder(INDEX, T0), id: 'ann' }] },
    'two of the group have one id',
    'an id for each voter, proposer and holder',
    'ann',
  ],
  [
    'one id of a voter and a holder',
    {
      ...sound,
      recovery: {
        holders: [{ ...dan.holder(INDEX, T0), id: 'bob' }],
        threshold: 1,
        delay: hours(72),
      },
    },
    'two of the group have one id',
    'an id for each voter, proposer and holder',
    'bob',
  ],
  [
    'nobody active',
    { ...sound, voters: three.map((voter) => ({ ...voter, status: 'suspended' })) },
    'nobody could vote',
    'an active voter',
    'no active voter',
  ],
  [
    'a threshold of nobody',
    { ...sound, threshold: { ...threshold, narrowing: 0 } },
    'a threshold that nobody could reach, or that needs nobody',
    'narrowing: 1 to 300, the weight of all active voters',
    '0',
  ],
  [
    'a threshold of more than everybody',
    { ...sound, threshold: { ...threshold, emergency: 301 } },
    'a threshold that nobody could reach, or that needs nobody',
    'emergency: 1 to 300, the weight of all active voters',
    '301',
  ],
  [
    'no controllers',
    { ...sound, minControllers: { ...minControllers, narrowing: 0 } },
    'more controllers are needed than there are, or none',
    'narrowing: 1 to 3 controllers',
    '0',
  ],
  [
    'more controllers than there are',
    { ...sound, minControllers: { ...minControllers, emergency: 4 } },
    'more controllers are needed than there are, or none',
    'emergency: 1 to 3 controllers',
    '4',
  ],
  [
    'a structural change that needs less than a sensitive one',
    { ...sound, threshold: { ...threshold, sensitive: 200, structural: 199 } },
    'a graver change needs less than a lesser one',
    'routine <= sensitive <= structural',
    '151, 200, 199',
  ],
  [
    'a sensitive change that needs less than a routine one',
    { ...sound, threshold: { ...threshold, routine: 200, structural: 200 } },
    'a graver change needs less than a lesser one',
    'routine <= sensitive <= structural',
    '200, 151, 200',
  ],
  [
    'half, for what is routine',
    { ...sound, threshold: { ...threshold, routine: 150 } },
    'two halves of the group could decide against each other',
    'routine: more than half of 300',
    '150',
  ],
  [
    'half, for what is sensitive',
    { ...sound, threshold: { ...threshold, routine: 120, sensitive: 150 } },
    'two halves of the group could decide against each other',
    'routine: more than half of 300',
    '120',
  ],
  [
    'one person who reaches a threshold exactly',
    { ...sound, voters: weighing(151, 75, 75) },
    'one person could decide alone',
    'thresholds above the weight of all voters of each person, or a group that says it is solo',
    'ann@acme: 151',
  ],
  [
    'one person who reaches what is routine, and nothing graver',
    {
      ...sound,
      voters: weighing(155, 75, 70),
      threshold: { ...threshold, narrowing: 70, sensitive: 160, structural: 160 },
    },
    'one person could decide alone',
    'thresholds above the weight of all voters of each person, or a group that says it is solo',
    'ann@acme: 155',
  ],
  [
    'a false word that it is solo',
    { ...sound, solo: true },
    'it says it is solo, and is not',
    'solo: false',
    'nobody decides alone',
  ],
  [
    'one person enough to change who decides',
    { ...sound, minControllers: { ...minControllers, structural: 1 } },
    'one person could change who decides',
    'structural: at least 2 controllers',
    '1',
  ],
  [
    'nothing left without the heaviest voter',
    { ...sound, voters: weighing(150, 100, 50), threshold: { ...threshold, narrowing: 50 } },
    'without one voter nothing could be decided any more',
    'routine: at most 150, or acceptsSinglePointOfLoss',
    '151',
  ],
  [
    'a timelock where one decides alone',
    {
      ...solo,
      threshold: { ...threshold, routine: 300, sensitive: 300, structural: 300 },
      timelock: { routine: one },
    },
    'what one voter decides alone is made at once',
    'no timelock',
    'routine',
  ],
  [
    'a timelock of more than thirty days',
    { ...sound, timelock: { sensitive: (days(30) + 1) as Seconds } },
    'a timelock is too long',
    'at most 2592000 s',
    'sensitive',
  ],
  [
    'a timelock on what narrows',
    { ...sound, timelock: { narrowing: one } },
    'what takes power away must not wait',
    'no timelock',
    'narrowing or emergency',
  ],
  [
    'a timelock on an emergency',
    { ...sound, timelock: { emergency: one } },
    'what takes power away must not wait',
    'no timelock',
    'narrowing or emergency',
  ],
  [
    'a brake of more than what is routine',
    { ...sound, threshold: { ...threshold, emergency: 152 } },
    'the brake needs more than a routine change',
    'emergency: at most 151',
    '152',
  ],
]

describe('a group that may not decide', () => {
  it.each(unsound)('has %s, and is told what it needs', (_, terms, detail, wanted, found) => {
    expect(refusalOf(terms)).toMatchObject({
      code: 'namespace.group-invalid',
      detail,
      wanted,
      found,
    })
  })
})

describe('a group that may', () => {
  it.each<[string, Partial<GroupTerms>]>([
    ['has as many controllers as there are', { minControllers: { ...minControllers, routine: 3 } }],
    ['needs everybody for what is structural', { threshold: { ...threshold, structural: 300 } }],
    ['needs one for what narrows', { threshold: { ...threshold, narrowing: 1, emergency: 1 } }],
    ['needs the same for all that is granted', { threshold: { ...threshold, sensitive: 151 } }],
    [
      'needs what is left without one',
      { threshold: { ...threshold, routine: 200, sensitive: 200, structural: 200 } },
    ],
    ['has a brake of what is routine', { threshold: { ...threshold, emergency: 151 } }],
    ['waits for thirty days', { timelock: { structural: days(30) } }],
    ['says that nothing waits', { timelock: { narrowing: 0 as Seconds, emergency: 0 as Seconds } }],
    [
      'is almost in one hand',
      {
        voters: weighing(150, 100, 101),
        threshold: { ...threshold, routine: 176, sensitive: 176, structural: 176 },
      },
    ],
  ])('%s', (_, more) => {
    expect(refusalOf({ ...sound, ...more })).toBeUndefined()
  })

  it('needs more for an emergency than for routine only where it has no brake', () => {
    const emergency = { threshold: { ...threshold, emergency: 152 } }
    const { brake: _brake, ...without } = sound
    expect(refusalOf({ ...without, ...emergency })).toBeUndefined()
    expect(isFine(emergency)).toBe(false)
  })

  it('is solo where one person reaches what is granted, and then waits for nothing', () => {
    const terms = {
      ...solo,
      threshold: { ...threshold, routine: 300, sensitive: 300, structural: 300 },
    }
    expect(refusalOf(terms)).toBeUndefined()
    expect(refusalOf({ ...terms, timelock: { routine: 0 as Seconds } })).toBeUndefined()
    expect(
      refusalOf({ ...terms, minControllers: { ...minControllers, structural: 1 } }),
    ).toBeUndefined()
  })

  it('bears the loss of one voter, or says that it does not', () => {
    const voters = weighing(150, 100, 50)
    const more = { voters, threshold: { ...threshold, narrowing: 50 } }
    expect(isFine(more)).toBe(false)
    expect(isFine({ ...more, acceptsSinglePointOfLoss: true })).toBe(true)
  })
})

describe('the weight of a group', () => {
  const [first, second, third] = weighing(1, 2, 4)
  const voters = [first!, { ...second!, controller: first!.controller }, third!]

  it('is of the active, and of each person that of all their voters', () => {
    expect(totalWeight({ ...sound, rev: 1, voters })).toBe(7)
    expect(people({ voters })).toEqual([
      ['ann@acme', 3],
      ['cyd@acme', 4],
    ])
    const suspended = [{ ...first!, status: 'suspended' as const }, second!, third!]
    expect(totalWeight({ ...sound, rev: 1, voters: suspended })).toBe(6)
    expect(people({ voters: suspended })).toEqual([
      ['bob@acme', 2],
      ['cyd@acme', 4],
    ])
  })
})
