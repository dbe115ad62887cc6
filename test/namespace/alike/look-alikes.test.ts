import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Alias } from '../../../src/core/alias.js'
import type { Uid } from '../../../src/core/uid.js'
import { lookAlikesOf, NAMES } from '../../../src/namespace/alike/look-alikes.js'
import { lookAlikesOfMade } from '../../../src/namespace/alike/made-alike.js'
import { lookOf, resembles } from '../../../src/namespace/alike/resembles.js'
import type { Change } from '../../../src/namespace/change.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import type { Entry } from '../../../src/namespace/entry.js'
import { Effort } from '../../../src/namespace/questions/effort.js'
import type { Made } from '../../../src/namespace/propose.js'
import { emptyState } from '../../../src/namespace/state-tables.js'
import { StateView } from '../../../src/namespace/state-view.js'
import type { MemoryTable } from '../../../src/namespace/table.js'
import { givenGroup } from '../given-group.js'
import { clusterFacts, type GivenIndex, givenIndex, k8s, owner, valueOf } from '../given-index.js'

const entry = (alias: string): ChangeRequest => ({ op: 'entry.create', alias, owner })
const scope = (alias: string): ChangeRequest => ({ op: 'scope.create', alias })

/** What is said about one more change. */
async function told(given: GivenIndex, request: ChangeRequest) {
  const made = valueOf(await given.index.change(request))
  return given.index.lookAlikes([made])
}

const nothing = { found: [], complete: true }

describe('a new name beside one that it resembles (attack 32)', () => {
  it('is told, of entries and scopes, and stands in the way of nothing', async () => {
    const given = await givenIndex(scope('payments'), entry('payments/checkout'))
    expect(await told(given, entry('payments/chekcout'))).toEqual({
      found: [{ alias: 'payments/chekcout', resembles: 'payments/checkout' }],
      complete: true,
    })
    expect(given.entry('payments/chekcout').state).toBe('active')
    expect(await told(given, scope('paymemts'))).toMatchObject({
      found: [{ alias: 'paymemts', resembles: 'payments' }],
    })
    expect(await told(given, scope('payments/check0ut'))).toMatchObject({
      found: [
        { alias: 'payments/check0ut', resembles: 'payments/checkout' },
        { alias: 'payments/check0ut', resembles: 'payments/chekcout' },
      ],
    })
  })

  it('is told where it looks the same in a terminal', async () => {
    const given = await givenIndex(scope('payments'))
    expect((await told(given, scope('payrnents'))).found).toEqual([
      { alias: 'payrnents', resembles: 'payments' },
    ])
  })

  it('is told where it is only above what is made, and nobody has made it a scope', async () => {
    const given = await givenIndex(entry('payments/api'))
    expect((await told(given, entry('paymemts/api'))).found).toEqual([
      { alias: 'paymemts', resembles: 'payments' },
    ])
    // It is there now: what comes into it has another name.
    expect(await told(given, entry('paymemts/web'))).toEqual(nothing)
    expect(await told(given, scope('paymemts'))).toEqual(nothing)
  })

  it('is told where an entry gets it by being renamed, and not of its own former one', async () => {
    const given = await givenIndex(entry('web/checkout'), entry('web/other'))
    const renamed = { op: 'entry.rename', alias: 'web/other', to: 'web/chckout' } as const
    expect((await told(given, renamed)).found).toEqual([
      { alias: 'web/chckout', resembles: 'web/checkout' },
    ])
    const elsewhere = { op: 'entry.rename', alias: 'web/checkout', to: 'web/basket' } as const
    expect(await told(given, elsewhere)).toEqual(nothing)
    const corrected = { op: 'entry.rename', alias: 'web/basket', to: 'web/baskets' } as const
    expect(await told(given, corrected)).toEqual(nothing)
  })

  it('is told by its own name where a name was given up and taken back', async () => {
    const given = await givenIndex(
      entry('web/checkout'),
      { op: 'entry.rename', alias: 'web/checkout', to: 'web/basket' },
      { op: 'entry.rename', alias: 'web/basket', to: 'web/checkout' },
    )
    expect((await told(given, entry('web/chekcout'))).found).toEqual([
      { alias: 'web/chekcout', resembles: 'web/checkout' },
    ])
  })

  it('is told where the other is a former name that still leads somewhere', async () => {
    const renamed = { op: 'entry.rename', alias: 'web/checkout', to: 'web/basket' } as const
    const given = await givenIndex(entry('web/checkout'), renamed)
    expect((await told(given, entry('web/chekcout'))).found).toEqual([
      { alias: 'web/chekcout', resembles: 'web/checkout', leadsTo: 'web/basket' },
    ])
    await given.did({ op: 'entry.retire', alias: 'web/basket' })
    expect(await told(given, entry('web/chckout'))).toMatchObject({
      found: [],
    })
  })

  it('is not told of what is retired, what is counted, and what stands elsewhere', async () => {
    const given = await givenIndex(...['web/gone-by', 'web/shard-01', 'web/checkout'].map(entry), {
      op: 'entry.retire',
      alias: 'web/gone-by',
    })
    for (const alias of ['web/gone-bye', 'web/shard-02', 'app/checkout', 'web/cart/checkuot']) {
      expect(await told(given, entry(alias))).toEqual(nothing)
    }
  })

  it('is told once, of the two that one document makes', async () => {
    const { index } = await givenIndex()
    const entries = ['pay/ledger', 'pay/legder', 'pay/api'].map((alias) => ({ alias, owner }))
    const made = valueOf(await index.apply({ apiVersion: 'capstan/v1', entries }))
    expect(await index.lookAlikes(made)).toEqual({
      found: [{ alias: 'pay/legder', resembles: 'pay/ledger' }],
      complete: true,
    })
  })

  it('is told to whoever proposes it, where others decide', async () => {
    const group = await givenGroup({}, entry('web/checkout'))
    const made = valueOf(await group.index.change(entry('web/chekcout')))
    expect(made.kind).toBe('waits')
    expect((await group.index.lookAlikes([made])).found).toEqual([
      { alias: 'web/chekcout', resembles: 'web/checkout' },
    ])
  })

  it('is not told of what can no longer be done', async () => {
    const bind = (alias: string): ChangeRequest => ({
      ...{ op: 'binding.add', alias, binding: k8s('east', 'ns', 'sa') },
    })
    const group = await givenGroup({}, entry('web/a'), entry('web/b'), {
      ...{ op: 'cluster.register', alias: 'east', cluster: clusterFacts('east') },
    })
    const made = valueOf(await group.index.change(bind('web/a')))
    await group.agreed(bind('web/b'))
    expect(await group.index.lookAlikes([made])).toEqual(nothing)
  })

  it('is not told of a change that names nothing', async () => {
    const given = await givenIndex(entry('web/checkout'), entry('web/chekcout'))
    expect(await told(given, { op: 'entry.suspend', alias: 'web/chekcout' })).toEqual(nothing)
    expect(await told(given, { op: 'scope.create', alias: 'web' })).toEqual(nothing)
  })
})

