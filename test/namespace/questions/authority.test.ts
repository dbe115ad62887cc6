import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Alias } from '../../../src/core/alias.js'
import { type Group, passes } from '../../../src/namespace/group.js'
import { classesOf } from '../../../src/namespace/questions/authority.js'
import { minimalCoalitions } from '../../../src/namespace/questions/coalitions.js'
import { bodySchemas } from '../../../src/namespace/schema.js'
import { TestVoter } from '../../support/voters.js'
import { givenGroup, threeVoters } from '../given-group.js'
import { codeOf, givenIndex, valueOf } from '../given-index.js'
import { asked } from './asked.js'

const root = '' as Alias

describe('who may change something', () => {
  it('is the one voter of a solo index', async () => {
    const index = await givenIndex()
    const found = valueOf(await asked(index).authority('any/name' as Alias))
    expect(found).toMatchObject({ scope: '', group: { solo: true }, guards: [] })
    expect(found.classes.map(({ coalitions }) => coalitions)).toEqual(Array(5).fill([['local']]))
  })

  it('is the group of the nearest scope, with what guards above want', async () => {
    const group = await givenGroup({}, { op: 'scope.create', alias: 'pay' })
    const questions = asked(group)
    const plain = valueOf(await questions.authority('pay/api' as Alias, 'rule.attach'))
    expect(plain.classes).toMatchObject([
      {
        class: 'sensitive',
        threshold: 151,
        controllers: 2,
        seconded: true,
        coalitions: [
          ['ann', 'bob'],
          ['ann', 'cyd'],
          ['bob', 'cyd'],
        ],
        complete: true,
      },
    ])
    const guard = { id: 'all', effect: 'minControllers', least: { sensitive: 3 } } as const
    // Narrowing: one is enough.
    await group.votes(group.ann, await group.proposed({ op: 'guard.set', alias: 'pay', guard }))
    const guarded = valueOf(await questions.authority('pay/api' as Alias, 'rule.attach'))
    expect(guarded.guards).toMatchObject([{ scope: 'pay', guard: { id: 'all' } }])
    expect(guarded.classes[0]).toMatchObject({
      controllers: 3,
      coalitions: [['ann', 'bob', 'cyd']],
    })
  })

  it('knows every operation', () => {
    expect(Object.keys(classesOf).sort()).toEqual(Object.keys(bodySchemas).sort())
  })

  it('is never a set that could do with one less, and never one that is not enough', () => {
    const someGroup = fc.array(
      fc.record({
        weight: fc.integer({ min: 1, max: 5 }),
        controller: fc.constantFrom('p', 'q', 'r'),
        status: fc.constantFrom('active' as const, 'active' as const, 'suspended' as const),
      }),
      { minLength: 1, maxLength: 7 },
    )
    fc.assert(
      fc.property(
        someGroup,
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 1, max: 3 }),
        (...g) => {
          const [voters, threshold, people] = g
          const group = {
            voters: voters.map((voter, n) => ({ ...voter, id: `v${n}`, keys: [] })),
            threshold: { routine: threshold },
            minControllers: { routine: people },
          } as unknown as Group
          const { coalitions, complete } = minimalCoalitions(group, 'routine')
          const carries = (ids: readonly string[]) => passes(group, new Set(ids), 'routine')
          const ids = group.voters.map(({ id }) => id)
          const sets = Array.from({ length: 2 ** ids.length }, (_, bits) =>
            ids.filter((_id, n) => (bits >> n) & 1),
          )
          const active = (set: readonly string[]) =>
            set.every((id) => group.voters.find((one) => one.id === id)?.status === 'active')
          const minimal = sets.filter(
            (set) =>
              active(set) &&
              carries(set) &&
              set.every((id) => !carries(set.filter((o) => o !== id))),
          )
          const spelled = (all: readonly (readonly string[])[]) =>
            all.map((set) => [...set].sort().join()).sort()
          if (complete) expect(spelled(coalitions)).toEqual(spelled(minimal))
          else expect(spelled(minimal)).toEqual(expect.arrayContaining(spelled(coalitions)))
        },
      ),
    )
  })

  it('is reckoned within bounds where there are billions of sets', () => {
    const voters = Array.from({ length: 32 }, (_, n) => ({
      ...{ id: `v${n}`, controller: `p${n}`, keys: [], weight: 1, status: 'active' },
    }))
    const group = {
      voters,
      threshold: { routine: 17 },
      minControllers: { routine: 17 },
    } as unknown as Group
    const found = minimalCoalitions(group, 'routine')
    expect(found.complete).toBe(false)
    expect(found.coalitions).toHaveLength(20)
  })

  it('is reckoned within bounds where hardly any of very many sets is one', () => {
    const of = (id: string, controller: string) => ({
      ...{ id, controller, keys: [], weight: 1, status: 'active' },
    })
    const group = {
      voters: [...Array.from({ length: 30 }, (_, n) => of(`a${n}`, 'p')), of('z', 'q')],
      threshold: { routine: 15 },
      minControllers: { routine: 2 },
    } as unknown as Group
    const found = minimalCoalitions(group, 'routine')
    expect(found.complete).toBe(false)
    expect(found.coalitions.length).toBeLessThan(20)
  })

  it('is all of them where there are just as many as are listed', () => {
    const of = (count: number) =>
      ({
        voters: Array.from({ length: count }, (_, n) => ({
          ...{ id: `v${String(n).padStart(2, '0')}`, controller: 'p', keys: [], weight: 1 },
          status: 'active',
        })),
        threshold: { routine: 1 },
        minControllers: { routine: 1 },
      }) as unknown as Group
    const [all, more] = [20, 21].map((count) => minimalCoalitions(of(count), 'routine'))
    expect([all?.complete, all?.coalitions.length]).toEqual([true, 20])
    expect([more?.complete, more?.coalitions.length]).toEqual([false, 20])
    expect(all?.coalitions.slice(0, 2)).toEqual([['v00'], ['v01']])
  })
})

