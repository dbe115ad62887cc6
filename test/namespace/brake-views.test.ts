import { describe, expect, it } from '@jest/globals'
import { days, hours, plus, seconds } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import type { BrakeStatement } from '../../src/namespace/statements.js'
import { TestVoter } from '../support/voters.js'
import { brakeBy, type Target } from './given-brake.js'
import { type GivenGroup, givenGroup, groupBelow } from './given-group.js'
import { owner, valueOf } from './given-index.js'
import { handSigned } from './given-proposal.js'
import { replaysTheSame } from './replays-the-same.js'

const attaches = (id: string): ChangeRequest => ({
  op: 'rule.attach',
  alias: 'shop/api',
  rule: { id, callers: ['shop/web'], ports: [8080] },
})

const world: readonly ChangeRequest[] = [
  { op: 'scope.create', alias: 'shop' },
  { op: 'entry.create', alias: 'shop/web', owner },
  { op: 'entry.create', alias: 'shop/api', owner, envelope: { mayAccept: [''] } as never },
  attaches('a'),
  attaches('b'),
]

const givenShop = (): Promise<GivenGroup> =>
  givenGroup({ brake: { ttl: days(1), perWeek: 20 } }, ...world)

const brakes = async (
  given: GivenGroup,
  by: readonly TestVoter[],
  target: Target,
  more: Partial<BrakeStatement> = {},
) => {
  const at = given.now()
  return valueOf(
    await given.index.submitBrake(brakeBy(given.index.state, by, target, { at, ...more })),
  )
}

const targets: readonly (readonly [string, Target, 'brake.lift' | 'voter.reinstate', string])[] = [
  ['an entry', { alias: 'shop/web' }, 'brake.lift', 'sensitive'],
  ['a rule', { alias: 'shop/api', rule: 'b' }, 'brake.lift', 'sensitive'],
  ['a scope', { alias: 'shop' }, 'brake.lift', 'structural'],
  ['a voter', { alias: '', voter: 'bob' }, 'voter.reinstate', 'sensitive'],
]

/** What a brake on it is about. */
function subjectOf(given: GivenGroup, { alias, rule }: Target) {
  if (alias === '') return given.index.state.root
  return rule !== undefined || alias === 'shop/web' ? given.entry(alias) : given.scope(alias)
}

describe('a brake is told of', () => {
  it.each(targets)('on %s, with who, when and why', async (_, target) => {
    const given = await givenShop()
    const { alias, rule, voter } = target
    const { uid } = subjectOf(given, target)
    const [seq, at] = [given.index.state.size, given.now()]
    const why = { reason: 'it talks to strangers', ticket: 'INC-9' }
    const view = {
      ...{ seq, at, until: plus(at, hours(2)), standing: 'in-effect' },
      subject: { alias, uid, kind: uid.startsWith('s') ? 'scope' : 'entry' },
      ...(rule !== undefined && { rule }),
      ...(voter !== undefined && { voter }),
      ...{ scope: '', by: ['ann', 'cyd'], ...why },
    }
    expect(await brakes(given, [given.ann, given.cyd], target, why)).toEqual(view)
    expect(await given.index.brakes()).toEqual([view])
    given.clock.set(plus(view.until, seconds(-1)))
    expect(await given.index.brakes()).toEqual([view])
    given.clock.set(view.until)
    expect(await given.index.brakes()).toEqual([{ ...view, standing: 'over' }])
    given.clock.set(plus(at, seconds(days(7) - 1)))
    expect(await given.index.brakes()).toHaveLength(1)
    given.clock.set(plus(at, days(7)))
    expect(await given.index.brakes()).toEqual([])
  })

  it('of every group, oldest first, and by the name that its subject has now', async () => {
    const given = await givenShop()
    const below = [new TestVoter('mal'), new TestVoter('dan'), new TestVoter('eve')] as const
    const first = await brakes(given, [given.ann], { alias: 'shop/api', rule: 'a' })
    await groupBelow(given, 'shop', below)
    const { rev: _rev, ...group } = given.scope('shop').group!
    const set = await given.proposed({
      ...{ op: 'group.set', alias: 'shop' },
      group: { ...group, brake: { ttl: days(1), perWeek: 3 } },
    })
    await given.votes(below[0], set)
    await given.votes(below[1], set)
    const second = await brakes(given, [below[0]], { alias: 'shop/web' })
    const third = await brakes(given, [given.ann], { alias: 'shop' })
    expect(second.scope).toBe('shop')
    for (const view of [first, third]) expect(view).toMatchObject({ scope: '' })
    for (const none of ['reason', 'ticket', 'rule', 'voter']) {
      expect(second).not.toHaveProperty(none)
    }
    expect((await given.index.brakes()).map(({ seq }) => seq)).toEqual([
      ...[first.seq, second.seq, third.seq],
    ])
  })

  it('and of an end before its time', async () => {
    const given = await givenShop()
    const { index } = given
    await brakes(given, [given.ann], { alias: 'shop/web' })
    await given.votes(given.bob, await given.proposed({ op: 'entry.suspend', alias: 'shop/web' }))
    expect(await index.brakes()).toMatchObject([{ standing: 'ended' }])
    await brakes(given, [given.ann], { alias: 'shop/api', rule: 'a' })
    const detach = { op: 'rule.detach', alias: 'shop/api', rule: 'a' } as const
    await given.votes(given.bob, await given.proposed(detach))
    await given.agreed({ op: 'entry.rename', alias: 'shop/api', to: 'shop/api-2' })
    expect(
      (await index.brakes()).map(({ subject, standing }) => [subject.alias, standing]),
    ).toEqual([
      ['shop/web', 'ended'],
      ['shop/api-2', 'ended'],
    ])
  })
})

