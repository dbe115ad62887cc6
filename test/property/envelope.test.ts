import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Alias, isUnder } from '../../src/core/alias.js'
import { effectiveEnvelope } from '../../src/namespace/effective-envelope.js'
import {
  changedFields,
  type Envelope,
  exceeds,
  meet,
  meetPorts,
  mergePorts,
  normalize,
  type PortRange,
  portsBeyond,
} from '../../src/namespace/envelope.js'
import type { IndexState } from '../../src/namespace/state.js'
import { envelopes } from '../support/envelopes.js'

const isWithin = (a: Envelope, b: Envelope): boolean => exceeds(a, b) === undefined

/** The same envelope but for absent fields, which allow as much as their bottoms. */
const allowsTheSame = (a: Envelope, b: Envelope): boolean => isWithin(a, b) && isWithin(b, a)

describe('meet', () => {
  it('is idempotent', () => {
    fc.assert(fc.property(envelopes, (a) => expect(meet(a, a)).toEqual(a)))
  })

  it('is commutative', () => {
    fc.assert(fc.property(envelopes, envelopes, (a, b) => expect(meet(a, b)).toEqual(meet(b, a))))
  })

  it('is associative', () => {
    fc.assert(
      fc.property(envelopes, envelopes, envelopes, (a, b, c) =>
        expect(meet(meet(a, b), c)).toEqual(meet(a, meet(b, c))),
      ),
    )
  })

  it('is within both, and everything that is within both is within it', () => {
    fc.assert(
      fc.property(envelopes, envelopes, envelopes, (a, b, c) => {
        const both = meet(a, b)
        expect([isWithin(both, a), isWithin(both, b)]).toEqual([true, true])
        expect(isWithin(c, both)).toBe(isWithin(c, a) && isWithin(c, b))
      }),
      { numRuns: 500 },
    )
  })

  it('admits exactly the ports and names that both admit', () => {
    const ports = Array.from({ length: 18 }, (_, port) => port)
    const names = ['a', 'b', 'a/b', 'a/c', 'a/b/c', 'a/b/c/d', 'ab', 'ab/c', 'b/a', 'c'] as Alias[]
    const admitsPort = ({ ports: ranges = [] }: Envelope, port: number) =>
      ranges.some(([from, to]) => from <= port && port <= to)
    const admitsName = ({ names: regions = [] }: Envelope, name: Alias) =>
      regions.some((region) => isUnder(name, region))
    fc.assert(
      fc.property(envelopes, envelopes, (a, b) => {
        const both = meet(a, b)
        for (const port of ports) {
          expect(admitsPort(both, port)).toBe(admitsPort(a, port) && admitsPort(b, port))
        }
        for (const name of names) {
          expect(admitsName(both, name)).toBe(admitsName(a, name) && admitsName(b, name))
        }
      }),
    )
  })
})

describe('within', () => {
  it('is what meet says: a is within b when their meet allows all of a', () => {
    fc.assert(
      fc.property(envelopes, envelopes, (a, b) => {
        expect(isWithin(a, b)).toBe(allowsTheSame(meet(a, b), a))
      }),
      { numRuns: 500 },
    )
  })

  it('is a partial order', () => {
    fc.assert(
      fc.property(envelopes, envelopes, envelopes, (a, b, c) => {
        expect(isWithin(a, a)).toBe(true)
        const [ab, abc] = [meet(a, b), meet(meet(a, b), c)]
        expect([isWithin(abc, ab), isWithin(ab, a), isWithin(abc, a)]).toEqual([true, true, true])
      }),
    )
  })

  it('holds when it holds for the fields that changed, below a ceiling that held before', () => {
    fc.assert(
      fc.property(envelopes, envelopes, envelopes, (ceiling, one, two) => {
        const before = meet(one, ceiling)
        const after = normalize({ ...before, ...two })
        const changed = changedFields(before, after)
        expect(isWithin(after, ceiling)).toBe(isWithin(changed, ceiling))
      }),
    )
  })

  it('finds nothing within the empty envelope that allows anything', () => {
    fc.assert(
      fc.property(envelopes, (a) => {
        expect(isWithin({}, a)).toBe(true)
        expect(isWithin(a, {})).toBe(allowsTheSame(a, {}))
      }),
    )
  })
})

