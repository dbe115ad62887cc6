import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { UnixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import type { Entry } from '../../../src/namespace/entry.js'
import { LiveIndex } from '../../../src/namespace/live-index.js'
import type { RuleRequest } from '../../../src/namespace/rule/rule-request.js'
import { isNarrowerRule, normalizeRule, type RuleFacts } from '../../../src/namespace/rule/rule.js'
import { canonicalState } from '../../../src/namespace/state.js'
import type { MemoryTable } from '../../../src/namespace/table.js'
import { MemoryIndexStore } from '../../support/memory-index-store.js'
import { alias, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

const create = (name: string): ChangeRequest => ({ op: 'entry.create', alias: name, owner })
const attach = (name: string, rule: RuleRequest): ChangeRequest => ({
  op: 'rule.attach',
  alias: name,
  rule,
})
const replace = (name: string, rule: RuleRequest & { readonly id: string }): ChangeRequest => ({
  op: 'rule.replace',
  alias: name,
  rule,
})
const detach = (name: string, rule: string): ChangeRequest => ({
  op: 'rule.detach',
  alias: name,
  rule,
})

const givenCalls = (...more: readonly ChangeRequest[]): Promise<GivenIndex> =>
  givenIndex(
    { op: 'scope.create', alias: 'web' },
    create('web/shop'),
    create('payments/api'),
    create('payments/v2'),
    ...more,
  )

const shop: RuleRequest & { readonly id: string } = {
  id: 'shop',
  callers: ['web/shop'],
  ports: [8080],
}

async function replayed(given: GivenIndex): Promise<string> {
  const store = new MemoryIndexStore(given.store.records)
  return canonicalState(valueOf(await LiveIndex.open({ ...given.deps, store })).state)
}

describe('a rule', () => {
  it('names its callers by uid, in normal form', async () => {
    const given = await givenCalls(
      attach('payments/api', {
        id: 'shop',
        callers: ['web/shop', { subtree: 'web' }, 'payments/v2', { subtree: 'web' }],
        ports: [[8081, 8090], 8080, 443],
        routes: [
          { path: { prefix: '/b/' }, method: 'PUT' },
          { path: { exact: '/a' }, headers: [{ name: 'X-Team', value: 'Red' }] },
          { path: { prefix: '/b' }, method: 'PUT' },
        ],
        until: '2030-01-01T00:00:00Z',
      }),
    )
    const uids = ['web/shop', 'payments/v2'].map((name) => given.entry(name).uid)
    expect(given.entry('payments/api').rules).toEqual([
      {
        id: 'shop',
        effect: 'allow',
        callers: [...uids.sort(), { subtree: 'web' }],
        ports: [
          [443, 443],
          [8080, 8090],
        ],
        proto: 'http',
        routes: [
          { headers: [{ name: 'x-team', value: 'Red' }], path: { exact: '/a' } },
          { method: 'PUT', path: { prefix: '/b' } },
        ],
        until: 1_893_456_000,
        rev: 2,
      },
    ])
    expect(await replayed(given)).toBe(canonicalState(given.index.state))
  })

  it('gets an id of its own, and is attached once', async () => {
    const { id: _id, ...nameless } = shop
    const given = await givenCalls(attach('payments/api', nameless))
    expect(given.entry('payments/api').rules[0]?.id).toMatch(/^r[a-z2-7]{12}$/)
    expect(await given.codeFor(attach('payments/api', nameless))).toBe('namespace.exists')
    expect(await given.codeFor(attach('payments/api', shop))).toBe('ok')
    expect(await given.codeFor(attach('payments/api', { ...shop, ports: [1] }))).toBe(
      'namespace.exists',
    )
  })

  it('is found by its id', async () => {
    const given = await givenCalls()
    for (const request of [replace('payments/api', shop), detach('payments/api', 'shop')]) {
      expect(await given.codeFor(request)).toBe('namespace.unknown')
    }
  })

  it('names only what exists', async () => {
    const given = await givenCalls(create('gone'), { op: 'entry.retire', alias: 'gone' })
    given.issued.until.set(given.entry('web/shop').uid, (given.clock.now() + 3600) as UnixSeconds)
    await given.did({ op: 'entry.retire', alias: 'web/shop' })
    for (const caller of ['nobody', 'gone', 'web/shop', 'web', { subtree: 'nowhere' }]) {
      expect(await given.codeFor(attach('payments/api', { ...shop, callers: [caller] }))).toBe(
        'namespace.unknown',
      )
    }
    expect(await given.codeFor(attach('nobody', shop))).toBe('namespace.unknown')
    expect(await given.codeFor(attach('web', shop))).toBe('namespace.unknown')
  })

  it('stays within what the callee may accept', async () => {
    const exceeding = 'namespace.envelope-exceeds-parent'
    const given = await givenCalls({
      op: 'envelope.set',
      alias: 'payments/api',
      envelope: { mayAccept: [alias('web')], ports: [[8000, 8100]] },
    })
    expect(await given.codeFor(attach('payments/api', { ...shop, ports: [8080, 9000] }))).toBe(
      exceeding,
    )
    for (const caller of ['payments/v2', { subtree: '' }]) {
      expect(await given.codeFor(attach('payments/api', { ...shop, callers: [caller] }))).toBe(
        exceeding,
      )
    }
    expect(await given.codeFor(attach('payments/api', shop))).toBe('ok')
  })

  it('may still be narrowed when what it allows is no longer allowed above', async () => {
    const given = await givenCalls(
      attach('payments/api', { ...shop, callers: ['web/shop', 'payments/v2'], ports: [80, 81] }),
      { op: 'envelope.set', alias: 'payments/api', envelope: { ports: [[1, 2]] } },
      { op: 'entry.retire', alias: 'web/shop' },
    )
    const uid = given.entry('web/shop').uid
    // By alias a retired caller cannot be named: the proposal itself still may.
    const { callers } = given.entry('payments/api').rules[0]!
    expect(callers).toContain(uid)
    const narrower = replace('payments/api', { id: 'shop', callers: ['payments/v2'], ports: [80] })
    expect((await given.did(narrower)).class).toBe('narrowing')
  })

  it.each<readonly [string, Record<string, unknown>]>([
    ['no callers', { callers: [] }],
    ['no ports', { ports: [] }],
    ['port 0', { ports: [0] }],
    ['a port that is none', { ports: [65_536] }],
    ['a range without ports', { ports: [[90, 80]] }],
    ['an alias that is none', { callers: ['Web/Shop'] }],
    ['a uid in place of an alias', { callers: [{ uid: 'e'.padEnd(32, 'a') }] }],
    ['a star', { callers: ['*'] }],
    ['another effect', { effect: 'deny' }],
    ['an unknown member', { network: '0.0.0.0/0' }],
    ['an id that is no label', { id: 'Shop' }],
    ['a long id', { id: 'a'.repeat(41) }],
    ['another protocol', { proto: 'tls' }],
    ['no routes', { routes: [] }],
    ['a method in small letters', { routes: [{ method: 'get', path: { exact: '/' } }] }],
    ['CONNECT, which has no path', { routes: [{ method: 'CONNECT', path: { exact: '/' } }] }],
    ['a route without a path', { routes: [{ method: 'GET' }] }],
    ['two kinds of path', { routes: [{ path: { exact: '/a', prefix: '/' } }] }],
    ['a pattern', { routes: [{ path: { regex: '.*' } }] }],
    ['an empty prefix', { routes: [{ path: { prefix: '' } }] }],
    ['a path without its slash', { routes: [{ path: { prefix: 'a' } }] }],
    ['a prefix that would become /', { routes: [{ path: { prefix: '//' } }] }],
    ['a prefix with two slashes at its end', { routes: [{ path: { prefix: '/a//' } }] }],
    ['a dot segment', { routes: [{ path: { prefix: '/a/../b' } }] }],
    ['an encoded slash', { routes: [{ path: { exact: '/a%2Fb' } }] }],
    ['a query', { routes: [{ path: { exact: '/a?b' } }] }],
    ['a path beyond ASCII', { routes: [{ path: { exact: '/ä' } }] }],
    ['a long path', { routes: [{ path: { exact: `/${'a'.repeat(1024)}` } }] }],
    ['routes of what has none', { proto: 'opaque', routes: [{ path: { exact: '/' } }] }],
    [
      'a pseudo header',
      { routes: [{ path: { exact: '/' }, headers: [{ name: ':path', value: '/' }] }] },
    ],
    [
      'a header twice',
      {
        routes: [
          {
            path: { exact: '/' },
            headers: [
              { name: 'a', value: '1' },
              { name: 'A', value: '2' },
            ],
          },
        ],
      },
    ],
    [
      'a line end in a header',
      { routes: [{ path: { exact: '/' }, headers: [{ name: 'a', value: '1\r\nb: 2' }] }] },
    ],
    ['an end before its beginning', { from: 20, until: 20 }],
    ['a time that is none', { from: '2026-02-30T00:00:00Z' }],
  ])('is refused with %s', async (_what, more) => {
    const given = await givenCalls()
    const before = canonicalState(given.index.state)
    const code = await given.codeFor({
      op: 'rule.attach',
      alias: 'payments/api',
      rule: { ...shop, ...more },
    })
    expect(code).toMatch(/^namespace\.(malformed|bad-alias)$/)
    expect(canonicalState(given.index.state)).toBe(before)
  })

  it('is one of at most a thousand', async () => {
    const given = await givenCalls()
    const entry = given.entry('payments/api')
    const uid = given.entry('web/shop').uid
    const rules = Array.from({ length: 1000 }, (_, index) => ({
      id: `r${index}`,
      effect: 'allow' as const,
      callers: [uid],
      ports: [[80, 80]] as const,
      proto: 'http' as const,
      rev: 1,
    }))
    // As if they had been attached one by one.
    const entries = given.store.state.tables.entries as MemoryTable<Uid, Entry>
    entries.set(entry.uid, { ...entry, rules })
    expect(await given.codeFor(attach('payments/api', shop))).toBe('namespace.malformed')
    expect(await given.codeFor(replace('payments/api', { ...shop, id: 'r7' }))).toBe('ok')
  })
})

describe('the class of a change of rules', () => {
  const wide: RuleRequest & { readonly id: string } = {
    id: 'shop',
    callers: ['web/shop', { subtree: 'web' }],
    ports: [[80, 90]],
    routes: [{ path: { prefix: '/a' } }],
    from: 100,
    until: 200,
  }

  it.each<readonly [string, Partial<RuleRequest>, string]>([
    ['nothing', {}, 'narrowing'],
    ['fewer callers', { callers: ['web/shop'] }, 'narrowing'],
    ['fewer ports', { ports: [85] }, 'narrowing'],
    ['fewer routes', { routes: [{ path: { exact: '/a/b' }, method: 'GET' }] }, 'narrowing'],
    ['a shorter time', { from: 110, until: 190 }, 'narrowing'],
    ['another caller', { callers: ['payments/v2'] }, 'sensitive'],
    ['a caller more', { callers: ['web/shop', 'payments/v2'] }, 'sensitive'],
    ['a wider subtree', { callers: [{ subtree: '' }] }, 'sensitive'],
    ['a port more', { ports: [[80, 91]] }, 'sensitive'],
    ['a wider route', { routes: [{ path: { prefix: '/' } }] }, 'sensitive'],
    ['a like-named route', { routes: [{ path: { prefix: '/ab' } }] }, 'sensitive'],
    ['another protocol', { proto: 'grpc' }, 'sensitive'],
    ['an earlier start', { from: 99 }, 'sensitive'],
    ['a later end', { until: 201 }, 'sensitive'],
    ['fewer and more', { callers: ['web/shop'], ports: [443] }, 'sensitive'],
  ])('replaced with %s: %s', async (_what, more, changeClass) => {
    const given = await givenCalls(attach('payments/api', wide))
    expect((await given.did(replace('payments/api', { ...wide, ...more }))).class).toBe(changeClass)
  })

  it.each(['routes', 'from', 'until'] as const)('is sensitive when %s go', async (member) => {
    const given = await givenCalls(attach('payments/api', wide))
    const { [member]: _gone, ...rest } = wide
    expect((await given.did(replace('payments/api', rest as typeof wide))).class).toBe('sensitive')
  })

  it('is sensitive for a uid that is in the subtree now, and may leave it', async () => {
    const given = await givenCalls(
      attach('payments/api', { ...shop, callers: [{ subtree: 'web' }] }),
    )
    expect((await given.did(replace('payments/api', shop))).class).toBe('sensitive')
  })

  it('is narrowing for what goes, and sensitive for what comes', async () => {
    const given = await givenCalls()
    expect((await given.did(attach('payments/api', shop))).class).toBe('sensitive')
    expect((await given.did(detach('payments/api', 'shop'))).class).toBe('narrowing')
    expect(given.entry('payments/api').rules).toEqual([])
  })

  it('is never narrowing for a rule that is wider in any way', () => {
    const facts: fc.Arbitrary<RuleFacts> = fc
      .record({
        callers: fc.subarray(['e1', 'e2', { subtree: 'a' }, { subtree: 'a/b' }] as const, {
          minLength: 1,
        }),
        ports: fc.subarray(
          [
            [80, 80],
            [81, 90],
            [85, 95],
          ] as const,
          { minLength: 1 },
        ),
        routes: fc.option(
          fc.subarray(
            [
              { path: { prefix: '/' } },
              { path: { prefix: '/a' } },
              { path: { exact: '/a' } },
            ] as const,
            { minLength: 1 },
          ),
          { nil: undefined },
        ),
        until: fc.option(fc.constantFrom(5, 9), { nil: undefined }),
      })
      .map(({ routes, until, ...rest }) =>
        normalizeRule({
          id: 'r',
          effect: 'allow',
          proto: 'http',
          ...(rest as unknown as Pick<RuleFacts, 'callers' | 'ports'>),
          ...(routes && { routes }),
          ...(until !== undefined && { until: until as UnixSeconds }),
        }),
      )
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        expect(isNarrowerRule(a, a)).toBe(true)
        expect(normalizeRule(a)).toEqual(a)
        if (isNarrowerRule(a, b) && isNarrowerRule(b, a)) {
          expect({ ...a, routes: 0 }).toEqual({ ...b, routes: 0 })
        }
      }),
    )
  })
})

