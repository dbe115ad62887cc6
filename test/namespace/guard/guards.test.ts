import { describe, expect, it } from '@jest/globals'
import type { Uid } from '../../../src/core/uid.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { effectiveEnvelope } from '../../../src/namespace/effective-envelope.js'
import { grantFor } from '../../../src/namespace/grant.js'
import type { Guard } from '../../../src/namespace/guard/guard.js'
import { reachesGuards, underGuards } from '../../../src/namespace/guard/quorum-floor.js'
import type { Group } from '../../../src/namespace/group.js'
import { LiveIndex } from '../../../src/namespace/live-index.js'
import type { Scope } from '../../../src/namespace/scope.js'
import { canonicalState } from '../../../src/namespace/state.js'
import type { MemoryTable } from '../../../src/namespace/table.js'
import { MemoryIndexStore } from '../../support/memory-index-store.js'
import { givenGroup } from '../given-group.js'
import { alias, codeOf, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

const set = (scope: string, guard: Guard): ChangeRequest => ({
  op: 'guard.set',
  alias: scope,
  guard,
})
const clear = (scope: string, guard: string): ChangeRequest => ({
  op: 'guard.clear',
  alias: scope,
  guard,
})
const lockdown: Guard = { id: 'lockdown', effect: 'forbid' }

const givenScopes = (...more: readonly ChangeRequest[]): Promise<GivenIndex> =>
  givenIndex(
    { op: 'scope.create', alias: 'web' },
    { op: 'scope.create', alias: 'web/eu' },
    { op: 'entry.create', alias: 'web/eu/shop', owner },
    ...more,
  )

describe('a guard that asks for more behind what takes power away', () => {
  const guard = (least: Extract<Guard, { least: unknown }>['least']): Guard => ({
    id: 'least',
    effect: 'minControllers',
    least,
  })

  it.each([
    [undefined, { sensitive: 2 }, 'narrowing'],
    [undefined, { narrowing: 2 }, 'structural'],
    [undefined, { emergency: 1 }, 'structural'],
    [{ narrowing: 1 }, { narrowing: 2 }, 'structural'],
    [{ sensitive: 2 }, { sensitive: 2, narrowing: 1 }, 'structural'],
    [{ narrowing: 2 }, { narrowing: 2, sensitive: 3 }, 'narrowing'],
  ])('is no narrowing: %j, then %j', async (before, after, changeClass) => {
    const given = await givenScopes(...(before ? [set('web', guard(before))] : []))
    expect((await given.did(set('web', guard(after)))).class).toBe(changeClass)
  })

  it('takes more than the one voter who may suspend', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'web' })
    const proposal = await given.proposed(set('web', guard({ narrowing: 3 })))
    expect((await given.votes(given.ann, proposal)).changes).toEqual([])
    expect((await given.votes(given.bob, proposal)).changes).toHaveLength(1)
  })
})

