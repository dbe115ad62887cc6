import { beforeAll, describe, expect, it } from '@jest/globals'
import { ROOT } from '../../../src/core/alias.js'
import type { Uid } from '../../../src/core/uid.js'
import type { Entry } from '../../../src/namespace/entry.js'
import { splitDifferences, splitSteps } from '../../../src/namespace/questions/split-difference.js'
import type { BackendRef, TrafficSplit } from '../../../src/namespace/rule/split.js'
import { alias, type GivenIndex, givenIndex } from '../given-index.js'
import { stateOf } from './given-states.js'

let given: GivenIndex
beforeAll(async () => {
  given = await givenIndex()
})

/** No more of it than splits are told by. */
const entry = (uid: string, name: string, more: Partial<Entry> = {}): Entry =>
  ({ ...{ kind: 'entry', state: 'active', uid, alias: name }, ...more }) as Entry

const split = (port: number, ...refs: readonly (readonly [string, number, number?])[]) => ({
  port,
  backendRefs: refs.map(([uid, weight, to]): BackendRef => ({
    ...{ entry: uid as Uid, weight, ...(to !== undefined && { port: to }) },
  })),
})

/** What is told of the splits of `e1`, with these entries before, and those after. */
function differences(before: readonly Entry[], after: readonly Entry[], within = ROOT) {
  const { state } = given.index
  const [was, is] = [before, after].map((entries) => stateOf(state, entries))
  const states = {
    before: { state: was!, at: state.at },
    after: { state: is!, at: state.at },
  }
  const [old, now] = [was, is].map((one) => one?.entries.get('e1' as Uid))
  return splitDifferences(states, { before: old, after: now }, within)
}

const splits = (...all: readonly TrafficSplit[]): Partial<Entry> => ({ splits: all })

describe('what differs of the splits of an entry', () => {
  const others = [entry('e2', 'b'), entry('e3', 'c')]

  it('is told port by port, from the lowest, whichever side has it', () => {
    const found = differences(
      [entry('e1', 'a', splits(split(443, ['e2', 1]))), ...others],
      [entry('e1', 'a', splits(split(80, ['e2', 1]), split(8080, ['e2', 1]))), ...others],
    )
    expect(found.map(({ port, backends }) => [port, backends])).toEqual([
      [80, [{ entry: 'b', after: 1 }]],
      [443, [{ entry: 'b', before: 1 }]],
      [8080, [{ entry: 'b', after: 1 }]],
    ])
  })

  it('is every backend of either, by uid and then by the number of the port', () => {
    const found = differences(
      [entry('e1', 'a', splits(split(80, ['e3', 5], ['e2', 1, 1000]))), ...others],
      [entry('e1', 'a', splits(split(80, ['e2', 2, 90], ['e2', 3], ['e3', 6]))), ...others],
    )
    expect(found).toEqual([
      {
        ...{ alias: 'a', port: 80 },
        backends: [
          { entry: 'b', after: 3 },
          { entry: 'b', port: 90, after: 2 },
          { entry: 'b', port: 1000, before: 1 },
          { entry: 'c', before: 5, after: 6 },
        ],
      },
    ])
  })

  it('is told of an entry that is not there after, as it was', () => {
    const before = entry('e1', 'a', splits(split(80, ['e2', 1])))
    expect(differences([before, ...others], others)).toEqual([
      { alias: 'a', port: 80, backends: [{ entry: 'b', before: 1 }] },
    ])
    expect(splitSteps({ before, after: undefined })).toBe(1)
    const after = entry('e1', 'a', splits(split(80, ['e2', 1]), split(81, ['e2', 1], ['e3', 1])))
    expect([splitSteps({ before, after }), splitSteps({ before: undefined, after })]).toEqual([
      4, 3,
    ])
    expect(splitSteps({ before: entry('e1', 'a'), after: undefined })).toBe(0)
  })

  it('is nothing where it is neither about the asked scope nor goes there', () => {
    const before = [entry('e1', 'pay/a', splits(split(80, ['e2', 1]))), entry('e2', 'web/b')]
    const after = [entry('e1', 'pay/a', splits(split(80, ['e2', 2]))), entry('e2', 'web/b')]
    for (const [scope, count] of [
      ['', 1],
      ['pay', 1],
      ['web', 1],
      ['ops', 0],
    ] as const) {
      expect(differences(before, after, alias(scope))).toHaveLength(count)
    }
    expect(differences(before, before)).toEqual([])
  })
})

describe('the name of a backend', () => {
  const told = (before: readonly Entry[], after: readonly Entry[]) => {
    const own = (weight: number) => entry('e1', 'a', splits(split(80, ['e2', weight])))
    const [found] = differences([own(1), ...before], [own(2), ...after])
    return found?.backends.map((one) => one.entry)
  }
  const retiring = { state: 'retiring' } as const

  it.each<[string, readonly Entry[], readonly Entry[], string]>([
    ['its alias after', [entry('e2', 'b')], [entry('e2', 'c')], 'c'],
    ['its alias before, where it is not there after', [entry('e2', 'b')], [], 'b'],
    ['its uid where nothing is known of it', [], [], 'e2'],
    ['its alias before, once it is retired', [entry('e2', 'b')], [entry('e2', 'b', retiring)], 'b'],
    [
      'its uid, where it was retired in both',
      [entry('e2', 'b', retiring)],
      [entry('e2', 'b', retiring)],
      'e2',
    ],
    [
      'its uid, where its alias is of another by then',
      [entry('e2', 'b')],
      [entry('e2', 'b', retiring), entry('e9', 'b')],
      'e2',
    ],
    [
      'its alias, where another that had it is retired, too',
      [entry('e2', 'b')],
      [entry('e2', 'b', retiring), entry('e9', 'b', retiring)],
      'b',
    ],
    [
      'its uid, where its alias is of another in both',
      [entry('e2', 'b'), entry('e9', 'b')],
      [entry('e2', 'b'), entry('e9', 'b')],
      'e2',
    ],
  ])('is %s', (_what, before, after, name) => expect(told(before, after)).toEqual([name]))
})

describe('the name of the entry whose traffic it is', () => {
  const before = entry('e1', 'a', splits(split(80, ['e1', 1])))

  it.each<[string, readonly Entry[], string]>([
    ['its own', [entry('e1', 'b')], 'b'],
    ['its uid, where another has its name', [{ ...before, splits: [] }, entry('e9', 'a')], 'e1'],
    [
      'its own, where that other is retired',
      [{ ...before, splits: [] }, entry('e9', 'a', { state: 'retiring' })],
      'a',
    ],
    ['its own, where nobody has it after', [], 'a'],
  ])('is %s', (_what, after, name) => {
    expect(differences([before], after).map((one) => one.alias)).toEqual([name])
  })
})
