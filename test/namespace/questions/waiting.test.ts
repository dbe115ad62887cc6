import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { unixSeconds } from '../../../src/core/time.js'
import { type CastVote, count } from '../../../src/namespace/ballot.js'
import { changeClasses, type Group, type Voter } from '../../../src/namespace/group.js'
import { missingFrom, seatedIn } from '../../../src/namespace/questions/waiting.js'

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