describe('a guard', () => {
  it('is kept on its scope by id, in normal form, and cleared', async () => {
    const forbid: Guard = {
      id: 'no-ssh',
      effect: 'forbid',
      callers: ['web/eu', 'web'].map(alias),
      ports: [
        [23, 23],
        [22, 22],
      ],
    }
    const given = await givenScopes(set('web', forbid), set('', lockdown))
    expect(given.scope('web').guards).toEqual([
      { id: 'no-ssh', effect: 'forbid', callers: ['web'], ports: [[22, 23]] },
    ])
    expect(given.index.state.root.guards).toEqual([lockdown])
    const again = { ...given.deps, store: new MemoryIndexStore(given.store.records) }
    expect(canonicalState(valueOf(await LiveIndex.open(again)).state)).toBe(
      canonicalState(given.index.state),
    )
    expect((await given.did(clear('web', 'no-ssh'))).class).toBe('structural')
    expect(Object.keys(given.scope('web'))).not.toContain('guards')
    expect(await given.codeFor(clear('web', 'no-ssh'))).toBe('namespace.unknown')
    expect(await given.codeFor(set('web/eu/shop', lockdown))).toBe('namespace.unknown')
  })

  it.each<readonly [string, Guard, Guard, string]>([
    [
      'a wider caller',
      { ...lockdown, callers: [alias('web/eu')] },
      { ...lockdown, callers: [alias('web')] },
      'narrowing',
    ],
    ['every caller', { ...lockdown, callers: [alias('web')] }, lockdown, 'narrowing'],
    [
      'a narrower caller',
      { ...lockdown, callers: [alias('web')] },
      { ...lockdown, callers: [alias('web/eu')] },
      'structural',
    ],
    ['a named caller', lockdown, { ...lockdown, callers: [alias('web')] }, 'structural'],
    ['a named callee', lockdown, { ...lockdown, callees: [alias('web')] }, 'structural'],
    [
      'more ports',
      { ...lockdown, ports: [[22, 22]] },
      { ...lockdown, ports: [[22, 23]] },
      'narrowing',
    ],
    [
      'other ports',
      { ...lockdown, ports: [[22, 22]] },
      { ...lockdown, ports: [[23, 23]] },
      'structural',
    ],
    [
      'a shorter life',
      { id: 'lockdown', effect: 'maxTtl', maxTtl: 600 },
      { id: 'lockdown', effect: 'maxTtl', maxTtl: 500 },
      'narrowing',
    ],
    [
      'a longer life',
      { id: 'lockdown', effect: 'maxTtl', maxTtl: 600 },
      { id: 'lockdown', effect: 'maxTtl', maxTtl: 601 },
      'structural',
    ],
    ['another effect', lockdown, { id: 'lockdown', effect: 'requireRoutes' }, 'structural'],
    [
      'more people',
      { id: 'lockdown', effect: 'minControllers', least: { sensitive: 1 } },
      { id: 'lockdown', effect: 'minControllers', least: { sensitive: 1, routine: 1 } },
      'narrowing',
    ],
    [
      'fewer people',
      { id: 'lockdown', effect: 'minControllers', least: { routine: 1, sensitive: 1 } },
      { id: 'lockdown', effect: 'minControllers', least: { sensitive: 1 } },
      'structural',
    ],
    [
      'weight for people',
      { id: 'lockdown', effect: 'minControllers', least: { sensitive: 1 } },
      { id: 'lockdown', effect: 'minThreshold', least: { sensitive: 1 } },
      'structural',
    ],
  ])('set again with %s', async (_what, before, after, changeClass) => {
    const given = await givenScopes(set('web', before))
    expect((await given.did(set('web', after))).class).toBe(changeClass)
  })

  it.each<readonly [string, object]>([
    ['no effect', { id: 'a' }],
    ['another effect', { id: 'a', effect: 'allow' }],
    ['nothing in a list', { ...lockdown, callers: [] }],
    ['a region that is none', { ...lockdown, callers: ['Web'] }],
    ['ports without ports', { ...lockdown, ports: [[2, 1]] }],
    ['an unknown member', { ...lockdown, except: ['web'] }],
    ['a life of no time', { id: 'a', effect: 'maxTtl', maxTtl: 0 }],
    ['no class', { id: 'a', effect: 'minThreshold', least: {} }],
    ['an unknown class', { id: 'a', effect: 'minThreshold', least: { all: 2 } }],
    ['half a vote', { id: 'a', effect: 'minThreshold', least: { routine: 0.5 } }],
  ])('is refused with %s', async (_what, guard) => {
    const given = await givenScopes()
    expect(await given.codeFor({ op: 'guard.set', alias: 'web', guard })).toMatch(
      /^namespace\.(malformed|bad-alias)$/,
    )
  })

  it('is one of at most a hundred', async () => {
    const given = await givenScopes()
    for (let index = 0; index < 100; index += 1) {
      await given.did(set('web', { id: `g${index}`, effect: 'requireRoutes' }))
    }
    expect(await given.codeFor(set('web', lockdown))).toBe('namespace.malformed')
    expect(await given.codeFor(set('web', { ...lockdown, id: 'g7' }))).toBe('ok')
  })
})

