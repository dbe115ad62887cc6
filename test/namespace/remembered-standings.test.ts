import { beforeEach, describe, expect, it } from '@jest/globals'
import { standing } from '../../src/namespace/grant.js'
import { rememberedStandings } from '../../src/namespace/remembered-standings.js'
import { clusterFacts, type GivenIndex, givenIndex, k8s, owner } from './given-index.js'

let given: GivenIndex

beforeEach(async () => {
  given = await givenIndex(
    { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
    ...['a', 'b', 'c'].map((name) => ({
      ...({ op: 'entry.create', alias: `shop/${name}`, owner } as const),
      bindings: [k8s('prod', 'shop', name), k8s('prod', 'shop', `${name}2`)],
    })),
  )
})

/** What is remembered of an entry, by its binding: the first, the second, or none. */
const of = (remembered: ReturnType<typeof rememberedStandings>, name: string, at?: number) => {
  const entry = given.entry(`shop/${name}`)
  const binding = at === undefined ? undefined : entry.bindings[at]
  const found = remembered(given.index.state, entry, binding)
  expect(found).toEqual(standing(given.index.state, entry, binding))
  return found
}

describe('a standing that is remembered', () => {
  it('is computed once as long as the index does not change', async () => {
    const remembered = rememberedStandings(8)
    const first = of(remembered, 'a')
    expect(of(remembered, 'a')).toBe(first)
    await given.did({ op: 'entry.update', alias: 'shop/b', labels: { tier: '1' } })
    const second = of(remembered, 'a')
    expect(second).not.toBe(first)
    expect(of(remembered, 'a')).toBe(second)
  })

  it('is of one binding of one entry', () => {
    const remembered = rememberedStandings(10)
    const all = () =>
      ['a', 'b', 'c'].flatMap((name) => [
        of(remembered, name),
        of(remembered, name, 0),
        of(remembered, name, 1),
      ])
    const first = all()
    expect(new Set(first).size).toBe(9)
    for (const [at, one] of all().entries()) expect(one).toBe(first[at])
  })

  it('makes room for others when there are as many as it holds', () => {
    const remembered = rememberedStandings(2)
    const a = of(remembered, 'a')
    expect(of(remembered, 'a')).toBe(a)
    const b = of(remembered, 'b')
    // Full: whatever comes next, everything is computed anew.
    expect(of(remembered, 'c')).toBeDefined()
    expect(of(remembered, 'b')).not.toBe(b)
    expect(of(remembered, 'a')).not.toBe(a)
  })
})
