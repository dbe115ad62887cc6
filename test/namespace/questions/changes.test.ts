import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../../src/core/alias.js'
import { days, minus, plus, seconds } from '../../../src/core/time.js'
import { changesIn } from '../../../src/namespace/questions/changes.js'
import { firstSince } from '../../../src/namespace/questions/committed.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import { givenGroup } from '../given-group.js'
import { alias, givenIndex, owner, valueOf } from '../given-index.js'
import { asked } from './asked.js'

describe('what was decided', () => {
  it('is told with what was said about it, by whom, and what it took', async () => {
    const given = await givenGroup()
    const request = { op: 'entry.create', alias: 'pay/api', owner } as const
    const proposal = await given.proposed({ ...request, reason: 'new', ticket: 'CHG-1' })
    const cast = given.now()
    await given.votes(given.cyd, proposal, 'abstain')
    await given.votes(given.bob, proposal)
    given.clock.advance(days(1))
    await given.votes(given.ann, proposal)
    const { changes } = valueOf(await asked(given).changes({ prefix: alias('pay'), limit: 9 }))
    expect(changes).toHaveLength(1)
    expect(changes[0]?.item).toMatchObject({
      ...{ op: 'entry.create', subject: 'pay/api', rev: 1, by: 'local', class: 'sensitive' },
      ...{ reason: 'new', ticket: 'CHG-1', proposal: proposal.id, at: plus(cast, days(1)) },
      votes: ['approve: ann, bob', 'abstain: cyd'],
    })
    expect(changes[0]?.item.summary).toContain('owner: {controller:team-payments}')
    expect(changes[0]).toMatchObject({
      ...{ scope: '', group: 2, needs: { threshold: 151, controllers: 2 } },
      voices: [
        { voter: 'ann', decision: 'approve', cast: plus(cast, days(1)), weight: 100 },
        { voter: 'bob', decision: 'approve', cast, controller: 'bob@acme', weight: 100 },
        { voter: 'cyd', decision: 'abstain', cast, controller: 'cyd@acme', weight: 100 },
      ],
    })
  })

  it('begins with the genesis, and is of one voter in a solo index', async () => {
    const index = await givenIndex({ op: 'entry.create', alias: 'a', owner })
    const { changes } = valueOf(await asked(index).changes({ prefix: ROOT, limit: 9 }))
    expect(changes).toMatchObject([
      {
        item: {
          ...{ seq: 0, op: 'genesis', by: 'platform', votes: [], subject: '', rev: 1 },
          summary: ['trust domain: acme.example', 'one local voter (solo)'],
        },
        ...{ scope: '', group: 1, voices: [], needs: { threshold: 1, controllers: 1 } },
      },
      {
        item: { seq: 1, op: 'entry.create', votes: ['approve: local'] },
        voices: [{ voter: 'local', decision: 'approve', controller: 'platform', weight: 1 }],
      },
    ])
  })

  it('is only about what was at or under the alias, as it was called then', async () => {
    const index = await givenIndex(
      { op: 'entry.create', alias: 'a', owner },
      { op: 'entry.create', alias: 'a-b', owner },
      { op: 'entry.create', alias: 'a/x', owner },
      { op: 'entry.rename', alias: 'a/x', to: 'b/x' },
      { op: 'entry.suspend', alias: 'b/x' },
    )
    const about = async (prefix: string): Promise<readonly string[]> =>
      valueOf(await asked(index).changes({ prefix: alias(prefix), limit: 99 })).changes.map(
        ({ item }) => `${item.op} ${item.subject}`,
      )
    expect(await about('a')).toEqual(['entry.create a', 'entry.create a/x'])
    // What renames it is about the name that it gives.
    expect(await about('b')).toEqual(['entry.rename b/x', 'entry.suspend b/x'])
    expect(await about('c')).toEqual([])
  })

  it('made together is told one by one, each with what it did', async () => {
    const given = await givenGroup()
    const entries = ['pay/a', 'pay/b'].map((name) => ({ alias: name, owner }))
    const [made] = valueOf(await given.index.apply({ apiVersion: 'capstan/v1', entries }))
    if (made?.kind !== 'waits') throw new Error('it was committed at once')
    const proposal = await given.proposal(made.proposal)
    await given.votes(given.ann, proposal)
    await given.votes(given.bob, proposal)
    const { changes } = valueOf(await asked(given).changes({ prefix: alias('pay'), limit: 9 }))
    expect(changes.map(({ item }) => [item.op, item.subject, item.proposal])).toEqual([
      ['entry.create', 'pay/a', proposal.id],
      ['entry.create', 'pay/b', proposal.id],
    ])
    const voters = changes.map(({ voices }) => voices.map(({ voter }) => voter))
    expect(voters).toEqual([
      ['ann', 'bob'],
      ['ann', 'bob'],
    ])
  })
})

describe('a page of the log', () => {
  const given = async () => {
    const index = await givenIndex()
    for (let n = 1; n < 8; n += 1) {
      index.clock.advance(days(1))
      await index.did({ op: 'entry.create', alias: `e${n}`, owner })
    }
    return index
  }

  it('begins with the first record of a second, or after it', async () => {
    const index = await given()
    const start = minus(index.clock.now(), days(7))
    const { state } = index.index
    for (const [since, first] of [
      [start, 0],
      [plus(start, seconds(1)), 1],
      [plus(start, days(3)), 3],
      [plus(start, seconds(3 * 86_400 + 1)), 4],
      [plus(start, days(7)), 7],
      [plus(start, days(8)), 8],
    ] as const) {
      expect(await firstSince(index.store, state, since)).toBe(first)
      const page = { prefix: ROOT, limit: 99, since }
      const { changes } = valueOf(await asked(index).changes(page))
      expect(changes.map(({ item }) => item.seq)).toEqual(
        [0, 1, 2, 3, 4, 5, 6, 7].filter((seq) => seq >= first),
      )
    }
    // Where a page ended is where the next one begins, whatever it began with.
    const next = { prefix: ROOT, limit: 99, since: start, from: 6 }
    expect(valueOf(await asked(index).changes(next)).changes).toHaveLength(2)
  })

  it('finds that in as many steps as the log has doublings', async () => {
    const index = await given()
    let reads = 0
    const log = {
      read: (from: number, limit: number) => {
        reads += 1
        return index.store.read(from, limit)
      },
    }
    await firstSince(log, index.index.state, index.clock.now())
    expect(reads).toBeLessThanOrEqual(4)
  })

  it('ends with its limit, and has no next where nothing follows', async () => {
    const index = await given()
    const page = async (limit: number, from: number) =>
      valueOf(await asked(index).changes({ prefix: ROOT, limit, from }))
    expect(await page(8, 0)).not.toHaveProperty('next')
    expect((await page(7, 0)).next).toBe(7)
    expect((await page(3, 3)).next).toBe(6)
    expect((await page(3, 3)).changes.map(({ item }) => item.seq)).toEqual([3, 4, 5])
  })

  it('ends with the effort, but never before its first record', async () => {
    const index = await given()
    const { state } = index.index
    const seen: number[] = []
    let from: number | undefined = 0
    let pages = 0
    while (from !== undefined) {
      pages += 1
      const little = new Effort(() => undefined, 0)
      const asked = { prefix: ROOT, from, limit: 99 }
      const { changes, next } = await changesIn(index.store, state, asked, little)
      seen.push(...changes.map(({ item }) => item.seq))
      from = next
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(pages).toBe(8)
  })
})
