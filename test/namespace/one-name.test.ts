import { describe, expect, it } from '@jest/globals'
import { days, hours, plus } from '../../src/core/time.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { givenGroup, groupBelow } from './given-group.js'
import { owner } from './given-index.js'
import { replaysTheSame } from './replays-the-same.js'

const entry = { op: 'entry.create', alias: 'payments/api', owner } as const

describe('one name in two groups', () => {
  it('is two voters where it is two keys: neither votes in the place of the other (attack 67)', async () => {
    const given = await givenGroup({ timelock: { structural: hours(1) } })
    const { index, at } = given.index.state
    const { ann, bob, cyd } = given
    // Bob would have a second key of his listed as Cyd's.
    const mallory = new TestVoter('cyd', 'Ed25519', bob.controller)
    const dan = new TestVoter('dan')
    const group = groupOf([ann, mallory, dan].map((voter) => voter.voter(index, at)))
    const set = await given.proposed({ op: 'group.set', alias: '', group })
    expect(await given.codeOfVote(mallory, set, 'approve', { seq: 1_000_000 })).toBe('ok')
    for (const voter of [ann, bob]) await given.votes(voter, set)
    expect((await given.proposal(set.id)).standing).toBe('scheduled')
    const [mine, ...more] = (await given.proposal(set.id)).open!.votes.filter(
      ({ voter }) => voter === 'cyd',
    )
    expect([mine?.in, more]).toEqual([['second'], []])
    // The real one may stop it in that time, whatever number the other has taken.
    const vetoed = await given.votes(cyd, set, 'reject')
    expect(vetoed.proposal.standing).toBe('vetoed')
    expect(given.index.state.root.group?.rev).toBe(2)
    await replaysTheSame(given)
  })

  it('votes on both sides, each with its own key, when a voter changes keys', async () => {
    const given = await givenGroup()
    const { index, at } = given.index.state
    const { ann, bob, cyd } = given
    const again = new TestVoter('cyd')
    const group = groupOf([bob, again, new TestVoter('dan')].map((one) => one.voter(index, at)))
    const set = await given.proposed({ op: 'group.set', alias: '', group })
    await given.votes(bob, set)
    await given.votes(cyd, set)
    expect((await given.proposal(set.id)).open?.sides?.present.outcome).toBe('passed')
    const done = await given.votes(again, set)
    expect(done.changes.map(({ op }) => op)).toEqual(['group.set'])
    expect(given.index.state.root.group?.voters.map(({ id }) => id)).toEqual(['bob', 'cyd', 'dan'])
    expect(ann.id).toBe('ann')
    await replaysTheSame(given)
  })

  it('has its own vote about what moves from one to the other (attack 67)', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' }, entry)
    const other = new TestVoter('ann', 'Ed25519', 'ann@shop')
    const [dan, eve] = [new TestVoter('dan'), new TestVoter('eve')]
    await groupBelow(given, 'shop', [dan, eve, other])
    const move = await given.proposed({ op: 'entry.rename', alias: 'payments/api', to: 'shop/api' })
    await given.votes(given.ann, move)
    await given.votes(other, move, 'reject')
    await given.votes(given.bob, move)
    const { present, second } = (await given.proposal(move.id)).open!.sides!
    expect([present.yes, present.no, second?.yes, second?.no]).toEqual([200, 0, 0, 100])
    await given.votes(dan, move)
    expect((await given.votes(eve, move)).proposal.standing).toBe('committed')
    await replaysTheSame(given)
  })

  it('is not held to what the other has approved', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' }, entry)
    const other = new TestVoter('ann', 'Ed25519', 'ann@shop')
    await groupBelow(given, 'shop', [other, new TestVoter('dan'), new TestVoter('eve')])
    const move = await given.proposed({ op: 'entry.rename', alias: 'payments/api', to: 'shop/api' })
    const off = await given.proposed({ op: 'entry.retire', alias: 'payments/api' })
    await given.votes(other, move)
    expect(await given.codeOfVote(given.ann, off)).toBe('ok')
  })
})

describe('a vote about what is over', () => {
  it('holds its voter to nothing', async () => {
    const given = await givenGroup()
    const one = await given.proposed(entry)
    await given.votes(given.ann, one)
    given.clock.set(plus(given.now(), days(6)))
    const two = await given.proposed({ ...entry, owner: { controller: 'somebody-else' } })
    expect(await given.codeOfVote(given.ann, two)).toBe('namespace.equivocation')
    given.clock.set(plus(given.now(), days(2)))
    expect((await given.proposal(one.id)).standing).toBe('expired')
    expect(await given.codeOfVote(given.ann, two)).toBe('ok')
    await replaysTheSame(given)
  })
})

describe('a move to a scope of others', () => {
  it('is for the voters who were asked, and stale when others would decide there (attack 68)', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' }, entry)
    const below = [new TestVoter('dan'), new TestVoter('eve'), new TestVoter('fay')]
    await groupBelow(given, 'shop', below)
    const move = await given.proposed({
      op: 'entry.rename',
      alias: 'payments/api',
      to: 'shop/web/api',
    })
    for (const voter of below.slice(0, 2)) await given.votes(voter, move)
    expect((await given.proposal(move.id)).open?.sides?.second?.outcome).toBe('passed')
    const web = await given.proposed({ op: 'scope.create', alias: 'shop/web' })
    for (const voter of below.slice(0, 2)) await given.votes(voter, web)
    // Others of the same names decide there now.
    const others = below.map(({ id }) => new TestVoter(id, 'Ed25519', `${id}@web`))
    await groupBelow(given, 'shop/web', others, below.slice(0, 2))
    expect((await given.proposal(move.id)).standing).toBe('stale')
    expect(await given.codeOfVote(given.ann, move)).toBe('namespace.closed')
    expect(given.entry('payments/api').alias).toBe('payments/api')
    await replaysTheSame(given)
  })
})
