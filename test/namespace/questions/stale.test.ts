import { describe, expect, it } from '@jest/globals'
import {
  days,
  hours,
  minus,
  plus,
  seconds,
  toIso,
  type UnixSeconds,
} from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import { type StaleEntry, staleIn } from '../../../src/namespace/questions/stale.js'
import { alias, type GivenIndex, givenIndex, owner } from '../given-index.js'

/** What is stale of entries whose last certificate was so long ago; of the others none was ever issued. */
async function stale(
  given: GivenIndex,
  issued: Readonly<Record<string, UnixSeconds>> = {},
  { limit = 99, steps = 9999, age = days(10), region = '' } = {},
): Promise<{
  readonly found: readonly StaleEntry[]
  readonly pages: number
  readonly asked: number
}> {
  const now = given.clock.now()
  const found: StaleEntry[] = []
  let [pages, asked] = [0, 0]
  let after: string | undefined
  const last = (uid: Uid) => {
    asked += 1
    const name = given.index.state.entries.get(uid)?.alias ?? ''
    return Promise.resolve(issued[name])
  }
  do {
    const page = { now, before: minus(now, age), limit, ...(after !== undefined && { after }) }
    const effort = new Effort(() => undefined, steps)
    const { stale, next } = await staleIn(given.index.state, alias(region), page, last, effort)
    found.push(...stale)
    pages += 1
    after = next
  } while (after !== undefined)
  return { found, pages, asked }
}

const names = ({ found }: { readonly found: readonly StaleEntry[] }): readonly string[] =>
  found.map(({ entry }) => entry.alias)

const rule = (id: string, callers: readonly unknown[], more: object = {}) =>
  ({ id, callers, ports: [80], ...more }) as never

describe('an entry that nobody uses', () => {
  it('has had no certificate since a second, and was there before it', async () => {
    const given = await givenIndex({ op: 'entry.create', alias: 'old', owner })
    given.clock.advance(seconds(1))
    await given.did({ op: 'entry.create', alias: 'new', owner })
    given.clock.advance(days(10))
    const before = minus(given.clock.now(), days(10))
    const all = await stale(given)
    expect(all.found).toMatchObject([
      { entry: { alias: 'old' }, unused: { last: null }, rules: [] },
    ])
    // Nobody looks for certificates of what was not there.
    expect(all.asked).toBe(1)
    expect(names(await stale(given, { old: before }))).toEqual([])
    const last = minus(before, seconds(1))
    expect((await stale(given, { old: last })).found).toMatchObject([{ unused: { last } }])
  })

  it('is active: nothing of what is suspended, over, or being retired', async () => {
    const given = await givenIndex()
    const validUntil = toIso(plus(given.clock.now(), hours(1)))
    for (const name of ['a', 'b', 'c']) await given.did({ op: 'entry.create', alias: name, owner })
    await given.did({ op: 'entry.create', alias: 'd', owner, validUntil })
    await given.did({ op: 'entry.suspend', alias: 'b' }, { op: 'entry.retire', alias: 'c' })
    given.clock.advance(days(11))
    expect(names(await stale(given))).toEqual(['a'])
  })

  it('is looked for in a region, in pages that end where the next begins', async () => {
    const given = await givenIndex()
    for (const name of ['a', 'pay', 'pay-b', 'pay/api', 'pay/db']) {
      await given.did({ op: 'entry.create', alias: name, owner })
    }
    given.clock.advance(days(11))
    const region = { region: 'pay' }
    expect(names(await stale(given, {}, region))).toEqual(['pay', 'pay/api', 'pay/db'])
    for (const [limit, pages] of [
      [1, 3],
      [2, 2],
      [3, 1],
    ] as const) {
      const found = await stale(given, {}, { ...region, limit })
      expect([names(found), found.pages]).toEqual([['pay', 'pay/api', 'pay/db'], pages])
    }
    // With no effort at all each page goes on by one.
    expect((await stale(given, {}, { ...region, steps: 0 })).pages).toBe(3)
    // Four steps for an entry, and one for each of its rules.
    expect((await stale(given, {}, { ...region, steps: 11 })).pages).toBe(1)
    expect((await stale(given, {}, { ...region, steps: 7 })).pages).toBe(2)
  })
})

describe('a rule that allows nobody anything', () => {
  it('is over from its second on, or names only what is retired', async () => {
    const given = await givenIndex({ op: 'scope.create', alias: 'ops' })
    for (const name of ['api', 'a', 'b', 'gone', 'going']) {
      await given.did({ op: 'entry.create', alias: name, owner })
    }
    const until = toIso(plus(given.clock.now(), days(1)))
    await given.did(
      { op: 'rule.attach', alias: 'api', rule: rule('brief', ['a'], { until }) },
      { op: 'rule.attach', alias: 'api', rule: rule('mixed', ['gone', 'a']) },
      { op: 'rule.attach', alias: 'api', rule: rule('none', ['gone', 'going']) },
      { op: 'rule.attach', alias: 'api', rule: rule('region', [{ subtree: 'ops' }]) },
      { op: 'rule.attach', alias: 'api', rule: rule('suspended', ['b']) },
      { op: 'entry.suspend', alias: 'b' },
      { op: 'entry.retire', alias: 'gone' },
    )
    const used = async () => {
      const { found } = await stale(given, { api: given.clock.now(), a: given.clock.now() })
      return found.flatMap(({ rules }) => rules.map(({ id, because }) => `${id} ${because}`))
    }
    given.clock.advance(days(1))
    given.clock.set(minus(given.clock.now(), seconds(1)))
    expect(await used()).toEqual([])
    given.clock.advance(seconds(1))
    expect(await used()).toEqual(['brief over'])
    // Its names are not free yet, and nobody calls by them.
    given.issued.until.set(given.entry('going').uid, plus(given.clock.now(), days(1)))
    await given.did({ op: 'entry.retire', alias: 'going' })
    expect(await used()).toEqual(['brief over', 'none callers-retired'])
    // With no effort left nothing is said of callers.
    const { found } = await stale(given, { api: given.clock.now() }, { steps: 0 })
    const api = found.find(({ entry }) => entry.alias === 'api')
    expect(api?.rules.map(({ id }) => id)).toEqual(['brief'])
  })
})
