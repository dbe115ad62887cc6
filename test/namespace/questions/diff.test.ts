import { describe, expect, it } from '@jest/globals'
import type { RefusalCode } from '../../../src/core/refusal.js'
import { ok } from '../../../src/core/result.js'
import { days } from '../../../src/core/time.js'
import type { Diff } from '../../../src/namespace/questions/diff.js'
import { parseMoment } from '../../../src/namespace/questions/past.js'
import { PastQuestions } from '../../../src/namespace/questions/past-questions.js'
import { canonicalState } from '../../../src/namespace/state.js'
import { alias, codeOf, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

const rule = { id: 'shop', callers: ['web/shop'], ports: [80] }

/** Six records, a day between each. */
async function given(): Promise<GivenIndex> {
  const index = await givenIndex()
  for (const change of [
    { op: 'entry.create', alias: 'web/shop', owner },
    { op: 'entry.create', alias: 'pay/api', owner },
    { op: 'rule.attach', alias: 'pay/api', rule },
    { op: 'entry.create', alias: 'pay/db', owner },
    { op: 'entry.suspend', alias: 'web/shop' },
  ] as const) {
    index.clock.advance(days(1))
    await index.did(change)
  }
  return index
}

const past = ({ store }: GivenIndex): PastQuestions => new PastQuestions(store, () => undefined)

const moment = (text: string) => {
  const found = parseMoment(text)
  if (!found) throw new Error('no moment')
  return found
}

const diff = async (
  index: GivenIndex,
  from: string,
  to: string,
  scope = '',
): Promise<{ readonly code: RefusalCode | 'ok'; readonly value: Diff | undefined }> => {
  const asked = { from: moment(from), to: moment(to), scope: alias(scope) }
  const found = await past(index).diff(asked)
  return { code: codeOf(found), value: found.ok ? found.value : undefined }
}

describe('the difference between two moments', () => {
  it('is what became possible, and what no longer is', async () => {
    const index = await given()
    const { value: added } = await diff(index, '3', '4')
    expect(added?.permissions).toMatchObject({
      added: [{ caller: 'web/shop', callee: 'pay/api', rule: 'shop', ports: [[80, 80]] }],
      removed: [],
    })
    expect(added?.objects).toEqual([
      { kind: 'entry', alias: 'pay/api', change: 'changed', fields: ['rules'] },
    ])
    const { value: removed } = await diff(index, '4', '6')
    expect(removed?.permissions).toMatchObject({ added: [], removed: [{ callee: 'pay/api' }] })
    expect(removed?.entries).toMatchObject([
      { alias: 'pay/db', certificates: 'gained' },
      { alias: 'web/shop', certificates: 'lost' },
    ])
    const { value: all } = await diff(index, '1', '6')
    expect(all?.permissions).toEqual({ added: [], removed: [] })
    expect(all?.objects.map(({ change }) => change)).toEqual(['created', 'created', 'created'])
  })

  it('is nothing between a moment and itself, and is asked of one scope', async () => {
    const index = await given()
    const { value: none } = await diff(index, '6', '6')
    expect(none).toMatchObject({ objects: [], entries: [], complete: true })
    const { value: some } = await diff(index, '3', '6', 'pay')
    expect(some?.objects.map(({ alias: name }) => name)).toEqual(['pay/api', 'pay/db'])
  })

  it('is nothing where what was done was undone, but for its revision', async () => {
    const index = await given()
    await index.did({ op: 'entry.reactivate', alias: 'web/shop' })
    const { value: undone } = await diff(index, '5', '7')
    expect(undone).toMatchObject({ objects: [], entries: [], from: { size: 5 }, to: { size: 7 } })
    expect(undone?.permissions).toEqual({ added: [], removed: [] })
  })

  it('is asked of an entry, by a name that it had too, and of where only names begin so', async () => {
    const index = await given()
    await index.did({ op: 'entry.rename', alias: 'pay/db', to: 'pay/store' })
    for (const scope of ['pay/api', 'web', 'pay/db', 'pay/store']) {
      expect((await diff(index, '2', '7', scope)).code).toBe('ok')
    }
    // What was there in neither moment is unknown, though it is there now.
    await index.did({ op: 'entry.create', alias: 'late/one', owner })
    expect((await diff(index, '2', '7', 'late')).code).toBe('namespace.unknown')
    expect((await diff(index, '2', '8', 'late')).code).toBe('ok')
    // Calls to and from there, whoever is on the other side.
    for (const scope of ['web', 'pay/api']) {
      const { value } = await diff(index, '3', '4', scope)
      expect(value?.permissions.added).toMatchObject([{ caller: 'web/shop', callee: 'pay/api' }])
    }
    const { value: lost } = await diff(index, '4', '6', 'web')
    expect(lost?.permissions.removed).toMatchObject([{ caller: 'web/shop' }])
    expect(lost?.entries.map(({ alias: name }) => name)).toEqual(['web/shop'])
    const { value: none } = await diff(index, '4', '5', 'web')
    expect(none).toMatchObject({ permissions: { added: [], removed: [] }, complete: true })
  })

  it('says where traffic goes, to whoever asks about either end', async () => {
    const index = await given()
    const split = (api: number, shop: number) => ({
      port: 80,
      backendRefs: [
        { entry: 'pay/db', weight: api },
        { entry: 'web/shop', port: 8080, weight: shop },
      ],
    })
    await index.did({ op: 'entry.reactivate', alias: 'web/shop' })
    await index.did({ op: 'split.set', alias: 'pay/db', split: split(90, 10) })
    await index.did({ op: 'split.set', alias: 'pay/db', split: split(10, 90) })
    for (const scope of ['', 'pay', 'web']) {
      const { value } = await diff(index, '8', '9', scope)
      const [found, ...more] = value?.splits ?? []
      expect([found?.alias, found?.port, more]).toEqual(['pay/db', 80, []])
      const backends = [...(found?.backends ?? [])].sort((a, b) => (a.entry < b.entry ? -1 : 1))
      expect(backends).toEqual([
        { entry: 'pay/db', before: 90, after: 10 },
        { entry: 'web/shop', port: 8080, before: 10, after: 90 },
      ])
    }
    expect((await diff(index, '8', '9', 'pay/api')).value).not.toHaveProperty('splits')
    expect((await diff(index, '3', '7')).value).not.toHaveProperty('splits')
  })

  it('has two entries that had one alias, one after the other, under two names', async () => {
    const index = await given()
    const split = { port: 80, backendRefs: [{ entry: 'web/shop', weight: 1 }] }
    await index.did({ op: 'entry.reactivate', alias: 'web/shop' })
    await index.did({ op: 'split.set', alias: 'pay/db', split })
    await index.did({ op: 'split.set', alias: 'web/shop', split })
    const { uid } = index.entry('web/shop')
    await index.did({ op: 'entry.retire', alias: 'web/shop' })
    index.clock.advance(days(3))
    await index.did({ op: 'entry.create', alias: 'web/shop', owner })
    for (const on of ['pay/db', 'web/shop']) {
      await index.did({ op: 'split.set', alias: on, split: { ...split, port: 81 } })
      await index.did({ op: 'split.set', alias: on, split })
    }
    const { value } = await diff(index, '9', String(index.store.records.length))
    const told = value?.splits?.map(({ alias: on, port, backends }) => {
      const sides = backends.map(
        ({ entry, before = 0, after = 0 }) => `${entry} ${before} ${after}`,
      )
      return [on, port, sides.sort()]
    })
    expect(told).toContainEqual(['pay/db', 80, [`${uid} 1 0`, 'web/shop 0 1'].sort()])
    expect(told).toContainEqual(['web/shop', 80, ['web/shop 0 1']])
    expect(told?.filter(([on, port]) => on === 'web/shop' && port === 80)).toHaveLength(1)
  })

  it('is told by times as by numbers', async () => {
    const index = await given()
    const numbers = await diff(index, '3', '5')
    const from = new Date((numbers.value?.from.at ?? 0) * 1000).toISOString().replace('.000', '')
    const to = new Date(((numbers.value?.to.at ?? 0) + 3600) * 1000).toISOString()
    expect((await diff(index, from, to.replace('.000', ''))).value).toEqual(numbers.value)
  })

  it.each([
    ['4', '3', '', 'namespace.malformed'],
    ['1', '7', '', 'namespace.unknown'],
    ['1999-01-01T00:00:00Z', '3', '', 'namespace.unknown'],
    ['1', '999999999999999', '', 'namespace.unknown'],
    ['1', '3', 'nowhere', 'namespace.unknown'],
  ])('from %s to %s in %s is refused', async (from, to, scope, code) => {
    expect((await diff(await given(), from, to, scope)).code).toBe(code)
  })

  it.each([
    '0',
    '-1',
    '1.5',
    '1e3',
    '',
    '2026-13-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    'now',
    '１',
  ])('has no moment %s', (text) => expect(parseMoment(text)).toBeUndefined())
})

describe('the index as it was', () => {
  it('is the state after so many records, byte for byte, whatever was changed since', async () => {
    const index = await given()
    const before = canonicalState(index.index.state)
    await index.did({ op: 'entry.create', alias: 'late', owner })
    const there = await past(index).at(moment('6'), (state) =>
      Promise.resolve(ok(canonicalState(state))),
    )
    expect(valueOf(there)).toBe(before)
  })
})