describe('a guard of lifetimes', () => {
  const hour: Guard = { id: 'hour', effect: 'maxTtl', maxTtl: 3600 }
  const facts = ({ index }: GivenIndex) =>
    ({
      kind: 'join-token',
      entry: index.state.entryByAlias(alias('web/eu/shop'))!.uid,
      tokenId: 't',
    }) as const

  it.each(['', 'web', 'web/eu'])('on %j bounds certificates below at once', async (scope) => {
    const given = await givenScopes(set(scope, hour))
    const { state } = given.index
    expect(effectiveEnvelope(state, given.entry('web/eu/shop')).maxTtl).toBe(3600)
    expect(valueOf(grantFor(state, facts(given), given.clock.now())).maxTtl).toBe(3600)
    expect(effectiveEnvelope(state, given.scope('web/eu')).maxTtl).toBe(3600)
  })

  it('cannot be lifted below', async () => {
    const given = await givenScopes(set('web', hour))
    for (const subject of ['web/eu', 'web/eu/shop']) {
      const envelope = { maxTtl: 7200 }
      expect(await given.codeFor({ op: 'envelope.set', alias: subject, envelope })).toBe(
        'namespace.envelope-exceeds-parent',
      )
    }
    await given.did(set('web/eu', { ...hour, maxTtl: 7200 }))
    expect(effectiveEnvelope(given.index.state, given.entry('web/eu/shop')).maxTtl).toBe(3600)
  })
})

describe('a guard of routes', () => {
  it('lets no rule below be attached without them', async () => {
    const given = await givenScopes(set('web', { id: 'l7', effect: 'requireRoutes' }))
    const rule = { id: 'r', callers: ['web/eu/shop'], ports: [80] }
    const attach = (more: object) =>
      given.codeFor({ op: 'rule.attach', alias: 'web/eu/shop', rule: { ...rule, ...more } })
    expect(await attach({})).toBe('namespace.guard-forbids')
    expect(await attach({ proto: 'opaque' })).toBe('namespace.guard-forbids')
    expect(await attach({ routes: [{ path: { prefix: '/' } }] })).toBe('ok')
  })
})

