import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Uid } from '../../../src/core/uid.js'
import type { Entry } from '../../../src/namespace/entry.js'
import { type Difference, differenceOf } from '../../../src/namespace/questions/difference.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import type { Touched } from '../../../src/namespace/questions/difference.js'
import type { Rule } from '../../../src/namespace/rule/rule.js'
import { type GivenIndex, givenIndex, alias, owner } from '../given-index.js'
import { stateOf } from './given-states.js'

let given: GivenIndex
beforeAll(async () => {
  given = await givenIndex(
    { op: 'scope.create', alias: 'pay' },
    { op: 'entry.create', alias: 'one', owner },
  )
})

const uidOf = (name: string): Uid => `e-${name}` as Uid

const entry = (name: string, more: Partial<Entry> = {}): Entry => ({
  ...given.entry('one'),
  ...{ uid: uidOf(name), alias: alias(name), ...more },
})

const rule = (id: string, callers: Rule['callers'], port = 80): Rule => ({
  ...{ id, effect: 'allow', rev: 1, proto: 'http', callers, ports: [[port, port]] },
})

/** The difference between an index with these entries and one with those. */
function difference(
  before: readonly Entry[],
  after: readonly Entry[],
  touched: Partial<Omit<Touched, 'entries'>> & { readonly entries?: readonly string[] } = {},
): Promise<Difference> {
  const { state } = given.index
  const [was, is] = [stateOf(state, before), stateOf(state, after)]
  const states = {
    before: { state: was, at: state.at },
    after: { state: is, at: state.at },
  }
  const { entries = [], regions = [], ...more } = touched
  return differenceOf(
    states,
    { entries: new Set(entries.map(uidOf)), regions, ...more },
    new Effort(() => undefined, 1_000_000),
  )
}

const said = ({ permissions }: Difference) => {
  const brief = (list: Difference['permissions']['added']) =>
    list.map(({ caller, callee, rule: id }) => `${caller} ${callee} ${id}`)
  return { added: brief(permissions.added), removed: brief(permissions.removed) }
}

describe('what is told of a difference', () => {
  const many = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, n) => `n${String(n).padStart(3, '0')}`)
  const split = (name: string) => ({
    splits: [{ port: 80, backendRefs: [{ entry: uidOf(name), weight: 1 }] }],
  })

  it.each<[string, (names: readonly string[]) => Promise<Difference>]>([
    [
      'entries',
      (names) =>
        difference(
          [],
          names.map((name) => entry(name)),
          { entries: names },
        ),
    ],
    [
      'splits',
      (names) =>
        difference(
          names.map((name) => entry(name)),
          names.map((name) => entry(name, split(name))),
          { entries: names },
        ),
    ],
    [
      'added permissions',
      (names) => {
        const others = names.map((name) => entry(name))
        const after = entry('api', { rules: [rule('r', names.map(uidOf))] })
        return difference([...others, entry('api')], [...others, after], { entries: ['api'] })
      },
    ],
    [
      'removed permissions',
      (names) => {
        const others = names.map((name) => entry(name))
        const before = entry('api', { rules: [rule('r', names.map(uidOf))] })
        return difference([...others, before], [...others, entry('api')], { entries: ['api'] })
      },
    ],
  ])('is five hundred %s at most, and it is said where there are more', async (_kind, of) => {
    const lengths = ({ entries, splits = [], permissions, complete }: Difference) => {
      const { added, removed } = permissions
      return [entries, splits, added, removed].map(({ length }) => length).concat(Number(complete))
    }
    const whole = lengths(await of(many(500)))
    expect(whole.at(-1)).toBe(1)
    expect(Math.max(...whole)).toBe(500)
    expect(lengths(await of(many(501)))).toEqual([...whole.slice(0, -1), 0])
  })

  it('is only what somebody in the asked scope does or takes, and entries there', async () => {
    const calls = (callers: readonly string[]) => [rule('r', callers.map(uidOf))]
    const names = ['web/a', 'web/b', 'pay/a', 'pay/b']
    const before = [
      ...names.map((name) => entry(name)),
      entry('pay/api', { rules: calls(['web/a']) }),
      entry('web/api', { rules: calls(['web/a', 'pay/a']) }),
    ]
    const after = [
      ...names.map((name) => entry(name)),
      entry('pay/api', { rules: calls(['web/b']) }),
      entry('web/api', { rules: calls(['web/b', 'pay/b']) }),
    ]
    const entries = ['pay/api', 'web/api']
    expect(said(await difference(before, after, { entries, within: alias('pay') }))).toEqual({
      added: ['pay/b web/api r', 'web/b pay/api r'],
      removed: ['pay/a web/api r', 'web/a pay/api r'],
    })
    expect(said(await difference(before, after, { entries })).added).toHaveLength(3)
  })
})

