import { describe, expect, it } from '@jest/globals'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import type { Operation } from '../../src/namespace/operation.js'
import { type GivenGroup, givenGroup, groupBelow } from '../namespace/given-group.js'
import { alias, codeOf, owner, valueOf } from '../namespace/given-index.js'
import { handSigned } from '../namespace/given-proposal.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { replaysTheSame } from '../namespace/replays-the-same.js'

/** Voters of a scope of their own. */
const three = (...names: readonly [string, string, string]) =>
  names.map((name) => new TestVoter(name)) as unknown as readonly [TestVoter, TestVoter, TestVoter]

interface GivenShop extends GivenGroup {
  readonly dan: TestVoter
  readonly eve: TestVoter
  readonly fay: TestVoter
}

/** A scope `shop` that may do little, with voters of its own, and an entry in it. */
async function givenShop(...more: readonly ChangeRequest[]): Promise<GivenShop> {
  const given = await givenGroup(
    {},
    { op: 'scope.create', alias: 'shop', envelope: { maxTtl: 3600 } },
    { op: 'entry.create', alias: 'shop/web', owner, envelope: { maxTtl: 600 } },
    ...more,
  )
  const [dan, eve, fay] = three('dan', 'eve', 'fay')
  await groupBelow(given, 'shop', [dan, eve, fay])
  return { ...given, dan, eve, fay }
}

const widening = (given: GivenGroup, name: string, maxTtl: number): Operation => {
  const object = name === 'shop' ? given.scope(name) : given.entry(name)
  const subject = { alias: object.alias, uid: object.uid }
  return { op: 'envelope.set', subject, body: { envelope: { ...object.envelope, maxTtl } } }
}

describe('the voters of a scope', () => {
  it('give nothing in it more than the scope has (attack 23)', async () => {
    const given = await givenShop()
    const { index, dan } = given
    const at = given.now()
    const wider = handSigned(index.state, dan, widening(given, 'shop/web', 7200), { at })
    expect(codeOf(await index.submit([wider]))).toBe('namespace.envelope-exceeds-parent')
    const within = handSigned(index.state, dan, widening(given, 'shop/web', 3600), { at })
    expect(codeOf(await index.submit([within]))).toBe('ok')
  })

  it('do not decide what the scope itself may do (attack 23)', async () => {
    const given = await givenShop()
    const { index, dan, eve } = given
    const { uid, group } = given.scope('shop')
    const scope = { uid, rev: group!.rev }
    const own = { at: given.now(), scope }
    const operation = widening(given, 'shop', 7200)
    const asTheirs = handSigned(index.state, dan, operation, own)
    expect(codeOf(await index.submit([asTheirs]))).toBe('namespace.not-responsible')
    // Those above propose it: the voters of the scope have no vote about it.
    const above = handSigned(index.state, given.ann, operation, { at: given.now() })
    const { proposal } = valueOf(await index.submit([above]))
    for (const voter of [dan, eve]) {
      expect(await given.codeOfVote(voter, proposal)).toBe('namespace.no-vote')
    }
    expect(given.scope('shop').envelope.maxTtl).toBe(3600)
  })

  it('have no vote, and propose nothing, in the scope of others beside theirs (attack 30)', async () => {
    const given = await givenShop({ op: 'scope.create', alias: 'pay' })
    const { index, dan } = given
    const others = three('gus', 'hal', 'ida')
    await groupBelow(given, 'pay', others)
    const creation = {
      op: 'entry.create',
      subject: { alias: alias('pay/api') },
      body: { owner, envelope: {}, bindings: [], labels: {} },
    } as unknown as Operation
    const at = given.now()
    const { uid, group } = given.scope('shop')
    const theirs = { uid, rev: group!.rev }
    const misplaced = handSigned(index.state, dan, creation, { at, scope: theirs })
    expect(codeOf(await index.submit([misplaced]))).toBe('namespace.not-responsible')
    const uninvited = handSigned(index.state, dan, creation, { at })
    expect(codeOf(await index.submit([uninvited]))).toBe('namespace.bad-signature')
    const opened = handSigned(index.state, others[0], creation, { at })
    const { proposal } = valueOf(await index.submit([opened]))
    expect(await given.codeOfVote(dan, proposal)).toBe('namespace.no-vote')
    expect(await given.codeOfVote(dan, proposal, 'approve', { scope: theirs })).not.toBe('ok')
    expect(await given.codeOfVote(others[1], proposal)).toBe('ok')
  })

  it('are bound by a guard above, though one of them decides by their own terms (attack 24)', async () => {
    const people = { id: 'people', effect: 'minControllers', least: { sensitive: 2 } } as const
    const given = await givenGroup(
      {},
      { op: 'scope.create', alias: 'shop' },
      { op: 'guard.set', alias: 'shop', guard: people },
    )
    const [dan, eve] = three('dan', 'eve', 'fay')
    const { index, at: made } = given.index.state
    const [heavy, light] = [dan.voter(index, made, 200), eve.voter(index, made, 100)]
    // With 200 of 300 Dan decides everything alone, which the group says of itself.
    const one = { narrowing: 1, routine: 1, sensitive: 1, structural: 1, emergency: 1 }
    const group = groupOf([heavy, light], { solo: true, minControllers: one })
    const set = await given.proposed({ op: 'group.set', alias: 'shop', group })
    for (const voter of [given.ann, given.bob, dan]) {
      if ((await given.proposal(set.id)).standing === 'open') await given.votes(voter, set)
    }
    expect(given.scope('shop').group?.solo).toBe(true)
    const creation = {
      op: 'entry.create',
      subject: { alias: alias('shop/web') },
      body: { owner, envelope: {}, bindings: [], labels: {} },
    } as unknown as Operation
    const opened = handSigned(given.index.state, dan, creation, { at: given.now() })
    const { proposal } = valueOf(await given.index.submit([opened]))
    expect((await given.votes(dan, proposal)).proposal.standing).toBe('open')
    expect((await given.votes(eve, proposal)).proposal.standing).toBe('committed')
    await replaysTheSame(given)
  })
})

describe('a change that fitted when it was proposed', () => {
  it('is not made once a scope above is narrower, however many approve (attack 25)', async () => {
    const given = await givenShop()
    const { index, dan, eve } = given
    const at = given.now()
    // Made in view of nothing: what goes stale with the scopes above is not even asked for.
    const operation = widening(given, 'shop/web', 3600)
    const wide = handSigned(index.state, dan, operation, { at, reads: [] })
    const careful = handSigned(index.state, eve, operation, { at })
    const [first, second] = [
      valueOf(await index.submit([wide])).proposal,
      valueOf(await index.submit([careful])).proposal,
    ]
    await given.votes(dan, first)
    const narrower = { op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 900 } } as const
    const narrowing = await given.proposed(narrower)
    expect((await given.votes(given.cyd, narrowing)).changes[0]?.class).toBe('narrowing')
    expect((await given.proposal(second.id)).standing).toBe('stale')
    const { changes, proposal } = await given.votes(eve, first)
    expect([changes, proposal.standing]).toEqual([[], 'due'])
    expect(await index.settle()).toEqual([])
    expect(given.entry('shop/web').envelope.maxTtl).toBe(600)
    await replaysTheSame(given)
  })
})