describe('the normal form', () => {
  it('is its own normal form, whatever the order and the repetitions', () => {
    fc.assert(
      fc.property(envelopes, (a) => {
        expect(normalize(a)).toEqual(a)
        const untidy = Object.fromEntries(
          Object.entries(a).map(([field, value]) => [
            field,
            Array.isArray(value)
              ? [...(value as unknown[]), ...(value as unknown[])].reverse()
              : value,
          ]),
        ) as Envelope
        expect(JSON.stringify(normalize(untidy))).toBe(JSON.stringify(normalize(a)))
      }),
    )
  })
})

describe('ranges of ports', () => {
  it('that hold the same ports are written alike', () => {
    fc.assert(
      fc.property(envelopes, ({ ports = [] }) => {
        const single = ports.flatMap(([from, to]) =>
          Array.from({ length: to - from + 1 }, (_, step): PortRange => [from + step, from + step]),
        )
        expect(normalize({ ports: single.reverse() })).toEqual({ ports })
      }),
    )
  })
})

/** Any ranges, in any order, however many of them overlap or touch. */
const someRanges: fc.Arbitrary<PortRange[]> = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 9 }))
    .map(([from, more]): PortRange => [from, from + more]),
  { maxLength: 12 },
)

/** Port by port. */
const singles = (ranges: readonly PortRange[]): ReadonlySet<number> =>
  new Set(
    ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, step) => from + step)),
  )

/** Every range with every other. */
const productOf = (a: readonly PortRange[], b: readonly PortRange[]): PortRange[] =>
  mergePorts(
    a.flatMap(([from, to]) =>
      b.flatMap(([low, high]): PortRange[] => {
        const range: PortRange = [Math.max(from, low), Math.min(to, high)]
        return range[0] <= range[1] ? [range] : []
      }),
    ),
  )

describe('two lists of ranges', () => {
  it('have in common what every range has with every other, in the normal form', () => {
    fc.assert(
      fc.property(someRanges, someRanges, (a, b) => {
        expect(meetPorts(a, b)).toEqual(productOf(a, b))
      }),
      { numRuns: 1000 },
    )
  })

  it('leave of the first what is in none of the second, in the normal form', () => {
    fc.assert(
      fc.property(someRanges, someRanges, (a, b) => {
        const taken = singles(b)
        const left = [...singles(a)].filter((port) => !taken.has(port))
        const expected = mergePorts(left.map((port): PortRange => [port, port]))
        expect(portsBeyond(a, b)).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['met', meetPorts],
    ['subtracted', portsBeyond],
  ])('are %s in one pass: no list is read again for a range of the other', (_what, combined) => {
    let reads = 0
    const counted = (ranges: readonly PortRange[]): readonly PortRange[] =>
      new Proxy(ranges, {
        get(target, key, receiver): unknown {
          if (typeof key === 'string' && /^[0-9]+$/.test(key)) reads += 1
          return Reflect.get(target, key, receiver)
        },
      })
    const every = (step: number, first: number): PortRange[] =>
      Array.from({ length: 2000 }, (_, nth) => [first + nth * step, first + nth * step + 1])
    const found = combined(counted(every(8, 1)), counted(every(8, 2)))
    expect(found).toHaveLength(2000)
    // Of 4,000 ranges, each a few times.
    expect(reads).toBeLessThan(40_000)
  })
})

describe('the effective envelope', () => {
  it('is within that of every scope above, and within its own', () => {
    fc.assert(
      fc.property(envelopes, envelopes, envelopes, envelopes, (root, a, ab, own) => {
        const scopes = new Map<string, Envelope>([
          ['a', a],
          ['a/b', ab],
        ])
        const scope = (alias: string, envelope: Envelope) => ({ alias, envelope, state: 'active' })
        const state = {
          root: scope('', root),
          scopeByAlias: (alias: string) => {
            const envelope = scopes.get(alias)
            return envelope && scope(alias, envelope)
          },
        } as unknown as IndexState
        const effective = effectiveEnvelope(state, { alias: 'a/b/c/d' as Alias, envelope: own })
        for (const above of [root, a, ab, own]) expect(isWithin(effective, above)).toBe(true)
        expect(effective).toEqual([a, ab, own].reduce(meet, root))
        const sibling = effectiveEnvelope(state, { alias: 'c' as Alias, envelope: own })
        expect(sibling).toEqual(meet(root, own))
      }),
    )
  })
})
