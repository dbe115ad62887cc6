import { describe, expect, it } from '@jest/globals'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { canonicalState } from '../../src/namespace/state.js'
import { givenEmergency, invocationBy } from './given-emergency.js'
import { changesOf, codeOf, givenIndex, type GivenIndex, owner, valueOf } from './given-index.js'

const envelope = { mayCall: [''], mayAccept: [''], ports: [[1, 65535]] }
const web = { alias: 'shop/web', owner, envelope }
const rule = { callers: ['shop/web'], ports: [8080], routes: [{ path: { prefix: '/orders' } }] }
const split = { port: 8080, backendRefs: [{ entry: 'shop/api-v2', weight: 10 }] }
const guard = { id: 'no-ops', effect: 'forbid', callers: ['ops'] }
const api = { alias: 'shop/api', owner, envelope }
const document = {
  apiVersion: 'capstan/v1',
  scopes: [{ alias: 'shop', guards: [guard] }],
  // Out of order: a rule may name an entry that comes after it, or that its own entry comes before.
  entries: [
    { ...api, rules: [rule, { ...rule, id: 'all', ports: [9090] }], splits: [split] },
    { alias: 'shop/api-v2', owner, envelope },
    web,
  ],
}
/** The document with other rules for `shop/api`. */
const withApi = (said: object) => ({
  ...document,
  entries: [{ ...api, ...said }, ...document.entries.slice(1)],
})

const opsOf = (given: GivenIndex, wanted: unknown): string[] =>
  valueOf(given.index.plan(wanted)).map(({ request: { op, alias } }) => `${op} ${alias}`)

/** Applies a document, which then is what is. */
async function applied(given: GivenIndex, wanted: unknown): Promise<string[]> {
  const planned = opsOf(given, wanted)
  const changes = changesOf(valueOf(await given.index.apply(wanted)))
  expect(changes.map(({ op }) => op)).toEqual(planned.map((text) => text.split(' ')[0]))
  expect(opsOf(given, wanted)).toEqual([])
  const again = valueOf(await LiveIndex.open(given.deps))
  expect(canonicalState(again.state)).toBe(canonicalState(given.index.state))
  return planned
}

describe('rules, splits and guards in a document', () => {
  it('are made after the entries that they name; a second time there is nothing to do', async () => {
    const given = await givenIndex()
    expect(await applied(given, document)).toEqual([
      'scope.create shop',
      'guard.set shop',
      'entry.create shop/api',
      'entry.create shop/api-v2',
      'entry.create shop/web',
      'rule.attach shop/api',
      'rule.attach shop/api',
      'split.set shop/api',
    ])
    const entry = given.entry('shop/api')
    expect(entry.rules.map(({ id }) => id)).toEqual([
      'all',
      expect.stringMatching(/^r[a-z2-7]{12}$/),
    ])
    expect(entry.rules[0]?.callers).toEqual([given.entry('shop/web').uid])
    expect(entry.splits).toHaveLength(1)
  })

  it('stay as they are where a document says nothing of them', async () => {
    const given = await givenIndex()
    await applied(given, document)
    const silent = {
      ...document,
      scopes: [{ alias: 'shop' }],
      entries: [api, ...document.entries.slice(1)],
    }
    expect(opsOf(given, silent)).toEqual([])
  })

  it('are taken away where it names none of them, before anything is given', async () => {
    const given = await givenIndex()
    await applied(given, document)
    const rules = [
      { ...rule, id: 'all', ports: [9091] },
      { ...rule, id: 'new' },
    ]
    expect(await applied(given, withApi({ rules, splits: [] }))).toEqual([
      'rule.detach shop/api',
      'split.clear shop/api',
      'rule.replace shop/api',
      'rule.attach shop/api',
    ])
    expect(given.entry('shop/api').rules.map(({ id, ports }) => [id, ports])).toEqual([
      ['all', [[9091, 9091]]],
      ['new', [[8080, 8080]]],
    ])
    expect(await applied(given, withApi({ rules: [] }))).toEqual([
      'rule.detach shop/api',
      'rule.detach shop/api',
    ])
    const unguarded = { ...document, scopes: [{ alias: 'shop', guards: [] }], entries: [] }
    expect(await applied(given, unguarded)).toEqual(['guard.clear shop'])
  })

  it('are left alone where a grant made them, while it runs and after it', async () => {
    const given = await givenEmergency()
    const { until } = valueOf(
      await given.index.invokeEmergency(
        invocationBy(given, [given.h1], { alias: 'shop/api', act: 'allow' }),
      ),
    )
    const [made] = given.entry('shop/api').rules
    const wanted = { ...document, scopes: [], entries: [{ ...api, rules: [] }] }
    expect(opsOf(given, wanted)).toEqual([])
    given.clock.set(until)
    expect(opsOf(given, wanted)).toEqual([])
    // One that the document names is as it says.
    const rules = [{ ...rule, id: made!.id }]
    expect(opsOf(given, { ...wanted, entries: [{ ...api, rules }] })).toEqual([
      'rule.replace shop/api',
    ])
  })

  it('are shown with the aliases of whom they let in', async () => {
    const given = await givenIndex()
    await applied(given, document)
    const rules = [{ ...rule, id: 'all', callers: ['shop/api-v2'], ports: [9090] }]
    const plan = valueOf(given.index.plan(withApi({ rules, splits: [] })))
    expect(plan.flatMap(({ lines }) => lines)).toEqual([
      expect.stringMatching(/^rule r\w+: - \{callers:\[shop\/web\],.*prefix:\/orders/),
      'split 8080: - [{entry:shop/api-v2,weight:10}]',
      expect.stringMatching(/^rule all: \{callers:\[shop\/web\].* -> \{callers:\[shop\/api-v2\]/),
    ])
  })

  it('are as they were when they are only spelled otherwise', async () => {
    const given = await givenIndex()
    await applied(given, document)
    const spelled = {
      ...rule,
      ports: [[8080, 8080]],
      proto: 'http',
      callers: ['shop/web', 'shop/web'],
      routes: [{ path: { prefix: '/orders/' } }],
    }
    const rules = [spelled, { ...spelled, id: 'all', ports: [9090] }]
    expect(opsOf(given, withApi({ rules }))).toEqual([])
  })

  it.each<[string, object, string]>([
    [
      'two rules of one id',
      {
        rules: [
          { ...rule, id: 'a' },
          { ...rule, id: 'a', ports: [1] },
        ],
      },
      'malformed',
    ],
    ['one rule twice', { rules: [rule, rule] }, 'malformed'],
    ['two splits of one port', { splits: [split, split] }, 'malformed'],
    ['a caller that nobody is', { rules: [{ ...rule, callers: ['shop/nobody'] }] }, 'unknown'],
    [
      'a path that is not normal',
      { rules: [{ ...rule, routes: [{ path: { exact: '/a/../b' } }] }] },
      'malformed',
    ],
    [
      'a rule that ends before it begins',
      { rules: [{ ...rule, from: 20, until: 10 }] },
      'malformed',
    ],
    ['a member of a rule that there is not', { rules: [{ ...rule, deny: true }] }, 'malformed'],
    ['rules that are no list', { rules: { all: rule } }, 'malformed'],
  ])('are refused as a whole: %s', async (_, said, code) => {
    const given = await givenIndex()
    const before = canonicalState(given.index.state)
    expect(codeOf(await given.index.apply(withApi(said)))).toBe(`namespace.${code}`)
    expect(canonicalState(given.index.state)).toBe(before)
  })
})
