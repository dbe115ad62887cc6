import { describe, expect, it } from '@jest/globals'
import { days, hours, plus } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { canonicalState } from '../../src/namespace/state.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { alias, owner, valueOf } from './given-index.js'
import { givenTwo, signed } from './given-two-groups.js'
import { replaysTheSame } from './replays-the-same.js'

const creation = (name: string) => ({ op: 'entry.create', alias: name, owner }) as const

/** As the tables have it, whatever time it is; and how many rows lead to it. */
function rowOf({ index }: GivenGroup, { id }: Pick<ProposalView, 'id'>): string {
  const { proposals, waiting, slots } = index.state.tables
  const row = proposals.get(id)
  const leading = [waiting, slots].map(
    (table) => [...table.range()].filter(([key]) => key.endsWith(` ${id}`)).length,
  )
  return `${row?.kind === 'closed' ? row.ending : row?.kind} ${leading.join('+')}`
}

const open = 'pending 1+1'

/** Proposes it, and has Ann, Bob and Cyd approve, as long as they are asked. */
async function agreedAtLast(given: GivenGroup, request: ChangeRequest): Promise<void> {
  const proposal = await given.proposed(request)
  for (const voter of [given.ann, given.bob, given.cyd]) {
    const { standing } = await given.proposal(proposal.id)
    if (standing === 'open') await given.votes(voter, proposal)
  }
  expect(rowOf(given, proposal)).toBe('committed 0+0')
}

describe('a proposal in the tables', () => {
  it('is led to by its scope and by what it would change, until it is over', async () => {
    const given = await givenGroup({}, creation('shop/web'))
    const asked = await given.proposed(creation('shop/a'))
    expect(rowOf(given, asked)).toBe(open)
    const { votes } = await given.votes(given.ann, asked).then(({ proposal }) => proposal.open!)
    expect([rowOf(given, asked), votes.length]).toEqual([open, 1])
    await given.votes(given.bob, asked)
    expect(rowOf(given, asked)).toBe('committed 0+0')
    const [second, third] = [
      await given.proposed(creation('shop/b')),
      await given.proposed(creation('shop/c')),
    ]
    valueOf(await given.index.withdraw(second.id))
    for (const voter of [given.ann, given.bob]) await given.votes(voter, third, 'reject')
    expect([second, third].map((one) => rowOf(given, one))).toEqual([
      ...['withdrawn 0+0', 'rejected 0+0'],
    ])
    const row = given.index.state.tables.proposals.get(third.id)
    const at = given.now()
    const ended = given.index.state.size - 1
    expect(row).toMatchObject({ ending: 'rejected', at, ended, record: third.record })
    expect(row?.votes.map(({ voter, decision }) => `${voter} ${decision}`)).toEqual([
      ...['ann reject', 'bob reject'],
    ])
    await replaysTheSame(given)
  })

  it('is over with the change of what it is about, and no other is', async () => {
    const given = await givenGroup({}, creation('shop/web'), creation('shop/api'))
    const [mine, other] = [
      await given.proposed({ op: 'entry.update', alias: 'shop/web', labels: { tier: '1' } }),
      await given.proposed({ op: 'entry.update', alias: 'shop/api', labels: { tier: '1' } }),
    ]
    await agreedAtLast(given, { op: 'entry.update', alias: 'shop/web', labels: { tier: '2' } })
    expect([mine, other].map((one) => rowOf(given, one))).toEqual(['stale 0+0', open])
    await replaysTheSame(given)
  })

  it('is over with the name that it would take', async () => {
    const given = await givenGroup()
    const [mine, other] = [
      await given.proposed(creation('shop/web')),
      await given.proposed(creation('shop/web2')),
    ]
    const rival = signed(given.ann, mine, { nonce: 'e'.repeat(32) })
    const { proposal } = valueOf(await given.index.submit([rival]))
    for (const voter of [given.bob, given.cyd]) await given.votes(voter, mine)
    expect([mine, proposal, other].map((one) => rowOf(given, one))).toEqual([
      ...['committed 0+0', 'stale 0+0', open],
    ])
  })

  it('is over with the group that was asked, and those of other groups wait on', async () => {
    const given = await givenTwo()
    const [dan, eve] = given.others
    const ours = await given.proposed(creation('payments/web'))
    const theirs = await given.proposed(creation('shop/web'))
    expect([ours, theirs].map((one) => rowOf(given, one))).toEqual([open, open])
    const { group } = given.scope('shop')
    const { rev: _rev, ...terms } = group!
    const timelock = { structural: hours(1) }
    const set = { op: 'group.set', alias: 'shop', group: { ...terms, timelock } } as const
    const again = await given.proposed(set)
    for (const voter of [dan, eve]) await given.votes(voter, again)
    expect(given.scope('shop').group?.rev).toBe(2)
    expect([ours, theirs].map((one) => rowOf(given, one))).toEqual([open, 'stale 0+0'])
    // What changes of a scope beside its group ends nothing that waits for its voters.
    const { proposal: next } = valueOf(
      await given.index.submit([
        signed(dan, theirs, {
          subject: { alias: alias('shop/next') },
          scope: { uid: given.scope('shop').uid, rev: 2 },
        }),
      ]),
    )
    await agreedAtLast(given, { op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 7200 } })
    expect(rowOf(given, next)).toBe(open)
    await replaysTheSame(given)
  })
})

