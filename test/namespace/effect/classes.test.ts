import { describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { T0 } from '../../support/fake-clock.js'
import { clusterFacts, givenIndex, k8s, owner } from '../given-index.js'

const open = { mayCall: [''], mayAccept: [''], ports: [[1, 65_535]] } as never
const day = plus(T0, hours(24))
const world: readonly ChangeRequest[] = [
  { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
  { op: 'cluster.register', alias: 'spare', cluster: clusterFacts('spare') },
  { op: 'scope.create', alias: 'shop' },
  { op: 'scope.create', alias: 'lab' },
  { op: 'scope.suspend', alias: 'lab' },
  { op: 'guard.set', alias: 'shop', guard: { id: 'ttl', effect: 'maxTtl', maxTtl: 3600 } },
  { op: 'entry.create', alias: 'shop/web', owner, envelope: open, validUntil: day },
  { op: 'entry.create', alias: 'shop/api', owner, envelope: open, labels: { tier: '1' } },
  { op: 'entry.create', alias: 'shop/off', owner },
  { op: 'entry.suspend', alias: 'shop/off' },
  { op: 'binding.add', alias: 'shop/api', binding: k8s('prod', 'shop', 'api') },
  {
    ...{ op: 'rule.attach', alias: 'shop/api' },
    rule: { id: 'web', callers: ['shop/web'], ports: [8080] },
  },
  {
    op: 'split.set',
    alias: 'shop/api',
    split: { port: 80, backendRefs: [{ entry: 'shop/web', weight: 1 }] },
  },
]

const api = { alias: 'shop/api' } as const
const web = { alias: 'shop/web' } as const
const split = (...backends: readonly (readonly [string, number])[]) => ({
  port: 80,
  backendRefs: backends.map(([entry, weight]) => ({ entry, weight })),
})

/** How grave each change is: what only takes power away needs the fewest. */
const classes: readonly (readonly [string, ChangeRequest])[] = [
  ['structural', { op: 'scope.create', alias: 'new' }],
  ['narrowing', { op: 'scope.suspend', alias: 'shop' }],
  ['structural', { op: 'scope.reactivate', alias: 'lab' }],
  ['narrowing', { op: 'scope.retire', alias: 'lab' }],
  ['structural', { op: 'cluster.register', alias: 'new', cluster: clusterFacts('new') }],
  ['structural', { op: 'cluster.update', alias: 'spare', cluster: clusterFacts('spare') }],
  ['narrowing', { op: 'cluster.remove', alias: 'spare' }],
  ['sensitive', { op: 'entry.create', alias: 'shop/new', owner }],
  ['narrowing', { op: 'entry.suspend', ...api }],
  ['sensitive', { op: 'entry.reactivate', alias: 'shop/off' }],
  ['narrowing', { op: 'entry.retire', ...api }],
  ['sensitive', { op: 'entry.rename', ...api, to: 'shop/api-2' }],
  ['routine', { op: 'entry.update', ...api, labels: {} }],
  ['sensitive', { op: 'entry.update', ...api, owner }],
  ['routine', { op: 'entry.update', ...api, validUntil: day }],
  ['routine', { op: 'entry.update', ...web, validUntil: plus(day, hours(-1)) }],
  ['routine', { op: 'entry.update', ...web, validUntil: day }],
  ['sensitive', { op: 'entry.update', ...web, validUntil: plus(day, hours(1)) }],
  ['sensitive', { op: 'entry.update', ...web, validUntil: null }],
  ['routine', { op: 'entry.update', ...api, validUntil: null }],
  ['sensitive', { op: 'binding.add', ...api, binding: k8s('prod', 'shop', 'other') }],
  ['narrowing', { op: 'binding.remove', ...api, binding: 'prod/shop/api' }],
  ['narrowing', { op: 'envelope.set', ...api, envelope: { mayCall: ['shop'] as never } }],
  ['sensitive', { op: 'envelope.set', ...api, envelope: { graceAfterExpiry: 60 } }],
  ['narrowing', { op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 60 } }],
  ['narrowing', { op: 'rule.detach', ...api, rule: 'web' }],
  ['routine', { op: 'split.set', ...api, split: split(['shop/web', 2]) }],
  ['sensitive', { op: 'split.set', ...api, split: split(['shop/web', 1], ['shop/off', 1]) }],
  ['routine', { op: 'split.clear', ...api, port: 80 }],
  ['structural', { op: 'guard.clear', alias: 'shop', guard: 'ttl' }],
]

describe('a change is', () => {
  it.each(classes)('%s: %j', async (changeClass, request) => {
    const given = await givenIndex(...world)
    const { state } = given.index
    const revision = () => {
      const name = request.alias as never
      const found = state.entryByAlias(name) ?? state.scopeByAlias(name)
      return (found ?? state.clusterByAlias(name))?.rev ?? 0
    }
    const before = revision()
    const change = await given.did(request)
    expect(change.class).toBe(changeClass)
    expect(change.rev).toBe(before + 1)
  })

  it('structural where a scope gets more than it had', async () => {
    const given = await givenIndex(...world)
    await given.did({ op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 60 } })
    const wider = { op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 61 } } as never
    expect((await given.did(wider)).class).toBe('structural')
  })
})

