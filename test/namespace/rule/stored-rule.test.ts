import { describe, expect, it } from '@jest/globals'
import type { Uid } from '../../../src/core/uid.js'
import { normalizeRule, type RuleFacts, wellFormedRule } from '../../../src/namespace/rule/rule.js'
import {
  isReweighed,
  normalizeSplit,
  splitFault,
  type TrafficSplit,
} from '../../../src/namespace/rule/split.js'
import { storedRule, storedSplit } from '../../../src/namespace/rule/stored-rule.js'
import type { IndexState } from '../../../src/namespace/state.js'
import { codeOf, valueOf } from '../given-index.js'
import { entry, second, uidOf } from '../permit/given-calls.js'

const entries = new Map(
  [entry('web/b'), entry('web/a'), entry('web/gone', { state: 'retiring' })].map((one) => [
    String(one.alias),
    one,
  ]),
)
const state = { entryByAlias: (name: string) => entries.get(name) } as unknown as IndexState
const [a, b] = ['web/a', 'web/b'].map(uidOf) as [Uid, Uid]

const facts = (more: Partial<RuleFacts> = {}): RuleFacts => ({
  id: 'r',
  effect: 'allow',
  callers: [a],
  ports: [[80, 80]],
  proto: 'http',
  ...more,
})

describe('a rule as it is stored', () => {
  it('has uids for aliases, ranges for ports, and what is meant where nothing is said', () => {
    const callers = ['web/b', { subtree: 'web' }, 'web/a']
    const rule = valueOf(storedRule(state, { id: 'r', callers, ports: [443, [80, 81]] }))
    expect(rule).toStrictEqual({
      id: 'r',
      effect: 'allow',
      callers: [a, b, { subtree: 'web' }],
      ports: [
        [80, 81],
        [443, 443],
      ],
      proto: 'http',
    })
  })

  it('has its times in seconds, each where it was said', () => {
    const request = { id: 'r', callers: ['web/a'], ports: [80] }
    const from = '2030-01-01T00:00:00Z'
    expect(valueOf(storedRule(state, { ...request, from }))).toStrictEqual(
      facts({ from: second(1_893_456_000) }),
    )
    expect(valueOf(storedRule(state, { ...request, until: 5 }))).toStrictEqual(
      facts({ until: second(5) }),
    )
  })

  it.each(['web/gone', 'web/none', 'web'])('names no %s', (name) => {
    expect(codeOf(storedRule(state, { callers: [name], ports: [80] }))).toBe('namespace.unknown')
  })

  it('says back what it does not know, and no more than 200 characters of it', () => {
    const refused = storedRule(state, { callers: ['a'.repeat(300)], ports: [80] })
    expect(refused.ok ? '' : refused.refusal.found).toBe(`"${'a'.repeat(200)}"`)
  })
})

describe('the normal form of a rule', () => {
  it('has each caller once: uids sorted, then the widest regions', () => {
    const callers = [{ subtree: 'web/eu' }, b, { subtree: 'web' }, a, b] as RuleFacts['callers']
    expect(normalizeRule(facts({ callers })).callers).toEqual([a, b, { subtree: 'web' }])
  })

  it('has routes sorted and each once, prefixes without the slash at their end', () => {
    const routes = [
      { path: { prefix: '/b/c/' } },
      { path: { exact: '/b/' } },
      { path: { prefix: '/' } },
      { path: { prefix: '/b/c' }, headers: [] },
    ]
    expect(normalizeRule(facts({ routes })).routes).toStrictEqual([
      { path: { exact: '/b/' } },
      { path: { prefix: '/' } },
      { path: { prefix: '/b/c' } },
    ])
  })
})

describe('what no schema says of a rule', () => {
  const code = (more: Partial<RuleFacts>) => codeOf(wellFormedRule(facts(more)))

  it.each<readonly [string, number | undefined, number | undefined]>([
    ['ok', 5, 6],
    ['ok', 5, undefined],
    ['ok', undefined, 5],
    ['ok', undefined, 0],
    ['ok', undefined, undefined],
    ['namespace.malformed', 5, 5],
    ['namespace.malformed', 5, 4],
  ])('that it ends after it begins: %s, from %s until %s', (expected, from, until) => {
    const times = {
      ...(from !== undefined && { from: second(from) }),
      ...(until !== undefined && { until: second(until) }),
    }
    expect(code(times)).toBe(expected)
  })

  it.each<readonly [string, readonly string[]]>([
    ['ok', ['x', 'y']],
    ['namespace.malformed', ['x', 'X']],
    ['namespace.malformed', ['x', 'y', 'x']],
  ])('that it matches a header field once: %s, %j', (expected, names) => {
    const headers = names.map((name) => ({ name, value: '1' }))
    expect(code({ routes: [{ path: { exact: '/' }, headers }] })).toBe(expected)
  })

  it('is told back in 200 characters at most', () => {
    const refused = wellFormedRule(facts({ routes: [{ path: { exact: 'a'.repeat(300) } }] }))
    expect(refused.ok ? '' : refused.refusal.found).toHaveLength(200)
  })
})

describe('a split', () => {
  const given = (...refs: readonly (readonly [Uid, number, number?])[]): TrafficSplit =>
    normalizeSplit({
      port: 80,
      backendRefs: refs.map(([uid, weight, port]) => ({
        entry: uid,
        weight,
        ...(port !== undefined && { port }),
      })),
    })

  it('is stored with its backends by uid, their own ports, and a weight of one', () => {
    const backendRefs = [{ entry: 'web/b', port: 81, weight: 0 }, { entry: 'web/a' }]
    expect(valueOf(storedSplit(state, { port: 80, backendRefs }))).toStrictEqual({
      port: 80,
      backendRefs: [
        { entry: a, weight: 1 },
        { entry: b, port: 81, weight: 0 },
      ],
    })
    expect(codeOf(storedSplit(state, { port: 80, backendRefs: [{ entry: 'web/gone' }] }))).toBe(
      'namespace.unknown',
    )
  })

  it('is sorted by entry, then by port as a number, and leaves its own port out', () => {
    const split = given([b, 1], [a, 1, 10_000], [a, 1, 443], [a, 1, 80], [a, 1, 9])
    expect(split.backendRefs).toStrictEqual([
      { entry: a, weight: 1 },
      { entry: a, port: 9, weight: 1 },
      { entry: a, port: 443, weight: 1 },
      { entry: a, port: 10_000, weight: 1 },
      { entry: b, weight: 1 },
    ])
  })

  it.each<readonly [string, TrafficSplit, boolean]>([
    ['one backend', given([a, 1]), true],
    ['one of two without weight', given([a, 1], [b, 0]), true],
    ['two ports of one', given([a, 1, 81], [a, 1, 82]), true],
    ['no weight', given([a, 0], [b, 0]), false],
    ['one twice', given([a, 1], [a, 1, 80]), false],
    ['one twice by its port', given([a, 1, 81], [b, 1], [a, 2, 81]), false],
  ])('with %s is sound: %s', (_what, split, isSound) => {
    expect(splitFault(split) === undefined).toBe(isSound)
  })

  it('is reweighed where all of its backends were there, on the same ports', () => {
    const before = given([a, 1], [b, 1, 81])
    expect(isReweighed(given([a, 9], [b, 0, 81]), before)).toBe(true)
    expect(isReweighed(given([a, 1]), before)).toBe(true)
    expect(isReweighed(given([a, 1], [b, 1]), before)).toBe(false)
    expect(isReweighed(given([b, 1, 82]), before)).toBe(false)
  })
})