describe('what bears on permissions', () => {
  it('is a rule that is gone', async () => {
    const rules = [rule('one', [uidOf('a')]), rule('two', [uidOf('a')], 90)]
    const a = entry('a')
    const [two] = rules.slice(1)
    const found = await difference([a, entry('b', { rules })], [a, entry('b', { rules: [two!] })], {
      entries: ['b'],
    })
    expect(said(found)).toEqual({ added: [], removed: ['a b one'] })
  })

  it('is a name that leaves a region whose entries may call, or that comes into it', async () => {
    const callee = entry('d', { rules: [rule('tree', [{ subtree: alias('c') }])] })
    const [inside, outside] = ['c/x', 'x'].map((name) => entry(name, { uid: uidOf('x') }))
    const entries = ['x']
    const left = await difference([callee, inside!], [callee, outside!], { entries })
    expect(said(left)).toEqual({ added: [], removed: ['c/x d tree'] })
    const came = await difference([callee, outside!], [callee, inside!], { entries })
    expect(said(came)).toEqual({ added: ['c/x d tree'], removed: [] })
  })

  it('is an entry that is new in such a region', async () => {
    const callee = entry('d', { rules: [rule('tree', [{ subtree: alias('c') }])] })
    const found = await difference([callee], [callee, entry('c/new')], { entries: ['c/new'] })
    expect(said(found)).toEqual({ added: ['c/new d tree'], removed: [] })
    const elsewhere = await difference([callee], [callee, entry('d/new')], { entries: ['d/new'] })
    expect(said(elsewhere)).toEqual({ added: [], removed: [] })
  })

  it('is a scope above callers that are as they were: of each of them', async () => {
    const names = ['pay/a', 'pay/b']
    const index = await givenIndex(
      { op: 'scope.create', alias: 'pay' },
      ...[...names, 'x'].map((name) => ({ op: 'entry.create' as const, alias: name, owner })),
      { op: 'rule.attach', alias: 'x', rule: { id: 'r', callers: names, ports: [80] } },
    )
    const { state } = index.index
    const suspended = { ...index.scope('pay'), state: 'suspended' as const }
    const after = Object.create(state, { scopesAbove: { value: above } }) as typeof state
    function above(of: string) {
      return of.startsWith('pay/') ? [state.root, suspended] : [state.root]
    }
    const { at } = state
    const found = await differenceOf(
      { before: { state, at }, after: { state: after, at } },
      { entries: new Set(), regions: [alias('pay')] },
      new Effort(() => undefined),
    )
    expect(said(found)).toEqual({ added: [], removed: ['pay/a x r', 'pay/b x r'] })
    expect(found.entries.map(({ alias: name }) => name)).toEqual(names)
  })

  it('is what is touched by itself, beside all in a region that is', async () => {
    const names = ['pay/a', 'pay/b', 'web/z']
    const found = await difference(
      names.map((name) => entry(name, { state: 'suspended' })),
      names.map((name) => entry(name)),
      { entries: ['pay/a', 'web/z'], regions: [alias('pay')] },
    )
    const told = found.entries.map((one) => `${one.alias} ${one.certificates}`)
    expect(told).toEqual(names.map((name) => `${name} gained`))
  })
})
