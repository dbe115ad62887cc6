import { describe, expect, it } from '@jest/globals'
import { plus, type Seconds } from '../../src/core/time.js'
import {
  byVoter,
  type CastVote,
  count,
  type Decision,
  latestSeq,
  type Side,
  withVote,
} from '../../src/namespace/ballot.js'
import { brakeOf, type ChangeClass, type Group, mayAct, passes } from '../../src/namespace/group.js'
import { T0 } from '../support/fake-clock.js'

const cast = (
  voter: string,
  decision: Decision,
  more: Partial<Pick<CastVote, 'seq' | 'record' | 'in'>> = {},
): CastVote => ({
  ...{ voter, decision, seq: 1, digest: '', cast: T0, record: 1, in: ['present'] },
  ...more,
})

const voter = (
  id: string,
  more: Partial<Group['voters'][number]> = {},
): Group['voters'][number] => ({
  ...{ id, controller: `${id}@acme`, keys: [], weight: 100, status: 'active' },
  ...more,
})

const each = (value: number): Group['threshold'] => ({
  ...{ narrowing: value, routine: value, sensitive: value, structural: value, emergency: value },
})

/** Three of a hundred each; a change of each class needs another weight, and other people. */
const group: Group = {
  rev: 1,
  solo: false,
  voters: [voter('ann'), voter('bob'), voter('cyd')],
  threshold: { narrowing: 100, routine: 151, sensitive: 200, structural: 300, emergency: 99 },
  minControllers: { narrowing: 1, routine: 2, sensitive: 2, structural: 3, emergency: 1 },
}

const counted = (
  votes: readonly CastVote[],
  changeClass: ChangeClass = 'sensitive',
  {
    of = group,
    author = 'somebody@acme',
    side = 'present',
  }: { readonly of?: Group; readonly author?: string; readonly side?: Side } = {},
) => count(of, side, { changeClass, author: { controller: author }, votes, at: T0 })

const yes = (...ids: readonly string[]): readonly CastVote[] => ids.map((id) => cast(id, 'approve'))
const no = (...ids: readonly string[]): readonly CastVote[] => ids.map((id) => cast(id, 'reject'))

describe('a count', () => {
  it('says the weight of each answer, of whom may still give one, and what it takes', () => {
    expect(counted([...yes('ann'), ...no('cyd')])).toEqual({
      ...{ yes: 100, no: 100, open: 100, controllers: 1, outcome: 'undecided' },
      needs: { threshold: 200, controllers: 2 },
    })
    expect(counted([], 'structural')).toMatchObject({
      ...{ yes: 0, no: 0, open: 300, needs: { threshold: 300, controllers: 3 } },
    })
  })

  it.each<[string, ChangeClass, readonly CastVote[], string]>([
    ['the weight that it takes, exactly', 'sensitive', yes('ann', 'bob'), 'passed'],
    ['less than it takes', 'routine', yes('ann'), 'undecided'],
    ['all that a graver change takes', 'structural', yes('ann', 'bob', 'cyd'), 'passed'],
    ['too little for a graver change', 'structural', yes('ann', 'bob'), 'undecided'],
    ['one no, where everybody is needed', 'structural', no('ann'), 'dead'],
    ['one no, where the others reach it exactly', 'sensitive', no('ann'), 'undecided'],
    ['a no of two', 'sensitive', no('ann', 'bob'), 'dead'],
    ['an abstention', 'sensitive', [cast('ann', 'abstain')], 'undecided'],
  ])('of %s (%s)', (_, changeClass, votes, outcome) => {
    expect(counted(votes, changeClass).outcome).toBe(outcome)
  })

  it('is of the latest vote of each, in whatever order they are heard', () => {
    const votes = [cast('ann', 'approve'), cast('ann', 'reject', { seq: 2 })]
    expect(counted(votes)).toMatchObject({ yes: 0, no: 100 })
    expect(counted([...votes].reverse())).toMatchObject({ yes: 0, no: 100 })
    expect(counted([cast('ann', 'approve', { seq: 3 }), ...votes])).toMatchObject({ yes: 100 })
  })

  it('is of the votes of one side', () => {
    const votes = [cast('ann', 'approve', { in: ['second'] }), ...yes('bob')]
    expect(counted(votes)).toMatchObject({ yes: 100, controllers: 1 })
    expect(counted(votes, 'sensitive', { side: 'second' })).toMatchObject({ yes: 100 })
  })

  it('leaves out who is suspended, and what they weigh', () => {
    const of = { ...group, voters: [voter('ann', { status: 'suspended' }), voter('bob')] }
    expect(counted([...yes('ann'), ...no('bob')], 'sensitive', { of })).toMatchObject({
      ...{ yes: 0, no: 100, open: 0, outcome: 'dead' },
    })
  })

  it('takes as many people as it says, however much they weigh', () => {
    const own = { controller: 'ann@acme' }
    const of = { ...group, voters: [voter('ann'), voter('ann-2', own), voter('bob')] }
    expect(counted(yes('ann', 'ann-2'), 'sensitive', { of })).toMatchObject({
      ...{ yes: 200, controllers: 1, outcome: 'undecided' },
    })
    const alone = { ...of, minControllers: each(1) }
    expect(counted(yes('ann', 'ann-2'), 'sensitive', { of: alone }).outcome).toBe('passed')
  })

  it.each<[ChangeClass, boolean, string]>([
    ['routine', false, 'passed'],
    ['narrowing', false, 'passed'],
    ['emergency', false, 'passed'],
    ['sensitive', false, 'undecided'],
    ['structural', false, 'undecided'],
    ['sensitive', true, 'passed'],
    ['structural', true, 'passed'],
  ])('of an author alone, %s, in a group that is solo: %s', (changeClass, solo, outcome) => {
    const of = { ...group, solo, threshold: each(100), minControllers: each(1) }
    expect(counted(yes('ann'), changeClass, { of, author: 'ann@acme' }).outcome).toBe(outcome)
    expect(counted(yes('ann', 'bob'), changeClass, { of, author: 'ann@acme' }).outcome).toBe(
      'passed',
    )
  })

  it('hears of one who is braked only the no', () => {
    const braked = voter('ann', { brake: { until: plus(T0, 1 as Seconds) } })
    const of = { ...group, voters: [braked, voter('bob'), voter('cyd')] }
    expect(counted(yes('ann', 'bob'), 'sensitive', { of })).toMatchObject({
      ...{ yes: 100, no: 0, open: 200, outcome: 'undecided' },
    })
    expect(counted(no('ann'), 'structural', { of })).toMatchObject({ no: 100, outcome: 'dead' })
    const over = { ...of, voters: [voter('ann', { brake: { until: T0 } }), voter('bob')] }
    expect(counted(yes('ann', 'bob'), 'sensitive', { of: over }).outcome).toBe('passed')
  })
})

