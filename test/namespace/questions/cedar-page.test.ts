import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../../src/core/alias.js'
import { cedarEntities } from '../../../src/namespace/permit/cedar.js'
import { cedarPolicies } from '../../../src/namespace/permit/cedar-policies.js'
import {
  type CedarPage,
  cedarPage,
  type CedarPart,
} from '../../../src/namespace/questions/cedar-page.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import { type GivenIndex, givenIndex, owner } from '../given-index.js'

const routes = { id: 'routes', effect: 'requireRoutes' } as const

async function given(): Promise<GivenIndex> {
  const index = await givenIndex()
  for (const alias of ['pay', 'web', 'web/inner']) await index.did({ op: 'scope.create', alias })
  for (const alias of ['bare', 'pay/api', 'pay/db', 'web/inner/a', 'web/shop']) {
    await index.did({ op: 'entry.create', alias, owner })
  }
  const rule = { id: 'r', callers: ['web/shop'], ports: [80] }
  await index.did(
    { op: 'guard.set', alias: 'pay', guard: routes },
    { op: 'envelope.set', alias: 'web', envelope: { mayCall: ['pay' as never] } },
    { op: 'rule.attach', alias: 'web/inner/a', rule },
    { op: 'scope.suspend', alias: 'web/inner' },
  )
  return index
}

/** Page after page of a part. */
async function pages(
  { index }: GivenIndex,
  part: CedarPart,
  limit: number,
  steps?: number,
): Promise<readonly CedarPage[]> {
  const found: CedarPage[] = []
  let after: string | undefined
  do {
    const effort = new Effort(() => undefined, steps)
    const page = { part, limit, ...(after !== undefined && { after }) }
    found.push(await cedarPage(index.state, page, effort))
    after = found.at(-1)?.next
    if (found.length > 50) throw new Error('it never ends')
  } while (after !== undefined)
  return found
}

const policies = (all: readonly CedarPage[]): readonly string[] =>
  all.flatMap((one) => one.policies)
const entities = (all: readonly CedarPage[]): readonly string[] =>
  [...new Set(all.flatMap((one) => one.entities.map((entity) => JSON.stringify(entity))))].sort()

describe('what decides about calls, a page at a time', () => {
  it.each([
    ['scopes', 1, undefined, 4],
    ['scopes', 3, undefined, 2],
    ['scopes', 4, undefined, 1],
    // Each page goes on at least by one, however little it may cost.
    ['scopes', 99, 0, 4],
    ['entries', 1, undefined, 5],
    ['entries', 2, undefined, 3],
    ['entries', 5, undefined, 1],
    ['entries', 99, 0, 5],
  ] as const)('is all %s, in pages of %i with %s steps', async (part, limit, steps, count) => {
    const index = await given()
    const all = await pages(index, part, limit, steps)
    expect(all).toHaveLength(count)
    expect(policies(all)).toEqual(policies(await pages(index, part, 99)))
    expect(entities(all)).toEqual(entities(await pages(index, part, 99)))
    const { size, at } = index.index.state
    expect(new Set(all.map((page) => `${page.size} ${page.at}`))).toEqual(
      new Set([`${size} ${at}`]),
    )
    expect(all.at(-1)).not.toHaveProperty('next')
  })

  it('comes to what is written of the whole index', async () => {
    const index = await given()
    const { state } = index.index
    const source = { scopes: [...state.scopes.values()], entries: [...state.entriesUnder(ROOT)] }
    const [scopes, entries] = [await pages(index, 'scopes', 2), await pages(index, 'entries', 2)]
    const inOrder = [...policies(scopes), ...policies(entries)].sort()
    expect(inOrder).toEqual([...cedarPolicies(source)].sort())
    expect(entities(scopes)).toEqual([])
    const whole = [...cedarEntities(source)].map((entity) => JSON.stringify(entity)).sort()
    expect(entities(entries)).toEqual(whole)
  })

  it('says of a region, of the root too, whether what is there must have routes', async () => {
    const index = await given()
    const routed = async () => {
      const all = (await pages(index, 'entries', 99)).flatMap((page) => page.entities)
      const trait = ({ parents }: (typeof all)[number]): boolean =>
        parents.some(({ type }) => type === 'Capstan::Trait')
      return all.filter(trait).map(({ uid }) => uid.id)
    }
    expect(await routed()).toEqual(['pay'])
    await index.did({ op: 'guard.set', alias: '', guard: { ...routes, id: 'all' } })
    expect(await routed()).toEqual(['', 'pay'])
    const { state } = index.index
    const source = { scopes: state.scopes.values(), entries: state.entriesUnder(ROOT) }
    const whole = [...cedarEntities(source)].map((entity) => JSON.stringify(entity)).sort()
    expect(entities(await pages(index, 'entries', 99))).toEqual(whole)
  })

  it('counts what is looked at: a guard of a scope, and a rule of an entry, is a step', async () => {
    const { index } = await given()
    const left = async (part: CedarPart): Promise<number> => {
      for (let steps = 0; ; steps += 1) {
        const effort = new Effort(() => undefined, steps)
        await cedarPage(index.state, { part, limit: 99 }, effort)
        if (!effort.isSpent) return steps
      }
    }
    expect(await left('scopes')).toBe(5)
    expect(await left('entries')).toBe(6)
  })
})
