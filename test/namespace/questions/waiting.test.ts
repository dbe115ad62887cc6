import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { unixSeconds } from '../../../src/core/time.js'
import { type CastVote, count } from '../../../src/namespace/ballot.js'
import { changeClasses, type Group, type Voter } from '../../../src/namespace/group.js'
import { deadlineOf, missingFrom, seatedIn } from '../../../src/namespace/questions/waiting.js'

const voter = fc.record({
  weight: fc.integer({ min: 1, max: 200 }),
  controller: fc.constantFrom('a', 'b', 'c'),
  status: fc.constantFrom<Voter['status']>('active', 'active', 'suspended'),
  says: fc.constantFrom('approve', 'reject', 'abstain', undefined),
})
const group = fc.record({
  voters: fc.array(voter, { minLength: 1, maxLength: 5 }),
  threshold: fc.integer({ min: 1, max: 600 }),
  people: fc.integer({ min: 1, max: 3 }),
  author: fc.constantFrom('a', 'z'),
  changeClass: fc.constantFrom(...changeClasses),
})

describe('what is missing', () => {
  it('is nothing where the side says yes, and something where it does not', () => {
    fc.assert(
      fc.property(group, ({ voters, threshold, people, author, changeClass }) => {
        const each = (value: number) =>
          Object.fromEntries(changeClasses.map((name) => [name, value])) as Group['threshold']
        const of: Group = {
          ...{ rev: 1, solo: false, threshold: each(threshold), minControllers: each(people) },
          voters: voters.map(({ says: _said, ...one }, n) => ({ ...one, id: `v${n}`, keys: [] })),
        }
        const votes = voters.flatMap(({ says }, n): CastVote[] =>
          says === undefined
            ? []
            : [
                {
                  ...{ voter: `v${n}`, decision: says, cast: unixSeconds(1), seq: 1 },
                  ...{ in: ['present'], digest: '', record: 1 },
                },
              ],
        )
        const at = unixSeconds(2)
        const ballot = { changeClass, author: { controller: author }, votes, at }
        const counted = count(of, 'present', ballot)
        const { weight, people: more, other } = missingFrom(counted)
        expect(weight === 0 && more === 0 && !other).toBe(counted.outcome === 'passed')
        expect(counted.yes + weight).toBeGreaterThanOrEqual(threshold)
        expect(counted.controllers + more).toBeGreaterThanOrEqual(people)
        const seats = seatedIn(of, 'present')
        const all = seats.reduce((sum, seat) => sum + seat.weight, 0)
        expect(all).toBe(counted.yes + counted.no + counted.open)
      }),
    )
  })
})

describe('until when something can still be done about a proposal', () => {
  it('is its end, and its effect once it is decided', () => {
    const proposal = { expires: unixSeconds(9) } as never
    expect(deadlineOf({ proposal })).toBe(9)
    expect(deadlineOf({ proposal, due: unixSeconds(5) })).toBe(5)
  })
})

describe('who has a seat', () => {
  it('is who is active, with the weight and on the side that is asked', () => {
    const of = (id: string, status: Voter['status'], weight: number) => ({ id, status, weight })
    const voters = [of('a', 'active', 3), of('b', 'suspended', 9), of('c', 'active', 1)]
    expect(seatedIn({ voters } as never, 'above' as never)).toEqual([
      { id: 'a', side: 'above', weight: 3 },
      { id: 'c', side: 'above', weight: 1 },
    ])
  })
})
