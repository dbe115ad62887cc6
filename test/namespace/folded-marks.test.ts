import { describe, expect, it } from '@jest/globals'
import { plus, type Seconds, type UnixSeconds } from '../../src/core/time.js'
import { brakesThisWeek, brakesUsed } from '../../src/namespace/brakes-used.js'
import { drilledAt, usesOf } from '../../src/namespace/emergency/uses.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { brakeBy } from './given-brake.js'
import { type GivenEmergency, givenEmergency, invocationBy, onCall } from './given-emergency.js'
import { type GivenIndex, valueOf } from './given-index.js'

/** The state that a replay of the same log comes to. */
async function replayed({ deps, store }: GivenIndex) {
  const again = new MemoryIndexStore(store.records)
  return valueOf(await LiveIndex.open({ ...deps, store: again })).state
}

describe('the fold of a record', () => {
  it('counts a brake against the group and each of those who signed it', async () => {
    const given = await givenEmergency()
    const { index, ann, bob } = given
    const { uid } = index.state.root
    const since = given.now()
    given.clock.set(plus(since, 60 as Seconds))
    const envelopes = brakeBy(index.state, [ann, bob], { alias: 'shop/web' }, { at: given.now() })
    valueOf(await index.submitBrake(envelopes))
    const { size } = index.state
    for (const state of [index.state, await replayed(given)]) {
      expect(brakesUsed(state, uid, since)).toEqual([size - 1])
      const of = (voter: string) => brakesThisWeek(state, { scope: uid, voter }, given.now())
      expect(['ann', 'bob', 'cyd'].map(of)).toEqual([1, 1, 0])
    }
  })

  const asked = { alias: 'shop/api', act: 'allow' } as const
  const of = ({ index }: GivenEmergency) => ({ scope: index.state.root.uid, grant: onCall })

  it('counts a use of a grant, with its end', async () => {
    const given = await givenEmergency()
    valueOf(await given.index.invokeEmergency(invocationBy(given, [given.ann], asked)))
    const { size } = given.index.state
    const at = given.now()
    for (const state of [given.index.state, await replayed(given)]) {
      expect(usesOf(state, of(given))).toEqual([
        { seq: size - 1, at, until: (at + 3600) as UnixSeconds, ratified: false },
      ])
      expect(drilledAt(state, of(given))).toBeUndefined()
    }
  })

  it('tells a drill from a use: it is noted, and nothing is allowed by it', async () => {
    const given = await givenEmergency()
    const drill = invocationBy(given, [given.ann], asked, { drill: true })
    const { rev } = given.entry('shop/api')
    valueOf(await given.index.invokeEmergency(drill))
    for (const state of [given.index.state, await replayed(given)]) {
      expect(drilledAt(state, of(given))).toBe(given.now())
      expect(usesOf(state, of(given))).toEqual([])
      expect(state.recordsOf(`drills:${given.index.state.root.uid}` as never)).toEqual([
        state.size - 1,
      ])
    }
    expect(given.entry('shop/api').rev).toBe(rev)
  })
})