describe('a traffic split', () => {
  const split = {
    port: 8080,
    backendRefs: [
      { entry: 'payments/v2', weight: 1 },
      { entry: 'payments/api', port: 8080, weight: 9 },
    ],
  }
  const set = (more: object = {}) => ({
    op: 'split.set',
    alias: 'payments/api',
    split: { ...split, ...more },
  })

  it('is kept by port, in normal form, and cleared', async () => {
    const given = await givenCalls()
    expect(await given.codeFor(set())).toBe('ok')
    expect(await given.codeFor(set({ port: 443, backendRefs: [{ entry: 'payments/v2' }] }))).toBe(
      'ok',
    )
    const uid = (name: string) => given.entry(name).uid
    const refs = [
      { entry: uid('payments/api'), weight: 9 },
      { entry: uid('payments/v2'), weight: 1 },
    ].sort((a, b) => (a.entry < b.entry ? -1 : 1))
    expect(given.entry('payments/api').splits).toEqual([
      { port: 443, backendRefs: [{ entry: uid('payments/v2'), weight: 1 }] },
      { port: 8080, backendRefs: refs },
    ])
    expect(await replayed(given)).toBe(canonicalState(given.index.state))
    const clear = (port: number): ChangeRequest => ({
      op: 'split.clear',
      alias: 'payments/api',
      port,
    })
    expect((await given.did(clear(443))).class).toBe('routine')
    expect(await given.codeFor(clear(443))).toBe('namespace.unknown')
    await given.did(clear(8080))
    expect(Object.keys(given.entry('payments/api'))).not.toContain('splits')
  })

  it('is sensitive when a backend comes, and routine when only weights change', async () => {
    const given = await givenCalls(create('payments/v3'))
    expect((await given.did(set() as ChangeRequest)).class).toBe('sensitive')
    const weights = (refs: readonly object[]) =>
      given.did(set({ backendRefs: refs }) as ChangeRequest)
    expect((await weights([{ entry: 'payments/v2', weight: 1_000_000 }])).class).toBe('routine')
    expect((await weights([{ entry: 'payments/v3' }])).class).toBe('sensitive')
  })

  it.each<readonly [string, object, string]>([
    ['no backend', { backendRefs: [] }, 'namespace.malformed'],
    [
      'no weight at all',
      { backendRefs: [{ entry: 'payments/v2', weight: 0 }] },
      'namespace.malformed',
    ],
    [
      'too much weight',
      { backendRefs: [{ entry: 'payments/v2', weight: 1_000_001 }] },
      'namespace.malformed',
    ],
    [
      'half a weight',
      { backendRefs: [{ entry: 'payments/v2', weight: 0.5 }] },
      'namespace.malformed',
    ],
    [
      'a weight below zero',
      { backendRefs: [{ entry: 'payments/v2', weight: -1 }] },
      'namespace.malformed',
    ],
    [
      'a backend twice',
      { backendRefs: [{ entry: 'payments/v2' }, { entry: 'payments/v2', port: 8080 }] },
      'namespace.malformed',
    ],
    ['a backend that is not there', { backendRefs: [{ entry: 'nobody' }] }, 'namespace.unknown'],
    [
      'seventeen backends',
      {
        backendRefs: Array.from({ length: 17 }, (_, port) => ({
          entry: 'payments/v2',
          port: port + 1,
        })),
      },
      'namespace.malformed',
    ],
    ['port 0', { port: 0 }, 'namespace.malformed'],
  ])('is refused with %s', async (_what, more, code) => {
    const given = await givenCalls()
    expect(await given.codeFor(set(more))).toBe(code)
  })
})