/** Entries alone, and their uids. */
function stateOf(aliases: readonly string[]) {
  const source = emptyState()
  const [held, entries] = [source.tables.held, source.tables.entries] as unknown as [
    MemoryTable<string, Uid>,
    MemoryTable<Uid, Entry>,
  ]
  for (const alias of aliases) {
    held.set(`alias:${alias}`, uidOf(alias))
    entries.set(uidOf(alias), { kind: 'entry', uid: uidOf(alias), alias: alias as Alias } as Entry)
  }
  return new StateView(source)
}
const letters = (text: string): readonly string[] => Array.from(text)
const uidOf = (alias: string): Uid => `e-${alias}` as Uid
const effort = (steps: number): Effort => new Effort(() => undefined, steps)

const numbered = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${name}-${String(at).padStart(6, '0')}`)

describe('the work of looking', () => {
  const segments = fc
    .array(fc.constantFrom(...letters('arnmvw01il2-bz')), { minLength: 1, maxLength: 7 })
    .map((chosen) => chosen.join(''))
    .filter((text) => /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(text))

  it('finds what comparing each with each finds, of few and of many', async () => {
    const lists = fc.uniqueArray(segments, { minLength: 2, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(lists, fc.integer({ min: 1, max: 16 }), async (list, count) => {
        const news = list.slice(0, count)
        const wanted = news.flatMap((one) =>
          list
            .filter((other) => resembles(lookOf(one), lookOf(other)))
            .filter((other) => !news.includes(other) || one > other)
            .map((other) => ({ alias: `web/${one}`, resembles: `web/${other}` })),
        )
        // Half of those that were there are only above something.
        const beside = list.map((one, at) => (at < count || at % 2 ? one : `${one}/api`))
        const state = stateOf([...beside, 'other/api'].map((one) => `web/${one}`))
        const uids = news.map((one) => uidOf(`web/${one}`))
        const { found, complete } = await lookAlikesOf(state, uids, effort(NAMES))
        const key = (one: object): string => JSON.stringify(one)
        expect(found.map(key).sort()).toEqual(wanted.map(key).sort())
        expect(complete).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('is nothing for one that has no name any more', async () => {
    const state = stateOf(['web/checkout', 'web/chekcout'])
    const held = state.tables.held as MemoryTable<string, Uid>
    const found = async () => lookAlikesOf(state, [uidOf('web/chekcout')], effort(NAMES))
    expect((await found()).found).toHaveLength(1)
    held.delete('alias:web/chekcout')
    expect(await found()).toEqual(nothing)
  })

  it('passes over no region that follows longer names', async () => {
    const beside = ['web/checkouz-a', 'web/checkouz-b', 'web/checkouz/api', 'web/checkouz0']
    const state = stateOf([...beside, 'web/checkout'])
    const { found } = await lookAlikesOf(state, [uidOf('web/checkout')], effort(NAMES))
    expect(found.map((one) => one.resembles)).toEqual(['web/checkouz'])
  })

  it('of one name hardly grows with the names beside it', async () => {
    const beside = [...numbered('edge/device', 100_000), 'edge/gateway']
    for (const [name, like] of [
      ['edge/device-100001', []],
      ['edge/devise-000042', ['edge/device-000042']],
      ['edge/gatevvay', ['edge/gateway']],
    ] as const) {
      const { found, complete } = await lookAlikesOf(
        stateOf([...beside, name]),
        [uidOf(name)],
        effort(1000),
      )
      expect(found.map((one) => one.resembles)).toEqual(like)
      expect(complete).toBe(true)
    }
  })

  it('of 10,000 names beside 100,000 is done, and not their product', async () => {
    const news = [...numbered('edge/sensor', 9_999), 'edge/gatevvay']
    const state = stateOf([...numbered('edge/device', 100_000), 'edge/gateway', ...news])
    const { found, complete } = await lookAlikesOf(state, news.map(uidOf), effort(NAMES))
    expect(found).toEqual([{ alias: 'edge/gatevvay', resembles: 'edge/gateway' }])
    expect(complete).toBe(true)
  })

  it('says so where not every name was looked at, or not every one is listed', async () => {
    const state = stateOf(['web/checkout', 'web/chekcout'])
    const little = await lookAlikesOf(state, [uidOf('web/chekcout')], effort(3))
    expect(little.complete).toBe(false)
    const some = letters('abcdefghjkmnpqstuxyz')
    const many = some.flatMap((a) => some.map((b) => `web/checkout${a}${b}-old`))
    const all = await lookAlikesOf(stateOf(many), many.map(uidOf), effort(NAMES))
    expect(all.found).toHaveLength(500)
    expect(all.complete).toBe(false)
  })

  it('is complete with as many look-alikes as are listed, and not with one more', async () => {
    const name = 'checkoutcarts'
    const alphabet = letters('abcdefghjklmopqstuwxyz')
    const changed = letters(name).flatMap((_, at) =>
      alphabet.flatMap((one) => [
        `${name.slice(0, at)}${one}${name.slice(at)}`,
        `${name.slice(0, at)}${one}${name.slice(at + 1)}`,
      ]),
    )
    const beside = [...new Set(changed)].filter((one) => one !== name)
    const found = async (count: number) => {
      const there = [name, ...beside.slice(0, count)].map((one) => `web/${one}`)
      expect(there).toHaveLength(1 + count)
      const alike = await lookAlikesOf(stateOf(there), [uidOf(`web/${name}`)], effort(NAMES))
      return [alike.found.length, alike.complete]
    }
    expect([await found(500), await found(501)]).toEqual([
      [500, true],
      [500, false],
    ])
  })

  it('says so too of changes that were made', async () => {
    const some = letters('abcdefghjkmnpqstuxyz')
    const many = some.flatMap((a) => some.map((b) => `web/checkout${a}${b}-old`))
    const made = many.map((one): Made => {
      const change = { op: 'entry.create', uid: uidOf(one) } as Change
      return { kind: 'changed', change }
    })
    const all = await lookAlikesOfMade(stateOf(many), made, () => undefined)
    expect([all.found.length, all.complete]).toEqual([500, false])
  })
})