describe('the votes of a proposal', () => {
  it('are in the order of their voters, and of one voter in that of the log', () => {
    const votes = [
      cast('bob', 'approve'),
      cast('ann', 'reject', { record: 3 }),
      cast('ann', 'approve'),
    ]
    const sorted = [...votes].sort(byVoter).map((one) => [one.voter, one.record])
    expect(sorted).toEqual([
      ['ann', 1],
      ['ann', 3],
      ['bob', 1],
    ])
    expect(
      [...votes]
        .reverse()
        .sort(byVoter)
        .map(({ voter: id }) => id),
    ).toEqual(['ann', 'ann', 'bob'])
  })

  it('hold the latest of each voter on each side', () => {
    const both = cast('ann', 'approve', { in: ['present', 'second'] })
    const again = cast('ann', 'reject', { seq: 2, record: 2, in: ['second'] })
    expect(withVote([both], again)).toEqual([{ ...both, in: ['present'] }, again])
    const last = cast('ann', 'abstain', { seq: 3, record: 3, in: ['present', 'second'] })
    expect(withVote(withVote([both], again), last)).toEqual([last])
    const bob = cast('bob', 'approve')
    expect(withVote([bob], both)).toEqual([both, bob])
    expect(withVote([both, bob], again)).toEqual([{ ...both, in: ['present'] }, again, bob])
  })

  it('have the highest number of a voter on these sides, and none before the first', () => {
    const votes = [
      cast('ann', 'approve', { seq: 7 }),
      cast('ann', 'approve', { seq: 9, in: ['second'] }),
      cast('bob', 'approve', { seq: 11 }),
    ]
    expect(latestSeq(votes, 'ann', ['present'])).toBe(7)
    expect(latestSeq(votes, 'ann', ['second'])).toBe(9)
    expect(latestSeq([...votes].reverse(), 'ann', ['present', 'second'])).toBe(9)
    expect(latestSeq(votes, 'cyd', ['present', 'second'])).toBe(0)
    const both = cast('cyd', 'approve', { seq: 5, in: ['present', 'second'] })
    expect(latestSeq([both], 'cyd', ['second'])).toBe(5)
  })
})

describe('voters who are counted at once', () => {
  it.each<[string, readonly string[], ChangeClass, boolean]>([
    ['enough of them', ['ann', 'bob'], 'sensitive', true],
    ['too few', ['ann'], 'routine', false],
    ['enough for what needs less', ['ann'], 'narrowing', true],
    ['nobody', [], 'narrowing', false],
    ['strangers', ['ann', 'zoe', 'yan'], 'routine', false],
  ])('pass with %s', (_, ids, changeClass, passed) => {
    expect(passes(group, new Set(ids), changeClass)).toBe(passed)
  })

  it('are active ones, and as many people as it takes', () => {
    const light = { ...group, minControllers: each(1) }
    expect(passes(light, new Set(['ann']), 'sensitive')).toBe(false)
    const suspended = { ...group, voters: [voter('ann'), voter('bob', { status: 'suspended' })] }
    expect(passes(suspended, new Set(['ann', 'bob']), 'sensitive')).toBe(false)
    const own = { controller: 'ann@acme' }
    const one = { ...group, voters: [voter('ann'), voter('bob', own)] }
    expect(passes(one, new Set(['ann', 'bob']), 'sensitive')).toBe(false)
    expect(passes({ ...one, minControllers: each(1) }, new Set(['ann', 'bob']), 'sensitive')).toBe(
      true,
    )
  })

  it('act while they are active and no brake is on them', () => {
    const until = plus(T0, 10 as Seconds)
    expect(mayAct(voter('ann'), T0)).toBe(true)
    expect(mayAct(voter('ann', { status: 'suspended' }), T0)).toBe(false)
    expect(mayAct(voter('ann', { brake: { until } }), T0)).toBe(false)
    expect(mayAct(voter('ann', { brake: { until } }), until)).toBe(true)
  })

  it('have the brake that they agreed on, and who decides alone one that nobody said', () => {
    const brake = { ttl: 60 as Seconds, perWeek: 3 }
    expect(brakeOf({ brake, solo: false })).toEqual(brake)
    expect(brakeOf({ brake, solo: true })).toEqual(brake)
    expect(brakeOf({ solo: false })).toBeUndefined()
    expect(brakeOf({ solo: true })).toEqual({ ttl: 86_400, perWeek: 100 })
  })
})
