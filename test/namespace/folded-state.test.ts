import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import { plus, type Seconds, type UnixSeconds } from '../../src/core/time.js'
import { type Uid, uidFromDigest } from '../../src/core/uid.js'
import type { Cluster } from '../../src/namespace/cluster.js'
import type { Entry } from '../../src/namespace/entry.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import {
  canonicalState,
  type GovernedObject,
  keysOf,
  obstacle,
  placeOf,
  projectedNames,
} from '../../src/namespace/state.js'
import { anEntry, aScope, newUid } from '../contract/given-tables.js'
import { T0 } from '../support/fake-clock.js'
import { alias, clusterFacts, k8s, trustDomain } from './given-index.js'

const uidOf = (kind: 's' | 'c', n: number): Uid => uidFromDigest(kind, new Uint8Array(32).fill(n))
const root = aScope(uidOf('s', 0), '')
const cluster: Cluster = {
  ...{ kind: 'cluster', uid: uidOf('c', 1), alias: alias('prod'), state: 'active', rev: 1 },
  ...{ head: 'h', createdAt: T0, ...clusterFacts('prod') },
}
const after = (by: number): UnixSeconds => plus(T0, by as Seconds)
const vm = (account: string) =>
  ({ kind: 'vm', attestor: 'aws', match: { account: [account] } }) as const
const bound = (serviceAccount: string) => ({
  ...k8s('prod', 'pay', serviceAccount),
  ...{ cluster: cluster.uid, id: serviceAccount },
})

let state: FoldedState
let web: Entry

beforeEach(() => {
  state = new FoldedState()
  state.begin('i', trustDomain, root)
  state.advance('genesis', T0, root.uid)
  put(cluster)
  web = anEntry(newUid(), {
    alias: alias('shop/web'),
    bindings: [bound('web'), { ...vm('1'), id: 'm' }],
  })
})

function put(object: GovernedObject, more: object = {}): void {
  state.commit({ put: object, quarantine: [], ...more }, { seq: state.size, ts: T0 })
  state.advance(`head ${state.size}`, T0, object.uid)
}

const keysIn = (table: 'held' | 'selectors' | 'placed' | 'history'): string[] =>
  [...state.tables[table].range()].map(([key]) => key)

describe('the state after the genesis', () => {
  it('has a root, and nothing else', () => {
    const first = new FoldedState()
    first.begin('i', trustDomain, root)
    first.advance('genesis', T0, root.uid)
    expect(first.meta).toEqual({
      ...{ index: 'i', trustDomain, root: root.uid, size: 1, head: 'genesis', at: T0 },
      ...{ entries: 0, structure: 1 },
    })
    const { from, meta, rows } = first.changes()
    expect([from, meta]).toEqual([0, first.meta])
    expect(rows).toEqual([
      { table: 'scopes', key: root.uid, value: root },
      { table: 'scopeAliases', key: '', value: root.uid },
      { table: 'history', key: `${root.uid} 000000000000`, value: 0 },
    ])
    expect(() => new FoldedState().root).toThrow('no genesis')
  })
})

describe('a record that is folded', () => {
  it('is noted under what it is about, and changes nothing below', () => {
    const draft = new FoldedState(state)
    draft.advance('next', after(5), 'pr1')
    draft.advance('last', after(6), 'pr1')
    expect(draft.recordsOf('pr1' as Uid)).toEqual([2, 3])
    expect([...draft.tables.history.range('pr1')][0]).toEqual(['pr1 000000000002', 2])
    expect([draft.size, draft.head, draft.at]).toEqual([4, 'last', after(6)])
    expect([state.size, state.recordsOf('pr1' as Uid)]).toEqual([2, []])
    expect(draft.changes()).toMatchObject({ from: 2, meta: { size: 4 } })
    expect(draft.changes().rows).toHaveLength(2)
  })

  it('moves the structure with a scope or a cluster, and the entries with a new one', () => {
    const seen = () => [state.meta.structure, state.entryCount]
    expect(seen()).toEqual([2, 0])
    put(web)
    put({ ...web, rev: 2 })
    expect(seen()).toEqual([2, 1])
    put(aScope(uidOf('s', 1), 'payments'))
    expect(seen()).toEqual([5, 1])
    put({ ...cluster, rev: 2 })
    expect(seen()).toEqual([6, 1])
    put(anEntry(newUid(), { bindings: [] }))
    expect(seen()).toEqual([6, 2])
  })
})

