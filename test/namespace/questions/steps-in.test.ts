import { describe, expect, it } from '@jest/globals'
import { type Alias, ROOT } from '../../../src/core/alias.js'
import { days, plus, unixSeconds } from '../../../src/core/time.js'
import { changeClasses, type Group } from '../../../src/namespace/group.js'
import { minimalCoalitions } from '../../../src/namespace/questions/coalitions.js'
import { resilienceOf } from '../../../src/namespace/questions/resilience.js'
import { missingFrom } from '../../../src/namespace/questions/waiting.js'
import type { IndexState } from '../../../src/namespace/state.js'
import { groupOf, TestVoter } from '../../support/voters.js'
import { givenGroup, groupBelow } from '../given-group.js'
import { givenIndex, valueOf } from '../given-index.js'
import { asked } from './asked.js'

const each = (value: number) =>
  Object.fromEntries(changeClasses.map((name) => [name, value])) as Group['threshold']

describe('what a scope can do without its voters', () => {
  it('is what the guards above and of it leave', async () => {
    const group = await givenGroup({}, { op: 'scope.create', alias: 'pay' })
    const guard = { id: 'three', effect: 'minControllers', least: { sensitive: 3 } } as const
    await group.votes(group.ann, await group.proposed({ op: 'guard.set', alias: 'pay', guard }))
    const sensitive = async (scope: string) =>
      valueOf(await asked(group).resilience(scope as Alias, [])).classes[2]
    expect(await sensitive('pay')).toMatchObject({ needs: ['ann', 'bob', 'cyd'], survives: 0 })
    expect(await sensitive('')).toMatchObject({ needs: [], survives: 1 })
  })

  it('is what those above can step in with, by the guards above the scope', async () => {
    const group = await givenGroup({}, { op: 'scope.create', alias: 'pay' })
    const own = ['dan', 'eve', 'fay'].map((id) => new TestVoter(id))
    await groupBelow(group, 'pay', own)
    const able = async (...without: readonly string[]) => {
      const found = valueOf(await asked(group).resilience('pay' as Alias, without))
      return found.recovery?.able
    }
    expect(await able('dan')).toBe(true)
    const { state } = group.index
    const guard = { id: 'all', effect: 'minThreshold', least: { structural: 301 } } as const
    await group.votes(group.ann, await group.proposed({ op: 'guard.set', alias: '', guard }))
    expect(state.root.guards).toHaveLength(1)
    expect(await able('dan')).toBe(false)
  })

  it('is told of the nearest above who have voters of their own', async () => {
    const group = await givenGroup(
      {},
      { op: 'scope.create', alias: 'pay' },
      { op: 'scope.create', alias: 'pay/eu' },
    )
    const people = (...ids: readonly string[]) => ids.map((id) => new TestVoter(id))
    await groupBelow(group, 'pay/eu', people('dan', 'eve', 'fay'))
    await groupBelow(group, 'pay', people('gus', 'hal', 'ivy'))
    const recovery = async (scope: string) =>
      valueOf(await asked(group).resilience(scope as Alias, [])).recovery
    expect(await recovery('pay/eu')).toEqual({ scope: 'pay', able: true })
    expect(await recovery('pay')).toEqual({ scope: '', able: true })
    expect(await recovery('')).toBeNull()
  })

  it('says whose keys end first, and of those that end together the first by name', async () => {
    const { index } = await givenIndex()
    const key = new TestVoter('ann').key(index.state.index, unixSeconds(1))
    const of = (id: string, until?: number) => ({
      ...{ id, controller: id, weight: 1, status: 'active' },
      keys: [{ ...key, ...(until !== undefined && { until: unixSeconds(until) }) }],
    })
    const group = {
      ...{ rev: 1, solo: false, threshold: each(1), minControllers: each(1) },
      voters: [of('d', 50), of('c', 90), of('b', 90), of('e', 90), of('a')],
    } as unknown as Group
    const root = { ...index.state.root, group }
    const state = Object.create(index.state, {
      root: { value: root },
      scopes: { value: { get: () => root } },
    }) as IndexState
    const { keysEnd, voters } = valueOf(resilienceOf(state, ROOT, [], unixSeconds(9)))
    expect(keysEnd.map(({ voter, at }) => `${voter} ${at}`)).toEqual([
      'd 50',
      'b 90',
      'c 90',
      'e 90',
    ])
    expect(voters).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('tells where to look for the voters that there are', async () => {
    const group = await givenGroup({}, { op: 'scope.create', alias: 'pay' })
    const next = async (scope: string) => {
      const found = await asked(group).resilience(scope as Alias, ['nobody'])
      return found.ok ? undefined : found.refusal.next
    }
    expect([await next(''), await next('pay')]).toEqual([
      'capstan group show /',
      'capstan group show pay',
    ])
  })
})

describe('a recovery set', () => {
  it('is told with its holders, and until when enough of them can sign', async () => {
    const group = await givenGroup()
    const { state } = group.index
    const [first, second] = [plus(group.now(), days(9)), plus(group.now(), days(18))]
    const holders = ['r1', 'r2', 'r3'].map((id) => {
      const holder = new TestVoter(id).holder(state.index, state.at)
      const until = id === 'r1' ? first : second
      return id === 'r3'
        ? holder
        : { ...holder, keys: holder.keys.map((key) => ({ ...key, until })) }
    })
    const own = [group.ann, group.bob, group.cyd].map((one) => one.voter(state.index, state.at))
    const recovery = { holders, threshold: 2, delay: 259_200 } as never
    const { proposers = [] } = state.root.group ?? {}
    await group.agreed({ op: 'group.set', alias: '', group: groupOf(own, { proposers, recovery }) })
    const set = async () => valueOf(await asked(group).resilience(ROOT, [])).recoverySet
    const said = { holders: ['r1', 'r2', 'r3'], threshold: 2, delay: 259_200 }
    expect(await set()).toEqual({ ...said, able: true, until: second })
    // Just as many as it takes.
    group.clock.set(first)
    expect(await set()).toEqual({ ...said, able: true, until: second })
    group.clock.set(second)
    expect(await set()).toEqual({ ...said, able: false, until: null })
  })
})

describe('what a side of a proposal is missing', () => {
  it.each([
    ['nothing once it passed', 3, 2, 'passed', { weight: 0, people: 0, other: false }],
    ['somebody else', 3, 2, 'open', { weight: 0, people: 0, other: true }],
    ['weight', 1, 2, 'open', { weight: 2, people: 0, other: false }],
    ['people', 9, 1, 'open', { weight: 0, people: 1, other: false }],
    ['both', 0, 0, 'open', { weight: 3, people: 2, other: false }],
  ] as const)('is %s', (_what, yes, controllers, outcome, missing) => {
    const needs = { threshold: 3, controllers: 2 }
    expect(missingFrom({ yes, controllers, needs, outcome } as never)).toEqual(missing)
  })
})

describe('sets of voters that are enough', () => {
  it('have the heaviest first, and of equal ones the first by name', () => {
    const of = (id: string, weight: number) => ({ id, controller: id, keys: [], weight })
    const voters = [of('b', 1), of('c', 2), of('a', 1)].map((one) => ({ ...one, status: 'active' }))
    const group = { voters, threshold: each(2), minControllers: each(1) } as unknown as Group
    expect(minimalCoalitions(group, 'routine')).toEqual({
      coalitions: [['c'], ['a', 'b']],
      complete: true,
    })
  })
})
