import { beforeAll, describe, expect, it } from '@jest/globals'
import { days, hours, plus, toIso, unixSeconds } from '../../../src/core/time.js'
import type { GroupTerms } from '../../../src/namespace/operation.js'
import type { IndexLog } from '../../../src/namespace/ports.js'
import { proposalOf, proposalView } from '../../../src/namespace/proposal-view.js'
import { groupOf, TestVoter } from '../../support/voters.js'
import { alias, codeOf, owner, valueOf } from '../given-index.js'
import { type GivenGroup, givenGroup } from '../given-group.js'
import { givenTwo } from '../given-two-groups.js'
import { handSigned } from '../given-proposal.js'

const world = [
  { op: 'entry.create', alias: 'pay/api', owner },
  { op: 'entry.create', alias: 'pay/web', owner },
] as const

let given: GivenGroup
beforeAll(async () => {
  given = await givenGroup({}, ...world)
})

const suspending = (name: string) => ({
  op: 'entry.suspend' as const,
  subject: { alias: alias(name), uid: given.entry(name).uid },
  body: {},
})

describe('what this installation proposed', () => {
  it('is taken back once, by its key, and by its id', async () => {
    const { index } = given
    const { id } = await given.proposed({ op: 'scope.create', alias: 'one' })
    expect(codeOf(await index.withdraw('none'))).toBe('namespace.unknown')
    expect(await index.withdraw('x'.repeat(99))).toMatchObject({
      refusal: { found: JSON.stringify('x'.repeat(60)), next: 'capstan inbox' },
    })
    const taken = valueOf(await index.withdraw(id))
    expect(taken.proposal.standing).toBe('withdrawn')
    const { closed } = await given.proposal(id)
    expect(await index.withdraw(id)).toMatchObject({
      refusal: {
        ...{ code: 'namespace.closed', detail: 'the proposal is withdrawn' },
        found: `${id}, since ${toIso(closed?.at ?? unixSeconds(0))}`,
      },
    })
  })

  it('is not what a voter proposed', async () => {
    const { index, ann } = given
    const envelope = handSigned(index.state, ann, suspending('pay/api'), { at: given.now() })
    const { id } = valueOf(await index.submit([envelope])).proposal
    expect(await index.withdraw(id)).toMatchObject({
      refusal: {
        ...{ code: 'namespace.no-vote', found: `${id}, by ann (voter)` },
        next: `its author takes it back: capstan proposal withdraw ${id} --key FILE`,
      },
    })
    expect((await given.proposal(id)).standing).toBe('open')
  })

  it('is not taken back by a key that is over', async () => {
    const late = await givenGroup({}, ...world)
    const { state } = late.index
    const [local] = state.root.group?.proposers ?? []
    if (!local || !state.root.group) throw new Error('no proposer')
    const until = plus(late.now(), hours(1))
    const { rev: _rev, ...terms } = state.root.group
    const proposers = [{ ...local, keys: local.keys.map((key) => ({ ...key, until })) }]
    await late.agreed({ op: 'group.set', alias: '', group: { ...terms, proposers } })
    const { id } = await late.proposed({ op: 'scope.create', alias: 'one' })
    late.clock.advance(hours(1))
    expect(codeOf(await late.index.withdraw(id))).toBe('namespace.no-vote')
    expect(await late.codeFor({ op: 'scope.create', alias: 'two' })).toBe('namespace.no-vote')
  })
})

