import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../src/core/alias.js'
import { authorisationOf } from '../../src/namespace/authorisation.js'
import {
  entryDecisions,
  splitAuthorisationOf,
  splitDecision,
} from '../../src/namespace/entry-decisions.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { givenGroup } from './given-group.js'
import { givenIndex, owner, valueOf } from './given-index.js'
import { asked } from './questions/asked.js'

describe('who made a traffic split what it is', () => {
  const split = (port: number, weight: number) => ({
    op: 'split.set' as const,
    alias: 'shop/api',
    split: {
      port,
      backendRefs: [
        { entry: 'shop/api', weight },
        { entry: 'shop/v2', weight: 10 },
      ],
    },
  })

  it('is told of its port, with those who voted, whatever was changed since', async () => {
    const given = await givenGroup(
      {},
      { op: 'entry.create', alias: 'shop/api', owner },
      { op: 'entry.create', alias: 'shop/v2', owner },
    )
    const decided = async (port: number, weight: number): Promise<void> => {
      const proposal = await given.proposed(split(port, weight))
      await given.votes(given.bob, proposal)
      await given.votes(given.cyd, proposal)
    }
    await decided(8080, 90)
    await decided(443, 50)
    await decided(8080, 80)
    const { uid } = given.entry('shop/api')
    const { decided: found } = await given.index.splitAuthorisation(uid, 8080)
    expect(found?.item).toMatchObject({ op: 'split.set', rev: 4, class: 'routine' })
    expect(found?.voices.map(({ voter }) => voter)).toEqual(['bob', 'cyd'])
    expect((await given.index.splitAuthorisation(uid, 443)).decided?.item.rev).toBe(3)
    expect(await given.index.splitAuthorisation(uid, 80)).toEqual({})
    const asked = { uid, revisions: [], splits: [80, 443, 8080] }
    const { splits } = await entryDecisions(given.store, given.index.state, asked)
    expect([...splits].map(([port, { item }]) => [port, item.rev])).toEqual([
      [8080, 4],
      [443, 3],
    ])
    // What is no split does not stand in the way of one.
    await given.agreed({ op: 'entry.update', alias: 'shop/api', owner: { controller: 'team-web' } })
    expect((await given.index.splitAuthorisation(uid, 8080)).decided?.item.rev).toBe(4)
  })
})

/** So often something else was changed. */
const often = async (n: number, change: (n: number) => Promise<unknown>): Promise<void> => {
  for (let done = 0; done < n; done += 1) await change(done)
}

describe('who made a traffic split what it is, too many records ago', () => {
  it('is not told, and how many records were not looked at is', async () => {
    const given = await givenIndex({ op: 'entry.create', alias: 'shop/web', owner })
    const backendRefs = [{ entry: 'shop/web', weight: 1 }]
    const { uid } = given.entry('shop/web')
    await given.did({ op: 'split.set', alias: 'shop/web', split: { port: 80, backendRefs } })
    const labelled = (n: number) =>
      given.did({ op: 'entry.update', alias: 'shop/web', labels: { n: String(n) } })
    await often(99, labelled)
    await given.did({ op: 'split.set', alias: 'shop/web', split: { port: 443, backendRefs } })
    const { index } = given
    // Of 102 records the latest hundred are looked at.
    expect(await index.splitAuthorisation(uid, 80)).toEqual({ notLookedAt: 2 })
    expect((await index.splitAuthorisation(uid, 443)).decided?.item.rev).toBe(102)
    expect(await index.splitAuthorisation(uid, 81)).toEqual({ notLookedAt: 2 })
    const both = await index.entryDecisions({ uid, revisions: [], splits: [80, 443] })
    expect([[...both.splits.keys()], both.notLookedAt]).toEqual([[443], 2])
    expect(splitDecision(both, 80)).toEqual({ notLookedAt: 2 })
    expect(splitDecision(both, 443).notLookedAt).toBeUndefined()
    const found = await index.entryDecisions({ uid, revisions: [], splits: [443] })
    expect(found).not.toHaveProperty('notLookedAt')
  }, 60_000)
})

