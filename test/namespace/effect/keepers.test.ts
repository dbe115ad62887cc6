import { describe, expect, it } from '@jest/globals'
import { hours, plus, seconds, type UnixSeconds } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { keepers } from '../../../src/namespace/effect/keepers.js'
import { T0 } from '../../support/fake-clock.js'
import { alias, clusterFacts, type GivenIndex, givenIndex, k8s, owner } from '../given-index.js'

const register = (name: string): ChangeRequest => ({
  ...{ op: 'cluster.register', alias: name, cluster: clusterFacts(name) },
})
const shop: ChangeRequest = { op: 'scope.create', alias: 'shop' }
const create = (name: string): ChangeRequest => ({ op: 'entry.create', alias: name, owner })
const bind = (name: string, binding: object): ChangeRequest =>
  ({ op: 'binding.add', alias: name, binding }) as ChangeRequest
const vm = { kind: 'vm', attestor: 'aws', match: { role: ['api'] } }
const free = plus(T0, hours(25))

function issued(given: GivenIndex, name: string): void {
  given.issued.until.set(given.entry(name).uid, plus(T0, hours(1)))
}

describe('who keeps a name in a range', () => {
  const keptIn = ({ index }: GivenIndex, at: UnixSeconds, ...names: readonly string[]) =>
    [
      ...keepers(
        index.state,
        names.map((name) => [`alias:${name}`, `alias:${name}~`]),
        at,
      ),
    ].map((entry) => entry.alias)

  it('holds it, or gave it up while its certificates last', async () => {
    const given = await givenIndex(create('a/x'), create('a/y'), create('b/z'))
    issued(given, 'a/x')
    expect(keptIn(given, T0, 'a/')).toEqual(['a/x', 'a/y'])
    expect(keptIn(given, T0, 'b/', 'a/')).toEqual(['b/z', 'a/x', 'a/y'])
    expect(keptIn(given, T0, 'c/')).toEqual([])
    expect(keptIn(given, T0)).toEqual([])
    await given.did({ op: 'entry.rename', alias: 'a/x', to: 'b/x' })
    expect(keptIn(given, plus(free, seconds(-1)), 'a/')).toEqual(['a/y', 'b/x'])
    expect(keptIn(given, free, 'a/')).toEqual(['a/y'])
    expect(keptIn(given, free, 'b/')).toEqual(['b/x', 'b/z'])
  })

  it('drains, until it is retired', async () => {
    const given = await givenIndex(create('a/x'), create('a/y'))
    issued(given, 'a/x')
    await given.did({ op: 'entry.retire', alias: 'a/x' }, { op: 'entry.retire', alias: 'a/y' })
    expect(new Set(keptIn(given, T0, 'a/'))).toEqual(new Set(['a/x']))
    expect(new Set(keptIn(given, plus(free, seconds(-1)), 'a/'))).toEqual(new Set(['a/x']))
    expect(keptIn(given, free, 'a/')).toEqual([])
  })

  it('is not retired, though a name that it had before drains on', async () => {
    const given = await givenIndex(create('a/x'))
    issued(given, 'a/x')
    await given.did({ op: 'entry.rename', alias: 'a/x', to: 'b/x' })
    expect(keptIn(given, T0, 'a/')).toEqual(['b/x'])
    given.issued.until.clear()
    await given.did({ op: 'entry.retire', alias: 'b/x' })
    expect(keptIn(given, T0, 'a/', 'b/')).toEqual([])
    expect(await given.codeFor(create('a/x'))).toBe('namespace.alias-quarantined')
  })
})

describe('a cluster', () => {
  const removes = (given: GivenIndex, name: string) =>
    given.index.change({ op: 'cluster.remove', alias: name })

  it('is kept by any one binding of an entry, whatever others it has', async () => {
    const given = await givenIndex(register('prod'), register('spare'), create('api'))
    await given.did(bind('api', vm), bind('api', k8s('prod', 'shop', 'api')))
    expect(await removes(given, 'prod')).toMatchObject({
      refusal: { code: 'namespace.not-empty', found: 'entry api' },
    })
    expect(await given.codeFor({ op: 'cluster.remove', alias: 'spare' })).toBe('ok')
  })

  it('is not kept by an entry that was bound to it, and is bound elsewhere', async () => {
    const given = await givenIndex(register('prod'), register('spare'), create('api'))
    issued(given, 'api')
    await given.did(
      ...[bind('api', k8s('prod', 'shop', 'api')), bind('api', k8s('spare', 'shop', 'api'))],
      { op: 'binding.remove', alias: 'api', binding: 'prod/shop/api' },
    )
    const { uid } = given.index.state.clusterByAlias(alias('prod'))!
    const range = [`k8s:${uid}/`, `k8s:${uid}0`] as const
    expect([...keepers(given.index.state, [range], T0)]).toHaveLength(1)
    expect(await given.codeFor({ op: 'cluster.remove', alias: 'spare' })).toBe(
      'namespace.not-empty',
    )
    expect(await given.codeFor({ op: 'cluster.remove', alias: 'prod' })).toBe('ok')
  })
})

describe('a scope is empty', () => {
  const retires = async (given: GivenIndex, name = 'shop') => {
    const made = await given.index.change({ op: 'scope.retire', alias: name })
    return made.ok ? 'ok' : made.refusal.found
  }

  it('without what is beside it, or is called alike', async () => {
    const given = await givenIndex(shop, create('shop-2/api'), create('shop2'), create('a/shop'))
    await given.did(
      { op: 'scope.create', alias: 'shop-2' },
      { op: 'scope.create', alias: 'shopping' },
    )
    expect(await retires(given)).toBe('ok')
  })

  it('when the last scope below it is retired, and the last entry has drained', async () => {
    const given = await givenIndex(shop, { op: 'scope.create', alias: 'shop/eu' })
    await given.did(create('shop/eu/api'))
    expect(await retires(given)).toBe('entry shop/eu/api')
    issued(given, 'shop/eu/api')
    await given.did({ op: 'entry.retire', alias: 'shop/eu/api' })
    given.clock.set(plus(free, seconds(-1)))
    expect(await retires(given)).toBe('entry shop/eu/api')
    given.clock.set(free)
    expect(await retires(given)).toBe('scope shop/eu')
    expect(await retires(given, 'shop/eu')).toBe('ok')
    expect(await retires(given)).toBe('ok')
  })

  it('without an entry that moved away, and not where it moved to', async () => {
    const given = await givenIndex(shop, { op: 'scope.create', alias: 'lab' }, create('shop/api'))
    issued(given, 'shop/api')
    await given.did({ op: 'entry.rename', alias: 'shop/api', to: 'lab/api' })
    expect(await retires(given, 'lab')).toBe('entry lab/api')
    expect(await retires(given)).toBe('ok')
    expect(await given.codeFor(create('shop/api'))).toBe('namespace.alias-quarantined')
  })

  it('and its name is free for another scope, but not while an entry’s drains there', async () => {
    const given = await givenIndex(create('shop'))
    expect(await given.codeFor(shop)).toBe('namespace.alias-taken')
    issued(given, 'shop')
    await given.did({ op: 'entry.retire', alias: 'shop' })
    given.clock.set(plus(free, seconds(-1)))
    expect(await given.codeFor(shop)).toBe('namespace.alias-quarantined')
    given.clock.set(free)
    expect(await given.codeFor(shop)).toBe('ok')
  })
})
