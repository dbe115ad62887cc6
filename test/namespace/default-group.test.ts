import { describe, expect, it } from '@jest/globals'
import { days, hours, type Seconds } from '../../src/core/time.js'
import { completed } from '../../src/namespace/default-group.js'
import type { Group, Voter } from '../../src/namespace/group.js'
import type { GroupRequest } from '../../src/namespace/operation.js'
import { T0 } from '../support/fake-clock.js'
import { TestVoter } from '../support/voters.js'
import { onCall } from './given-emergency.js'

const INDEX = 'a'.repeat(64)
const people = ['ann', 'bob', 'cyd', 'dan'].map((id) => new TestVoter(id))
const voters = (...weights: readonly number[]): readonly Voter[] =>
  weights.map((weight, at) => people[at]!.voter(INDEX, T0, weight))
const made = (asked: GroupRequest, before: Group | null = null) => completed(asked, before)
const usual = made({ voters: voters(100, 100, 100) })
const asBefore = (more: Partial<Group> = {}): Group => ({ ...usual, rev: 1, ...more })

describe('a group of which people say its voters alone', () => {
  it('decides by more than half, and by two thirds about itself', () => {
    expect(usual).toEqual({
      voters: voters(100, 100, 100).map((voter, at) => ({
        ...voter,
        keys: usual.voters[at]!.keys,
      })),
      threshold: { narrowing: 100, routine: 151, sensitive: 151, structural: 200, emergency: 100 },
      minControllers: { narrowing: 1, routine: 1, sensitive: 2, structural: 2, emergency: 1 },
      brake: { ttl: days(1), perWeek: 10 },
      solo: false,
    })
  })

  it.each<[weights: readonly number[], threshold: readonly number[]]>([
    // narrowing, routine, sensitive, structural, emergency
    [
      [1, 1, 1],
      [1, 2, 2, 2, 1],
    ],
    [
      [1, 1, 1, 1],
      [1, 3, 3, 3, 1],
    ],
    [
      [100, 100, 100, 100],
      [100, 201, 201, 267, 100],
    ],
    [
      [3, 2, 2],
      [2, 4, 4, 5, 2],
    ],
    [[1], [1, 1, 1, 1, 1]],
    [
      [1, 1],
      [1, 2, 2, 2, 1],
    ],
  ])('of weights %j needs %j', (weights, expected) => {
    expect(Object.values(made({ voters: voters(...weights) }).threshold)).toEqual(expected)
  })

  it('counts those who are active, and lets the lightest of them narrow', () => {
    const [ann, bob, cyd, dan] = voters(10, 20, 20, 20)
    const terms = made({ voters: [{ ...ann!, status: 'suspended' }, bob!, cyd!, dan!] })
    expect(terms.threshold).toEqual({
      ...{ narrowing: 20, routine: 31, sensitive: 31, structural: 40, emergency: 20 },
    })
  })

  it('is solo where one person reaches half alone, and has no brake of its own', () => {
    const alone = made({ voters: voters(3, 1, 1) })
    expect(alone.solo).toBe(true)
    expect('brake' in alone).toBe(false)
    expect(alone.acceptsSinglePointOfLoss).toBeUndefined()
    expect(made({ voters: voters(2, 1, 1) })).toMatchObject({ solo: false })
    const [ann, bob, cyd] = voters(1, 1, 1)
    const same = made({ voters: [ann!, { ...bob!, controller: ann!.controller }, cyd!] })
    expect(same.solo).toBe(true)
    expect(same.minControllers).toMatchObject({ sensitive: 2, structural: 2 })
    expect(made({ voters: voters(1) }).minControllers).toMatchObject({
      ...{ sensitive: 1, structural: 1 },
    })
  })

  it('says so where it bears the loss of nobody', () => {
    expect(made({ voters: voters(1, 1) }).acceptsSinglePointOfLoss).toBe(true)
    // Without the heaviest the others reach half of all exactly, which is not more than half.
    expect(made({ voters: voters(2, 1, 1) }).acceptsSinglePointOfLoss).toBe(true)
    expect('acceptsSinglePointOfLoss' in made({ voters: voters(1, 1, 1) })).toBe(false)
  })

  it('keeps what is said, whatever it would be', () => {
    const threshold = { narrowing: 2, routine: 2, sensitive: 2, structural: 2, emergency: 2 }
    const brake = { ttl: hours(1), perWeek: 1 }
    const asked = { voters: voters(1, 1, 1), threshold, brake, solo: true }
    expect(made(asked)).toMatchObject({ threshold, brake, solo: true })
  })

  it('has the usual brake where it takes no more than what is routine', () => {
    const each = { narrowing: 2, routine: 2, sensitive: 2, structural: 2, emergency: 2 }
    const of = (emergency: number) =>
      made({ voters: voters(1, 1, 1), threshold: { ...each, emergency } }).brake
    expect(of(2)).toEqual({ ttl: days(1), perWeek: 10 })
    expect(of(3)).toBeUndefined()
    expect(made({ voters: voters(1, 1, 1), solo: true }).brake).toBeUndefined()
    expect(made({ voters: voters(3, 1), solo: false }).brake).toBeDefined()
  })
})

