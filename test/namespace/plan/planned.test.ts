import { describe, expect, it } from '@jest/globals'
import { hours, plus, toIso } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { planDocument } from '../../../src/namespace/plan/plan-document.js'
import type { PlannedChange } from '../../../src/namespace/plan/planned-change.js'
import { T0 } from '../../support/fake-clock.js'
import { clusterFacts, type GivenIndex, givenIndex, k8s, owner, valueOf } from '../given-index.js'

const register = (name: string): ChangeRequest => ({
  ...{ op: 'cluster.register', alias: name, cluster: clusterFacts(name) },
})
const shop: ChangeRequest = { op: 'scope.create', alias: 'shop' }
const api: ChangeRequest = { op: 'entry.create', alias: 'shop/api', owner }
const plan = ({ index }: GivenIndex, said: object, most?: number) =>
  planDocument(index.state, { apiVersion: 'capstan/v1', ...said }, most)
const planned = (given: GivenIndex, said: object): readonly PlannedChange[] =>
  valueOf(plan(given, said))
const entry = { alias: 'shop/api', owner }
const changeOf = (request: object, lines: readonly string[], subject = 'entry shop/api') => ({
  ...{ request, kind: 'change', subject, lines },
})

describe('a plan for clusters', () => {
  it('registers new ones, and updates those of which something differs', async () => {
    const given = await givenIndex(register('prod'))
    const cluster = clusterFacts('new')
    expect(planned(given, { clusters: [{ alias: 'new', ...cluster }] })).toEqual([
      {
        request: { op: 'cluster.register', alias: 'new', cluster },
        kind: 'add',
        subject: 'cluster new',
        lines: Object.entries(cluster).map(([field, value]) => `${field}: ${String(value)}`),
      },
    ])
    expect(planned(given, { clusters: [{ alias: 'prod', ...clusterFacts('prod') }] })).toEqual([])
    const other = clusterFacts('prod', { audience: 'other', jwks: { discovery: true } })
    expect(planned(given, { clusters: [{ alias: 'prod', ...other }] })).toEqual([
      changeOf(
        { op: 'cluster.update', alias: 'prod', cluster: other },
        ['audience: capstan -> other', 'jwks: none -> {discovery:true}'],
        'cluster prod',
      ),
    ])
  })
})

describe('a plan for bindings', () => {
  const edge = { kind: 'edge', attestor: 'tpm', device: 'd1' } as const

  it('takes away before it gives, and leaves those that stay', async () => {
    const given = await givenIndex(
      ...[register('prod'), shop, api],
      { op: 'binding.add', alias: 'shop/api', binding: k8s('prod', 'shop', 'stays') },
      { op: 'binding.add', alias: 'shop/api', binding: k8s('prod', 'shop', 'goes') },
    )
    const goes = given
      .entry('shop/api')
      .bindings.find((one) => 'serviceAccount' in one && one.serviceAccount === 'goes')!
    const bindings = [edge, k8s('prod', 'shop', 'stays')]
    expect(planned(given, { entries: [{ ...entry, bindings }] })).toEqual([
      changeOf({ op: 'binding.remove', alias: 'shop/api', binding: goes.id }, [
        'binding: - {cluster:prod,kind:k8s,namespace:shop,serviceAccount:goes}',
      ]),
      changeOf({ op: 'binding.add', alias: 'shop/api', binding: edge }, [
        'binding: + {attestor:tpm,device:d1,kind:edge}',
      ]),
    ])
  })
})