describe('what voters were worth, of a group that is another since', () => {
  it('is not told where too many records came between, and in answers that count their work it is', async () => {
    const given = await givenGroup({}, { op: 'entry.create', alias: 'shop/web', owner })
    const guarded = async (n: number) => {
      const guard = { id: 'ssh', effect: 'forbid' as const, ports: [[22, 22 + n] as const] }
      const proposal = await given.proposed({ op: 'guard.set', alias: '', guard })
      for (const voter of [given.ann, given.bob, given.cyd]) {
        const { standing } = await given.proposal(proposal.id)
        if (standing === 'open') await given.votes(voter, proposal)
      }
    }
    await often(100, guarded)
    await given.agreed({ op: 'entry.update', alias: 'shop/web', labels: { n: '1' } })
    const { index, at } = given.index.state
    const others = [given.ann, given.bob, new TestVoter('dan')]
    const group = groupOf(others.map((voter) => voter.voter(index, at)))
    const set = await given.proposed({ op: 'group.set', alias: '', group })
    for (const voter of [given.bob, given.cyd, given.ann, ...others]) {
      const { standing } = await given.proposal(set.id)
      if (standing === 'open') await given.votes(voter, set)
    }
    const { uid } = given.entry('shop/web')
    const found = await given.index.authorisation(uid, 2)
    expect(found?.needs).toBeUndefined()
    expect(found?.voices.map(({ weight }) => weight)).toEqual([undefined, undefined])
    // The genesis, and the group that decided.
    expect(found?.groupNotLookedAt).toBe(2)
    const page = { from: 0, limit: 1000, prefix: ROOT }
    const { changes } = valueOf(await asked(given).changes(page))
    const told = changes.find(({ item }) => item.op === 'entry.update')
    expect(told?.voices.map(({ weight }) => weight)).toEqual([100, 100])
    expect(told).not.toHaveProperty('groupNotLookedAt')
    const voter = { voter: 'bob', which: 'decisive' as const, limit: 1000 }
    const voted = valueOf(await asked(given).votedBy(voter)).changes
    expect(voted.find(({ alias }) => alias === 'shop/web')).toMatchObject({ weight: 100 })
  }, 120_000)
})