describe('an entry', () => {
  it('is found by all that it holds', () => {
    put(web)
    const names = [
      'spiffe://acme.example/shop/web',
      'web.shop.entry.identity.acme.example',
      'web.pay.serviceaccount.identity.linkerd.prod.local',
    ]
    expect(projectedNames(state, web)).toEqual(names)
    const keys = [
      'alias:shop/web',
      ...names.map((name) => `name:${name}`),
      `k8s:${cluster.uid}/pay/web`,
    ]
    expect(keysOf(state, web).toSorted()).toEqual(keys.toSorted())
    expect(keysIn('held')).toEqual(keys.toSorted())
    expect(keys.map((key) => state.holder(key))).toEqual(keys.map(() => web.uid))
    expect(keysIn('placed')).toEqual([`shop/web ${web.uid}`])
    expect(placeOf(web)).toBe(`shop/web ${web.uid}`)
    expect(keysIn('selectors')).toHaveLength(1)
    expect(state.entryByAlias(web.alias)).toEqual(web)
  })

  it('has each name once, and none of a cluster that is not there', () => {
    const twice = { ...web, bindings: [bound('web'), { ...bound('web'), id: 'again' }] }
    expect(projectedNames(state, twice)).toHaveLength(3)
    const stranger = { ...bound('web'), cluster: uidOf('c', 9) }
    expect(projectedNames(state, { ...web, bindings: [stranger] })).toHaveLength(2)
    expect(projectedNames(state, { ...web, bindings: [{ ...vm('1'), id: 'm' }] })).toHaveLength(2)
  })

  it('lets go what it does not hold any more', () => {
    put(web)
    const moved = { ...web, alias: alias('shop/site'), bindings: [{ ...vm('2'), id: 'n' }], rev: 2 }
    put(moved, { redirectFrom: 'shop/web' })
    expect(keysIn('held')).toEqual(keysOf(state, moved).toSorted())
    expect(keysIn('placed')).toEqual([`shop/site ${web.uid}`])
    expect(keysIn('selectors')).toEqual([expect.stringContaining(`${web.uid}/n`)])
    expect(state.entryByAlias(alias('shop/web'))).toBeUndefined()
    expect(state.resolve(alias('shop/web'))).toEqual(moved)
  })

  it('holds nothing while it is retiring, and is found by its alias until another has it', () => {
    put(web)
    const retiring = { ...web, state: 'retiring', drainUntil: after(9), rev: 2 } as const
    put(retiring, { quarantine: [['alias:shop/web', { uid: web.uid, until: after(9) }]] })
    expect([keysIn('held'), keysIn('selectors')]).toEqual([[], []])
    expect(state.entryByAlias(web.alias)).toEqual(retiring)
    expect(keysIn('placed')).toEqual([`shop/web ${web.uid}`])
    expect(state.quarantined('alias:shop/web')).toEqual({ uid: web.uid, until: after(9) })
    const next = anEntry(newUid(), { alias: web.alias, bindings: web.bindings })
    put(next)
    // What the first is from now on takes nothing from the second.
    put({ ...retiring, rev: 3 })
    put({ ...next, rev: 2 })
    expect(state.entryByAlias(web.alias)?.uid).toBe(next.uid)
    expect(keysIn('held')).toEqual(keysOf(state, next).toSorted())
    expect(keysIn('placed')).toHaveLength(2)
  })

  it('takes nothing from another that has its names since', () => {
    put(web)
    const next = anEntry(newUid(), { alias: web.alias, bindings: [bound('web')] })
    put(next)
    put({ ...web, alias: 'other' as Alias, bindings: [], rev: 2 })
    expect(state.entryByAlias(web.alias)?.uid).toBe(next.uid)
    for (const key of keysOf(state, next)) expect([key, state.holder(key)]).toEqual([key, next.uid])
  })
})

