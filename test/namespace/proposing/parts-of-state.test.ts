import { beforeAll, describe, expect, it } from '@jest/globals'
import { unixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import type { CastVote } from '../../../src/namespace/ballot.js'
import { firstDifference } from '../../../src/namespace/compare-states.js'
import { decided, gone } from '../../../src/namespace/effect/decision.js'
import { FoldedState } from '../../../src/namespace/folded-state.js'
import { isFoundedBy } from '../../../src/namespace/founded-by.js'
import type { Pending } from '../../../src/namespace/pending.js'
import type { GovernedObject } from '../../../src/namespace/state.js'
import { saidFrom, seatsOf } from '../../../src/namespace/seat.js'
import { isSignable } from '../../../src/namespace/signable.js'
import { MemoryIndexStore } from '../../support/memory-index-store.js'
import { newVoter } from '../../support/voter.js'
import {
  alias,
  codeOf,
  type GivenIndex,
  givenIndex,
  k8s,
  clusterFacts,
  owner,
} from '../given-index.js'

let given: GivenIndex
const names = ['pay', 'pay/a', 'pay/b', 'pay/b/c', 'pay-x', 'shop/a']
beforeAll(async () => {
  given = await givenIndex(
    { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
    ...names.map((name) => ({ op: 'entry.create', alias: name, owner }) as const),
    { op: 'binding.add', alias: 'pay/a', binding: k8s('prod', 'pay', 'a') },
    { op: 'entry.rename', alias: 'shop/a', to: 'shop/b' },
  )
})

describe('what is looked up in a state', () => {
  const under = (region: string, after?: string) =>
    [...given.index.state.entriesUnder(alias(region), after)].map((entry) => entry.alias)
  const placed = (name: string): string => `${name} ${given.entry(name).uid}`

  it('is every entry of a region, and none whose name begins alike', () => {
    expect(under('pay')).toEqual(['pay', 'pay/a', 'pay/b', 'pay/b/c'])
    expect(under('pay/b')).toEqual(['pay/b', 'pay/b/c'])
    expect(under('pay-x')).toEqual(['pay-x'])
    expect(under('none')).toEqual([])
    expect(under('')).toHaveLength(6)
    expect(under('pay', placed('pay/a'))).toEqual(['pay/b', 'pay/b/c'])
    expect(under('pay', placed('pay/b/c'))).toEqual([])
    expect(under('pay/b', placed('pay'))).toEqual(['pay/b', 'pay/b/c'])
    expect(under('', placed('pay/b/c'))).toEqual(['shop/b'])
  })

  it('is found by its former name where nobody else has it', () => {
    const { state } = given.index
    expect(state.resolve(alias('shop/a'))?.alias).toBe('shop/b')
    expect(state.resolve(alias('shop/b'))?.alias).toBe('shop/b')
    expect(state.entryByAlias(alias('shop/a'))).toBeUndefined()
    expect(state.resolve(alias('shop/c'))).toBeUndefined()
  })

  it('is bound to one service account of one cluster', () => {
    const { state } = given.index
    const prod = state.clusterByAlias(alias('prod'))?.uid ?? ('c' as Uid)
    expect(state.bindingOwner(prod, 'pay', 'a')?.alias).toBe('pay/a')
    for (const [cluster, namespace, account] of [
      [prod, 'pay', 'b'],
      [prod, 'bank', 'a'],
      ['c1' as Uid, 'pay', 'a'],
    ] as const) {
      expect(state.bindingOwner(cluster, namespace, account)).toBeUndefined()
    }
  })

  it('is kept from others until a time, where its name was given up', () => {
    const { state } = given.index
    const { uid } = given.entry('pay/b')
    const [key, until] = ['k8s:c1/pay/z', unixSeconds(state.at + 60)] as const
    const later = new FoldedState(state.source)
    later.imagine({ put: given.entry('pay/b'), quarantine: [[key, { uid, until }]] })
    expect(later.quarantined(key)).toEqual({ uid, until })
    expect(later.quarantined('k8s:c1/pay/y')).toBeUndefined()
    expect(state.quarantined(key)).toBeUndefined()
  })

  it('has the records that are about it, and no others', () => {
    const { state } = given.index
    expect(state.recordsOf(given.entry('shop/b').uid)).toHaveLength(2)
    expect(state.recordsOf(given.entry('pay').uid)).toHaveLength(1)
    expect(state.entryCount).toBe(6)
    expect(state.solo).toBe(true)
  })
})

describe('two states', () => {
  const pace = (): undefined => undefined
  const other = () => new FoldedState(given.index.state.source)
  const differ = (a: FoldedState, b: FoldedState) => firstDifference(a.source, b.source, pace)

  it('are the same, row for row', async () => {
    expect(await differ(other(), other())).toBeUndefined()
  })

  it('differ in the first row that one has otherwise', async () => {
    const entry = given.entry('pay/b')
    const changed = other()
    changed.imagine({ put: { ...entry, labels: { a: 'b' } }, quarantine: [] })
    const found = await differ(changed, other())
    expect(await differ(other(), changed)).toBe(found)
    expect(found).toBe(`entries ${entry.uid}`)
  })

  it('are of one moment', async () => {
    const { source } = other()
    const later = { meta: { ...source.meta, size: source.meta.size + 1 }, tables: source.tables }
    expect(await firstDifference(source, later, pace)).toBe('size, head or time')
  })

  it('are compared with breath between', async () => {
    const done: number[] = []
    const told = (progress: { readonly done: number }): undefined => {
      done.push(progress.done)
    }
    const many = other()
    const entry = given.entry('pay/b')
    for (let at = 0; at < 220; at += 1) {
      const uid = `e${String(at).padStart(31, 'a')}` as Uid
      many.imagine({ put: { ...entry, uid, alias: alias(`zz/n${at}`) }, quarantine: [] })
    }
    expect(await firstDifference(many.source, many.source, told)).toBeUndefined()
    expect(done.length).toBeGreaterThan(1)
    expect(done.every((count, at) => count === (at + 1) * 200)).toBe(true)
  })
})

describe('the founder', () => {
  it('is whose key signed the genesis, whoever decides later', async () => {
    const { deps, store } = given
    expect(await isFoundedBy(deps)).toBe(true)
    expect(await isFoundedBy({ store, voter: newVoter() })).toBe(false)
    expect(await isFoundedBy({ store: new MemoryIndexStore(), voter: deps.voter })).toBe(false)
  })

  it('is none of another index, nor of one whose genesis is not as it was signed', async () => {
    const { deps, store } = given
    const [first, ...rest] = store.records
    if (!first) throw new Error('no genesis')
    const other = await givenIndex()
    const foreign = Object.create(store, {
      read: { value: () => Promise.resolve(other.store.records.slice(0, 1)) },
    }) as typeof store
    expect(await isFoundedBy({ store: foreign, voter: other.deps.voter })).toBe(false)
    expect(await isFoundedBy({ store: foreign, voter: deps.voter })).toBe(false)
    const [envelope] = first.envelopes
    const text = Buffer.from(envelope ?? []).toString()
    const [own, theirs] = [text, Buffer.from(other.store.records[0]?.envelopes[0] ?? []).toString()]
    const sig = (of: string) => (/"sig":"([^"]+)"/.exec(of) ?? [])[1] ?? ''
    const forged = Buffer.from(own.replace(sig(own), sig(theirs)))
    const bare = { ...first, envelopes: [forged] }
    const lying = Object.create(store, {
      read: { value: () => Promise.resolve([bare, ...rest].slice(0, 1)) },
    }) as typeof store
    expect(await isFoundedBy({ store: lying, voter: deps.voter })).toBe(false)
  })
})

describe('a seat', () => {
  const scope = { uid: 's1' as Uid, rev: 3 }
  const second = { uid: 's2' as Uid, rev: 5 }
  const vote = (voter: string, sides: CastVote['in']) =>
    ({ voter, in: sides, decision: 'approve', seq: 1, cast: unixSeconds(1) }) as unknown as CastVote
  const votes = [
    vote('ann', ['present']),
    vote('bob', ['second']),
    vote('cyd', ['present', 'second']),
  ]
  const row = { proposal: { scope }, votes } as unknown as Pending
  const both = { ...row, second } as unknown as Pending

  it('is of each group that decides', () => {
    expect(seatsOf(row)).toEqual([{ side: 'present', ...scope }])
    expect(seatsOf(both)).toEqual([
      { side: 'present', ...scope },
      { side: 'second', ...second },
    ])
  })

  it('has said what its voter said in it, at that revision', () => {
    expect(saidFrom(both, 'ann', scope)).toBe(votes[0])
    expect(saidFrom(both, 'bob', scope)).toBeUndefined()
    expect(saidFrom(both, 'bob', second)).toBe(votes[1])
    expect(saidFrom(both, 'cyd', scope)).toBe(votes[2])
    expect(saidFrom(both, 'cyd', second)).toBe(votes[2])
    expect(saidFrom(row, 'bob', second)).toBeUndefined()
    expect(saidFrom(both, 'ann', { ...scope, rev: 4 })).toBeUndefined()
    expect(saidFrom(both, 'ann', { ...scope, uid: second.uid })).toBeUndefined()
  })
})

it('what cannot be written down is not signed', () => {
  expect(codeOf(isSignable({ reason: 'x' }))).toBe('ok')
  for (const wrong of ['\ud800', 2 ** 53, -0]) {
    expect(codeOf(isSignable({ reason: wrong }))).toBe('namespace.malformed')
  }
})

it('what is gone is named as it is, or quoted and cut where it is no name', () => {
  const found = (name: string) => gone('entry', name).refusal.found
  expect(found('pay/api-2')).toBe('pay/api-2')
  expect(found('x'.repeat(200))).toBe('x'.repeat(200))
  expect(found('x'.repeat(201))).toBe(JSON.stringify('x'.repeat(80)))
  for (const wrong of ['', 'Pay', 'a b', 'a\n', '\u001bx'])
    expect(found(wrong)).toBe(JSON.stringify(wrong))
})

it('a change of which nobody says so gives up no names', () => {
  const put = { uid: 'e1' } as unknown as GovernedObject
  expect(decided(put, 'routine')).toEqual({
    ok: true,
    value: { effect: { put, quarantine: [] }, changeClass: 'routine' },
  })
})
