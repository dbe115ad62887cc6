import { describe, expect, it } from '@jest/globals'
import { days, hours, plus } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import { nonceOf, waitingLike } from '../../../src/namespace/bundles.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { DraftLog } from '../../../src/namespace/draft-log.js'
import { FoldedState } from '../../../src/namespace/folded-state.js'
import { proposeTogether } from '../../../src/namespace/propose-together.js'
import { type GivenGroup, givenGroup } from '../given-group.js'
import { givenTwo } from '../given-two-groups.js'
import { alias, codeOf, givenIndex, owner, valueOf } from '../given-index.js'

const creation = (name: string) => ({ op: 'entry.create', alias: name, owner }) as const
const document = {
  apiVersion: 'capstan/v1',
  entries: [{ alias: 'pay/a', owner }],
} as const

async function together(given: GivenGroup, ...requests: readonly ChangeRequest[]) {
  const freeze = () => Promise.resolve(undefined)
  const draft = new DraftLog(given.store.state)
  const asked = { requests, why: {} }
  return proposeTogether({ ...given.deps, freeze }, draft, asked, () => undefined)
}

describe('changes that are asked for together', () => {
  it('are not such that the voters of another scope have to agree to one of them', async () => {
    const two = await givenTwo()
    const into = { op: 'entry.rename', alias: 'payments/api', to: 'shop/api' } as const
    for (const requests of [[into], [creation('web'), into]]) {
      expect(await together(two, ...requests)).toMatchObject({
        refusal: { code: 'namespace.not-responsible', found: 'entry.rename payments/api' },
      })
    }
    const { rev: _rev, ...group } = two.scope('shop').group ?? { rev: 0 }
    const set = { op: 'group.set', alias: 'shop', group } as ChangeRequest
    expect(await together(two, set)).toMatchObject({
      refusal: { code: 'namespace.not-responsible', found: 'group.set shop' },
    })
    // Within the names of one group nobody else is asked.
    const within = { ...into, to: 'payments/web' } as const
    expect(codeOf(await together(two, within))).toBe('ok')
  })

  it('are not such that two groups change one thing after the other', async () => {
    const two = await givenTwo()
    const made = await two.proposed(creation('shop/api'))
    const [, eve, fay] = two.others
    for (const voter of [eve, fay]) await two.votes(voter, made)
    const labelled = { op: 'entry.update', alias: 'shop/api', labels: { a: 'b' } } as const
    const suspended = { op: 'entry.suspend', alias: 'shop/api' } as const
    expect(codeOf(await together(two, labelled, suspended))).toBe('ok')
    // While their scope is suspended, those above it decide.
    const closing = { op: 'scope.suspend', alias: 'shop' } as const
    expect(await together(two, labelled, closing, suspended)).toMatchObject({
      refusal: { code: 'namespace.not-responsible', found: 'shop/api' },
    })
    expect(codeOf(await together(two, closing, suspended))).toBe('ok')
  })
})

