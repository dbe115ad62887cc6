import { describe, expect, it } from '@jest/globals'
import { days, minus, plus, type UnixSeconds } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import type { Uid } from '../../../src/core/uid.js'
import { TestVoter } from '../../support/voters.js'
import { type GivenGroup, givenGroup, threeVoters } from '../given-group.js'
import { alias, givenIndex, owner, valueOf } from '../given-index.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import { exceptionsIn } from '../../../src/namespace/questions/exceptions.js'
import { asked } from './asked.js'

describe('what a voter voted about', () => {
  it('is told with its weight, and whether the change hung on it', async () => {
    const group = await givenGroup()
    const since = plus(group.now(), days(1))
    group.clock.advance(days(2))
    await group.agreed({ op: 'entry.create', alias: 'a', owner })
    const narrowing = await group.proposed({ op: 'entry.suspend', alias: 'a' })
    await group.votes(group.bob, narrowing, 'reject')
    await group.votes(group.cyd, narrowing)
    const questions = asked(group)
    const all = valueOf(await questions.votedBy({ voter: 'bob', which: 'all', limit: 9 }))
    expect(all.changes).toMatchObject([
      { class: 'structural', group: 1, decision: 'approve', weight: 0 },
      {
        alias: 'a',
        class: 'sensitive',
        group: 2,
        decision: 'approve',
        weight: 100,
        decisive: true,
      },
      { alias: 'a', class: 'narrowing', decision: 'reject', decisive: false },
    ])
    const some = { voter: 'bob', which: 'decisive', since, limit: 9 } as const
    expect(valueOf(await questions.votedBy(some)).changes).toMatchObject([{ class: 'sensitive' }])
  })

  it('is refused about somebody who is no voter and never voted, where the whole log says so', async () => {
    const group = await givenGroup()
    const questions = asked(group)
    const nobody = { voter: 'mallory', which: 'all', limit: 9 } as const
    expect(await questions.votedBy(nobody)).toMatchObject({
      refusal: { code: 'namespace.unknown', found: '"mallory"' },
    })
    const since = { ...nobody, since: plus(group.now(), days(1)) }
    const decisive = { ...nobody, which: 'decisive' } as const
    for (const some of [since, { ...nobody, from: 1 }, decisive]) {
      expect(valueOf(await questions.votedBy(some))).toEqual({ changes: [] })
    }
  })

  it('is an empty list of a voter who has not voted yet', async () => {
    const group = await givenGroup()
    const terms = threeVoters(group, [group.ann, group.bob, new TestVoter('dot')])
    await group.agreed({ op: 'group.set', alias: '', group: terms })
    const idle = { voter: 'dot', which: 'all', limit: 9 } as const
    expect(valueOf(await asked(group).votedBy(idle))).toEqual({ changes: [] })
  })

  it('is not decisive where others were enough', async () => {
    const group = await givenGroup()
    const later = { timelock: { sensitive: 3600 } } as never
    const terms = threeVoters(group, [group.ann, group.bob, group.cyd], later)
    await group.agreed({ op: 'group.set', alias: '', group: terms })
    const proposal = await group.proposed({ op: 'entry.create', alias: 'a', owner })
    for (const voter of [group.ann, group.bob, group.cyd]) await group.votes(voter, proposal)
    group.clock.advance(days(1))
    expect(await group.index.settle()).toHaveLength(1)
    const found = await asked(group).votedBy({ voter: 'cyd', which: 'all', limit: 9 })
    expect(valueOf(found).changes).toMatchObject([{ alias: 'a', decisive: false }])
  })

  it('is decisive where a guard above wanted more, and only while it did', async () => {
    const group = await givenGroup({ timelock: { sensitive: 3600 } } as never)
    const create = async (name: string): Promise<void> => {
      const proposal = await group.proposed({ op: 'entry.create', alias: name, owner })
      for (const voter of [group.ann, group.bob, group.cyd]) {
        const { standing } = await group.proposal(proposal.id)
        if (standing === 'open' || standing === 'scheduled') await group.votes(voter, proposal)
      }
      group.clock.advance(days(1))
      await group.index.settle()
    }
    const guard = { id: 'all', effect: 'minControllers', least: { sensitive: 3 } } as const
    const decide = async (request: ChangeRequest): Promise<void> => {
      const proposal = await group.proposed(request)
      for (const voter of [group.ann, group.bob, group.cyd]) {
        const { standing } = await group.proposal(proposal.id)
        if (standing === 'open') await group.votes(voter, proposal)
      }
      group.clock.advance(days(1))
      await group.index.settle()
    }
    await create('a')
    await decide({ op: 'guard.set', alias: '', guard })
    await create('b')
    await decide({ op: 'guard.clear', alias: '', guard: 'all' })
    await create('c')
    const found = await asked(group).votedBy({ voter: 'cyd', which: 'all', limit: 9 })
    const made = valueOf(found).changes.filter((one) => ['a', 'b', 'c'].includes(one.alias))
    expect(made.map((one) => [one.alias as string, one.decisive])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
    ])
  })

  it('is decisive where a guard of a scope below the root wanted more, of what is in it', async () => {
    const group = await givenGroup({ timelock: { sensitive: 3600 } } as never, {
      op: 'scope.create',
      alias: 'pay',
    })
    const guard = { id: 'all', effect: 'minControllers', least: { sensitive: 3 } } as const
    await group.votes(group.ann, await group.proposed({ op: 'guard.set', alias: 'pay', guard }))
    for (const name of ['pay/a', 'web']) {
      const proposal = await group.proposed({ op: 'entry.create', alias: name, owner })
      for (const voter of [group.ann, group.bob, group.cyd]) await group.votes(voter, proposal)
      group.clock.advance(days(1))
      await group.index.settle()
    }
    const found = await asked(group).votedBy({ voter: 'cyd', which: 'all', limit: 9 })
    expect(valueOf(found).changes.map((one) => [one.alias as string, one.decisive])).toEqual([
      ['pay/a', true],
      ['web', false],
    ])
  })

  it('comes in pages that end where the next begins', async () => {
    const index = await givenIndex()
    for (let n = 0; n < 7; n += 1) await index.did({ op: 'entry.create', alias: `e${n}`, owner })
    const found: string[] = []
    let from: number | undefined
    do {
      const page = { voter: 'local', which: 'all', limit: 3, ...(from !== undefined && { from }) }
      const { changes, next } = valueOf(await asked(index).votedBy(page as never))
      found.push(...changes.map((one) => one.alias))
      from = next
    } while (from !== undefined)
    expect(found).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6'])
    const beyond = { voter: 'local', which: 'all', limit: 3, from: 999_999_999_999 } as const
    expect(valueOf(await asked(index).votedBy(beyond)).changes).toEqual([])
  })
})

