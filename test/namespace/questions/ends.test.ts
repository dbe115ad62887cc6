import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { days, minus, minutes, plus, seconds, unixSeconds } from '../../../src/core/time.js'
import type { End } from '../../../src/namespace/questions/ends.js'
import { keysEnd } from '../../../src/namespace/questions/ends.js'
import { brakeBy } from '../given-brake.js'
import { valueOf, alias } from '../given-index.js'
import { TestVoter } from '../../support/voters.js'
import { asked } from './asked.js'
import { type GivenEnds, givenEnds } from './given-ends.js'

let given: GivenEnds
beforeAll(async () => {
  given = await givenEnds()
})

/** Page after page. */
async function ends(
  part: 'scopes' | 'entries',
  { ahead = 30, limit = 100, region = '' } = {},
): Promise<readonly End[]> {
  const found: End[] = []
  let after: string | undefined
  do {
    const page = { part, limit, ahead: days(ahead), region: alias(region) }
    const { ends, next } = valueOf(
      await asked(given).ends({ ...page, ...(after !== undefined && { after }) }),
    )
    found.push(...ends)
    after = next
  } while (after !== undefined)
  return found
}

describe('what ends by itself', () => {
  it('is keys of voters, and proposals whose votes are not there', async () => {
    const { from, waiting } = given
    const all = await ends('scopes')
    expect(all.filter(({ kind }) => kind === 'key')).toEqual([
      { at: plus(from, days(10)), kind: 'key', alias: '', of: 'voter', id: 'ann' },
      { at: plus(from, days(20)), kind: 'key', alias: '', of: 'voter', id: 'bob', last: true },
    ])
    const { proposal } = await given.proposal(waiting)
    expect(all.filter(({ kind }) => kind === 'proposal')).toEqual([
      { at: (proposal?.expires ?? 0) + 1, kind: 'proposal', alias: 'pay/new', id: waiting },
    ])
    expect(all).toHaveLength(3)
  })

  it('is lifetimes, rules and brakes of entries, and not what has no end', async () => {
    const { from } = given
    const brake = given.entry('web/shop').brake?.until
    expect(await ends('entries')).toEqual([
      { at: plus(from, days(5)), kind: 'rule', alias: 'pay/api', id: 'brief' },
      { at: plus(from, days(15)), kind: 'entry', alias: 'pay/old' },
      { at: brake, kind: 'brake', alias: 'web/shop', of: 'entry' },
    ])
  })

  it('is only what ends in that time, in that region', async () => {
    expect(await ends('entries', { ahead: 4, region: 'pay' })).toEqual([])
    expect((await ends('entries', { region: 'web' })).map((one) => one.alias)).toEqual(['web/shop'])
    expect((await ends('scopes', { region: 'pay' })).map((one) => one.kind)).toEqual(['proposal'])
    expect(await ends('scopes', { region: 'web' })).toEqual([])
    expect((await ends('scopes', { ahead: 19 })).map((one) => one.id)).not.toContain('bob')
  })

  it('is over in its own second, and told of no more then', async () => {
    const later = await givenEnds()
    later.clock.set(plus(later.from, days(5)))
    const page = { part: 'entries', limit: 9, ahead: days(30), region: alias('') } as const
    const left = valueOf(await asked(later).ends(page)).ends
    expect(left.map(({ kind }) => kind)).toEqual(['entry'])
    later.clock.set(minus(plus(later.from, days(5)), seconds(1)))
    const before = valueOf(await asked(later).ends(page)).ends
    expect(before.map(({ kind }) => kind)).toEqual(['rule', 'entry'])
  })

  it('is no proposal that is over, by its votes or by its end', async () => {
    const later = await givenEnds()
    const waits = async () => {
      const page = { part: 'scopes', limit: 99, ahead: days(60), region: alias('') } as const
      const { ends: found } = valueOf(await asked(later).ends(page))
      return found.filter(({ kind }) => kind === 'proposal').map(({ id }) => id)
    }
    const second = await later.proposed({ op: 'entry.suspend', alias: 'pay/api' })
    expect((await waits()).sort()).toEqual([later.waiting, second.id].sort())
    await later.votes(later.ann, second)
    expect(await waits()).toEqual([later.waiting])
    const { proposal } = await later.proposal(later.waiting)
    later.clock.set(proposal!.expires)
    expect(await waits()).toEqual([later.waiting])
    later.clock.set(plus(proposal!.expires, seconds(1)))
    expect(await waits()).toEqual([])
  })

  it('is nothing of a scope that is retired', async () => {
    const other = await givenEnds()
    const ofSpare = async () => {
      const page = { part: 'scopes', limit: 100, ahead: days(30), region: alias('') } as const
      const { ends: found } = valueOf(await asked(other).ends(page))
      return found.filter((one) => one.alias === 'spare').map(({ kind }) => kind)
    }
    await other.agreed({ op: 'scope.create', alias: 'spare' })
    const target = { alias: 'spare' }
    const brake = brakeBy(other.index.state, [other.ann], target, { at: other.now() })
    valueOf(await other.index.submitBrake(brake))
    expect(await ofSpare()).toEqual(['brake'])
    const retirement = await other.proposed({ op: 'scope.retire', alias: 'spare' })
    await other.votes(other.ann, retirement)
    expect(await ofSpare()).toEqual([])
  })

  it('comes in pages that end where the next begins', async () => {
    for (const part of ['scopes', 'entries'] as const) {
      expect(await ends(part, { limit: 1 })).toEqual(await ends(part))
    }
  })
})

describe('the end of all keys of somebody', () => {
  const key = new TestVoter('ann').key('0'.repeat(64), unixSeconds(1))
  const second = fc.integer({ min: 1, max: 1000 })
  const keys = fc.array(
    fc.record({ from: second, until: fc.option(second, { nil: undefined }) }).map((times) => ({
      ...key,
      from: unixSeconds(times.from),
      ...(times.until !== undefined && { until: unixSeconds(times.until) }),
    })),
    { maxLength: 4 },
  )
  const isGood = (all: readonly { from: number; until?: number }[], at: number): boolean =>
    all.some(({ from, until = Infinity }) => from <= at && at < until)

  it('is the first second in which none of them is good, now or later', () => {
    fc.assert(
      fc.property(keys, second.map(unixSeconds), (all, now) => {
        const end = keysEnd(all, now)
        const later = [...Array(1002).keys()].filter((at) => at >= now)
        if (end === undefined) {
          expect(all.some(({ until }) => until === undefined)).toBe(true)
          return
        }
        expect(later.filter((at) => at >= end).some((at) => isGood(all, at))).toBe(false)
        expect(end === now || isGood(all, end - 1)).toBe(true)
      }),
    )
    expect(keysEnd([{ ...key, until: unixSeconds(5) }], unixSeconds(9))).toBe(9)
    expect(keysEnd([key], plus(unixSeconds(9), minutes(1)))).toBeUndefined()
  })
})