describe('what a scope can do without', () => {
  it('is told for each class, as if some were gone', async () => {
    const group = await givenGroup()
    const questions = asked(group)
    const whole = valueOf(await questions.resilience(root, []))
    expect(whole).toMatchObject({ scope: '', solo: false, recovery: null })
    expect(whole.classes[2]).toEqual({
      class: 'sensitive',
      possible: true,
      needs: [],
      survives: 1,
      until: null,
    })
    const less = valueOf(await questions.resilience(root, ['ann']))
    expect(less.voters).toEqual(['bob', 'cyd'])
    expect(less.classes[2]).toMatchObject({ needs: ['bob', 'cyd'], survives: 0 })
    const gone = valueOf(await questions.resilience(root, ['ann', 'bob']))
    expect(gone.classes.map(({ possible }) => possible)).toEqual([true, false, false, false, true])
    expect(gone.classes[2]).toMatchObject({ needs: [], survives: -1 })
    expect(codeOf(await questions.resilience(root, ['mallory']))).toBe('namespace.unknown')
    expect(codeOf(await questions.resilience('nowhere' as Alias, []))).toBe('namespace.unknown')
  })

  it('knows who above could step in, and whether they are able to', async () => {
    const group = await givenGroup({}, { op: 'scope.create', alias: 'pay' })
    const own = [new TestVoter('dan'), new TestVoter('eve'), new TestVoter('fay')] as const
    const terms = threeVoters(group, own, { proposers: [] })
    const proposal = await group.proposed({ op: 'group.set', alias: 'pay', group: terms })
    await group.votes(group.ann, proposal)
    await group.votes(group.bob, proposal)
    await group.votes(own[0], proposal)
    await group.votes(own[1], proposal)
    const questions = asked(group)
    const found = valueOf(await questions.resilience('pay' as Alias, ['dan', 'eve', 'fay']))
    expect(found).toMatchObject({ scope: 'pay', voters: [], recovery: { scope: '', able: true } })
    expect(found.classes.some(({ possible }) => possible)).toBe(false)
  })
})