describe('a plan for entries', () => {
  it('makes one as it is said, and suspends it afterwards', async () => {
    const given = await givenIndex(shop)
    const said = { owner, labels: { tier: '1' }, validUntil: T0 + 60 }
    const add = {
      request: { op: 'entry.create', alias: 'shop/api', ...said },
      kind: 'add',
      subject: 'entry shop/api',
      lines: ['owner: {controller:team-payments}', 'labels: {tier:1}', `validUntil: ${T0 + 60}`],
    }
    const suspend = changeOf({ op: 'entry.suspend', alias: 'shop/api' }, ['state: suspended'])
    const all = (state?: string) =>
      planned(given, { entries: [{ alias: 'shop/api', ...said, ...(state && { state }) }] })
    expect(all()).toEqual([add])
    expect(all('active')).toEqual([add])
    expect(all('suspended')).toEqual([add, suspend])
  })

  it('says what changes of the owner, the labels and the lifetime, and asks for no more', async () => {
    const until = plus(T0, hours(24))
    const given = await givenIndex(shop, { ...api, labels: { tier: '1' }, validUntil: until })
    const details = (said: object) => planned(given, { entries: [{ ...entry, ...said }] })
    const update = { op: 'entry.update', alias: 'shop/api' }
    const same = { labels: { tier: '1' }, validUntil: until }
    expect(details(same)).toEqual([])
    expect(details({ ...same, validUntil: toIso(until) })).toEqual([])
    expect(details({ ...same, labels: { tier: '2' } })).toEqual([
      changeOf({ ...update, labels: { tier: '2' } }, ['labels: {tier:1} -> {tier:2}']),
    ])
    expect(details({ validUntil: until })).toEqual([
      changeOf({ ...update, labels: {} }, ['labels: {tier:1} -> {}']),
    ])
    const other = { controller: 'team-risk' }
    expect(details({ ...same, owner: other })).toEqual([
      changeOf({ ...update, owner: other, labels: { tier: '1' } }, [
        'owner: {controller:team-payments} -> {controller:team-risk}',
      ]),
    ])
    expect(details({ labels: same.labels })).toEqual([
      changeOf({ ...update, labels: same.labels, validUntil: null }, [
        `validUntil: ${toIso(until)} -> none`,
      ]),
    ])
    const later = plus(until, hours(1))
    for (const validUntil of [later, toIso(later)]) {
      expect(details({ ...same, validUntil })).toEqual([
        changeOf({ ...update, labels: same.labels, validUntil: toIso(later) }, [
          `validUntil: ${toIso(until)} -> ${toIso(later)}`,
        ]),
      ])
    }
  })

  it('gives a lifetime to one that has none', async () => {
    const given = await givenIndex(shop, api)
    const until = toIso(plus(T0, hours(24)))
    expect(planned(given, { entries: [{ ...entry, validUntil: until }] })).toEqual([
      changeOf({ op: 'entry.update', alias: 'shop/api', labels: {}, validUntil: until }, [
        `validUntil: none -> ${until}`,
      ]),
    ])
  })

  it('suspends and reactivates what is said to be so, and leaves the rest', async () => {
    const given = await givenIndex(shop, api)
    const of = (state?: string) =>
      planned(given, { entries: [{ ...entry, ...(state && { state }) }] })
    expect(of()).toEqual([])
    expect(of('active')).toEqual([])
    expect(of('suspended')).toEqual([
      changeOf({ op: 'entry.suspend', alias: 'shop/api' }, ['state: suspended']),
    ])
    await given.did({ op: 'entry.suspend', alias: 'shop/api' })
    expect([of(), of('suspended')]).toEqual([[], []])
    expect(of('active')).toEqual([
      changeOf({ op: 'entry.reactivate', alias: 'shop/api' }, ['state: active']),
    ])
  })

  it('makes one anew whose name is on its way out, with all that is said of it', async () => {
    const given = await givenIndex(shop, api, { op: 'entry.create', alias: 'web', owner })
    const rules = [{ id: 'web', callers: ['web'], ports: [80] }]
    await given.did({ op: 'rule.attach', alias: 'shop/api', rule: rules[0]! })
    await given.did({ op: 'entry.retire', alias: 'shop/api' })
    expect(
      planned(given, { entries: [{ ...entry, rules }] }).map(({ request: { op } }) => op),
    ).toEqual(['entry.create', 'rule.attach'])
  })

  it('retires whatever it does not name, and only when it says so', async () => {
    const given = await givenIndex(shop, api, { op: 'entry.create', alias: 'web', owner })
    await given.did({ op: 'entry.suspend', alias: 'web' })
    const remove = (alias: string, state: string) => ({
      ...{ request: { op: 'entry.retire', alias }, kind: 'remove', subject: `entry ${alias}` },
      lines: [`state: ${state} -> retiring`],
    })
    expect(planned(given, { prune: true })).toEqual([
      ...[remove('shop/api', 'active'), remove('web', 'suspended')],
    ])
    expect(planned(given, { prune: true, entries: [entry] })).toEqual([remove('web', 'suspended')])
    expect([planned(given, { prune: false }), planned(given, {})]).toEqual([[], []])
    await given.did({ op: 'entry.retire', alias: 'web' })
    expect(planned(given, { prune: true, entries: [entry] })).toEqual([])
  })

  it('changes so much at once, and no more', async () => {
    const given = await givenIndex()
    const entries = ['a', 'b', 'c'].map((alias) => ({ alias, owner }))
    const many = (most: number) => plan(given, { entries }, most)
    expect(many(3)).toMatchObject({ ok: true, value: { length: 3 } })
    expect(many(2)).toMatchObject({ refusal: { code: 'namespace.malformed' } })
    valueOf(await given.index.apply({ apiVersion: 'capstan/v1', entries }))
    const pruned = (most: number) => plan(given, { prune: true }, most)
    expect(pruned(3)).toMatchObject({ ok: true, value: { length: 3 } })
    expect(pruned(2)).toMatchObject({ refusal: { code: 'namespace.malformed' } })
  })
})
