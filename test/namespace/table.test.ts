import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compareKeys, MemoryTable, OverlayTable, type Table } from '../../src/namespace/table.js'

type Rows = readonly (readonly [string, string])[]
type Step = readonly [string, string | undefined]

/** In UTF-8 the fullwidth letter is before the lock; in UTF-16 it is after it. */
const FULLWIDTH = '\uff21'
const LOCK = '\u{1f512}'

const byOctets = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
const put = (table: MemoryTable<string, string>, rows: Rows): void => {
  for (const [key, value] of rows) table.set(key, value)
}
const keysOf = (rows: Iterable<readonly [string, unknown]>): string[] =>
  [...rows].map(([key]) => key)
const letters = (text: string): Rows => text.split('').map((key) => [key, `${key}1`])

function given(rows: Rows): MemoryTable<string, string> {
  const table = new MemoryTable<string, string>()
  put(table, rows)
  return table
}

describe('the order of keys', () => {
  it('is that of their octets, whatever they are made of', () => {
    const keys = [
      '',
      'a',
      'a ',
      'a!',
      'ab',
      'b',
      'é',
      'z',
      FULLWIDTH,
      LOCK,
      `a${LOCK}`,
      `a${FULLWIDTH}`,
    ]
    for (const a of keys) {
      for (const b of keys) expect(Math.sign(compareKeys(a, b))).toBe(Math.sign(byOctets(a, b)))
    }
    expect(compareKeys(FULLWIDTH, LOCK)).toBeLessThan(0)
    expect(compareKeys(LOCK, FULLWIDTH)).toBeGreaterThan(0)
  })
})

describe.each<
  [
    string,
    (rows: Rows) => Table<string, string> & Pick<MemoryTable<string, string>, 'set' | 'delete'>,
  ]