describe('a proposal that waits', () => {
  it('is taken back with any of the keys of who made it', async () => {
    const one = await givenGroup({}, ...world)
    const { root } = one.index.state
    const [local] = root.group?.proposers ?? []
    if (!local || !root.group) throw new Error('no proposer')
    const { rev: _rev, ...terms } = root.group
    const as = { id: local.id, controller: local.controller }
    const other = new TestVoter('other').key(one.index.state.index, one.now(), as)
    const proposers = [{ ...local, keys: [other, ...local.keys] }]
    await one.agreed({ op: 'group.set', alias: '', group: { ...terms, proposers } })
    const { id } = await one.proposed({ op: 'scope.create', alias: 'one' })
    expect(valueOf(await one.index.withdraw(id)).proposal.standing).toBe('withdrawn')
    // What nobody of the group could have made any more is over.
    const left = await one.proposed({ op: 'scope.create', alias: 'two' })
    await one.agreed({ op: 'group.set', alias: '', group: { ...terms, proposers: [] } })
    expect(codeOf(await one.index.withdraw(left.id))).toBe('namespace.closed')
    expect((await one.proposal(left.id)).standing).toBe('stale')
  })

  it('is stale with the group that was asked, and then awaits nobody', async () => {
    const one = await givenGroup({}, ...world)
    const made = await one.proposed({ op: 'scope.create', alias: 'one' })
    await one.votes(one.ann, made)
    expect(one.index.proposals()).toHaveLength(1)
    const { rev: _rev, ...terms } = one.index.state.root.group ?? { rev: 0 }
    const row = one.index.state.tables.proposals.get(made.id)
    await one.agreed({ op: 'group.set', alias: '', group: terms as GroupTerms })
    const now = one.index.state.at
    // As it was before it was said to be over, about the state as it is.
    const stale = proposalView(one.index.state, row!, now)
    expect(stale.standing).toBe('stale')
    expect(stale.open).toMatchObject({ awaits: [], voters: [], votes: [{ voter: 'ann' }] })
    expect(stale.open).not.toHaveProperty('sides')
    expect(stale.open).not.toHaveProperty('missing')
    expect(one.index.proposals()).toEqual([])
  })

  it('awaits nobody who is suspended', async () => {
    const one = await givenGroup({}, ...world)
    const { root } = one.index.state
    const { rev: _rev, ...terms } = root.group ?? { rev: 0, ...groupOf([]) }
    const voters = terms.voters.map((voter) =>
      voter.id === 'cyd' ? { ...voter, status: 'suspended' as const } : voter,
    )
    const group: GroupTerms = { ...terms, voters, acceptsSinglePointOfLoss: true }
    await one.agreed({ op: 'group.set', alias: '', group })
    const { open } = await one.proposed({ op: 'scope.create', alias: 'one' })
    expect(open?.awaits).toEqual(['ann', 'bob'])
    expect(open?.voters.map(({ id }) => id)).toEqual(['ann', 'bob'])
  })

  it('is shown without its record, and what is over with it, where it is there', async () => {
    const one = await givenGroup({}, ...world)
    const { id } = await one.proposed({ op: 'scope.create', alias: 'one' })
    const { state } = one.index
    const now = one.now()
    const unread = { read: () => Promise.reject(new Error('it is read')) }
    const shown = valueOf(await proposalOf(unread, state, { id, now }))
    expect(shown.proposal?.subject.alias).toBe('one')
    valueOf(await one.index.withdraw(id))
    const over = (log: Pick<IndexLog, 'read'>) => proposalOf(log, state, { id, now })
    await expect(over(unread)).rejects.toThrow('it is read')
    expect(valueOf(await over(one.store)).proposal).toEqual(shown.proposal)
    const without = valueOf(await over({ read: () => Promise.resolve([]) }))
    expect(without).toEqual({ ...valueOf(await over(one.store)), proposal: undefined })
    const unknown = await proposalOf(unread, state, { id: 'x'.repeat(99), now })
    expect(unknown).toMatchObject({ refusal: { found: `"${'x'.repeat(60)}"` } })
  })

  it('is shown with who has voted, who is awaited and what is missing', async () => {
    const one = await givenGroup({}, ...world)
    const made = await one.proposed({ op: 'scope.create', alias: 'one', reason: 'x', ticket: 'y' })
    expect(made.standing).toBe('open')
    expect(made.proposal).toMatchObject({ reason: 'x', ticket: 'y' })
    expect(made.proposal).toMatchObject({ expires: made.proposal!.created + days(7) })
    expect(made.open).toMatchObject({ scope: '', votes: [], awaits: ['ann', 'bob', 'cyd'] })
    expect(made.open?.voters.map(({ id }) => id)).toEqual(['ann', 'bob', 'cyd'])
    expect(made.open?.deadline).toBe(made.proposal?.expires)
    expect(made.open).not.toHaveProperty('due')
    await one.votes(one.ann, made)
    const { open } = await one.proposal(made.id)
    expect(open?.awaits).toEqual(['bob', 'cyd'])
    const [key] = one.index.state.root.group?.voters[0]?.keys ?? []
    expect(open?.votes).toMatchObject([{ voter: 'ann', keys: [key?.thumbprint] }])
    expect(open?.sides?.second).toBeUndefined()
    expect(open?.missing?.present).not.toEqual(made.open?.missing?.present)
    expect(open?.missing).not.toHaveProperty('second')
  })

  it('says nothing of a reason that nobody gave', async () => {
    const { proposal } = await given.proposed({ op: 'scope.create', alias: 'two' })
    expect(Object.keys(proposal ?? {})).not.toEqual(expect.arrayContaining(['reason']))
    expect(Object.keys(proposal ?? {})).not.toContain('ticket')
  })

  it('is listed oldest first, until it is stale or over', async () => {
    const one = await givenGroup({}, ...world)
    const { index, clock } = one
    const ids = () => index.proposals().map(({ id }) => id)
    const stale = await one.proposed({ op: 'entry.suspend', alias: 'pay/api' })
    const first = await one.proposed({ op: 'scope.create', alias: 'one' })
    const second = await one.proposed({ op: 'scope.create', alias: 'two' })
    const third = await one.proposed({ op: 'scope.create', alias: 'a' })
    expect(ids()).toEqual([stale.id, first.id, second.id, third.id])
    await one.agreed({ op: 'entry.update', alias: 'pay/api', labels: { a: 'b' } })
    expect(ids()).toEqual([first.id, second.id, third.id])
    const { open, standing } = await one.proposal(stale.id)
    expect(standing).toBe('stale')
    expect(open).toBeUndefined()
    valueOf(await index.withdraw(first.id))
    expect(ids()).toEqual([second.id, third.id])
    const gone = await one.proposal(first.id)
    expect(gone).toMatchObject({ standing: 'withdrawn', proposal: first.proposal })
    expect(gone.closed?.record).toBeGreaterThan(gone.record)
    expect(gone).not.toHaveProperty('open')
    clock.advance(days(8))
    expect(ids()).toEqual([])
    expect(await index.proposal('none')).toMatchObject({
      refusal: { code: 'namespace.unknown', found: '"none"', next: 'capstan inbox' },
    })
  })

  it('is for the voters of both sides of what moves between them', async () => {
    const two = await givenTwo()
    const made = await two.proposed({ op: 'entry.rename', alias: 'payments/api', to: 'shop/api' })
    const { index } = two
    expect(made.open?.awaits).toEqual(['ann', 'bob', 'cyd', 'dan', 'eve', 'fay'])
    const voters = made.open?.voters.map(({ id, side }) => `${side} ${id}`)
    expect(voters).toContain('present ann')
    expect(voters).toContain('second dan')
    expect(made.open?.missing?.second).toBeDefined()
    expect(made.proposal?.reads).toEqual(
      [index.state.root, two.scope('shop')].map(({ uid, rev }) => ({ uid, rev })),
    )
    await two.votes(two.others[0], made)
    const { open } = await two.proposal(made.id)
    expect(open?.awaits).toEqual(['ann', 'bob', 'cyd', 'eve', 'fay'])
    expect(open?.votes).toMatchObject([{ voter: 'dan', in: ['second'] }])
    expect(open?.votes[0]?.keys).toEqual([two.scope('shop').group?.voters[0]?.keys[0]?.thumbprint])
  })

  it('is of the scope whose voters decide', async () => {
    const two = await givenTwo()
    const made = await two.proposed({ op: 'entry.create', alias: 'shop/api', owner })
    expect(made.open?.scope).toBe('shop')
    expect(made.open?.voters.map(({ id }) => id)).toEqual(['dan', 'eve', 'fay'])
  })
})

describe('an installation', () => {
  it('that nobody knows proposes nothing', async () => {
    const one = await givenGroup({ proposers: [] }, ...world)
    for (const request of [
      { op: 'scope.create', alias: 'one' },
      { op: 'entry.suspend', alias: 'pay/api' },
    ] as const) {
      expect(await one.index.change(request)).toMatchObject({
        refusal: {
          ...{ code: 'namespace.no-vote', detail: 'this installation may not propose this' },
          next: 'a voter proposes it: the same command with --as VOTER --key FILE',
        },
      })
    }
    expect(one.index.proposals()).toEqual([])
  })

  it('proposes nothing that could not be decided', async () => {
    const before = given.store.records.length
    expect(await given.codeFor({ op: 'entry.create', alias: 'pay/api', owner })).not.toBe('ok')
    expect(await given.codeFor({ op: 'entry.reactivate', alias: 'pay/web' })).not.toBe('ok')
    expect(given.store.records).toHaveLength(before)
  })
})
