import { describe, expect, it } from '@jest/globals'
import type { Uid } from '../../src/core/uid.js'
import {
  type BindingFacts,
  bindingKey,
  bindingOf,
  selectorsOverlap,
} from '../../src/namespace/binding.js'
import { overlapping, selectorKeys } from '../../src/namespace/selectors.js'
import { emptyState, type StateTables } from '../../src/namespace/state-tables.js'
import type { MemoryTable } from '../../src/namespace/table.js'

const cluster = 'c'.padEnd(32, 'a') as Uid
const k8s: BindingFacts = { kind: 'k8s', cluster, namespace: 'shop', serviceAccount: 'api' }
const edge: BindingFacts = { kind: 'edge', attestor: 'tpm', device: 'd1', fleet: 'north' }
const vm = (match: Readonly<Record<string, readonly string[]>>, attestor = 'aws') =>
  ({ kind: 'vm', attestor, match }) as const
const uid = (letter: string): Uid => `e${letter.repeat(31)}` as Uid

describe('a binding', () => {
  it('has an id that follows from what it says, in whatever order', () => {
    const { id } = bindingOf(edge)
    expect(id).toMatch(/^b[a-z2-7]{12}$/)
    expect(bindingOf(edge)).toEqual({ ...edge, id })
    const { kind, ...rest } = edge
    expect(bindingOf({ ...rest, kind }).id).toBe(id)
    expect(bindingOf({ ...edge, fleet: 'south' }).id).not.toBe(id)
  })

  it('is one account or one device, whatever its fleet; selectors are no one thing', () => {
    expect(bindingKey(k8s)).toBe(`k8s:${cluster}/shop/api`)
    expect(bindingKey(edge)).toBe('edge:tpm/d1')
    expect(bindingKey(vm({ role: ['api'] }))).toBeUndefined()
  })
})

describe('one machine could fit two selectors', () => {
  it.each<readonly [boolean, string, BindingFacts, BindingFacts]>([
    [true, 'a value of each key in common', vm({ a: ['1', '2'] }), vm({ a: ['2', '3'] })],
    [false, 'a key without one', vm({ a: ['1'], b: ['1'] }), vm({ a: ['1'], b: ['2'] })],
    [true, 'no key in common', vm({ a: ['1'] }), vm({ b: ['1'] })],
    [true, 'a key of one alone', vm({ a: ['1'] }), vm({ a: ['1'], b: ['2'] })],
    [false, 'another attestor', vm({ a: ['1'] }), vm({ a: ['1'] }, 'gcp')],
    [false, 'not a selector', vm({ a: ['1'] }), edge],
    [false, 'two devices', edge, edge],
    [true, 'a key that every object has', vm({ a: ['1'] }), vm({ toString: ['1'] })],
    [false, 'such a key in both', vm({ toString: ['1'] }), vm({ toString: ['2'] })],
  ])('%s: %s', (expected, _, a, b) => {
    expect(selectorsOverlap(a, b)).toBe(expected)
    expect(selectorsOverlap(b, a)).toBe(expected)
  })
})

describe('the rows of a selector', () => {
  const digest = /^[0-9a-f]{32}$/

  it('are one for each value, under the names of all its keys', () => {
    const binding = bindingOf(vm({ b: ['1', '2', '1'], a: ['1'] }))
    const rows = selectorKeys(uid('a'), binding).map((key) => key.split(' '))
    expect(rows.map(([attestor, shape, key]) => [attestor, shape, key])).toEqual([
      ['aws', 'a,b', 'b'],
      ['aws', 'a,b', 'b'],
      ['aws', 'a,b', 'a'],
    ])
    const [first, second, third] = rows
    for (const [, , , value, holder] of rows) {
      expect(value).toMatch(digest)
      expect(holder).toBe(`${uid('a')}/${binding.id}`)
    }
    expect(first?.[3]).not.toBe(second?.[3])
    expect(first?.[3]).toBe(third?.[3])
  })

  it('are none of what is no selector', () => {
    expect([k8s, edge].flatMap((facts) => selectorKeys(uid('a'), bindingOf(facts)))).toEqual([])
  })
})

describe('an entry whose selectors could fit the same machine', () => {
  function tablesOf(all: Readonly<Record<string, readonly BindingFacts[]>>): StateTables {
    const { tables } = emptyState()
    for (const [letter, facts] of Object.entries(all)) {
      const [holder, bindings] = [uid(letter), facts.map(bindingOf)]
      ;(tables.entries as MemoryTable<Uid, unknown>).set(holder, { uid: holder, bindings })
      for (const key of bindings.flatMap((binding) => selectorKeys(holder, binding))) {
        ;(tables.selectors as MemoryTable<string, Uid>).set(key, holder)
      }
    }
    return tables
  }
  const found = (tables: StateTables, ...own: readonly BindingFacts[]) =>
    overlapping(tables, { uid: uid('z'), bindings: own.map(bindingOf) })

  it('is found behind others, by any of its selectors and any of one’s own', () => {
    const tables = tablesOf({
      a: [vm({ role: ['web'] })],
      b: [k8s, vm({ role: ['job'] }), vm({ role: ['api'], zone: ['1', '2'] })],
      c: [vm({ role: ['api'] }, 'gcp')],
    })
    expect(found(tables, vm({ role: ['api'], zone: ['2'] }))).toBe(uid('b'))
    expect(found(tables, k8s, vm({ role: ['none'] }), vm({ role: ['job'] }))).toBe(uid('b'))
    expect(found(tables, vm({ role: ['none', 'web'] }))).toBe(uid('a'))
    expect(found(tables, vm({ role: ['api'] }, 'gcp'))).toBe(uid('c'))
    expect(found(tables, vm({ role: ['api'], zone: ['3'] }))).toBeUndefined()
    expect(found(tables, vm({ role: ['job', 'web'] }, 'gcp'))).toBeUndefined()
    expect(found(tables, k8s, edge)).toBeUndefined()
  })

  it('is any that names other keys alone', () => {
    expect(found(tablesOf({ a: [vm({ zone: ['1'] })] }), vm({ role: ['api'] }))).toBe(uid('a'))
    expect(found(tablesOf({ a: [edge, k8s] }), vm({ role: ['api'] }))).toBeUndefined()
  })

  it('is not the entry itself, nor by a row of a selector that it gave up', () => {
    const own = vm({ role: ['api'] })
    expect(found(tablesOf({ z: [own, vm({ role: ['web'] })] }), own)).toBeUndefined()
    const tables = tablesOf({ a: [own] })
    ;(tables.entries as MemoryTable<Uid, unknown>).set(uid('a'), { uid: uid('a'), bindings: [] })
    expect(found(tables, own)).toBeUndefined()
  })

  it('is told from one whose keys or attestor only begin alike', () => {
    const tables = tablesOf({
      a: [vm({ rolex: ['api'], zone: ['1'] })],
      b: [vm({ role: ['web'] }, 'aws-eu')],
    })
    expect(found(tables, vm({ role: ['web'], zone: ['2'] }))).toBeUndefined()
    expect(found(tables, vm({ role: ['web'] }, 'aws-eu'))).toBe(uid('b'))
    expect(found(tables, vm({ role: ['web'] }, 'aws-e'))).toBeUndefined()
  })
})