describe('what a change says, is', () => {
  it('an entry with what was asked for, and without what was not', async () => {
    const given = await givenIndex(...world)
    expect(given.entry('shop/api')).not.toHaveProperty('validUntil')
    expect(given.entry('shop/web')).toMatchObject({ validUntil: day, labels: {}, owner })
    await given.did({ op: 'entry.update', ...web, labels: { a: 'b' } })
    expect(given.entry('shop/web')).toMatchObject({ validUntil: day, labels: { a: 'b' }, owner })
    await given.did({ op: 'entry.update', ...web, validUntil: null })
    expect(given.entry('shop/web')).not.toHaveProperty('validUntil')
    expect(given.entry('shop/web').labels).toEqual({ a: 'b' })
  })

  it('guards and splits in their order, and none where the last one goes', async () => {
    const given = await givenIndex(...world)
    const guard = { id: 'a', effect: 'maxTtl', maxTtl: 60 } as const
    await given.did({ op: 'guard.set', alias: 'shop', guard })
    expect(given.scope('shop').guards?.map(({ id }) => id)).toEqual(['a', 'ttl'])
    await given.did({ op: 'guard.clear', alias: 'shop', guard: 'a' })
    expect(given.scope('shop').guards?.map(({ id }) => id)).toEqual(['ttl'])
    await given.did({ op: 'guard.clear', alias: 'shop', guard: 'ttl' })
    expect(given.scope('shop')).not.toHaveProperty('guards')
    const other = { port: 70, backendRefs: [{ entry: 'shop/web', weight: 1 }] }
    await given.did({ op: 'split.set', ...api, split: other })
    expect(given.entry('shop/api').splits?.map(({ port }) => port)).toEqual([70, 80])
    await given.did({ op: 'split.clear', ...api, port: 80 })
    expect(given.entry('shop/api').splits?.map(({ port }) => port)).toEqual([70])
    await given.did({ op: 'split.clear', ...api, port: 70 })
    expect(given.entry('shop/api')).not.toHaveProperty('splits')
  })

  it('bindings and rules in their order', async () => {
    const given = await givenIndex(...world)
    for (const name of ['x', 'y', 'z']) {
      await given.did({ op: 'binding.add', ...api, binding: k8s('prod', 'shop', name) })
      const rule = { id: name === 'x' ? 'zz' : name, callers: ['shop/web'], ports: [8081] }
      await given.did({ op: 'rule.attach', ...api, rule })
    }
    const { bindings, rules } = given.entry('shop/api')
    expect(bindings.map(({ id }) => id)).toEqual(bindings.map(({ id }) => id).sort())
    expect(bindings).toHaveLength(4)
    expect(rules.map(({ id }) => id)).toEqual(['web', 'y', 'z', 'zz'])
  })
})
