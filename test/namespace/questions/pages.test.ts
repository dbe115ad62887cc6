import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../../src/core/alias.js'
import { days, hours, plus, toIso } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { committedPage } from '../../../src/namespace/questions/committed.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import { type AskedEnds, type End, endsIn, keysEnd } from '../../../src/namespace/questions/ends.js'
import { changedBetween } from '../../../src/namespace/questions/past.js'
import { type ReachSide, reachedFrom } from '../../../src/namespace/questions/reach.js'
import type { IndexState } from '../../../src/namespace/state.js'
import { TestVoter } from '../../support/voters.js'
import { givenGroup } from '../given-group.js'
import { alias, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'
import { asked } from './asked.js'
import { givenEnds } from './given-ends.js'

const effort = (steps: number): Effort => new Effort(() => undefined, steps)
const create = (name: string): ChangeRequest => ({ op: 'entry.create', alias: name, owner })

describe('a page of what ends', () => {
  /** Page after page, each with so much effort. */
  async function paged(
    given: GivenIndex,
    part: AskedEnds['part'],
    { steps = 9999, limit = 99, ahead = days(30) } = {},
  ): Promise<readonly (readonly End[])[]> {
    const now = given.clock.now()
    const pages: (readonly End[])[] = []
    let after: string | undefined
    do {
      const page = { part, region: ROOT, now, until: plus(now, ahead), limit }
      const found = await endsIn(
        given.index.state,
        { ...page, ...(after !== undefined && { after }) },
        effort(steps),
      )
      pages.push(found.ends)
      after = found.next
    } while (after !== undefined && pages.length < 50)
    return pages
  }

  it('has one scope or entry at least, however little effort there is', async () => {
    const given = await givenEnds()
    for (const part of ['scopes', 'entries'] as const) {
      const [whole] = await paged(given, part)
      const pages = await paged(given, part, { steps: -1 })
      // The root and `web`; three entries.
      expect(pages).toHaveLength(part === 'scopes' ? 2 : 3)
      expect(pages.flat()).toEqual(whole)
    }
  })

  it('has no more than its limit, but for what else ends of the same', async () => {
    const given = await givenEnds()
    const entries = await paged(given, 'entries', { limit: 1 })
    expect(entries.map((page) => page.map((one) => one.alias))).toEqual([
      ['pay/api'],
      ['pay/old'],
      ['web/shop'],
    ])
    const both = await paged(given, 'entries', { limit: 2 })
    expect(both.map(({ length }) => length)).toEqual([2, 1])
    const scopes = await paged(given, 'scopes', { limit: 1 })
    expect(scopes.filter(({ length }) => length > 0).map(({ length }) => length)).toEqual([3])
  })

  it('ends with the effort, of which each rule and each voter takes a step', async () => {
    const given = await givenEnds()
    // `pay/api` has two rules.
    const entries = await paged(given, 'entries', { steps: 2 })
    expect(entries.map((page) => page.map(({ kind }) => kind))).toEqual([
      ['rule'],
      ['entry', 'brake'],
    ])
    // The root with its three voters comes first, and a scope without any.
    const { root } = given.index.state
    const scopes = [root, given.scope('web')].map((one) => [one.uid, one] as const)
    const state = Object.create(given.index.state, {
      scopes: { value: { range: () => scopes } },
      tables: { value: { ...given.index.state.tables, waiting: { range: () => [] } } },
    }) as IndexState
    const now = given.clock.now()
    const page = { region: ROOT, now, until: plus(now, days(30)), limit: 99 }
    const next = async (steps: number) =>
      (await endsIn(state, { ...page, part: 'scopes' }, effort(steps))).next
    expect([await next(3), await next(4)]).toEqual([root.uid, undefined])
  })

  it('has the soonest of one entry first', async () => {
    const given = await givenIndex(create('web'))
    const [soon, late] = [1, 2].map((count) => toIso(plus(given.clock.now(), days(count))))
    const rule = { id: 'r', callers: ['web'], ports: [80], until: soon }
    await given.did(
      { ...create('api'), validUntil: late } as ChangeRequest,
      { op: 'rule.attach', alias: 'api', rule } as ChangeRequest,
    )
    expect((await paged(given, 'entries')).flat().map(({ kind }) => kind)).toEqual([
      'rule',
      'entry',
    ])
  })

  it('has no proposal that is decided, and waits for its time', async () => {
    const given = await givenGroup({ timelock: { sensitive: 3600 } } as never)
    const proposal = await given.proposed(create('a'))
    const kinds = async () => (await paged(given, 'scopes')).flat().map(({ kind }) => kind)
    expect(await kinds()).toEqual(['proposal'])
    await given.votes(given.ann, proposal)
    await given.votes(given.bob, proposal)
    expect((await given.proposal(proposal.id)).standing).toBe('scheduled')
    expect(await kinds()).toEqual([])
  })

  it('is without a key that was never good', () => {
    const key = new TestVoter('ann').key('0'.repeat(64), 5 as never)
    expect(keysEnd([{ ...key, until: 5 as never }], 3 as never)).toBe(3)
    expect(keysEnd([{ ...key, until: 6 as never }], 3 as never)).toBe(6)
  })
})

describe('a page of whom an entry reaches', () => {
  const rule = (id: string, ...callers: readonly unknown[]) => ({ id, callers, ports: [80] })
  const attach = (name: string, one: object): ChangeRequest =>
    ({ op: 'rule.attach', alias: name, rule: one }) as ChangeRequest

  async function paged(given: GivenIndex, side: ReachSide, name: string, limit = 1) {
    const found: string[] = []
    let after: string | undefined
    do {
      const more = { limit, ...(after !== undefined && { after }) }
      const page = valueOf(await asked(given).reach(side, alias(name), more))
      found.push(...page.reached.map(({ entry }) => entry.alias))
      after = page.next
    } while (after !== undefined && found.length < 50)
    return found
  }

  it('goes on in the region in which the one before ended', async () => {
    const names = ['ops/a', 'ops/b', 'pay/a', 'pay/b', 'web/a']
    const given = await givenIndex(...['one', ...names].map(create))
    for (const name of names) await given.did(attach(name, rule('r', 'one')))
    const mayCall = ['ops', 'pay', 'web'].map(alias)
    await given.did({ op: 'envelope.set', alias: 'one', envelope: { mayCall } })
    for (const limit of [1, 2, 3]) {
      expect(await paged(given, 'callees', 'one', limit)).toEqual(names)
    }
  })

  it('has those whom any of the rules names, and not only all of them', async () => {
    const given = await givenIndex(...['a', 'b', 'api'].map(create))
    await given.did(attach('api', rule('one', 'a')), attach('api', rule('two', 'b')))
    expect(await paged(given, 'callees', 'a')).toEqual(['api'])
  })

  it('has everybody once, in order, where regions are in each other or named by several rules', async () => {
    const names = ['ops/a', 'ops/eu/b', 'web/a']
    const given = await givenIndex(
      ...['ops', 'ops/eu', 'web'].map((name) => ({ op: 'scope.create' as const, alias: name })),
      ...[...names, 'api'].map(create),
    )
    const tree = (name: string) => ({ subtree: name })
    await given.did(
      attach('api', rule('a', tree('web'), 'ops/a')),
      attach('api', rule('b', tree('ops/eu'))),
      attach('api', rule('c', tree('ops'))),
    )
    for (const limit of [1, 2, 9])
      expect(await paged(given, 'callers', 'api', limit)).toEqual(names)
  })

  it('ends with the effort: a step for each rule, less for a caller that is only named', async () => {
    const callers = ['a', 'b', 'c', 'd']
    const given = await givenIndex(...[...callers, 'api', 'x', 'y'].map(create))
    await given.did(attach('api', rule('r', ...callers)))
    for (const id of ['r', 's', 't']) {
      await given.did(attach('x', rule(id, 'api')), attach('y', rule(id, 'api')))
    }
    const { state } = given.index
    const page = { at: given.clock.now(), limit: 99 }
    const found = await reachedFrom(state, 'callers', alias('api'), page, effort(10))
    expect(valueOf(found)).not.toHaveProperty('next')
    expect(valueOf(found).reached).toHaveLength(4)
    const after = `d ${given.entry('d').uid}`
    const rest = await reachedFrom(state, 'callees', alias('api'), { ...page, after }, effort(3))
    // `x` has three rules.
    expect(valueOf(rest).reached.map(({ entry }) => entry.alias)).toEqual(['x'])
    expect(valueOf(rest).next).toMatch(/^x /)
  })
})

describe('a page of the log', () => {
  const numbered = async (given: GivenIndex, size: number, steps: number, from = 0) =>
    committedPage(given.store, { size }, { from, limit: 99 }, effort(steps), ({ record }) =>
      Promise.resolve(record.seq),
    )

  it('has nothing of what was committed since it was asked for', async () => {
    const given = await givenIndex(...['a', 'b', 'c', 'd'].map(create))
    expect(await numbered(given, 3, 999)).toEqual({ found: [0, 1, 2] })
    expect(await numbered(given, 3, 999, 1)).toEqual({ found: [1, 2] })
    expect(await numbered(given, 3, 999, 7)).toEqual({ found: [] })
  })

  it('ends where the log does, though there should be more', async () => {
    const given = await givenIndex(create('a'))
    expect(await numbered(given, 9, 999)).toEqual({ found: [0, 1] })
  })

  it('has its first record though the effort is spent before it', async () => {
    const given = await givenIndex(create('a'))
    expect(await numbered(given, 2, -1)).toEqual({ found: [0], next: 1 })
    expect(await numbered(given, 2, -1, 1)).toEqual({ found: [1] })
  })

  it('is about the objects that its records changed, and no others', async () => {
    const given = await givenGroup()
    const begin = given.index.state.size
    const proposal = await given.proposed(create('a'))
    const between = (from: number, to: number) =>
      changedBetween(given.store, [from, to], () => undefined)
    // What only waits has changed nothing.
    expect(given.index.state.size).toBe(begin + 1)
    expect(await between(begin, begin + 1)).toEqual(new Set())
    await given.votes(given.ann, proposal)
    await given.votes(given.bob, proposal)
    const { size } = given.index.state
    await given.agreed(create('b'))
    expect(await between(begin, size)).toEqual(new Set([given.entry('a').uid]))
    expect(await between(0, 1)).toEqual(new Set([given.index.state.root.uid]))
  })
})

describe('a page of what was not decided in the usual way', () => {
  it('says where the next begins, and the last says nothing', async () => {
    const given = await givenGroup()
    const guard = (id: string): ChangeRequest => ({
      ...{ op: 'guard.set', alias: '', guard: { id, effect: 'requireRoutes' } },
    })
    for (const id of ['a', 'b']) await given.votes(given.ann, await given.proposed(guard(id)))
    given.clock.advance(hours(1))
    for (const id of ['a', 'b']) await given.agreed({ op: 'guard.clear', alias: '', guard: id })
    const page = async (limit: number, from?: number) =>
      valueOf(await asked(given).exceptions({ limit, ...(from !== undefined && { from }) }))
    const all = await page(9)
    expect(all.exceptions).toHaveLength(2)
    expect(all).not.toHaveProperty('next')
    const first = await page(1)
    expect(first.exceptions).toEqual(all.exceptions.slice(0, 1))
    const rest = await page(9, first.next)
    expect(rest.exceptions).toEqual(all.exceptions.slice(1))
    expect(typeof first.next).toBe('number')
  })
})
