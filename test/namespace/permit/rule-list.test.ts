import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { prefixesOf, type ReadyRule, RuleList } from '../../../src/namespace/permit/rule-list.js'
import { isBelow } from '../../../src/namespace/rule/path.js'
import {
  matches,
  parseRoute,
  readyMatch,
  type RouteMatch,
} from '../../../src/namespace/rule/route.js'
import { valueOf } from '../given-index.js'

const somePath = fc
  .array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 4 })
  .chain((elements) => fc.constantFrom(`/${elements.join('/')}`, `/${[...elements, ''].join('/')}`))
  .map((path) => path.replace(/\/+$/, '/'))

const somePrefix = somePath.map((path) => path.replace(/(?<=.)\/$/, ''))

const someMatch = fc.oneof(
  somePath.map((exact) => readyMatch({ path: { exact } })),
  fc
    .tuple(somePrefix, fc.constantFrom('GET' as const, 'PUT' as const))
    .map(([prefix, method]) => readyMatch({ method, path: { prefix } })),
)

const someRules = fc
  .array(fc.option(fc.array(someMatch, { minLength: 1, maxLength: 3 })), { maxLength: 80 })
  .map((all) =>
    all.map((routes, index): ReadyRule => {
      const always = { from: 0, until: Infinity, ports: [[80, 80]] as const }
      return { id: `r${index}`, rev: 1, ...always, routes }
    }),
  )

describe('the rules that name one caller', () => {
  it('leave out none that matches, in whatever number they are, and keep their order', () => {
    fc.assert(
      fc.property(someRules, somePath, (rules, path) => {
        const route = valueOf(parseRoute(`GET ${path}`))
        const matching = (some: readonly ReadyRule[]): readonly string[] =>
          some
            .filter(({ routes }) => !routes || routes.some((match) => matches(match, route)))
            .map(({ id }) => id)
        const list = new RuleList(rules)
        expect(matching(list.candidates(route))).toEqual(matching(rules))
        const open = rules.filter(({ routes }) => !routes)
        expect(list.candidates(undefined).filter(({ routes }) => !routes)).toEqual(open)
      }),
      { numRuns: 500 },
    )
  })

  it('are not all looked at where they are many', () => {
    const rules = Array.from({ length: 1000 }, (_, index): ReadyRule => {
      const routes = [readyMatch({ path: { prefix: `/part-${index}` } })]
      return { id: `r${index}`, rev: 1, from: 0, until: Infinity, ports: [[80, 80]], routes }
    })
    const list = new RuleList(rules)
    const found = list.candidates(valueOf(parseRoute('GET /part-999/7')))
    expect(found.map(({ id }) => id)).toEqual(['r999'])
    expect(list.reaches).toHaveLength(1)
    const deep = valueOf(parseRoute(`GET /part-7${'/a'.repeat(100)}`))
    expect(list.candidates(deep)).toHaveLength(1000)
  })

  it('are looked up by every prefix that a path is at or below', () => {
    fc.assert(
      fc.property(somePath, somePrefix, (path, prefix) => {
        expect(prefixesOf(path).includes(prefix)).toBe(isBelow(path, prefix))
      }),
    )
  })

  it.each([
    ['/', ['/']],
    ['/a', ['/', '/a']],
    ['/a/', ['/', '/a']],
    ['/a/b', ['/', '/a', '/a/b']],
    ['/a/b/', ['/', '/a', '/a/b']],
  ])('are looked up, for the path %s, by the prefixes %j', (path, prefixes) => {
    expect(prefixesOf(path)).toEqual(prefixes)
  })
})

describe('what is looked at, of 32 rules and more', () => {
  const far = readyMatch({ path: { prefix: '/far' } })
  const given = (id: string, ...routes: readonly RouteMatch[]): ReadyRule => {
    const always = { from: 0, until: Infinity, ports: [[80, 80]] as const }
    const ready = routes.length > 0 ? routes.map(readyMatch) : null
    return { id, rev: 1, ...always, routes: ready }
  }
  /** So many rules for another path after these. */
  const among = (count: number, ...rules: readonly ReadyRule[]): RuleList =>
    new RuleList([
      ...rules,
      ...Array.from({ length: count - rules.length }, () => ({ ...given('far'), routes: [far] })),
    ])
  const idsFor = (list: RuleList, path?: string): readonly string[] => {
    const route = path === undefined ? undefined : valueOf(parseRoute(`GET ${path}`))
    return list.candidates(route).map(({ id }) => id)
  }

  it('is what the path leads to, and of fewer rules all of them', () => {
    expect(idsFor(among(32), '/a')).toEqual([])
    expect(idsFor(among(32))).toEqual([])
    expect(idsFor(among(31), '/a')).toHaveLength(31)
    expect(idsFor(among(31))).toHaveLength(31)
  })

  it('is a rule without routes for every path, and where there is none', () => {
    const list = among(40, given('open'))
    expect(idsFor(list)).toEqual(['open'])
    expect(idsFor(list, '/a/b')).toEqual(['open'])
  })

  it('is every rule for the path, in the order of the list and each once', () => {
    const a = { path: { prefix: '/a' } }
    const b = { path: { exact: '/a/b' } }
    const list = among(40, given('prefix', a, b), given('exact', b), given('open'), given('too', a))
    expect(idsFor(list, '/a/b')).toEqual(['prefix', 'exact', 'open', 'too'])
    expect(idsFor(list, '/a/b/c')).toEqual(['prefix', 'open', 'too'])
    expect(idsFor(list, '/b')).toEqual(['open'])
  })

  it('is all of them for a path of very many elements', () => {
    const list = among(40)
    expect(idsFor(list, '/a'.repeat(63))).toEqual([])
    expect(idsFor(list, '/a'.repeat(64))).toHaveLength(40)
  })

  it('has every time and all ports that a rule has, each once', () => {
    const own = given('a')
    const later = { ...own, from: 5 }
    const shorter = { ...own, until: 9 }
    const other = { ...own, ports: [[81, 81]] as const }
    const { reaches } = new RuleList([own, later, { ...own, id: 'b' }, shorter, other])
    expect(reaches).toEqual(
      [own, later, shorter, other].map(({ from, until, ports }) => ({ from, until, ports })),
    )
  })
})