describe('what is over without anybody having said so', () => {
  it('goes when the next is opened for the same group, and only that', async () => {
    const given = await givenGroup({ timelock: { sensitive: days(20) } })
    const [first, scheduled] = [
      await given.proposed(creation('shop/a')),
      await given.proposed(creation('shop/b')),
    ]
    for (const voter of [given.ann, given.bob]) await given.votes(voter, scheduled)
    given.clock.set(plus(given.now(), days(8)))
    expect((await given.proposal(first.id)).standing).toBe('expired')
    expect(rowOf(given, first)).toBe(open)
    const later = await given.proposed(creation('shop/c'))
    expect([first, scheduled, later].map((one) => rowOf(given, one))).toEqual([
      ...['expired 0+0', open, open],
    ])
    const row = given.index.state.tables.proposals.get(first.id)
    expect(row).toMatchObject({
      kind: 'closed',
      ended: given.index.state.size - 1,
      at: given.now(),
    })
    await replaysTheSame(given)
  })

  it('goes also where what it was made in view of has changed', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' })
    const seen = await given.proposed(creation('shop/a'))
    expect(seen.proposal?.reads?.length).toBeGreaterThan(0)
    await agreedAtLast(given, { op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 3600 } })
    expect((await given.proposal(seen.id)).standing).toBe('stale')
    expect(rowOf(given, seen)).toMatch(/^(pending 1|stale 0)\+[01]$/)
    await given.proposed(creation('other'))
    expect(rowOf(given, seen)).toBe('stale 0+0')
  })
})

describe('the text of the whole state', () => {
  it('has what waits and what is over, where there is any', async () => {
    const given = await givenGroup({}, creation('shop/web'))
    const asked = await given.proposed(creation('shop/a'))
    const { proposals } = JSON.parse(canonicalState(given.index.state)) as {
      readonly proposals: readonly { readonly kind: string; readonly id: string }[]
    }
    expect(proposals.map(({ kind }) => kind).toSorted()).toEqual(['closed', 'pending'])
    expect(proposals.find(({ kind }) => kind === 'pending')?.id).toBe(asked.id)
    expect(proposals.map(({ id }) => id)).toEqual(proposals.map(({ id }) => id).toSorted())
  })
})

describe('a change of several that are made together', () => {
  it('says what is unfinished until the last of them, and no longer', async () => {
    const given = await givenGroup()
    const document = {
      apiVersion: 'capstan/v1',
      entries: ['a', 'b', 'c'].map((name) => ({ alias: `shop/${name}`, owner })),
    }
    const [made] = valueOf(await given.index.apply(document))
    if (made?.kind !== 'waits') throw new Error('it did not wait')
    const before = given.store.records.length
    const proposal = await given.proposal(made.proposal)
    for (const voter of [given.ann, given.bob]) await given.votes(voter, proposal)
    expect(given.store.state.meta.unfinished).toBeUndefined()
    expect('unfinished' in given.store.state.meta).toBe(false)
    const { records } = given.store
    expect(records.length - before).toBe(5)
    for (const missing of [0, 1, 2]) {
      const store = new MemoryIndexStore(records.slice(0, records.length - missing))
      const opened = await LiveIndex.open({ ...given.deps, store })
      expect(opened.ok).toBe(missing === 0)
      expect(store.state.meta.unfinished).toBe(missing === 0 ? undefined : proposal.id)
      const row = store.state.tables.proposals.get(proposal.id)
      expect(row).toMatchObject(
        missing === 0 ? { ending: 'committed' } : { kind: 'pending', done: 3 - missing },
      )
    }
  })
})
