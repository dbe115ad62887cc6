import { describe, expect, it } from '@jest/globals'
import { plus, seconds, toIso } from '../../../src/core/time.js'
import type { ReachSide } from '../../../src/namespace/questions/reach.js'
import { alias, codeOf, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'
import { asked } from './asked.js'

const names = ['a', 'a-b', 'a/x', 'a/y', 'b', 'c/z', 'payments/api', 'payments/db', 'web/shop']

async function given(): Promise<GivenIndex> {
  const index = await givenIndex()
  await index.did({ op: 'scope.create', alias: 'ops' })
  for (const name of [...names, 'ops/one', 'ops/two']) {
    await index.did({ op: 'entry.create', alias: name, owner })
  }
  const rule = { id: 'r', ports: [80] }
  const some = ['web/shop', 'a', 'a/x', 'a-b', { subtree: 'ops' }]
  await index.did(
    { op: 'rule.attach', alias: 'payments/api', rule: { ...rule, callers: some } },
    { op: 'rule.attach', alias: 'payments/db', rule: { ...rule, callers: ['payments/api', 'a'] } },
    { op: 'rule.attach', alias: 'ops/one', rule: { ...rule, callers: [{ subtree: '' }] } },
  )
  return index
}

/** Every alias, page after page. */
async function all(
  index: GivenIndex,
  side: ReachSide,
  name: string,
  limit: number,
): Promise<readonly string[]> {
  const found: string[] = []
  let after: string | undefined
  for (let pages = 0; pages < 100; pages += 1) {
    const page = valueOf(
      await asked(index).reach(side, alias(name), {
        limit,
        ...(after !== undefined && { after }),
      }),
    )
    expect(page.reached.length).toBeLessThanOrEqual(limit)
    found.push(...page.reached.map(({ entry }) => entry.alias))
    after = page.next
    if (after === undefined) return found
  }
  throw new Error('it never ends')
}

describe('whom an entry may call', () => {
  it.each([1, 2, 5, 1000])('is everybody whose rules name it, in pages of %i', async (limit) => {
    const index = await given()
    expect(await all(index, 'callees', 'a', limit)).toEqual([
      'ops/one',
      'payments/api',
      'payments/db',
    ])
    expect(await all(index, 'callees', 'b', limit)).toEqual(['ops/one'])
  })

  it('is nobody once it is suspended, or may call nobody', async () => {
    const index = await given()
    await index.did({ op: 'envelope.set', alias: 'a', envelope: { mayCall: [] } })
    expect(await all(index, 'callees', 'a', 10)).toEqual([])
    await index.did({ op: 'entry.suspend', alias: 'b' })
    expect(await all(index, 'callees', 'b', 10)).toEqual([])
  })

  it('is looked for only where its envelope lets it call', async () => {
    const index = await given()
    const envelope = { mayCall: ['payments/db', 'ops'].map(alias) }
    await index.did({ op: 'envelope.set', alias: 'a', envelope })
    expect(await all(index, 'callees', 'a', 1)).toEqual(['ops/one', 'payments/db'])
  })

  it('is nobody yet where a rule begins later, or where somebody is braked', async () => {
    const index = await given()
    const from = toIso(plus(index.clock.now(), seconds(60)))
    const rule = { id: 'later', callers: ['b'], ports: [80], from }
    await index.did({ op: 'rule.attach', alias: 'web/shop', rule })
    expect(await all(index, 'callees', 'b', 10)).toEqual(['ops/one'])
    index.clock.advance(seconds(59))
    expect(await all(index, 'callers', 'web/shop', 10)).toEqual([])
    index.clock.advance(seconds(1))
    expect(await all(index, 'callees', 'b', 10)).toEqual(['ops/one', 'web/shop'])
    expect(await all(index, 'callers', 'web/shop', 10)).toEqual(['b'])
  })

  it('says by which rule, and on which ports', async () => {
    const index = await given()
    const { reached } = valueOf(
      await asked(index).reach('callees', alias('web/shop'), { limit: 9 }),
    )
    expect(reached[1]?.permissions).toEqual([
      { caller: 'web/shop', callee: 'payments/api', rule: 'r', ports: [[80, 80]] },
    ])
  })
})

describe('who may call an entry', () => {
  it.each([1, 2, 3, 1000])('is everybody that its rules name, in pages of %i', async (limit) => {
    const index = await given()
    expect(await all(index, 'callers', 'payments/api', limit)).toEqual([
      'a',
      'a-b',
      'a/x',
      'web/shop',
      'ops/one',
      'ops/two',
    ])
    expect(await all(index, 'callers', 'ops/one', limit)).toHaveLength(names.length + 2)
  })

  it('is nobody of an entry without rules, and unknown of no entry', async () => {
    const index = await given()
    expect(await all(index, 'callers', 'b', 10)).toEqual([])
    expect(codeOf(await asked(index).reach('callers', alias('nobody'), { limit: 1 }))).toBe(
      'namespace.unknown',
    )
  })

  it('goes on where nothing is any more', async () => {
    const index = await given()
    for (const after of ['zz e', 'a e', ' e', 'ops/one zz', 'x']) {
      valueOf(await asked(index).reach('callers', alias('payments/api'), { limit: 9, after }))
      valueOf(await asked(index).reach('callees', alias('a'), { limit: 9, after }))
    }
  })
})
