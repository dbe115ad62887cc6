import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Alias, ROOT } from '../../../src/core/alias.js'
import { hours } from '../../../src/core/time.js'
import { changeClasses, type Group, passes, type Voter } from '../../../src/namespace/group.js'
import { type Resilience, resilienceOf } from '../../../src/namespace/questions/resilience.js'
import type { IndexState } from '../../../src/namespace/state.js'
import { TestVoter } from '../../support/voters.js'
import { invocationBy, givenEmergency } from '../given-emergency.js'
import { givenGroup, groupBelow } from '../given-group.js'
import { codeOf, givenIndex, valueOf } from '../given-index.js'
import { asked } from './asked.js'

const each = (value: number) =>
  Object.fromEntries(changeClasses.map((name) => [name, value])) as Group['threshold']

describe('how many voters a scope may lose', () => {
  const voters = fc.array(
    fc.record({
      weight: fc.integer({ min: 1, max: 5 }),
      controller: fc.constantFrom('p', 'q', 'r'),
      status: fc.constantFrom<Voter['status']>('active', 'active', 'active', 'suspended'),
    }),
    { minLength: 1, maxLength: 6 },
  )

  it('is one less than the fewest that stop it; and whom it needs is who stops it alone', async () => {
    const { index } = await givenIndex()
    const key = new TestVoter('ann').key(index.state.index, index.state.at)
    const some = fc.tuple(voters, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 3 }))
    const check = ([all, threshold, people]: [readonly Partial<Voter>[], number, number]): void => {
      const group = {
        ...{ rev: 1, solo: false, threshold: each(threshold), minControllers: each(people) },
        voters: all.map((one, n) => ({ ...one, id: `v${n}`, keys: [key] })),
      } as unknown as Group
      const root = { ...index.state.root, group }
      const state = Object.create(index.state, {
        root: { value: root },
        scopes: { value: { get: () => root } },
      }) as IndexState
      const found = valueOf(resilienceOf(state, ROOT, [], index.state.at))
      const ids = group.voters.filter(({ status }) => status === 'active').map(({ id }) => id)
      expect([...found.voters].sort()).toEqual(ids)
      const weights = found.voters.map((id) => group.voters.find((one) => one.id === id)!.weight)
      expect(weights).toEqual([...weights].sort((a, b) => b - a))
      const carries = (lost: readonly string[]): boolean =>
        passes(group, new Set(ids.filter((id) => !lost.includes(id))), 'sensitive')
      const stopping = Array.from({ length: 2 ** ids.length }, (_, bits) =>
        ids.filter((_id, n) => (bits >> n) & 1),
      ).filter((lost) => !carries(lost))
      const { possible, survives, needs, until } = found.classes[2]!
      expect(possible).toBe(carries([]))
      expect(survives).toBe(Math.min(...stopping.map((lost) => lost.length)) - 1)
      expect([...needs].sort()).toEqual(possible ? ids.filter((id) => !carries([id])) : [])
      expect(until).toBeNull()
    }
    fc.assert(fc.property(some, check), { numRuns: 300 })
    const of = (weight: number, controller: string) => ({ weight, controller, status: 'active' })
    const equals = ['p', 'q', 'r'].map((name) => of(1, name)) as never
    const heavy = [of(3, 'p'), of(1, 'q'), of(1, 'r')] as never
    const twins = [of(1, 'p'), of(1, 'p'), of(1, 'q'), of(1, 'q'), of(1, 'r')] as never
    for (const [all, threshold, people] of [
      ...[1, 2, 3, 4].map((wanted) => [equals, wanted, 1] as const),
      ...[1, 2, 3, 4, 5, 6].map((wanted) => [heavy, wanted, 1] as const),
      ...[1, 2, 3].map((wanted) => [twins, 1, wanted] as const),
    ]) {
      check([all, threshold, people])
    }
  })
})

describe('who could step in', () => {
  const found = async (scope: Alias, without: readonly string[]): Promise<Resilience> => {
    const group = await givenGroup(
      {},
      { op: 'scope.create', alias: 'pay' },
      { op: 'scope.create', alias: 'pay/eu' },
      { op: 'scope.create', alias: 'web' },
    )
    const own = ['ann', 'eve', 'fay'].map((id) => new TestVoter(id))
    await groupBelow(group, 'pay', own)
    return valueOf(await asked(group).resilience(scope, without))
  }

  it('are the voters above, without those who are gone; of the root nobody', async () => {
    const [pay, eu, web] = ['pay', 'pay/eu', 'web'] as unknown as [Alias, Alias, Alias]
    expect(await found(pay, [])).toMatchObject({
      scope: 'pay',
      recovery: { scope: '', able: true },
    })
    // The same people may be in both: who is gone is gone from both.
    expect(await found(pay, ['ann'])).toMatchObject({ recovery: { scope: '', able: true } })
    expect(await found(eu, [])).toMatchObject({ scope: 'pay', recovery: { scope: '' } })
    expect(await found(web, [])).toMatchObject({ scope: '', recovery: null, recoverySet: null })
  })

  it('are not able to once too few of them have a key that signs', async () => {
    const group = await givenGroup({}, { op: 'scope.create', alias: 'pay' })
    await groupBelow(
      group,
      'pay',
      ['ann', 'bob', 'eve'].map((id) => new TestVoter(id)),
    )
    const able = async (...without: readonly string[]) =>
      valueOf(await asked(group).resilience('pay' as Alias, without)).recovery?.able
    expect([await able(), await able('ann'), await able('ann', 'bob')]).toEqual([true, true, false])
    const refused = await asked(group).resilience('pay' as Alias, ['x'.repeat(99)])
    expect(codeOf(refused)).toBe('namespace.unknown')
    expect(refused).toMatchObject({
      refusal: { wanted: 'ann, bob, eve', found: JSON.stringify('x'.repeat(63)) },
    })
  })

  it('are those of a grant, with when they last tried whether they can', async () => {
    const given = await givenEmergency()
    const grants = async () => valueOf(await asked(given).resilience(ROOT, [])).grants
    expect(await grants()).toEqual([
      { name: 'oncall', drilled: null },
      { name: 'pair', drilled: null },
    ])
    given.clock.advance(hours(1))
    const use = { alias: 'shop/api', act: 'allow' } as const
    const drill = invocationBy(given, [given.h1], use, { drill: true })
    valueOf(await given.index.invokeEmergency(drill))
    expect(await grants()).toEqual([
      { name: 'oncall', drilled: given.now() },
      { name: 'pair', drilled: null },
    ])
  })
})