describe('a guard of quorum', () => {
  const two: Guard = { id: 'two', effect: 'minThreshold', least: { sensitive: 2 } }

  it('holds for everything below, whatever the group below is content with', async () => {
    const given = await givenScopes(set('web', two))
    const create = (name: string) => given.codeFor({ op: 'entry.create', alias: name, owner })
    expect(await create('web/a')).toBe('namespace.guard-forbids')
    expect(await create('web/eu/a')).toBe('namespace.guard-forbids')
    expect(await create('other')).toBe('ok')
    // Only the class it names; and the scope itself is decided above it.
    expect(await given.codeFor({ op: 'entry.suspend', alias: 'web/eu/shop' })).toBe('ok')
    expect(await given.codeFor(clear('web', 'two'))).toBe('ok')
    expect(await create('web/a')).toBe('ok')
  })

  it('is not escaped by a rename, nor got past by one', async () => {
    const given = await givenScopes(set('web', two), { op: 'entry.create', alias: 'other', owner })
    const rename = (from: string, to: string) =>
      given.codeFor({ op: 'entry.rename', alias: from, to })
    expect(await rename('web/eu/shop', 'free')).toBe('namespace.guard-forbids')
    expect(await rename('other', 'web/other')).toBe('namespace.guard-forbids')
  })

  it('is looked at by whoever replays the log', async () => {
    const given = await givenScopes(set('web', two))
    // A process whose tables do not know of the guard writes what it forbids.
    const store = new MemoryIndexStore(given.store.records)
    const lax = valueOf(await LiveIndex.open({ ...given.deps, store }))
    const { guards: _guards, ...scope } = given.scope('web')
    const scopes = store.state.tables.scopes as MemoryTable<Uid, Scope>
    scopes.set(scope.uid, scope)
    expect(codeOf(await lax.change({ op: 'entry.create', alias: 'web/a', owner }))).toBe('ok')
    const replayed = { ...given.deps, store: new MemoryIndexStore(store.records) }
    expect(codeOf(await LiveIndex.open(replayed))).toBe('namespace.guard-forbids')
  })

  it('counts people once, and nobody who is suspended', async () => {
    const people: Guard = { id: 'people', effect: 'minControllers', least: { sensitive: 2 } }
    const { index } = await givenScopes(set('web', people))
    const solo = index.state.root.group!
    const voter = (id: string, controller: string, status: 'active' | 'suspended' = 'active') => ({
      ...solo.voters[0]!,
      id,
      controller,
      status,
      weight: 100,
    })
    const group: Group = {
      ...solo,
      voters: [
        voter('a', 'ann'),
        voter('a2', 'ann'),
        voter('b', 'bo'),
        voter('c', 'cy', 'suspended'),
      ],
    }
    const change = { aliases: [alias('web/x')], changeClass: 'sensitive' } as const
    const code = (...voters: string[]) =>
      codeOf(reachesGuards(index.state, change, group, new Set(voters)))
    expect(code('a', 'a2')).toBe('namespace.guard-forbids')
    expect(code('a', 'c')).toBe('namespace.guard-forbids')
    expect(code('a', 'stranger')).toBe('namespace.guard-forbids')
    expect(code('a', 'b')).toBe('ok')
  })

  it('raises what a group below asks for, and never lowers it', async () => {
    const guards: readonly Guard[] = [
      { id: 'two', effect: 'minThreshold', least: { sensitive: 200, routine: 50 } },
      { id: 'people', effect: 'minControllers', least: { structural: 3 } },
    ]
    const { index } = await givenScopes(...guards.map((guard) => set('web', guard)))
    const solo = index.state.root.group!
    const group: Group = { ...solo, threshold: { ...solo.threshold, routine: 100, sensitive: 150 } }
    expect(underGuards(index.state, [alias('web/x')], group)).toEqual({
      ...group,
      threshold: { ...group.threshold, routine: 100, sensitive: 200 },
      minControllers: { ...group.minControllers, structural: 3 },
    })
    expect(underGuards(index.state, [alias('web'), alias('x')], group)).toEqual(group)
    expect(underGuards(index.state, [alias('x'), alias('web/x')], group).threshold.sensitive).toBe(
      200,
    )
  })

  it('holds a group of several to it, which would be content with two', async () => {
    const given = await givenGroup(
      {},
      { op: 'scope.create', alias: 'web' },
      set('web', { id: 'three', effect: 'minControllers', least: { sensitive: 3 } }),
    )
    const proposal = await given.proposed({ op: 'entry.create', alias: 'web/a', owner })
    await given.votes(given.ann, proposal)
    expect((await given.votes(given.bob, proposal)).proposal.standing).toBe('open')
    expect((await given.votes(given.cyd, proposal)).proposal.standing).toBe('committed')
  })

  it('is not got past by a document, whose changes are decided together', async () => {
    const given = await givenGroup(
      {},
      { op: 'scope.create', alias: 'web' },
      set('web', { id: 'three', effect: 'minControllers', least: { sensitive: 3 } }),
    )
    const entries = ['api', 'web/a'].map((name) => ({ alias: name, owner }))
    const [made] = valueOf(await given.index.apply({ apiVersion: 'capstan/v1', entries }))
    if (made?.kind !== 'waits') throw new Error('it was not proposed')
    const proposal = await given.proposal(made.proposal)
    await given.votes(given.ann, proposal)
    expect((await given.votes(given.bob, proposal)).proposal.standing).toBe('open')
    expect((await given.votes(given.cyd, proposal)).proposal.standing).toBe('committed')
  })
})
