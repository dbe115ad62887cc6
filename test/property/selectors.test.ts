import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type BindingFacts, bindingOf, selectorsOverlap } from '../../src/namespace/binding.js'
import type { Uid } from '../../src/core/uid.js'
import { overlapping, selectorKeys } from '../../src/namespace/selectors.js'
import { emptyState, type StateTables } from '../../src/namespace/state-tables.js'
import type { MemoryTable } from '../../src/namespace/table.js'

// Few keys and values, so that some overlap; one key is a prefix of another, one value is not ASCII.
const selectors: fc.Arbitrary<BindingFacts> = fc
  .tuple(
    fc.constantFrom('aws', 'aws-eu', 'gcp'),
    fc.dictionary(
      fc.constantFrom('a', 'ab', 'a.b', 'toString'),
      fc.uniqueArray(fc.constantFrom('1', '2', 'Ω', ' '), { minLength: 1, maxLength: 2 }),
      { minKeys: 1, maxKeys: 3 },
    ),
  )
  .map(([attestor, match]) => ({ kind: 'vm', attestor, match }))

const uidOf = (number: number): Uid => `e${String(number).padStart(31, 'a')}` as Uid

function tablesOf(all: readonly (readonly BindingFacts[])[]): StateTables {
  const { tables } = emptyState()
  for (const [number, facts] of all.entries()) {
    const [uid, bindings] = [uidOf(number), facts.map(bindingOf)]
    ;(tables.entries as MemoryTable<Uid, unknown>).set(uid, { uid, bindings })
    for (const key of bindings.flatMap((binding) => selectorKeys(uid, binding))) {
      ;(tables.selectors as MemoryTable<string, Uid>).set(key, uid)
    }
  }
  return tables
}

describe('the search for a selector that overlaps', () => {
  it('finds one exactly when a look at all of them does', () => {
    const seen = { overlaps: 0, none: 0 }
    fc.assert(
      fc.property(
        fc.array(fc.array(selectors, { minLength: 1, maxLength: 2 }), { maxLength: 6 }),
        fc.array(selectors, { minLength: 1, maxLength: 2 }),
        (others, own) => {
          const tables = tablesOf([...others, own])
          const entry = { uid: uidOf(others.length), bindings: own.map(bindingOf) }
          const isOverlapped = (facts: readonly BindingFacts[]) =>
            facts.some((other) => own.some((mine) => selectorsOverlap(mine, other)))
          const found = overlapping(tables, entry)
          seen[found === undefined ? 'none' : 'overlaps'] += 1
          expect(found !== undefined).toBe(others.some(isOverlapped))
          const number = others.findIndex((_, position) => uidOf(position) === found)
          if (found !== undefined) expect(isOverlapped(others[number] ?? [])).toBe(true)
        },
      ),
      { numRuns: 3000 },
    )
    expect(Math.min(seen.overlaps, seen.none)).toBeGreaterThan(300)
  })
})
