import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ROOT } from '../../../src/core/alias.js'
import {
  days,
  plus,
  seconds,
  toIso,
  type UnixSeconds,
  unixSeconds,
} from '../../../src/core/time.js'
import { changeClasses, type Group } from '../../../src/namespace/group.js'
import { type Resilience, resilienceOf } from '../../../src/namespace/questions/resilience.js'
import type { IndexState } from '../../../src/namespace/state.js'
import { groupOf, TestVoter } from '../../support/voters.js'
import { givenGroup } from '../given-group.js'
import { givenIndex, valueOf } from '../given-index.js'
import { asked } from './asked.js'
import { givenEnds } from './given-ends.js'

describe('whether a scope can still decide when keys end', () => {
  it('says who loses their vote when, and which classes go with it', async () => {
    const given = await givenEnds()
    const found = async () => valueOf(await asked(given).resilience(ROOT, []))
    const ends = plus(given.from, days(20))
    // Ann has a key that goes on.
    expect(await found()).toMatchObject({
      voters: ['ann', 'bob', 'cyd'],
      keysEnd: [{ voter: 'bob', at: ends }],
    })
    expect((await found()).classes.map(({ until }) => until)).toEqual(changeClasses.map(() => null))
    const less = valueOf(await asked(given).resilience(ROOT, ['cyd']))
    expect(less.classes[2]).toMatchObject({ possible: true, until: ends })
    given.clock.set(ends)
    expect(await found()).toMatchObject({ voters: ['ann', 'cyd'], keysEnd: [] })
    const gone = valueOf(await asked(given).resilience(ROOT, ['cyd']))
    expect(gone.classes[2]).toMatchObject({ possible: false, survives: -1, until: null })
  })

  it('says the same of the holders of a recovery set', async () => {
    const group = await givenGroup()
    const { state } = group.index
    const until = plus(group.now(), days(9))
    const holders = ['r1', 'r2', 'r3'].map((id) => {
      const holder = new TestVoter(id).holder(state.index, state.at)
      if (id === 'r3') return holder
      const end = id === 'r1' ? until : plus(until, days(9))
      return { ...holder, keys: holder.keys.map((key) => ({ ...key, until: end })) }
    })
    const own = [group.ann, group.bob, group.cyd].map((one) => one.voter(state.index, state.at))
    const recovery = { holders, threshold: 2, delay: 259_200 } as never
    const { proposers = [] } = state.root.group ?? {}
    await group.agreed({ op: 'group.set', alias: '', group: groupOf(own, { proposers, recovery }) })
    const set = async () => valueOf(await asked(group).resilience(ROOT, [])).recoverySet
    expect(await set()).toMatchObject({ able: true, until: plus(until, days(9)) })
    group.clock.set(plus(until, days(9)))
    expect(await set()).toMatchObject({ able: false, until: null })
  })

  it('is so until the second that it says, and not from then on', async () => {
    const { index } = await givenIndex()
    const key = new TestVoter('ann').key(index.state.index, unixSeconds(1))
    const voter = fc.record({
      weight: fc.integer({ min: 1, max: 100 }),
      until: fc.option(fc.integer({ min: 5, max: 50 }), { nil: undefined }),
    })
    const group = fc.record({
      voters: fc.array(voter, { minLength: 1, maxLength: 5 }),
      threshold: fc.integer({ min: 1, max: 300 }),
      people: fc.integer({ min: 1, max: 3 }),
      now: fc.integer({ min: 2, max: 60 }).map(unixSeconds),
    })
    const each = (value: number) =>
      Object.fromEntries(changeClasses.map((name) => [name, value])) as Group['threshold']
    fc.assert(
      fc.property(group, ({ voters, threshold, people, now }) => {
        const own: Group = {
          ...{ rev: 1, solo: false, threshold: each(threshold), minControllers: each(people) },
          voters: voters.map(({ weight, until }, n) => ({
            ...{ id: `v${n}`, controller: `c${n}`, weight, status: 'active' },
            keys: [{ ...key, ...(until !== undefined && { until: unixSeconds(until) }) }],
          })),
        }
        const root = { ...index.state.root, group: own }
        const state = Object.create(index.state, {
          root: { value: root },
          scopes: { value: { get: () => root } },
        }) as IndexState
        const at = (second: UnixSeconds): Resilience =>
          valueOf(resilienceOf(state, ROOT, [], second))
        const { classes, voters: left } = at(now)
        const { possible, until } = classes[0]!
        expect(left.length).toBe(
          own.voters.filter(({ keys }) => (keys[0]?.until ?? Infinity) > now).length,
        )
        if (until === null) {
          expect(at(unixSeconds(1000)).classes[0]?.possible).toBe(possible)
          return
        }
        expect(possible && until > now).toBe(true)
        expect(at(until).classes[0]?.possible).toBe(false)
        expect(at(plus(until, seconds(-1))).classes[0]?.possible).toBe(true)
        expect(toIso(until)).toMatch(/Z$/)
      }),
    )
  })
})