describe('what was not decided in the usual way', () => {
  const kinds = async (group: GivenGroup): Promise<readonly string[]> =>
    valueOf(await asked(group).exceptions({ limit: 99 })).exceptions.map(({ kind }) => kind)

  it('is nothing of what a group decides by itself', async () => {
    const group = await givenGroup()
    await group.agreed({ op: 'entry.create', alias: 'a', owner })
    const guard = { id: 'g', effect: 'requireRoutes' } as const
    await group.votes(group.ann, await group.proposed({ op: 'guard.set', alias: '', guard }))
    expect(await kinds(group)).toEqual([])
    await group.agreed({ op: 'guard.clear', alias: '', guard: 'g' })
    expect(await kinds(group)).toEqual(['guard-loosened'])
  })

  it('is a voter suspended by what they signed', async () => {
    const group = await givenGroup()
    const proposal = await group.proposed({ op: 'entry.create', alias: 'a', owner })
    const [yes, no] = (['approve', 'reject'] as const).map((decision) =>
      group.ann.vote(proposal, decision, group.now()),
    )
    if (!yes || !no) throw new Error('no votes')
    valueOf(await group.index.submit([yes, no]))
    expect(await kinds(group)).toEqual(['equivocation'])
  })

  it('is an intervention from above, and not the first voters of a scope', async () => {
    const group = await givenGroup({}, { op: 'scope.create', alias: 'pay' })
    const own = [new TestVoter('dan'), new TestVoter('eve'), new TestVoter('fay')] as const
    const terms = threeVoters(group, own, { proposers: [] })
    const first = await group.proposed({ op: 'group.set', alias: 'pay', group: terms })
    for (const voter of [group.ann, group.bob, own[0], own[1]]) await group.votes(voter, first)
    expect(group.scope('pay').group?.rev).toBe(1)
    expect(await kinds(group)).toEqual([])
    await group.agreed({ op: 'group.set', alias: 'pay', group: terms, intervene: true })
    expect(group.scope('pay').group?.rev).toBe(2)
    expect(await kinds(group)).toEqual(['intervention'])
    // The work that a page may be ends it, and is no reason to tell the last of it as another.
    const { index, store } = group
    const from = index.state.size - 1
    const page = { from, limit: 9, now: group.now() }
    const small = await exceptionsIn(store, index.state, page, new Effort(() => undefined, 1))
    expect(small.exceptions).toMatchObject([{ kind: 'intervention' }])
    const since = plus(group.now(), days(1))
    const later = await asked(group).exceptions({ limit: 9, since })
    expect(valueOf(later)).toEqual({ exceptions: [] })
  })
})

