import { expect } from '@jest/globals'
import fc from 'fast-check'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { Result } from '../../src/core/result.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { GivenIndex } from '../namespace/given-index.js'
import { MemoryIndexStore } from './memory-index-store.js'

/** What becomes of the next thing that is handed in: its write is there, or lost, and nobody is told. */
export type Death = 'none' | 'lost' | 'written'

export const deaths: fc.Arbitrary<readonly Death[]> = fc.array(
  fc.constantFrom<Death>('none', 'none', 'lost', 'written'),
  { maxLength: 24 },
)

/** All that is signed elsewhere, and so is the same when it is handed in again. */
const methods = [
  'submit',
  'submitBrake',
  'invokeEmergency',
  'submitRecovery',
  'finishRecovery',
] as const

type HandedIn = (...signed: unknown[]) => Promise<Result<unknown>>

/**
 * The store dies over what is handed in, as it is said; another process opens what it left behind, and
 * the same is handed in again. The log must then be what it is in an index whose store does not die,
 * and whoever hands in is told what is so there. Answers how often it died.
 */
export function withDeaths(given: GivenIndex, plan: readonly Death[]): () => number {
  const { store, index, deps } = given
  const waiting = [...plan]
  let next: Death = 'none'
  let died = 0
  const append = store.append.bind(store)
  store.append = async (...write) => {
    if (next === 'none') return append(...write)
    const how = next
    next = 'none'
    died += 1
    if (how === 'written') await append(...write)
    throw new DependencyError('store', 'it died, and nobody was told what is written')
  }
  const handsIn = index as unknown as Record<(typeof methods)[number], HandedIn>
  for (const name of methods) {
    const original = handsIn[name].bind(index)
    handsIn[name] = async (...signed) => {
      const how = waiting.shift() ?? 'none'
      if (how === 'none') return original(...signed)
      const meant = new MemoryIndexStore([...store.records])
      const beside = await opened({ ...deps, store: meant })
      const told = await (beside as unknown as typeof handsIn)[name](...signed)
      next = how
      const before = died
      const first = await original(...signed).catch((error: unknown) => {
        if (error instanceof DependencyError) return undefined
        throw error
      })
      next = 'none'
      if (died === before) return first ?? told
      expect(first).toBeUndefined()
      const left = store.records.length
      await opened({ ...deps, store: new MemoryIndexStore([...store.records]) })
      const again = await original(...signed)
      // What is there already is not taken twice, whatever is said of it.
      if (how === 'lost') expect(again.ok).toBe(told.ok)
      else expect(store.records).toHaveLength(left)
      expect(store.records.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(
        meant.records.map(({ bytes }) => Buffer.from(bytes).toString()),
      )
      return told
    }
  }
  return () => died
}

async function opened(deps: GivenIndex['deps']): Promise<LiveIndex> {
  const made = await LiveIndex.open(deps)
  if (!made.ok) throw new Error(`${made.refusal.code}: ${made.refusal.detail}`)
  return made.value
}
