import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../../src/core/alias.js'
import { changeClasses } from '../../../src/namespace/group.js'
import { authorityOver, shownAuthority } from '../../../src/namespace/questions/authority.js'
import { TestVoter } from '../../support/voters.js'
import { type GivenGroup, givenGroup, groupBelow } from '../given-group.js'
import { alias, givenIndex, owner, valueOf } from '../given-index.js'

const least = { sensitive: 3 }

/** Guards on the root and on `pay`, and voters of its own for `pay/eu`. */
async function given(): Promise<GivenGroup> {
  const group = await givenGroup(
    { timelock: { structural: 3600 } } as never,
    { op: 'scope.create', alias: 'pay' },
    { op: 'scope.create', alias: 'pay/eu' },
    { op: 'entry.create', alias: 'pay/api', owner },
    { op: 'entry.rename', alias: 'pay/api', to: 'pay/v1' },
  )
  const guards = [
    ['', { id: 'routes', effect: 'requireRoutes' }],
    ['pay', { id: 'three', effect: 'minControllers', least }],
    ['pay', { id: 'more', effect: 'minThreshold', least: { sensitive: 250 } }],
  ] as const
  for (const [scope, guard] of guards) {
    await group.votes(group.ann, await group.proposed({ op: 'guard.set', alias: scope, guard }))
  }
  return group
}

const over = ({ index }: GivenGroup, name: string, op?: Parameters<typeof authorityOver>[2]) =>
  valueOf(authorityOver(index.state, alias(name), op))

describe('who decides about a name', () => {
  it('is the group above it, by what every guard above wants, from the root down', async () => {
    const group = await given()
    const found = over(group, 'pay/new/one', 'entry.create')
    expect(found).toMatchObject({ scope: '', group: { rev: 2 } })
    expect(found.guards.map(({ scope, guard }) => [scope, guard.id])).toEqual([
      ['', 'routes'],
      ['pay', 'more'],
      ['pay', 'three'],
    ])
    expect(found.classes).toEqual([
      {
        ...{ class: 'sensitive', threshold: 250, controllers: 3, timelock: 0, seconded: true },
        ...{ coalitions: [['ann', 'bob', 'cyd']], complete: true },
      },
    ])
    // Beside it no guard wants anything.
    expect(over(group, 'web', 'entry.create').classes).toMatchObject([
      { threshold: 151, controllers: 2 },
    ])
    expect(over(group, 'web').guards).toHaveLength(1)
  })

  it('of the root stands under no guard, not even its own', async () => {
    const group = await given()
    expect(over(group, '')).toMatchObject({ scope: '', guards: [] })
  })

  it('is of every class where no operation is named, with the time that it takes', async () => {
    const { classes } = over(await given(), 'web')
    expect(classes.map((one) => one.class)).toEqual(changeClasses)
    expect(Object.fromEntries(classes.map((one) => [one.class, one.timelock]))).toEqual({
      ...{ narrowing: 0, routine: 0, sensitive: 0, structural: 3600, emergency: 0 },
    })
    // Whoever proposed it is not enough for these.
    const seconded = classes.filter((one) => one.seconded).map((one) => one.class)
    expect(seconded).toEqual(['sensitive', 'structural'])
    const solo = await givenIndex()
    const alone = valueOf(authorityOver(solo.index.state, ROOT)).classes
    expect(alone.some((one) => one.seconded)).toBe(false)
  })

  it('of a former name is who decides about the entry that it leads to', async () => {
    const group = await given()
    expect(over(group, 'pay/api')).toEqual(over(group, 'pay/v1'))
  })

  it('of a scope with voters is those for what is in it, and those above for the scope', async () => {
    const group = await given()
    const own = ['dan', 'eve', 'fay'].map((id) => new TestVoter(id))
    const { ann, bob, cyd } = group
    const made = groupBelow(group, 'pay/eu', own, [ann, bob, cyd])
    await expect(made).rejects.toThrow('scheduled')
    group.clock.advance(3600 as never)
    await group.index.settle()
    expect(over(group, 'pay/eu/api')).toMatchObject({ scope: 'pay/eu', group: { rev: 1 } })
    expect(over(group, 'pay/api')).toMatchObject({ scope: '' })
  })

  it('is shown without keys', async () => {
    const group = await given()
    const shown = shownAuthority(alias('pay/v1'), over(group, 'pay/v1', 'rule.attach'))
    expect(shown).toMatchObject({ alias: 'pay/v1', scope: '', group: 2, solo: false })
    expect(shown.voters).toEqual(
      ['ann', 'bob', 'cyd'].map((id) => ({
        ...{ id, controller: `${id}@acme`, weight: 100, status: 'active' },
      })),
    )
    expect(shown.proposers).toEqual(['local'])
    expect([shown.classes.length, shown.guards.length]).toEqual([1, 3])
    expect(JSON.stringify(shown)).not.toContain('jwk')
    const { index } = await givenIndex()
    const solo = shownAuthority(ROOT, valueOf(authorityOver(index.state, ROOT)))
    expect(solo).toMatchObject({ solo: true, proposers: [], voters: [{ id: 'local' }] })
  })
})
