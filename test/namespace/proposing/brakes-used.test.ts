import { describe, expect, it } from '@jest/globals'
import { unixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import {
  brakeKeys,
  BRAKE_WEEK,
  brakesThisWeek,
  brakesUsed,
} from '../../../src/namespace/brakes-used.js'
import { emptyState } from '../../../src/namespace/state-tables.js'
import { StateView } from '../../../src/namespace/state-view.js'
import type { MemoryTable } from '../../../src/namespace/table.js'

const at = unixSeconds

describe('uses of the brake', () => {
  const [scope, other] = [`s${'a'.repeat(31)}` as Uid, `s${'b'.repeat(31)}` as Uid] as const
  const now = BRAKE_WEEK + 5_000

  function used(
    ...uses: readonly (readonly [scope: Uid, voters: readonly string[], at: number, seq: number])[]
  ): StateView {
    const source = emptyState()
    const history = source.tables.history as MemoryTable<string, number>
    for (const [of, voters, when, seq] of uses) {
      for (const key of brakeKeys({ scope: of, voters }, at(when), seq)) history.set(key, seq)
    }
    return new StateView(source)
  }

  it('are those of the scope after a time, oldest first', () => {
    const state = used(
      ...([
        [scope, ['ann', 'bob'], 900, 12],
        [scope, ['cyd'], 1_000, 20],
        [scope, ['ann'], 10_000, 100],
        [other, ['ann'], 2_000, 30],
      ] as const),
    )
    expect(brakesUsed(state, scope, at(0))).toEqual([12, 20, 100])
    expect(brakesUsed(state, scope, at(899))).toEqual([12, 20, 100])
    expect(brakesUsed(state, scope, at(900))).toEqual([20, 100])
    expect(brakesUsed(state, scope, at(10_000))).toEqual([])
    expect(brakesUsed(state, other, at(0))).toEqual([30])
    expect(brakesUsed(used(), scope, at(0))).toEqual([])
  })

  it('count for a week, and for each of those who signed them', () => {
    const state = used(
      ...([
        [scope, ['ann', 'bob'], 5_000, 1],
        [scope, ['ann'], 5_001, 2],
        [scope, ['ann', 'ann2'], now, 3],
        [other, ['bob'], now, 4],
      ] as const),
    )
    const count = (voter: string, when = now) => brakesThisWeek(state, { scope, voter }, at(when))
    expect([count('ann'), count('bob'), count('ann2'), count('cyd')]).toEqual([2, 0, 1, 0])
    expect([count('ann', now - 1), count('bob', now - 1)]).toEqual([3, 1])
    expect(brakesThisWeek(state, { scope: other, voter: 'bob' }, at(now))).toBe(1)
  })

  it('count from the beginning of time on', () => {
    const state = used([scope, ['ann'], 3, 1])
    expect(brakesThisWeek(state, { scope, voter: 'ann' }, at(4))).toBe(1)
    expect(brakesUsed(state, scope, at(-100))).toEqual([1])
    expect(brakesUsed(used([scope, [], -3, 1]), scope, at(-1))).toEqual([1])
  })
})
