import { describe, expect, it } from '@jest/globals'
import { days, plus } from '../../../src/core/time.js'
import { enrolmentBytes } from '../../../src/namespace/enrolment.js'
import type { Made } from '../../../src/namespace/live-index.js'
import type { GroupTerms } from '../../../src/namespace/operation.js'
import type { ProposalView } from '../../../src/namespace/proposal-view.js'
import { groupOf, TestVoter } from '../../support/voters.js'
import { givenGroup } from '../given-group.js'
import { alias, codeOf, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

const each = (least: number) => ({
  ...{ narrowing: least, routine: least, sensitive: least, structural: least, emergency: least },
})
const creation = (name: string) => ({ op: 'entry.create', alias: name, owner }) as const

async function waiting(given: GivenIndex, made: Made): Promise<ProposalView> {
  if (made.kind !== 'waits') throw new Error('it was made at once')
  return valueOf(await given.index.proposal(made.proposal))
}

/** A root that the installation decides about alone, and `shop` below it, about which one other does. */
async function otherBelow(
  id: string,
  more: Partial<GroupTerms> = {},
): Promise<{ readonly given: GivenIndex; readonly other: TestVoter }> {
  const given = await givenIndex({ op: 'scope.create', alias: 'shop' })
  const { index } = given
  const other = new TestVoter(id)
  const voters = [other.voter(index.state.index, index.state.at, 1)]
  const terms = { solo: true, threshold: each(1), minControllers: each(1), ...more }
  const set = { op: 'group.set', alias: 'shop', group: groupOf(voters, terms) } as const
  const made = await waiting(given, valueOf(await index.change(set)))
  expect(made.open?.votes.map(({ voter }) => voter)).toEqual(['local'])
  valueOf(await index.submit([other.vote(made, 'approve', given.clock.now())]))
  expect(given.scope('shop').group?.voters).toHaveLength(1)
  return { given, other }
}

describe('an installation that decides alone', () => {
  it('makes each change by one record', async () => {
    const given = await givenIndex()
    const made = valueOf(await given.index.change(creation('pay/api')))
    expect(made).toMatchObject({ kind: 'changed', change: { op: 'entry.create' } })
    expect(given.store.records).toHaveLength(2)
    const made2 = valueOf(await given.index.change({ op: 'entry.suspend', alias: 'pay/api' }))
    expect(made2.kind).toBe('changed')
    expect(given.store.records).toHaveLength(3)
  })

  it('does so no more once its key is over, nor decides for it', async () => {
    const given = await givenIndex()
    const { root } = given.index.state
    const [voter] = root.group?.voters ?? []
    if (!voter || !root.group) throw new Error('no voter')
    const until = plus(given.clock.now(), days(1))
    const { rev: _rev, ...terms } = root.group
    const voters = [{ ...voter, keys: voter.keys.map((key) => ({ ...key, until })) }]
    valueOf(await given.index.change({ op: 'group.set', alias: '', group: { ...terms, voters } }))
    await given.did(creation('pay/api'))
    given.clock.advance(days(1))
    const size = given.store.records.length
    expect(await given.codeFor(creation('pay/web'))).toBe('namespace.no-vote')
    const document = { apiVersion: 'capstan/v1', entries: [{ alias: 'pay/web', owner }] }
    expect(codeOf(await given.index.apply(document))).toBe('namespace.no-vote')
    expect(given.store.records).toHaveLength(size)
  })

  it('is held to the guards that want more behind a change than it is', async () => {
    const given = await givenIndex(
      { op: 'scope.create', alias: 'pay' },
      { op: 'scope.create', alias: 'shop' },
      creation('web'),
    )
    const weight = given.index.state.root.group?.voters[0]?.weight ?? 0
    for (const [name, most] of [
      ['pay', weight + 1],
      ['shop', weight],
    ] as const) {
      const least = { routine: most, sensitive: most }
      const guard = { id: 'least', effect: 'minThreshold', least } as const
      await given.did({ op: 'guard.set', alias: name, guard })
    }
    const size = given.store.records.length
    expect(await given.codeFor(creation('pay/api'))).toBe('namespace.guard-forbids')
    const moved = { op: 'entry.rename', alias: 'web', to: 'pay/web' } as const
    expect(await given.codeFor(moved)).toBe('namespace.guard-forbids')
    expect(given.store.records).toHaveLength(size)
    await given.did(creation('shop/api'), { op: 'entry.rename', alias: 'web', to: 'shop/web' })
  })
})

describe('what one other decides about alone', () => {
  it('is proposed to them by the voter of the scope above, and not voted about', async () => {
    const { given, other } = await otherBelow('dan')
    const made = await waiting(given, valueOf(await given.index.change(creation('shop/api'))))
    expect(made).toMatchObject({ standing: 'open', proposal: { author: { id: 'local' } } })
    expect(made.open).toMatchObject({ scope: 'shop', votes: [], awaits: ['dan'] })
    const vote = other.vote(made, 'approve', given.clock.now())
    expect(valueOf(await given.index.submit([vote])).changes).toHaveLength(1)
    const document = { apiVersion: 'capstan/v1', entries: [{ alias: 'shop/web', owner }] }
    const [asked] = valueOf(await given.index.apply(document, { reason: 'spring' }))
    if (!asked) throw new Error('nothing was asked')
    const { proposal, open } = await waiting(given, asked)
    expect([proposal?.reason, open?.votes]).toEqual(['spring', []])
  })

  it('is refused to whom has a name that is theirs', async () => {
    const { given } = await otherBelow('local')
    const size = given.store.records.length
    expect(await given.codeFor(creation('shop/api'))).toBe('namespace.no-vote')
    const document = { apiVersion: 'capstan/v1', entries: [{ alias: 'shop/web', owner }] }
    expect(codeOf(await given.index.apply(document))).toBe('namespace.no-vote')
    expect(given.store.records).toHaveLength(size)
    await given.did(creation('pay/api'))
  })

  it('is proposed by an installation among their proposers, and not voted about', async () => {
    const given = await givenIndex()
    const { index, at, root } = given.index.state
    const [local] = root.group?.voters ?? []
    if (!local) throw new Error('no voter')
    const { weight: _weight, status: _status, ...proposer } = local
    const dan = new TestVoter('dan')
    const terms = { solo: true, threshold: each(1), minControllers: each(1) }
    const group = groupOf([dan.voter(index, at, 1)], { ...terms, proposers: [proposer] })
    const set = await given.index.change({ op: 'group.set', alias: '', group })
    const asked = await waiting(given, valueOf(set))
    valueOf(await given.index.submit([dan.vote(asked, 'approve', given.clock.now())]))
    const made = await waiting(given, valueOf(await given.index.change(creation('web'))))
    expect(made.proposal?.author).toEqual({ kind: 'proposer', id: 'local' })
    expect(made.open?.votes).toEqual([])
  })
})

describe('an installation that is one of several voters', () => {
  /** Solo, with Ann beside it. */
  async function beside(weight: number, threshold: number): Promise<GivenIndex> {
    const given = await givenIndex({ op: 'scope.create', alias: 'shop' })
    const { index, at, root } = given.index.state
    const [local] = root.group?.voters ?? []
    if (!local) throw new Error('no voter')
    const ann = new TestVoter('ann')
    const voters = [{ ...local, weight }, ann.voter(index, at, 100)]
    const terms = { solo: true, threshold: each(threshold), minControllers: each(1) }
    const set = { op: 'group.set', alias: '', group: groupOf(voters, terms) } as const
    const made = valueOf(await given.index.change(set))
    if (made.kind === 'changed') return given
    const view = await waiting(given, made)
    valueOf(await given.index.submit([ann.vote(view, 'approve', given.clock.now())]))
    return given
  }

  it('is heard first where it decides alone, beside what others could have said', async () => {
    const given = await beside(200, 160)
    const size = given.store.records.length
    expect(valueOf(await given.index.change(creation('web'))).kind).toBe('changed')
    // Opened, voted about, and made.
    expect(given.store.records).toHaveLength(size + 3)
  })

  it('says yes to what it proposes, and waits where it is not enough', async () => {
    const given = await beside(50, 90)
    const made = await waiting(given, valueOf(await given.index.change(creation('web'))))
    expect(made.standing).toBe('open')
    expect(made.open).toMatchObject({ votes: [{ voter: 'local' }], awaits: ['ann'] })
    expect(given.index.state.entryByAlias(alias('web'))).toBeUndefined()
  })

  it('waits, too, for a group that says it is not solo, and does not vote there', async () => {
    const given = await givenGroup()
    const { root } = given.index.state
    const { voters = [], proposers: [local] = [] } = root.group ?? {}
    if (!local) throw new Error('no proposer')
    const four = [{ ...local, weight: 100, status: 'active' as const }, ...voters]
    const set = { op: 'group.set', alias: '', group: groupOf(four) } as const
    const asked = await given.proposed(set)
    for (const voter of [given.ann, given.bob, given.cyd]) await given.votes(voter, asked)
    expect(given.index.state.root.group?.voters).toHaveLength(4)
    const made = await given.proposed(creation('web'))
    expect(made.proposal?.author).toEqual({ kind: 'voter', id: 'local' })
    expect(made.open?.votes).toEqual([])
  })
})

describe('a proposer of two scopes', () => {
  it('that steps in from above does so by the name that it has there', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' })
    const { state } = given.index
    const { index, root } = state
    const [local] = root.group?.proposers ?? []
    const [key] = local?.keys ?? []
    if (!local || !key) throw new Error('no proposer')
    const { controller } = local
    const { thumbprint } = key
    const enrolment = { index, voter: 'bot', controller, thumbprint, role: 'voter' } as const
    const proof = Buffer.from(await given.deps.voter.sign(enrolmentBytes(enrolment)))
    const bot = { id: 'bot', controller, keys: [{ ...key, proof: proof.toString('base64url') }] }
    const others = ['dan', 'eve', 'fay'].map((id) => new TestVoter(id))
    const voters = others.map((one) => one.voter(index, state.at))
    const group = groupOf(voters, { proposers: [bot] })
    const set = { op: 'group.set', alias: 'shop', group } as const
    const made = await given.proposed(set)
    for (const voter of [given.ann, given.bob, ...others.slice(1)]) await given.votes(voter, made)
    const own = await given.proposed(creation('shop/api'))
    expect(own.proposal?.author).toEqual({ kind: 'proposer', id: 'bot' })
    const stepping = await given.proposed({ ...set, intervene: true })
    expect(stepping.proposal?.author).toEqual({ kind: 'proposer', id: 'local' })
    expect(stepping.proposal?.scope.uid).toBe(root.uid)
    expect(stepping.open?.awaits).toEqual(['ann', 'bob', 'cyd'])
  })
})
