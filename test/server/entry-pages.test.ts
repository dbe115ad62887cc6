import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import type { EntryJson } from '../../src/server/http/shapes.js'
import { namespaceOperations } from '../../src/server/operations/namespace.js'
import { type GivenIndex, givenIndex, owner, valueOf } from '../namespace/given-index.js'
import { logSigner } from '../support/note-signers.js'

let given: GivenIndex
let operations: ReturnType<typeof namespaceOperations>

/** Names that sort between a scope's own and those in it, and one alias that three entries had. */
beforeAll(async () => {
  given = await givenIndex()
  const names = ['a', 'a-b', 'a/b', 'a/b/c', 'a/c', 'a0', 'b', ...many]
  for (const name of names) await given.did({ op: 'entry.create', alias: name, owner })
  for (const _ of [1, 2]) {
    await given.did(
      { op: 'entry.retire', alias: 'a/c' },
      { op: 'entry.create', alias: 'a/c', owner },
    )
  }
  const { index, clock } = given
  operations = namespaceOperations({
    ...{ index, clock, checkCluster: () => Promise.resolve([]) },
    logKey: logSigner('acme.example/index').key,
    longWork: { progress: () => undefined, end: () => undefined },
  })
})

const many = Array.from({ length: 120 }, (_, n) => `many/n${n}`)

const page = async (prefix: string, limit: number, after?: string) =>
  valueOf(
    await operations.entries({
      prefix: prefix as Alias,
      limit,
      ...(after !== undefined && { after }),
    }),
  )

/** Everything, page after page. */
async function all(prefix: string, limit: number): Promise<EntryJson[]> {
  const entries: EntryJson[] = []
  for (let next: string | undefined = undefined, pages = 0; ; pages += 1) {
    const one: Awaited<ReturnType<typeof page>> = await page(prefix, limit, next)
    expect(one.entries.length).toBeLessThanOrEqual(limit)
    entries.push(...one.entries)
    next = one.next
    if (next === undefined) return entries
    if (pages > 1000) throw new Error('it never ends')
  }
}

describe('pages of entries', () => {
  it('are all entries, once each, in the order of their aliases, whatever their size', async () => {
    const whole = await page('', 1000)
    expect(whole.next).toBeUndefined()
    expect(whole.entries).toHaveLength(given.index.state.entryCount)
    const aliases = whole.entries.map((entry) => entry.alias)
    expect(aliases).toEqual([...aliases].sort())
    expect(aliases.filter((name) => name === 'a/c')).toHaveLength(3)
    for (const limit of [1, 2, 7, 64, 129, 130]) {
      expect(await all('', limit)).toEqual(whole.entries)
    }
  })

  it('hold what is at and under a prefix, and nothing beside it', async () => {
    for (const limit of [1, 3, 1000]) {
      const names = (await all('a', limit)).map((entry) => entry.alias)
      expect(names).toEqual(['a', 'a/b', 'a/b/c', 'a/c', 'a/c', 'a/c'])
    }
    expect((await all('many', 50)).map((entry) => entry.alias)).toEqual([...many].sort())
    expect(await all('a/b/c/d', 5)).toEqual([])
  })

  it('say that more follow only when more do', async () => {
    expect((await page('many', 120)).next).toBeUndefined()
    expect((await page('many', 119)).next).toMatch(/^many\/n98:e[a-z2-7]{31}$/)
  })

  it('go on after an entry that has moved away meanwhile', async () => {
    const first = await page('many', 3)
    const [, , last] = first.entries
    await given.did({ op: 'entry.rename', alias: last!.alias, to: 'moved' })
    const second = await page('many', 1000, first.next)
    expect(second.entries).toHaveLength(117)
    await given.did({ op: 'entry.rename', alias: 'moved', to: last!.alias })
  })
})
