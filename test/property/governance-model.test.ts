import { afterAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { clusterFacts, k8s, owner } from '../namespace/given-index.js'
import { mortalMemory, mortalSqlite, type MortalStore } from '../support/mortal-index.js'
import { SqliteStores } from '../support/sqlite-stores.js'
import { type Step, steps } from './given-voters-steps.js'
import { Walk } from './voters-walk.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

/** The index is the voters' from the start, in most runs. */
const firstWith = (timelock: number): readonly Step[] => [
  { do: 'group', alias: '', members: [0, 1, 2], timelock, intervene: false },
  { do: 'vote', which: 0, who: 0, decision: 'approve', how: 'next' },
  { do: 'vote', which: 0, who: 1, decision: 'approve', how: 'next' },
]

/** A cluster that an entry is bound to; and, in some runs, a guard that wants all three voters. */
const limited = (isGuarded: boolean): readonly ChangeRequest[] => [
  { op: 'cluster.register', alias: 'k1', cluster: clusterFacts('k1') },
  { op: 'binding.add', alias: 'a/b', binding: k8s('k1', 'n', 's') },
  { op: 'entry.create', alias: 'd/e', owner },
  ...(isGuarded
    ? ([
        {
          op: 'guard.set',
          alias: 'a',
          guard: { id: 'x', effect: 'minThreshold', least: { sensitive: 300 } },
        },
      ] as const)
    : []),
]

/** Sums of what happened in all runs. */
type Seen = Walk['seenOf'] & { commits: number }

async function walked(open: () => Promise<MortalStore>, numRuns: number): Promise<Seen> {
  const all: Seen = {
    ...{ commits: 0, brakes: 0, deliberated: 0, signed: 0, together: 0 },
    ...{ limits: 0, deaths: 0, recoveries: 0, finished: 0, uses: 0, ratified: 0 },
  }
  const names = Object.keys(all) as (keyof Seen)[]
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(0, 0, 3600), fc.boolean(), async (...drawn) => {
      const [chosen, timelock, isGuarded] = drawn
      await using mortal = await open()
      const walk = await Walk.begin(
        mortal,
        { op: 'scope.create', alias: 'a' },
        { op: 'entry.create', alias: 'a/b', owner },
        ...limited(isGuarded),
      )
      for (const step of [...firstWith(timelock), ...chosen]) await walk.take(step)
      const commits = await walk.end()
      const one: Seen = { ...walk.seenOf, commits }
      for (const name of names) all[name] += one[name]
    }),
    { numRuns },
  )
  return all
}

describe('an index whose voters do what they like', () => {
  it('changes only by those who may, as an auditor reckons who shares no code with it', async () => {
    const seen = await walked(() => Promise.resolve(mortalMemory()), 32)
    // That much happened for the test to mean something.
    expect(seen.commits).toBeGreaterThan(120)
    expect(seen.deliberated).toBeGreaterThan(60)
    expect(seen.brakes).toBeGreaterThan(1)
    expect(seen.signed).toBeGreaterThan(8)
    expect(seen.together).toBeGreaterThan(2)
    expect(seen.limits).toBeGreaterThan(60)
    expect(seen.deaths).toBeGreaterThan(5)
    expect(seen.recoveries).toBeGreaterThan(2)
    expect(seen.uses).toBeGreaterThan(2)
    expect(seen.ratified).toBeGreaterThan(0)
  }, 240_000)

  it('is a whole log with tables of it, before whichever row of a write its store dies', async () => {
    const seen = await walked(() => mortalSqlite(stores), 12)
    expect(seen.commits).toBeGreaterThan(30)
    expect(seen.deaths).toBeGreaterThan(5)
  }, 240_000)
})
