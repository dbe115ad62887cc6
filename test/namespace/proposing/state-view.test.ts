import { beforeAll, describe, expect, it } from '@jest/globals'
import { firstDifference } from '../../../src/namespace/compare-states.js'
import { SeenState } from '../../../src/namespace/drafting/seen-state.js'
import {
  emptyMeta,
  emptyState,
  type StateMeta,
  type StateSource,
} from '../../../src/namespace/state-tables.js'
import { StateView } from '../../../src/namespace/state-view.js'
import type { MemoryTable } from '../../../src/namespace/table.js'
import { alias, type GivenIndex, givenIndex, owner } from '../given-index.js'

describe('the scopes above an alias', () => {
  let given: GivenIndex
  beforeAll(async () => {
    given = await givenIndex(
      { op: 'scope.create', alias: 'pay' },
      { op: 'scope.create', alias: 'pay/eu' },
    )
  })
  const above = (view: StateView, text: string) =>
    view.scopesAbove(alias(text)).map((scope) => scope.alias)
  /** The same state, at a place that the test moves. */
  function moving(): { view: StateView; move: (meta: Partial<StateMeta>) => void } {
    const { source } = given.index.state
    const state = { meta: source.meta, tables: source.tables }
    const move = (meta: Partial<StateMeta>) => {
      state.meta = { ...state.meta, ...meta }
    }
    return { view: new StateView(state), move }
  }

  it('are those from the root on, and none above the root', () => {
    const { view } = moving()
    expect(above(view, 'pay/eu/api')).toEqual(['', 'pay', 'pay/eu'])
    expect(above(view, 'pay/eu')).toEqual(['', 'pay'])
    expect(above(view, 'web')).toEqual([''])
    expect(above(view, '')).toEqual([])
  })

  it('are looked up once for all that stand beside each other, until a scope changes', () => {
    const { view, move } = moving()
    const path = view.scopesAbove(alias('pay/eu/api'))
    expect(view.scopesAbove(alias('pay/eu/web'))).toBe(path)
    expect(view.scopesAbove(alias('pay/us/web'))).not.toBe(path)
    move({ size: 99 })
    expect(view.scopesAbove(alias('pay/eu/api'))).toBe(path)
    move({ structure: 98 })
    const later = view.scopesAbove(alias('pay/eu/api'))
    expect(later).not.toBe(path)
    expect(view.scopesAbove(alias('pay/eu/api'))).toBe(later)
    move({ index: 'b'.repeat(64) })
    expect(view.scopesAbove(alias('pay/eu/api'))).not.toBe(later)
  })

  it('are not remembered of more than so many', () => {
    const { view } = moving()
    const first = view.scopesAbove(alias('pay/eu/api'))
    for (let at = 1; at < 9_999; at += 1) view.scopesAbove(alias(`n${at}/x`))
    expect(view.scopesAbove(alias('pay/eu/api'))).toBe(first)
    view.scopesAbove(alias('last/x'))
    expect(view.scopesAbove(alias('pay/eu/api'))).not.toBe(first)
    expect(above(view, 'pay/eu/api')).toEqual(['', 'pay', 'pay/eu'])
  })
})

it('a state before its genesis has no root', () => {
  expect(() => new StateView(emptyState()).root).toThrow('the index has no genesis')
})

describe('the first difference of two states', () => {
  type Rows = Readonly<Record<string, number>>

  function stateOf(rows: Rows, waiting: Rows = {}): StateSource {
    const { tables } = emptyState()
    const [history, other] = [tables.history, tables.waiting] as unknown as readonly MemoryTable<
      string,
      number
    >[]
    for (const [key, value] of Object.entries(rows)) history?.set(key, value)
    for (const [key, value] of Object.entries(waiting)) other?.set(key, value)
    return { meta: emptyMeta, tables }
  }

  it.each<readonly [string, Rows, Rows, string | undefined]>([
    ['of two that are empty', {}, {}, undefined],
    ['of the same', { a: 1, b: 2 }, { b: 2, a: 1 }, undefined],
    ['where one has more at its end', { a: 1, b: 2 }, { a: 1 }, 'history b'],
    ['where one has nothing', { a: 1 }, {}, 'history a'],
    ['where one has more between', { a: 1, b: 2, c: 3 }, { a: 1, c: 3 }, 'history b'],
    ['where they have others', { a: 1, c: 3 }, { a: 1, b: 3 }, 'history b'],
    ['where a row is otherwise', { a: 1, b: 2, c: 9 }, { a: 1, b: 3, c: 3 }, 'history b'],
  ])('%s', async (_, a, b, wanted) => {
    const pace = () => undefined
    expect(await firstDifference(stateOf(a), stateOf(b), pace)).toBe(wanted)
    expect(await firstDifference(stateOf(b), stateOf(a), pace)).toBe(wanted)
  })

  it('is in any table, and is looked for with breath', async () => {
    const rows = Object.fromEntries(Array.from({ length: 450 }, (_, at) => [`k${at}`, at]))
    const told: unknown[] = []
    const pace = (progress: unknown): undefined => {
      told.push(progress)
    }
    const [a, b] = [stateOf(rows, { x: 1 }), stateOf(rows, { x: 2 })]
    expect(await firstDifference(a, b, pace)).toBe('waiting x')
    expect(told).toEqual([
      { work: 'compare', done: 200 },
      { work: 'compare', done: 400 },
    ])
  })
})

it('what somebody looks at is noted row by row, and what is not there is not', async () => {
  const given = await givenIndex(
    { op: 'entry.create', alias: 'pay', owner },
    { op: 'entry.create', alias: 'web', owner },
  )
  const seen = new SeenState(given.index.state.source)
  expect(seen.tables.entryAliases.get(alias('none'))).toBeUndefined()
  expect(seen.seen).toEqual({ meta: given.index.state.source.meta, rows: [] })
  const { uid } = given.entry('web')
  expect(seen.tables.entries.get(uid)).toBe(seen.tables.entries.get(uid))
  const row = { table: 'entries', key: uid, value: given.entry('web') }
  expect(seen.seen.rows).toEqual([row])
  expect([...seen.tables.entries.values()]).toHaveLength(2)
  expect(seen.seen.rows.map(({ key }) => key).toSorted()).toEqual(
    [uid, given.entry('pay').uid].toSorted(),
  )
})
