import { describe, expect, it } from '@jest/globals'
import { hours, minutes, plus, type Seconds, type UnixSeconds } from '../../src/core/time.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import { areOfAll, isOfThisTime } from '../../src/namespace/signed-together.js'
import { T0 } from '../support/fake-clock.js'
import { TestVoter } from '../support/voters.js'

const ann = new TestVoter('ann')
const [one, other] = ['one', 'other'].map((says) =>
  open(ann.envelope(payloadTypes.brake, { says }))!,
)

describe('what several sign together', () => {
  it.each<[readonly string[], number, boolean]>([
    [['ann'], 1, true],
    [['ann', 'bob', 'cyd'], 3, true],
    [['ann', 'bob'], 1, false],
    [['ann', 'bob'], 3, false],
    [['bob', 'ann'], 2, false],
    [['ann', 'cyd', 'bob'], 3, false],
    [['ann', 'ann'], 2, false],
    [['', 'ann'], 2, true],
  ])('by %j has %d envelopes: %s', (ids, count, isOfAll) => {
    const envelopes = Array.from({ length: count }, () => one!)
    expect(areOfAll(ids, envelopes)).toBe(isOfAll)
  })

  it('is one statement', () => {
    expect(areOfAll(['ann', 'bob'], [one!, other!])).toBe(false)
    expect(areOfAll(['ann', 'bob'], [other!, one!])).toBe(false)
    expect(areOfAll(['ann', 'bob'], [other!, other!])).toBe(true)
  })

  it('is handed in while its signers meant it, and not after', () => {
    const created = T0
    const expires = plus(T0, hours(1))
    const isNow = (at: number, longest: Seconds = hours(1)): boolean =>
      isOfThisTime({ created, expires }, at as UnixSeconds, longest)
    const seconds = [T0 - minutes(2) - 1, T0 - minutes(2), T0, expires, expires + 1]
    expect(seconds.map((at) => isNow(at))).toEqual([false, true, true, true, false])
    expect(isNow(T0, (hours(1) - 1) as Seconds)).toBe(false)
    const never = { created: expires, expires: T0 }
    expect(isOfThisTime(never, T0, hours(1))).toBe(false)
    expect(isOfThisTime({ created, expires: created }, T0, hours(1))).toBe(true)
    const backwards = { created: plus(T0, 30 as Seconds), expires: T0 }
    expect(isOfThisTime(backwards, T0, hours(1))).toBe(false)
  })
})