describe('what waits in the same words', () => {
  async function asked(given: GivenGroup): Promise<string> {
    const [made] = valueOf(await given.index.apply(document))
    if (made?.kind !== 'waits') throw new Error('it does not wait')
    return made.proposal
  }

  it('is not asked for again while it is scheduled', async () => {
    const given = await givenGroup({ timelock: { sensitive: hours(1) } })
    const id = await asked(given)
    for (const voter of [given.ann, given.bob]) await given.votes(voter, await given.proposal(id))
    expect((await given.proposal(id)).standing).toBe('scheduled')
    expect(await asked(given)).toBe(id)
  })

  it('is not asked for again while it is due and something keeps it', async () => {
    const given = await givenGroup({ timelock: { sensitive: hours(1) } })
    const id = await asked(given)
    for (const voter of [given.ann, given.bob]) await given.votes(voter, await given.proposal(id))
    given.clock.advance(hours(1))
    const { proposal, standing } = await given.proposal(id)
    expect(standing).toBe('due')
    const { state } = given.index
    const later = new FoldedState({
      meta: { ...state.source.meta, at: given.now() },
      tables: state.tables,
    })
    expect(waitingLike(later, state.root.uid, proposal!)).toBe(id)
  })

  it('is not asked for again when what the document asks of other voters is made', async () => {
    const two = await givenTwo()
    const rules = [{ id: 'x', callers: ['shop/d'], ports: [80] }]
    const entries = [
      { alias: 'payments/l9', owner },
      { alias: 'shop/c', owner, rules },
      { alias: 'shop/d', owner },
    ]
    const both = { apiVersion: 'capstan/v1', entries } as const
    const first = valueOf(await two.index.apply(both))
    const [ours, theirs] = first.map((made) => (made.kind === 'waits' ? made.proposal : ''))
    for (const voter of [two.ann, two.bob]) await two.votes(voter, await two.proposal(ours!))
    expect((await two.proposal(ours!)).standing).toBe('committed')
    // A rule names an entry by its uid, which the same proposal makes.
    expect(valueOf(await two.index.apply(both))).toMatchObject([{ proposal: theirs }])
    const [, eve, fay] = two.others
    for (const voter of [eve, fay]) await two.votes(voter, await two.proposal(theirs!))
    expect(valueOf(await two.index.apply(both))).toEqual([])
  })

  it('is asked for again once its time is over', async () => {
    const given = await givenGroup()
    const id = await asked(given)
    const { proposal } = await given.proposal(id)
    const { state } = given.index
    const at = plus(proposal!.expires, hours(0))
    const then = (seconds: number) =>
      new FoldedState({
        meta: { ...state.source.meta, at: plus(at, hours(seconds)) },
        tables: state.tables,
      })
    expect(waitingLike(then(0), state.root.uid, proposal!)).toBe(id)
    expect(waitingLike(then(1), state.root.uid, proposal!)).toBeUndefined()
    given.clock.advance(days(8))
    await given.proposed(creation('web'))
    expect(await asked(given)).not.toBe(id)
  })

  it('waits for the same voters, and says the same', async () => {
    const two = await givenTwo()
    const id = await asked(two)
    const { proposal } = await two.proposal(id)
    const { state } = two.index
    const like = (scope: Uid, more: object = {}) =>
      waitingLike(state, scope, { ...proposal!, ...more })
    expect(like(state.root.uid)).toBe(id)
    expect(like(two.scope('shop').uid)).toBeUndefined()
    expect(like(state.root.uid, { subject: { alias: alias('pay/b') } })).toBeUndefined()
    expect(like(state.root.uid, { op: 'scope.create' })).toBeUndefined()
    expect(like(state.root.uid, { body: {} })).toBeUndefined()
  })
})

it('the same is asked for with the same nonce, until anything of it was there', async () => {
  const given = await givenIndex({ op: 'scope.create', alias: 'pay' })
  const { state } = given.index
  const { root } = state
  const wanted = creation('pay/b')
  const nonce = nonceOf(state, root.uid, wanted)
  expect(nonce).toMatch(/^[0-9a-f]{32}$/)
  expect(nonceOf(state, root.uid, { ...wanted })).toBe(nonce)
  const others = [
    nonceOf(state, given.scope('pay').uid, wanted),
    nonceOf(state, root.uid, { ...wanted, labels: { a: 'b' } }),
    nonceOf(state, root.uid, creation('pay/a')),
    nonceOf((await givenIndex()).index.state, root.uid, wanted),
  ]
  await given.did({ op: 'entry.create', alias: 'web', owner })
  expect(nonceOf(given.index.state, root.uid, wanted)).toBe(nonce)
  await given.did(creation('pay/b'))
  others.push(nonceOf(given.index.state, root.uid, wanted))
  await given.did({ op: 'entry.update', alias: 'pay/b', labels: { a: 'b' } })
  others.push(nonceOf(given.index.state, root.uid, wanted))
  expect(new Set([nonce, ...others]).size).toBe(others.length + 1)
})