describe('what nobody uses', () => {
  it('is entries without a certificate for long, and rules that allow nobody anything', async () => {
    const index = await givenIndex()
    for (const name of ['a', 'b', 'c', 'd', 'gone']) {
      await index.did({ op: 'entry.create', alias: name, owner })
    }
    const until = new Date((index.clock.now() + 60) * 1000).toISOString().replace('.000', '')
    const rule = { ports: [80] }
    await index.did(
      { op: 'rule.attach', alias: 'c', rule: { ...rule, id: 'gone', callers: ['gone'] } },
      { op: 'rule.attach', alias: 'c', rule: { ...rule, id: 'over', callers: ['a'], until } },
      { op: 'rule.attach', alias: 'c', rule: { ...rule, id: 'used', callers: ['a', 'gone'] } },
      { op: 'entry.suspend', alias: 'd' },
      { op: 'entry.retire', alias: 'gone' },
    )
    index.clock.advance(days(30))
    await index.did({ op: 'entry.create', alias: 'young', owner })
    const now = index.clock.now()
    const issued = new Map<Uid, UnixSeconds>([
      [index.entry('b').uid, minus(now, days(20))],
      [index.entry('c').uid, minus(now, days(1))],
    ])
    const lastIssued = (uid: Uid) => Promise.resolve(issued.get(uid))
    const questions = asked(index)
    const stale = async (limit: number, after?: string) =>
      valueOf(
        await questions.stale(
          alias(''),
          { age: days(10), limit, ...(after !== undefined && { after }) },
          lastIssued,
        ),
      )
    const { stale: all } = await stale(9)
    expect(all.map(({ entry }) => entry.alias)).toEqual(['a', 'b', 'c'])
    expect(all[0]?.unused).toEqual({ last: null })
    expect(all[1]?.unused).toEqual({ last: minus(now, days(20)) })
    expect(all[2]).toMatchObject({
      rules: [
        { id: 'gone', because: 'callers-retired' },
        { id: 'over', because: 'over' },
      ],
    })
    expect(all[2]).not.toHaveProperty('unused')
    const first = await stale(1)
    expect(first.stale).toHaveLength(1)
    const rest = await stale(9, first.next)
    expect([...first.stale, ...rest.stale]).toEqual(all)
  })
})
