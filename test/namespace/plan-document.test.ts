import { describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { effectiveEnvelope } from '../../src/namespace/effective-envelope.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { canonicalState } from '../../src/namespace/state.js'
import { T0 } from '../support/fake-clock.js'
import {
  changesOf,
  clusterFacts,
  codeOf,
  givenIndex,
  type GivenIndex,
  k8s,
  owner,
  valueOf,
  writtenByAnother,
} from './given-index.js'

const prod = { alias: 'prod', ...clusterFacts('prod') }
const api = { alias: 'payments/api', owner, bindings: [k8s('prod', 'payments', 'api')] }
const document = {
  apiVersion: 'capstan/v1',
  scopes: [
    // Out of order: parents are made first whatever the order of the document.
    { alias: 'payments/eu', envelope: { maxTtl: 3600 } },
    { alias: 'payments', envelope: { maxTtl: 7200, clusters: ['prod'] } },
  ],
  clusters: [prod],
  entries: [
    { ...api, labels: { tier: '1' }, validUntil: '2027-01-31T00:00:00Z' },
    { alias: 'payments/eu/api', owner, envelope: { maxTtl: 600 }, state: 'suspended' },
    { alias: 'shop/web', owner, bindings: [{ kind: 'edge', attestor: 'tpm', device: 'd1' }] },
  ],
}

const opsOf = (given: GivenIndex, wanted: unknown): string[] =>
  valueOf(given.index.plan(wanted)).map(({ request: { op, alias } }) => `${op} ${alias}`)

/** Applies a document, which then is what is. */
async function applied(given: GivenIndex, wanted: unknown): Promise<string[]> {
  const planned = opsOf(given, wanted)
  const changes = changesOf(valueOf(await given.index.apply(wanted)))
  expect(changes.map(({ op }) => op)).toEqual(planned.map((text) => text.split(' ')[0]))
  expect(opsOf(given, wanted)).toEqual([])
  const again = valueOf(await LiveIndex.open(given.deps))
  expect(canonicalState(again.state)).toBe(canonicalState(given.index.state))
  return planned
}

describe('a document', () => {
  it('makes an empty index so, in one go; a second time there is nothing to do', async () => {
    const given = await givenIndex()
    expect(await applied(given, document)).toEqual([
      'cluster.register prod',
      'scope.create payments',
      'scope.create payments/eu',
      'entry.create payments/api',
      'entry.create payments/eu/api',
      'entry.suspend payments/eu/api',
      'entry.create shop/web',
    ])
    expect(given.entry('payments/eu/api')).toMatchObject({ state: 'suspended' })
    const size = given.store.records.length
    expect(valueOf(await given.index.apply(document))).toEqual([])
    expect(given.store.records).toHaveLength(size)
  })

  it('changes only what differs', async () => {
    const given = await givenIndex()
    await applied(given, document)
    const wanted = {
      ...document,
      clusters: [{ ...prod, audience: 'other' }],
      entries: [
        { ...api, labels: { tier: '2' }, owner: { controller: 'team-risk' } },
        { alias: 'payments/eu/api', owner, envelope: { maxTtl: 300 }, state: 'active' },
        { alias: 'shop/web', owner },
      ],
    }
    expect(await applied(given, wanted)).toEqual([
      'envelope.set payments/eu/api',
      'binding.remove shop/web',
      'cluster.update prod',
      'entry.update payments/api',
      'entry.reactivate payments/eu/api',
    ])
    expect(given.entry('payments/api').validUntil).toBeUndefined()
  })

  it('retires what it does not name only when it says so', async () => {
    const given = await givenIndex()
    await applied(given, document)
    const without = { ...document, entries: document.entries.slice(0, 2) }
    expect(opsOf(given, without)).toEqual([])
    expect(await applied(given, { ...without, prune: true })).toEqual(['entry.retire shop/web'])
    expect(await applied(given, document)).toEqual(['entry.create shop/web'])
  })

  it('shows the difference of every change in lines', async () => {
    const given = await givenIndex()
    await applied(given, document)
    const [change] = valueOf(
      given.index.plan({
        apiVersion: 'capstan/v1',
        entries: [{ ...document.entries[0], labels: { tier: '2' } }],
      }),
    )
    expect(change).toMatchObject({
      kind: 'change',
      subject: 'entry payments/api',
      lines: ['labels: {tier:1} -> {tier:2}'],
    })
  })

  it('cuts entries down with a scope that it narrows, and gives back when it widens again', async () => {
    const given = await givenIndex()
    await applied(given, document)
    const narrow = {
      ...document,
      scopes: [
        { alias: 'payments', envelope: { maxTtl: 60 } },
        { alias: 'payments/eu', envelope: { maxTtl: 30 } },
      ],
      entries: [{ ...document.entries[0] }],
    }
    expect(await applied(given, narrow)).toContain('envelope.set payments/api')
    expect(given.entry('payments/api').envelope.maxTtl).toBe(60)
    await applied(given, { ...document, entries: [document.entries[0]] })
    const entry = given.entry('payments/api')
    expect(effectiveEnvelope(given.index.state, entry).maxTtl).toBe(7200)
  })

  it('moves a child below a parent that becomes wide enough in the same document', async () => {
    const scopes = (parent: number, child: number) => ({
      apiVersion: 'capstan/v1',
      scopes: [
        { alias: 'a', envelope: { maxTtl: parent } },
        { alias: 'a/b', envelope: { maxTtl: child } },
      ],
    })
    const given = await givenIndex()
    await applied(given, scopes(100, 100))
    await given.did({ op: 'envelope.set', alias: 'a', envelope: { maxTtl: 10 } })
    await applied(given, scopes(50, 40))
    await applied(given, scopes(20, 10))
    await applied(given, scopes(90, 80))
  })

  it('moves a binding from one entry to another, in whatever order they are named', async () => {
    const binding = k8s('prod', 'shop', 'web')
    const entries = (first: boolean) => ({
      ...document,
      entries: [
        { alias: 'a', owner, bindings: first ? [binding] : [] },
        { alias: 'b', owner, bindings: first ? [] : [binding] },
      ],
    })
    const given = await givenIndex()
    await applied(given, entries(true))
    expect(await applied(given, entries(false))).toEqual(['binding.remove a', 'binding.add b'])
    expect(await applied(given, entries(true))).toEqual(['binding.remove b', 'binding.add a'])
  })

  it('moves nothing that was issued under, until it has drained', async () => {
    const given = await givenIndex()
    await applied(given, document)
    given.issued.until.set(given.entry('payments/api').uid, plus(T0, hours(2)))
    const moved = {
      ...document,
      entries: [
        { ...api, bindings: [] },
        { alias: 'shop/web', owner, bindings: api.bindings },
      ],
    }
    const before = canonicalState(given.index.state)
    expect(codeOf(await given.index.apply(moved))).toBe('namespace.binding-quarantined')
    expect(canonicalState(given.index.state)).toBe(before)
    expect(given.issued.frozen.size).toBe(0)
  })
})

describe('a plan', () => {
  it('has the changes that apply makes, and makes none', async () => {
    const given = await givenIndex()
    const before = canonicalState(given.index.state)
    const planned = valueOf(given.index.plan(document)).map(({ request }) => request)
    expect(canonicalState(given.index.state)).toBe(before)
    expect(given.store.records).toHaveLength(1)
    const made = changesOf(valueOf(await given.index.apply(document)))
    expect(made.map(({ op, alias }) => ({ op, alias }))).toEqual(
      planned.map(({ op, alias }) => ({ op, alias })),
    )
    const byHand = await givenIndex(...planned)
    expect(byHand.index.state.size).toBe(given.index.state.size)
  })
})

describe('applying', () => {
  const refusals: readonly (readonly [string, object, string])[] = [
    ['a binding that is taken', { entries: [api, { ...api, alias: 'z' }] }, 'identity-collision'],
    [
      'an envelope that is too wide',
      {
        scopes: [
          { alias: 'a', envelope: { maxTtl: 60 } },
          { alias: 'a/b', envelope: { maxTtl: 61 } },
        ],
      },
      'envelope-exceeds-parent',
    ],
    ['a cluster that nobody registers', { clusters: [], entries: [api] }, 'unknown'],
    [
      'an entry with the alias of a scope',
      { scopes: [{ alias: 'payments/api' }], entries: [api] },
      'exists',
    ],
    ['an entry twice', { entries: [api, { ...api, labels: { tier: '2' } }] }, 'malformed'],
    ['a scope twice', { scopes: [{ alias: 'a' }, { alias: 'a' }] }, 'malformed'],
    ['a member that it should not have', { entires: [] }, 'malformed'],
    ['another version', { apiVersion: 'capstan/v2' }, 'malformed'],
    ['text that is none', { entries: [{ ...api, owner: { controller: '\ud800' } }] }, 'malformed'],
  ]

  it('a binding twice, of an entry that has it already as of a new one', async () => {
    const given = await givenIndex()
    const twice = { ...api, bindings: [...api.bindings, ...api.bindings] }
    const planned = (): string => codeOf(given.index.plan({ ...document, entries: [twice] }))
    expect(planned()).toBe('namespace.malformed')
    expect(codeOf(await given.index.apply(document))).toBe('ok')
    expect(planned()).toBe('namespace.malformed')
  })

  it.each(refusals)('a document with %s makes nothing of it so', async (_, part, code) => {
    const given = await givenIndex()
    const before = canonicalState(given.index.state)
    const wanted = { ...document, entries: [], scopes: [], ...part }
    expect(codeOf(await given.index.apply(wanted))).toBe(`namespace.${code}`)
    expect(canonicalState(given.index.state)).toBe(before)
    expect(given.store.records).toHaveLength(1)
    expect(codeOf(await given.index.apply(document))).toBe('ok')
  })

  it('makes nothing so when another process wrote to the log', async () => {
    const given = await givenIndex()
    await writtenByAnother(given, { op: 'scope.create', alias: 'other' })
    const before = canonicalState(given.index.state)
    await expect(given.index.apply(document)).rejects.toThrow('another process')
    expect(canonicalState(given.index.state)).toBe(before)
    expect(given.store.records).toHaveLength(2)
  })

  it('lets issuance go on only when it sees the new state', async () => {
    const given = await givenIndex()
    await applied(given, document)
    const retired: ChangeRequest['alias'][] = []
    given.issued.onThaw = (uid) => {
      const entry = given.index.state.entries.get(uid)
      if (entry?.state === 'retiring') retired.push(entry.alias)
    }
    await applied(given, { apiVersion: 'capstan/v1', prune: true })
    expect(retired.sort()).toEqual(['payments/api', 'payments/eu/api', 'shop/web'])
  })
})