describe('a brake is lifted', () => {
  it.each(targets)('from %s, and from that alone', async (_, target, op, changeClass) => {
    const given = await givenShop()
    const { ann, cyd } = given
    for (const one of targets) await brakes(given, [ann, cyd], one[1])
    const braked = () => {
      const { root } = given.index.state
      const objects = [
        ...[given.entry('shop/web'), ...given.entry('shop/api').rules],
        ...[given.scope('shop'), ...root.group!.voters],
      ]
      return objects.flatMap((one) => ('brake' in one ? [one] : [])).length
    }
    expect(braked()).toBe(4)
    const lift = await given.proposed({ op, ...target } as ChangeRequest)
    expect(lift.open?.class).toBe(changeClass)
    const { uid, rev } = subjectOf(given, target)
    await given.votes(ann, lift)
    await given.votes(cyd, lift)
    expect((await given.proposal(lift.id)).standing).toBe('committed')
    expect(braked()).toBe(3)
    expect(subjectOf(given, target)).toMatchObject({ uid, rev: rev + 1 })
    const views = await given.index.brakes()
    expect(views.map(({ standing }) => standing).sort()).toEqual([
      ...['ended', 'in-effect', 'in-effect', 'in-effect'],
    ])
    expect(views.find(({ standing }) => standing === 'ended')?.subject.uid).toBe(uid)
    await replaysTheSame(given)
  })

  it.each(targets)('from %s only while it is on', async (_, target, op) => {
    const given = await givenShop()
    const request = { op, ...target } as ChangeRequest
    expect(await given.codeFor(request)).toBe('namespace.wrong-state')
    const { until } = await brakes(given, [given.ann, given.cyd], target)
    given.clock.set(plus(until, seconds(-1)))
    expect((await given.proposed(request)).standing).toBe('open')
    given.clock.set(until)
    expect(await given.codeFor(request)).toBe('namespace.wrong-state')
  })

  it.each([
    ['a rule that is not there', 'shop/web', { op: 'brake.lift', body: { rule: 'none' } }],
    ['a rule of a scope', 'shop', { op: 'brake.lift', body: { rule: 'a' } }],
    ['a voter who is not there', '', { op: 'voter.reinstate', body: { voter: 'zoe' } }],
    ['a voter of a scope without any', 'shop', { op: 'voter.reinstate', body: { voter: 'ann' } }],
  ] as const)('from no %s', async (_, alias, said) => {
    const given = await givenShop()
    const object = subjectOf(given, { alias })
    const operation = { ...said, subject: { alias: object.alias, uid: object.uid } } as never
    const signed = handSigned(given.index.state, given.ann, operation, { at: given.now() })
    const made = await given.index.submit([signed])
    expect(made).toMatchObject({ refusal: { code: 'namespace.unknown' } })
  })
})
