import { describe, expect, it } from '@jest/globals'
import {
  authorisationOf,
  entryDecisions,
  splitAuthorisationOf,
} from '../../src/namespace/authorisation.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { givenGroup } from './given-group.js'
import { givenIndex, owner } from './given-index.js'

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
    const found = await given.index.splitAuthorisation(uid, 8080)
    expect(found?.item).toMatchObject({ op: 'split.set', rev: 4, class: 'routine' })
    expect(found?.voices.map(({ voter }) => voter)).toEqual(['bob', 'cyd'])
    expect((await given.index.splitAuthorisation(uid, 443))?.item.rev).toBe(3)
    expect(await given.index.splitAuthorisation(uid, 80)).toBeUndefined()
    const asked = { uid, revisions: [], splits: [80, 443, 8080] }
    const { splits } = await entryDecisions(given.store, given.index.state, asked)
    expect([...splits].map(([port, { item }]) => [port, item.rev])).toEqual([
      [8080, 4],
      [443, 3],
    ])
    // What is no split does not stand in the way of one.
    await given.agreed({ op: 'entry.update', alias: 'shop/api', owner: { controller: 'team-web' } })
    expect((await given.index.splitAuthorisation(uid, 8080))?.item.rev).toBe(4)
  })
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
      item: { op: 'split.set', rev: 2 },
    })
    await updated(100, 150)
    expect(await splitAuthorisationOf(store, given.index.state, { uid, port: 80 })).toBeUndefined()
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
