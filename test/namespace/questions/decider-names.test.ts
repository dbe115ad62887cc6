import { describe, expect, it } from '@jest/globals'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { authorityOver, classesOf } from '../../../src/namespace/questions/authority.js'
import { TestVoter } from '../../support/voters.js'
import { brakeBy, type Target } from '../given-brake.js'
import { givenEmergency, invocationBy } from '../given-emergency.js'
import { type GivenGroup, givenGroup, groupBelow } from '../given-group.js'
import { alias, owner, valueOf } from '../given-index.js'
import { asked } from './asked.js'

const over = ({ index }: GivenGroup, name: string, op?: Parameters<typeof authorityOver>[2]) =>
  valueOf(authorityOver(index.state, alias(name), op))

describe('who decides', () => {
  it('about the voters of a scope are they themselves; about the scope those above', async () => {
    const group = await givenGroup({}, { op: 'scope.create', alias: 'pay' })
    await groupBelow(
      group,
      'pay',
      ['dan', 'eve', 'fay'].map((id) => new TestVoter(id)),
    )
    expect(over(group, 'pay', 'group.set').scope).toBe('pay')
    expect(over(group, 'pay', 'scope.suspend').scope).toBe('')
    expect(over(group, 'pay').scope).toBe('')
    expect(over(group, 'pay/api').scope).toBe('pay')
    expect(over(group, '', 'group.set').scope).toBe('')
  })

  it('about a name that an entry had are those above where it is now', async () => {
    const group = await givenGroup(
      {},
      { op: 'scope.create', alias: 'pay' },
      { op: 'entry.create', alias: 'web/x', owner },
      { op: 'entry.rename', alias: 'web/x', to: 'pay/x' },
    )
    const guard = { id: 'three', effect: 'minControllers', least: { sensitive: 3 } } as const
    await group.votes(group.ann, await group.proposed({ op: 'guard.set', alias: 'pay', guard }))
    const found = over(group, 'web/x', 'entry.update')
    expect(found).toEqual(over(group, 'pay/x', 'entry.update'))
    expect(found.guards).toMatchObject([{ scope: 'pay', guard: { id: 'three' } }])
    expect(over(group, 'web/y').guards).toEqual([])
  })
})

describe('the classes that are told of what takes several voters', () => {
  it('are those that its changes have, and no others', async () => {
    const rule = { id: 'r', callers: ['shop/web'], ports: [80] }
    const given = await givenEmergency({}, undefined, {
      ...{ op: 'rule.attach', alias: 'shop/api', rule },
    })
    const allow = { alias: 'shop/api', act: 'allow' } as const
    const use = valueOf(await given.index.invokeEmergency(invocationBy(given, [given.h1], allow)))
    const brake = async (by: readonly TestVoter[], target: Target): Promise<void> => {
      const on = brakeBy(given.index.state, by, target, { at: given.now() })
      valueOf(await given.index.submitBrake(on))
    }
    await brake([given.ann], { alias: 'shop/web' })
    await brake([given.ann], { alias: 'shop/api', rule: 'r' })
    await brake([given.ann], { alias: 'shop' })
    await brake([given.ann, given.bob], { alias: '', voter: 'cyd' })
    const requests: readonly ChangeRequest[] = [
      { op: 'brake.lift', alias: 'shop/web' },
      { op: 'brake.lift', alias: 'shop/api', rule: 'r' },
      { op: 'brake.lift', alias: 'shop' },
      { op: 'voter.reinstate', alias: '', voter: 'cyd' },
      { op: 'emergency.ratify', alias: '', use: use.seq },
    ]
    for (const request of requests) await given.agreed(request)
    const { changes } = valueOf(await asked(given).changes({ prefix: alias(''), limit: 99 }))
    const ops = ['group.set', ...new Set(requests.map(({ op }) => op))] as const
    const seen = ops.map((op) => {
      const of = changes.flatMap(({ item }) => (item.op === op ? [item.class] : []))
      return [op, [...new Set(of)].sort()]
    })
    expect(seen).toEqual(ops.map((op) => [op, [...classesOf[op as 'group.set']].sort()]))
  })
})

describe('the history of what is not decided by a vote', () => {
  it('has a brake on a rule with its id, and nothing that was not said', async () => {
    const rule = { id: 'r', callers: ['shop/web'], ports: [80] }
    const given = await givenEmergency({}, undefined, {
      ...{ op: 'rule.attach', alias: 'shop/api', rule },
    })
    const allow = { alias: 'shop/api', act: 'allow', grant: 'pair' } as const
    const use = invocationBy(given, [given.h1, given.h2], allow)
    valueOf(await given.index.invokeEmergency(use))
    const target = { alias: 'shop/api', rule: 'r' }
    const on = brakeBy(given.index.state, [given.ann], target, { at: given.now() })
    valueOf(await given.index.submitBrake(on))
    const history = valueOf(await given.index.history(alias('shop/api')))
    const [created, , used, braked] = history
    expect(braked?.summary).toEqual(['rule: r', expect.stringMatching(/^until: /)])
    expect(used).toMatchObject({ by: 'h1', votes: ['approve: h1, h2'], at: given.now() })
    for (const item of [created, braked, used]) expect(item).not.toHaveProperty('ticket')
    expect(created).not.toHaveProperty('reason')
  })
})
