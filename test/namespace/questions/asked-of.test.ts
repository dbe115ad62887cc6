import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../../src/core/alias.js'
import { days, hours } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { parseMoment } from '../../../src/namespace/questions/past.js'
import { PastQuestions } from '../../../src/namespace/questions/past-questions.js'
import { TestVoter } from '../../support/voters.js'
import { type GivenGroup, givenGroup, groupBelow } from '../given-group.js'
import { alias, codeOf, givenIndex, owner, valueOf } from '../given-index.js'
import { handSigned } from '../given-proposal.js'
import { asked } from './asked.js'

const create = (name: string): ChangeRequest => ({ op: 'entry.create', alias: name, owner })

describe('the impact of a proposal', () => {
  const code = async (given: GivenGroup, id: string) => codeOf(await asked(given).impact(id))

  it('is told while it waits, for votes or for its time, and not once it is over', async () => {
    const given = await givenGroup({ timelock: { sensitive: 3600 } } as never)
    const proposal = await given.proposed(create('a'))
    expect(await code(given, proposal.id)).toBe('ok')
    await given.votes(given.ann, proposal)
    await given.votes(given.bob, proposal)
    expect((await given.proposal(proposal.id)).standing).toBe('scheduled')
    expect(await code(given, proposal.id)).toBe('ok')
    given.clock.advance(hours(1))
    await given.index.settle()
    expect(await code(given, proposal.id)).toBe('namespace.closed')
    const late = await given.proposed(create('b'))
    given.clock.set(late.proposal!.expires)
    expect(await code(given, late.id)).toBe('ok')
    given.clock.advance(days(1))
    expect(await code(given, late.id)).toBe('namespace.closed')
  })

  it('is of no other than is asked for, and repeats no more of that than an id may have', async () => {
    const { index, ...given } = await givenIndex()
    const found = await asked({ ...given }).impact('p'.repeat(99))
    expect(found).toMatchObject({
      refusal: { code: 'namespace.unknown', found: JSON.stringify('p'.repeat(60)) },
    })
    expect(index.state.size).toBe(1)
  })
})

describe('what decides about calls', () => {
  it('is told part by part, of the index of one size', async () => {
    const given = await givenIndex({ op: 'scope.create', alias: 'pay' }, create('pay/api'))
    const scopes = valueOf(await asked(given).cedar({ part: 'scopes', limit: 9 }))
    expect(scopes.policies.length).toBeGreaterThan(0)
    expect([scopes.size, scopes.entities]).toEqual([given.index.state.size, []])
    const entries = valueOf(await asked(given).cedar({ part: 'entries', limit: 9 }))
    expect(JSON.stringify(entries.entities)).toContain(given.entry('pay/api').uid)
  })
})

describe('a difference that is asked of a scope', () => {
  it('is told though nothing is in it', async () => {
    const given = await givenIndex({ op: 'scope.create', alias: 'ops' }, create('a'))
    const [from, to] = ['2', '3'].map((text) => parseMoment(text)!)
    const past = new PastQuestions(given.store, () => undefined)
    const diff = (scope: string) => past.diff({ from: from!, to: to!, scope: alias(scope) })
    expect(valueOf(await diff('ops'))).toMatchObject({ objects: [], complete: true })
    expect(valueOf(await diff('')).objects).toMatchObject([{ alias: 'a' }])
    expect(codeOf(await diff('op'))).toBe('namespace.unknown')
  })
})

describe('what hung on a vote', () => {
  const voted = async (given: GivenGroup, voter: string, limit = 9) =>
    valueOf(await asked(given).votedBy({ voter, which: 'all', limit }))

  it('is told without counting those who said no', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(create('a'))
    await given.votes(given.cyd, proposal, 'reject')
    await given.votes(given.ann, proposal)
    await given.votes(given.bob, proposal)
    const { changes } = await voted(given, 'ann')
    expect(changes.at(-1)).toMatchObject({ alias: 'a', decision: 'approve', decisive: true })
    const said = (await voted(given, 'cyd')).changes.at(-1)
    expect(said).toMatchObject({ alias: 'a', decision: 'reject', decisive: false })
  })

  it('is no vote that was only proof of another, and a last page names no next', async () => {
    const given = await givenGroup()
    const before = await voted(given, 'ann')
    expect(before.changes).toHaveLength(1)
    expect(before).not.toHaveProperty('next')
    const proposal = await given.proposed(create('a'))
    const two = (['approve', 'reject'] as const).map((decision) =>
      given.ann.vote(proposal, decision, given.now()),
    )
    valueOf(await given.index.submit(two))
    expect(await voted(given, 'ann')).toEqual(before)
  })

  it('is told under the name of the scope whose voters decided', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'pay' }, create('pay/api'))
    const own = ['dan', 'eve', 'fay'].map((id) => new TestVoter(id))
    await groupBelow(given, 'pay', own)
    const { uid, alias: name } = given.entry('pay/api')
    const suspends = { op: 'entry.suspend', subject: { uid, alias: name }, body: {} } as const
    const signed = handSigned(given.index.state, own[0]!, suspends, { at: given.now() })
    const { proposal } = valueOf(await given.index.submit([signed]))
    await given.votes(own[1]!, proposal)
    expect(given.entry('pay/api').state).toBe('suspended')
    expect((await voted(given, 'eve')).changes.at(-1)).toMatchObject({
      ...{ alias: 'pay/api', scope: 'pay', group: 1, weight: 100 },
    })
    expect(await given.index.authorisation(uid, 2)).toMatchObject({ scope: 'pay', group: 1 })
    const { changes } = valueOf(await asked(given).changes({ prefix: ROOT, limit: 99 }))
    expect(changes.at(-1)).toMatchObject({ scope: 'pay' })
  })
})
