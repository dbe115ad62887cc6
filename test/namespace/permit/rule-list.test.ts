import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { prefixesOf, type ReadyRule, RuleList } from '../../../src/namespace/permit/rule-list.js'
import { isBelow } from '../../../src/namespace/rule/path.js'
import { matches, parseRoute, readyMatch } from '../../../src/namespace/rule/route.js'
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
})
