import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  isWithinOneEdit,
  lookOf,
  mayLookLike,
  neighbourhood,
  resembles,
} from '../../../src/namespace/alike/resembles.js'

/** Optimal string alignment distance, by its definition. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const [restOfA, restOfB] = [a.slice(1), b.slice(1)]
  const isSwapped = b.length > 1 && a.startsWith(b.charAt(1) + b.charAt(0))
  return Math.min(
    distance(restOfA, restOfB) + (a.startsWith(b.charAt(0)) ? 0 : 1),
    distance(restOfA, b) + 1,
    distance(a, restOfB) + 1,
    ...(isSwapped ? [distance(a.slice(2), b.slice(2)) + 1] : []),
  )
}

/** Few letters, so that many are near each other; those that look like others among them. */
const names = fc
  .array(fc.constantFrom(...Array.from('arnmvw01il2-')), { minLength: 1, maxLength: 7 })
  .map((letters) => letters.join(''))
const seldom = { numRuns: 3000 }

describe('the distance of names', () => {
  it('is at most 1 exactly where the definition says so', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        expect(isWithinOneEdit(a, b)).toBe(distance(a, b) <= 1)
      }),
      seldom,
    )
  })

  it('is the same from both sides', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        expect(resembles(lookOf(a), lookOf(b))).toBe(resembles(lookOf(b), lookOf(a)))
      }),
      seldom,
    )
  })

  it('is at most 1 only of names that have a neighbour in common', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        const [x, y] = [lookOf(a), lookOf(b)]
        fc.pre(isWithinOneEdit(x.skeleton, y.skeleton))
        const near = new Set(neighbourhood(x))
        expect([...neighbourhood(y)].some((key) => near.has(key))).toBe(true)
      }),
      seldom,
    )
  })

  it('is of no name whose beginning is given up', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        const [x, y] = [lookOf(a), lookOf(b)]
        fc.pre(x.skeleton === y.skeleton || isWithinOneEdit(x.skeleton, y.skeleton))
        for (let length = 0; length <= a.length; length += 1) {
          expect(mayLookLike(a.slice(0, length), y)).toBe(true)
        }
      }),
      seldom,
    )
    expect(mayLookLike('le', lookOf('payments'))).toBe(false)
  })
})

describe('a name', () => {
  it.each([
    ['paymemts', 'payments', 'another letter'],
    ['paymnets', 'payments', 'two letters the other way round'],
    ['payment', 'payments', 'a letter less'],
    ['paymments', 'payments', 'a letter more'],
    ['pay-ments', 'payments', 'a dash more'],
    ['payrnents', 'payments', 'rn for m'],
    ['vvallet', 'wallet', 'vv for w'],
    ['0rders', 'orders', '0 for o'],
    ['bi11ing', 'billing', '1 for l, twice'],
    ['payrnemts', 'payments', 'rn for m, and another letter'],
    ['web-l', 'web-1', 'l for 1, where a number is'],
    ['a1', 'al', 'the same to the eye, however short'],
    ['ai', 'al', 'i for l, however short'],
    ['avv', 'aw', 'vv for w, however short'],
    ['2auth', 'oauth', 'a digit for a letter'],
  ])('%s resembles %s: %s', (a, b) => {
    expect(resembles(lookOf(a), lookOf(b))).toBe(true)
  })

  it.each([
    ['payments', 'payments', 'the same'],
    ['payments', 'ledger', 'another word'],
    ['paymemst', 'paymetns', 'two letters away'],
    ['web-1', 'web-2', 'counted'],
    ['shard-01', 'shard-02', 'counted'],
    ['shard-01', 'shard-10', 'counted'],
    ['shard-0', 'shard-1', 'counted'],
    ['eu1-web', 'eu2-web', 'counted, not at the end'],
    ['payments', 'payments2', 'the second of them'],
    ['api-v1', 'api-v2', 'versions'],
    ['team-a', 'team-b', 'counted by letters'],
    ['us-east-1a', 'us-east-1b', 'counted by both'],
    ['us-east-12a', 'us-east-12b', 'counted by both, the number first'],
    ['team-a12', 'team-b12', 'counted by both, the letter first'],
    ['api', 'app', 'too short to be a mistake'],
    ['cart', 'card', 'too short to be a mistake'],
    ['user', 'users', 'one of them is too short'],
    ['web', 'wed', 'too short to be a mistake'],
  ])('%s does not resemble %s: %s', (a, b) => {
    expect(resembles(lookOf(a), lookOf(b))).toBe(false)
  })
})