describe('who made an entry what it is', () => {
  it('is answered from a bounded number of records, however often it changed', async () => {
    const given = await givenIndex({ op: 'entry.create', alias: 'shop/web', owner })
    const { uid } = given.entry('shop/web')
    const backendRefs = [{ entry: 'shop/web', weight: 1 }]
    await given.did({ op: 'split.set', alias: 'shop/web', split: { port: 80, backendRefs } })
    const updated = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n += 1) {
        await given.did({ op: 'entry.update', alias: 'shop/web', labels: { n: String(n) } })
      }
    }
    await updated(1, 100)
    // A hundred others are all that there are; the split is the hundredth of them from the end.
    const { store } = given
    const whole = await authorisationOf(store, given.index.state, { uid, rev: 1 })
    expect(whole).not.toHaveProperty('notLookedAt')
    expect(await splitAuthorisationOf(store, given.index.state, { uid, port: 80 })).toMatchObject({
      decided: { item: { op: 'split.set', rev: 2 } },
    })
    await updated(100, 150)
    const later = await splitAuthorisationOf(store, given.index.state, { uid, port: 80 })
    expect(later).toEqual({ notLookedAt: 51 })
    let reads = 0
    const log = {
      read: (from: number, limit: number) => {
        reads += 1
        return given.store.read(from, limit)
      },
    }
    const found = await authorisationOf(log, given.index.state, { uid, rev: 20 })
    expect(found?.item).toMatchObject({ op: 'entry.update', rev: 20 })
    expect(found?.others.at(-1)?.rev).toBe(151)
    expect(found?.others).toHaveLength(100)
    // 151 revisions, of which one is the answer.
    expect(found?.notLookedAt).toBe(50)
    expect(reads).toBeLessThan(110)
    expect(await authorisationOf(log, given.index.state, { uid, rev: 152 })).toBeUndefined()
  }, 60_000)

  it('is told of many revisions without what else was changed, each group looked for once: attack 316', async () => {
    const updates = Array.from({ length: 40 }, (_, n) => ({
      op: 'entry.update' as const,
      ...{ alias: 'shop/web', labels: { n: String(n) } },
    }))
    const given = await givenGroup({}, { op: 'entry.create', alias: 'shop/web', owner }, ...updates)
    const { state } = given.index
    const { uid } = given.entry('shop/web')
    const reads: number[] = []
    const log = {
      read: (from: number, limit: number) => {
        reads.push(from)
        return given.store.read(from, limit)
      },
    }
    const revisions = Array.from({ length: 20 }, (_, n) => n + 2)
    const asked = { uid, revisions: [...revisions, 2, 99], splits: [80, 443] }
    const found = await entryDecisions(log, state, asked)
    expect([...found.revisions.keys()]).toEqual(revisions)
    expect(found.splits).toEqual(new Map())
    // The records of the entry are gone through for the splits, once; each group, too.
    const genesis = reads.filter((seq) => seq === 0)
    expect(genesis).toHaveLength(1)
    expect(reads.length).toBeLessThan(20 + 41 + 3)
    for (const [rev, change] of found.revisions) {
      const { others: _others, ...alone } = (await authorisationOf(log, state, { uid, rev })) ?? {}
      expect(change).toEqual(alone)
    }
  })

  it('is told with the weights of the group as it was, and not of another that was asked', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' })
    const { index, at } = given.index.state
    const others = [new TestVoter('ann'), new TestVoter('dan'), new TestVoter('eve')]
    const group = groupOf(others.map((voter) => voter.voter(index, at)))
    const set = await given.proposed({ op: 'group.set', alias: 'shop', group })
    for (const voter of [given.bob, given.cyd, ...others.slice(0, 2)]) await given.votes(voter, set)
    const { uid, rev } = given.scope('shop')
    const found = await given.index.authorisation(uid, rev)
    const worth = found?.voices.map(({ voter, weight }) => `${voter} ${weight ?? 0}`)
    expect(worth).toEqual(['ann 0', 'bob 100', 'cyd 100', 'dan 0'])
    const first = await given.index.authorisation(given.index.state.root.uid, 2)
    expect(first?.group).toBe(1)
    expect(first?.voices.find(({ voter }) => voter === 'local')?.weight).toBe(1)
  })

  it('is told with the group of then, past what else was changed of its scope', async () => {
    const given = await givenGroup()
    const guard = { id: 'g', effect: 'requireRoutes' } as const
    await given.votes(given.ann, await given.proposed({ op: 'guard.set', alias: '', guard }))
    await given.agreed({ op: 'entry.create', alias: 'shop/web', owner })
    const { rev: _rev, ...group } = given.index.state.root.group!
    await given.agreed({ op: 'group.set', alias: '', group })
    const found = await given.index.authorisation(given.entry('shop/web').uid, 1)
    expect(found).toMatchObject({ group: 2, needs: { threshold: 151, controllers: 2 } })
    expect(found?.voices.map(({ voter, weight }) => `${voter} ${weight}`)).toEqual([
      'ann 100',
      'bob 100',
    ])
  })

  it('is told beside the other changes of the same kind alone', async () => {
    const given = await givenIndex(
      { op: 'entry.create', alias: 'shop/web', owner },
      { op: 'envelope.set', alias: 'shop/web', envelope: { maxTtl: 60 } },
      { op: 'entry.suspend', alias: 'shop/web' },
      { op: 'entry.reactivate', alias: 'shop/web' },
    )
    const { uid } = given.entry('shop/web')
    const others = async (rev: number) =>
      (await given.index.authorisation(uid, rev))?.others.map(({ op }) => op)
    expect(await others(1)).toEqual(['entry.suspend', 'entry.reactivate'])
    expect(await others(3)).toEqual(['entry.create', 'entry.reactivate'])
    expect(await others(2)).toEqual([])
  })
})
