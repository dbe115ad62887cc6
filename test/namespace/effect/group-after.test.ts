import { describe, expect, it } from '@jest/globals'
import { hours, plus, type UnixSeconds } from '../../../src/core/time.js'
import { groupAfter } from '../../../src/namespace/effect/groups.js'
import type { Group, Voter } from '../../../src/namespace/group.js'
import { T0 } from '../../support/fake-clock.js'
import { groupOf } from '../../support/voters.js'

const braked = (until: UnixSeconds) => ({ until, by: ['cyd'] }) as unknown as Voter['brake']
const voter = (id: string, keys: readonly string[], brake?: Voter['brake']): Voter => ({
  ...{ id, controller: `${id}@acme`, weight: 100, status: 'active' },
  keys: keys.map((thumbprint) => ({ thumbprint }) as Voter['keys'][number]),
  ...(brake && { brake }),
})
const terms = (...voters: readonly Voter[]) => ({ group: groupOf(voters) })
const before = (rev: number, ...voters: readonly Voter[]): Group => ({ ...groupOf(voters), rev })
const brakes = ({ voters }: Group) => voters.map(({ id, brake }) => [id, brake?.until])
const [soon, later] = [plus(T0, hours(1)), plus(T0, hours(2))]

describe('a group that takes the place of another', () => {
  it('has the next revision, and the first where there was none', () => {
    const wanted = terms(voter('ann', ['k1']))
    expect(groupAfter(null, wanted)).toEqual({ ...wanted.group, rev: 1 })
    expect(groupAfter(before(4, voter('bob', ['k2'])), wanted)).toEqual({ ...wanted.group, rev: 5 })
  })

  it('brakes whoever keeps a braked key, under whatever name, and nobody else', () => {
    const old = before(1, voter('ann', ['k1', 'k2'], braked(soon)), voter('bob', ['k3']))
    const after = (...voters: readonly Voter[]) => brakes(groupAfter(old, terms(...voters)))
    expect(after(voter('ann', ['k1', 'k2']), voter('bob', ['k3']))).toEqual([
      ['ann', soon],
      ['bob', undefined],
    ])
    expect(after(voter('eve', ['k9', 'k2']))).toEqual([['eve', soon]])
    expect(after(voter('ann', ['k9']))).toEqual([['ann', undefined]])
  })

  it('keeps the brake that lasts longest, where one has the keys of two', () => {
    const [ann, bob] = [voter('ann', ['k1'], braked(soon)), voter('bob', ['k2'], braked(later))]
    const both = terms(voter('eve', ['k1', 'k2']))
    for (const old of [before(1, ann, bob), before(1, bob, ann)]) {
      expect(brakes(groupAfter(old, both))).toEqual([['eve', later]])
    }
  })
})