>([
  ['in memory', given],
  [
    'over another, changed',
    (rows) => {
      const table = new OverlayTable<string, string>(new MemoryTable())
      for (const [key, value] of rows) table.set(key, value)
      return table
    },
  ],
  ['over another, as it is', (rows) => new OverlayTable<string, string>(given(rows))],
])('a table %s', (_, tableOf) => {
  it('has rows from one key on, below another', () => {
    const table = tableOf(letters('dbca'))
    expect([...table.range()]).toEqual(letters('abcd'))
    expect(keysOf(table.range('b'))).toEqual(['b', 'c', 'd'])
    expect(keysOf(table.range('b', 'd'))).toEqual(['b', 'c'])
    expect(keysOf(table.range('bb', 'cc'))).toEqual(['c'])
    expect(keysOf(table.range('', 'a'))).toEqual([])
    expect(keysOf(table.range('e'))).toEqual([])
    expect([...table.values()].toSorted()).toEqual(['a1', 'b1', 'c1', 'd1'])
  })

  it('has a row until it is taken away, and the value that was put last', () => {
    const table = tableOf(letters('abc'))
    table.set('b', 'b2')
    table.delete('a')
    table.delete('never')
    expect(['a', 'b', 'c', 'd'].map((key) => table.get(key))).toEqual([
      ...[undefined, 'b2', 'c1', undefined],
    ])
    expect([...table.range()]).toEqual([
      ['b', 'b2'],
      ['c', 'c1'],
    ])
    table.set('a', '')
    expect([table.get('a'), [...table.values()].toSorted()]).toEqual(['', ['', 'b2', 'c1']])
    expect(keysOf(table.range())).toEqual(['a', 'b', 'c'])
  })

  it('is read to its end as it was, whatever is put meanwhile', () => {
    const table = tableOf(letters('bdf'))
    const reading = table.range()[Symbol.iterator]()
    expect(reading.next().value).toEqual(['b', 'b1'])
    for (const key of 'aceg') table.set(key, 'new')
    expect(keysOf(table.range())).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    expect(keysOf({ [Symbol.iterator]: () => reading })).toEqual(['d', 'f'])
  })

  it('is read on over rows that go meanwhile', () => {
    const table = tableOf(letters('abcd'))
    const seen: string[] = []
    for (const [key] of table.range()) {
      seen.push(key)
      table.delete(key)
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
    expect([...table.range()]).toEqual([])
  })
})

describe('changes on top of a table', () => {
  it('leave it as it is', () => {
    const base = given(letters('abc'))
    const table = new OverlayTable<string, string>(base)
    table.set('a', 'other')
    table.delete('b')
    table.set('d', 'new')
    expect([...base.range()]).toEqual(letters('abc'))
  })

  it('stand between the rows below, in the order of their keys', () => {
    const table = new OverlayTable<string, string>(given(letters('bdfh')))
    for (const key of ['i', 'c', 'a', 'e']) table.set(key, 'new')
    table.set('d', 'other')
    table.delete('f')
    expect([...table.range()].map(([key, value]) => `${key} ${value}`)).toEqual([
      ...['a new', 'b b1', 'c new', 'd other', 'e new', 'h h1', 'i new'],
    ])
    expect(keysOf(table.range('b', 'h'))).toEqual(['b', 'c', 'd', 'e'])
  })

  it('are told where a row is no longer what it is below', () => {
    const table = new OverlayTable<string, string>(given(letters('abc')))
    table.set('c', 'c2')
    table.delete('a')
    table.set('z', 'z1')
    table.set('y', 'y1')
    // Let go and taken again, and taken and let go.
    table.delete('b')
    table.set('b', 'b1')
    table.set('x', 'x1')
    table.delete('x')
    expect([...table.changed()]).toEqual([
      ['a', undefined],
      ['c', 'c2'],
      ['y', 'y1'],
      ['z', 'z1'],
    ])
  })

  it('are told of every object that was put: it may be another', () => {
    const row = { rev: 1 }
    const base = new MemoryTable<string, object>()
    base.set('a', row)
    const table = new OverlayTable<string, object>(base)
    expect([...table.changed()]).toEqual([])
    table.set('a', row)
    expect([...table.changed()]).toEqual([['a', row]])
  })

  it('come to what a plain map of them comes to', () => {
    const key = fc.oneof(
      fc.constantFrom('a', 'b', `a${LOCK}`, `a${FULLWIDTH}`, 'é', ''),
      fc.string({ maxLength: 3 }),
    )
    const steps = fc.array(fc.tuple(key, fc.option(fc.string(), { nil: undefined })), {
      maxLength: 90,
    })
    const apply = (
      table: Pick<MemoryTable<string, string>, 'set' | 'delete'>,
      all: readonly Step[],
    ) => {
      for (const [name, value] of all) {
        if (value === undefined) table.delete(name)
        else table.set(name, value)
      }
    }
    fc.assert(
      fc.property(steps, steps, key, key, (below, above, from, end) => {
        const base = new MemoryTable<string, string>()
        apply(base, below)
        const table = new OverlayTable<string, string>(base)
        apply(table, above.slice(0, 3))
        expect([...table.range()].length).toBeGreaterThanOrEqual(0)
        apply(table, above.slice(3))
        const model = new Map<string, string>()
        apply(model, [...below, ...above])
        const rows = [...model].toSorted(([a], [b]) => byOctets(a, b))
        expect([...table.range()]).toEqual(rows)
        expect([...table.values()]).toEqual(rows.map(([, value]) => value))
        const within = rows.filter(([name]) => byOctets(name, from) >= 0 && byOctets(name, end) < 0)
        expect([...table.range(from, end)]).toEqual(within)
        const written = new Map([...base.range()])
        for (const [name, value] of table.changed()) {
          if (value === undefined) written.delete(name)
          else written.set(name, value)
        }
        expect([...written].toSorted(([a], [b]) => byOctets(a, b))).toEqual(rows)
      }),
    )
  })
})