describe('who stands in the way of a key', () => {
  const key = 'alias:shop/web'
  const other = newUid()

  it('is who holds it, until they are retired', () => {
    put(web)
    expect(obstacle(state, key, other, T0)).toEqual({ kind: 'held', by: web.uid })
    expect(obstacle(state, key, web.uid, T0)).toBeUndefined()
    expect(obstacle(state, 'alias:free', other, T0)).toBeUndefined()
  })

  it('is who gave it up, until its time', () => {
    put(aScope(uidOf('s', 1), 'x'), { quarantine: [[key, { uid: web.uid, until: after(9) }]] })
    const quarantined = { kind: 'quarantined', by: web.uid, until: after(9) }
    expect(obstacle(state, key, other, after(8))).toEqual(quarantined)
    expect(obstacle(state, key, other, after(9))).toBeUndefined()
    expect(obstacle(state, key, web.uid, after(8))).toBeUndefined()
  })
})

describe('scopes and clusters', () => {
  it('have their alias until they are retired', () => {
    const scope = aScope(uidOf('s', 1), 'payments')
    put(scope)
    expect(state.scopeByAlias(scope.alias)).toEqual(scope)
    put({ ...scope, state: 'suspended', rev: 2 })
    expect(state.scopeByAlias(scope.alias)?.state).toBe('suspended')
    put({ ...scope, state: 'retired', rev: 3 })
    expect(state.scopeByAlias(scope.alias)).toBeUndefined()
    expect(state.scopes.get(scope.uid)?.state).toBe('retired')
    expect(state.clusterByAlias(cluster.alias)).toEqual(cluster)
    put({ ...cluster, state: 'retired', rev: 2 })
    expect(state.clusterByAlias(cluster.alias)).toBeUndefined()
  })

  it('are walked anew where several change in one draft', () => {
    const scope = aScope(uidOf('s', 1), 'shop')
    expect(state.scopesAbove(web.alias)).toEqual([root])
    put(scope)
    expect(state.scopesAbove(web.alias)).toContainEqual(scope)
    state.imagine({ put: { ...scope, state: 'suspended' }, quarantine: [] })
    expect(state.scopesAbove(web.alias)).toContainEqual({ ...scope, state: 'suspended' })
  })
})

describe('what is noted beside objects', () => {
  const grant = {
    ...{ name: 'oncall', acts: ['allow'], under: 'shop', who: ['ann'], threshold: 1 },
    ...{ longest: 1, coolDown: 1, uses: 1 },
  } as never

  it('is who used the brake, a use and its ratification, and a drill', () => {
    const before = keysIn('history').length
    state.noteBrake({ scope: root.uid, voters: ['ann', 'bob'] }, { seq: 4, ts: T0 })
    state.noteUse({ scope: root.uid, grant, until: after(60) }, { seq: 5, ts: T0 })
    state.noteDrill({ scope: root.uid, grant }, { ts: after(2) })
    const rows = [...state.tables.history.range()].filter(([key]) => key.includes(':'))
    expect(rows).toHaveLength(keysIn('history').length - before)
    expect(rows.map(([key, value]) => [key.split(' ')[0], value])).toEqual([
      ['brake-by:' + root.uid, 4],
      ['brake-by:' + root.uid, 4],
      ['brake:' + root.uid, 4],
      ['drill:' + root.uid, after(2)],
      ['emergency:' + root.uid, after(60)],
    ])
    put({ ...root, rev: 2 }, { ratifies: 5 })
    expect(state.tables.history.get(`ratified:${root.uid} 000000000005`)).toBe(5)
  })
})

describe('the whole state as text', () => {
  it('is equal for equal states, and says what is different', () => {
    const text = canonicalState(state)
    expect(JSON.parse(text)).toEqual({
      ...{ at: T0, clusters: [cluster], entries: [], head: 'head 1', index: 'i' },
      ...{ quarantines: {}, redirects: {}, scopes: [root], size: 2, trustDomain },
    })
    const draft = new FoldedState(state)
    expect(canonicalState(draft)).toBe(text)
    draft.imagine({
      put: web,
      quarantine: [['k', { uid: web.uid, until: T0 }]],
      redirectFrom: web.alias,
    })
    expect(JSON.parse(canonicalState(draft))).toMatchObject({
      ...{ entries: [web], quarantines: { k: { until: T0 } }, redirects: { 'shop/web': web.uid } },
    })
  })
})