describe('a group that takes the place of another', () => {
  const holders = [people[3]!.holder(INDEX, T0)]
  const recovery = { holders, threshold: 1, delay: hours(100) }
  const emergency = { grants: [onCall] }
  const asked = { voters: voters(1, 1, 1) }

  it('keeps the recovery set and the grants, until somebody says otherwise', () => {
    const before = asBefore({ recovery, emergency })
    expect(made(asked, before)).toMatchObject({ recovery, emergency })
    const without = made({ ...asked, recovery: null, emergency: null }, before)
    expect(['recovery' in without, 'emergency' in without]).toEqual([false, false])
    const none = made(asked, asBefore())
    expect(['recovery' in none, 'emergency' in none]).toEqual([false, false])
    const other = { grants: [{ ...onCall, uses: 1 }] }
    expect(made({ ...asked, emergency: other }, before).emergency).toEqual(other)
  })

  it('has the usual delay where a recovery set names none', () => {
    const { delay: _delay, ...bare } = recovery
    expect(made({ ...asked, recovery: bare }).recovery).toEqual({ ...bare, delay: hours(72) })
    const own = { ...bare, delay: 7 as Seconds }
    expect(made({ ...asked, recovery: own }).recovery).toEqual(own)
  })

  it('keeps those who propose', () => {
    const dan = people[3]!
    const { id, controller, keys } = dan.voter(INDEX, T0)
    const before = asBefore({ proposers: [{ id, controller, keys }] })
    expect(made(asked, before).proposers).toEqual([{ id, controller, keys }])
    expect('proposers' in made(asked, asBefore())).toBe(false)
    expect('proposers' in made(asked)).toBe(false)
    // Who votes now needs no second name.
    const voting = made({ voters: [...voters(1, 1, 1), dan.voter(INDEX, T0)] }, before)
    expect('proposers' in voting).toBe(false)
    // Nor is a proposer left who has one of several keys in use elsewhere.
    const second = new TestVoter('dan-2').key(INDEX, T0)
    const several = asBefore({ proposers: [{ id, controller, keys: [second, ...keys] }] })
    expect('proposers' in made({ voters: [dan.voter(INDEX, T0)] }, several)).toBe(false)
  })

  it('lets the one voter propose who decided alone before', () => {
    const founder = people[3]!.voter(INDEX, T0)
    const solo = asBefore({ solo: true, voters: [founder] })
    const { id, controller, keys } = founder
    expect(made(asked, solo).proposers).toEqual([{ id, controller, keys }])
    expect('proposers' in made(asked, { ...solo, solo: false })).toBe(false)
    expect('proposers' in made({ voters: [founder] }, solo)).toBe(false)
  })
})
