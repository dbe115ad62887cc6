import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../src/core/alias.js'
import { hours, minutes, plus, type UnixSeconds } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { effectiveEnvelope } from '../../src/namespace/effective-envelope.js'
import { entryState } from '../../src/namespace/entry.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { canonicalState } from '../../src/namespace/state.js'
import { T0 } from '../support/fake-clock.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { newVoter } from '../support/voter.js'
import {
  alias,
  clusterFacts,
  codeOf,
  type GivenIndex,
  givenIndex,
  k8s,
  owner,
  trustDomain,
  valueOf,
  writtenByAnother,
} from './given-index.js'

const prod: ChangeRequest = {
  op: 'cluster.register',
  alias: 'prod',
  cluster: clusterFacts('prod'),
}
const api: ChangeRequest = { op: 'entry.create', alias: 'payments/api', owner }
const web: ChangeRequest = { op: 'entry.create', alias: 'shop/web', owner }
const payments: ChangeRequest = { op: 'scope.create', alias: 'payments' }
const apiBinding = k8s('prod', 'payments', 'api')
const bound = (to: string, binding = apiBinding): ChangeRequest => ({
  op: 'binding.add',
  alias: to,
  binding,
})

/** Issued to until an hour from T0: a name it gives up is free at T0 + 25 h. */
function issuedTo(given: GivenIndex, text: string, until: UnixSeconds = plus(T0, hours(1))): void {
  given.issued.until.set(given.entry(text).uid, until)
}

describe('a new index', () => {
  it('has a root scope, one local voter, and says that it is solo', async () => {
    const { index } = await givenIndex()
    expect(index.state).toMatchObject({ trustDomain, size: 1, at: T0, solo: true })
    expect(index.state.root).toMatchObject({ alias: ROOT, state: 'active', rev: 1 })
    expect(index.state.root.uid).toMatch(/^s[a-z2-7]{31}$/)
  })

  it('is not made over a log that holds one', async () => {
    const { deps } = await givenIndex()
    expect(codeOf(await LiveIndex.create(deps, { trustDomain, controller: 'platform' }))).toBe(
      'namespace.exists',
    )
  })

  it('is not made with a key under which one signature fits every message', async () => {
    const { deps } = await givenIndex()
    const voter = { ...deps.voter, publicKey: Buffer.alloc(32, 0) }
    const made = await LiveIndex.create(
      { ...deps, store: new MemoryIndexStore(), voter },
      { trustDomain, controller: 'platform' },
    )
    expect(codeOf(made)).toBe('namespace.malformed')
  })
})

describe('opening an index', () => {
  it('refuses an empty log', async () => {
    const { deps } = await givenIndex()
    expect(codeOf(await LiveIndex.open({ ...deps, store: new MemoryIndexStore() }))).toBe(
      'namespace.unknown',
    )
  })

  it('gives the same state as the one that wrote the log', async () => {
    const { deps, index } = await givenIndex(prod, payments, api, bound('payments/api'))
    const again = valueOf(await LiveIndex.open(deps))
    expect(canonicalState(again.state)).toBe(canonicalState(index.state))
    expect(valueOf(await again.verify())).toEqual({
      records: 5,
      head: index.state.head,
      root: (await deps.store.tree.head()).root,
    })
  })

  it('refuses a log that was written by another installation', async () => {
    const { deps } = await givenIndex(prod)
    expect(codeOf(await LiveIndex.open({ ...deps, voter: newVoter() }))).toBe(
      'namespace.unknown-key',
    )
  })
})

describe('every change', () => {
  it('is one record of the log, about one object, with the next revision', async () => {
    const given = await givenIndex(api)
    const change = await given.did({ op: 'entry.suspend', alias: 'payments/api' })
    const { uid } = given.entry('payments/api')
    expect(change).toMatchObject({ op: 'entry.suspend', uid, rev: 2, seq: 2, class: 'narrowing' })
    expect(change.proposal).toMatch(/^pr[a-z2-7]{40}$/)
    expect(given.store.records).toHaveLength(3)
    expect(given.index.state.recordsOf(uid)).toEqual([1, 2])
  })

  it('takes place at a time that is never before the one before it', async () => {
    const given = await givenIndex(api)
    given.clock.set(plus(T0, hours(-2)))
    expect(await given.did(web)).toMatchObject({ at: T0 })
  })

  it('is told by history, with reason and ticket', async () => {
    const given = await givenIndex(api)
    await given.did({
      op: 'entry.suspend',
      alias: 'payments/api',
      reason: 'incident',
      ticket: 'T-1',
    })
    const items = valueOf(await given.index.history(alias('payments/api')))
    expect(items.map(({ op, rev }) => [op, rev])).toEqual([
      ['entry.create', 1],
      ['entry.suspend', 2],
    ])
    expect(items[1]).toMatchObject({ reason: 'incident', ticket: 'T-1', by: 'local' })
    const [genesis] = valueOf(await given.index.history(ROOT))
    expect(genesis).toMatchObject({ op: 'genesis', by: 'platform' })
    expect(codeOf(await given.index.history(alias('nobody')))).toBe('namespace.unknown')
  })

  it('fails, and changes nothing, when another process wrote to the log', async () => {
    const given = await givenIndex(api)
    await writtenByAnother(given, web)
    const before = canonicalState(given.index.state)
    await expect(given.index.change(payments)).rejects.toThrow('another process')
    expect(canonicalState(given.index.state)).toBe(before)
    expect(given.store.records).toHaveLength(3)
    expect(codeOf(await given.index.verify())).toBe('namespace.state-mismatch')
  })

  it('is decided on what the one before it left, however many are asked for at once', async () => {
    const given = await givenIndex()
    const all = await Promise.all([
      given.index.change(api),
      given.index.change(api),
      given.index.change(web),
    ])
    expect(all.map(codeOf)).toEqual(['ok', 'namespace.alias-taken', 'ok'])
  })

  it.each<[string, unknown]>([
    ['nothing', null],
    ['no operation', {}],
    ['an operation of Object.prototype', { op: 'constructor', alias: 'a' }],
    ['an unknown operation', { op: 'entry.destroy', alias: 'payments/api' }],
    ['an unknown member', { ...api, colour: 'red' }],
    ['an unknown member of the owner', { ...api, owner: { ...owner, age: 7 } }],
    ['an unknown member of an envelope', { ...payments, envelope: { everything: true } }],
    ['an unknown member of a binding', bound('payments/api', { ...apiBinding, pod: 'x' } as never)],
    ['an unknown member of a cluster', { ...prod, cluster: { ...clusterFacts('prod'), x: 1 } }],
    ['no owner', { op: 'entry.create', alias: 'payments/api' }],
    ['a lifetime longer than a day', { ...api, envelope: { maxTtl: 86_401 } }],
    ['a negative zero', { ...api, envelope: { maxTtl: -0 } }],
    ['a lone surrogate', { ...api, owner: { controller: '\ud800' } }],
    ['a day that does not exist', { ...api, validUntil: '2026-02-30T00:00:00Z' }],
    ['an instant beyond all calendars', { ...api, validUntil: 1e300 }],
    ['ports from high to low', { ...api, envelope: { ports: [[90, 80]] } }],
  ])('is refused as malformed when it says %s', async (_, request) => {
    const given = await givenIndex()
    expect(await given.codeFor(request)).toBe('namespace.malformed')
    expect(given.store.records).toHaveLength(1)
  })

  it('is refused when it does not fit into a record, and leaves a log that can be read (attack 21)', async () => {
    const given = await givenIndex(api)
    const regions = Array.from({ length: 100 }, (_, n) =>
      Array.from({ length: 3 }, () => `${'x'.repeat(58)}${n}`).join('/'),
    )
    const envelope = { names: regions, mayCall: regions, mayAccept: regions }
    const large = { op: 'envelope.set', alias: 'payments/api', envelope }
    expect(await given.codeFor(large)).toBe('namespace.malformed')
    expect(codeOf(await LiveIndex.open(given.deps))).toBe('ok')
  })
})

describe('an alias', () => {
  it.each([
    ['Payments', 'namespace.bad-alias'],
    ['payments_api', 'namespace.bad-alias'],
    ['p\u0430yments', 'namespace.bad-alias'],
    ['payments//api', 'namespace.bad-alias'],
    ['/payments', 'namespace.bad-alias'],
    ['payments/', 'namespace.bad-alias'],
    ['-payments', 'namespace.bad-alias'],
    ['a.b', 'namespace.bad-alias'],
    ['x'.repeat(64), 'namespace.bad-alias'],
    ['a/b/c/d/e/f/g/h/i', 'namespace.too-deep'],
    ['payments/entry', 'namespace.reserved-name'],
    ['serviceaccount/api', 'namespace.reserved-name'],
  ])('%j is refused (%s) for entries, scopes and clusters (attack 32)', async (bad, code) => {
    const given = await givenIndex(web)
    expect(await given.codeFor({ ...api, alias: bad })).toBe(code)
    expect(await given.codeFor({ ...payments, alias: bad })).toBe(code)
    expect(await given.codeFor({ ...prod, alias: bad })).toBe(code)
    expect(await given.codeFor({ op: 'entry.rename', alias: 'shop/web', to: bad })).toBe(code)
  })

  it('holds up to 8 labels of 63 characters', async () => {
    const given = await givenIndex()
    expect(await given.codeFor({ ...api, alias: `a/b/c/d/e/f/g/${'x'.repeat(63)}` })).toBe('ok')
  })
})

describe('a scope', () => {
  it('starts with all that its parents allow', async () => {
    const given = await givenIndex(payments)
    expect(given.scope('payments')).toMatchObject({ state: 'active', rev: 1, group: null })
    expect(given.scope('payments').envelope).toEqual(given.index.state.root.envelope)
  })

  it('does not share an alias with a scope or an entry', async () => {
    const given = await givenIndex(payments, web)
    expect(await given.codeFor(payments)).toBe('namespace.exists')
    expect(await given.codeFor({ op: 'scope.create', alias: 'shop/web' })).toBe(
      'namespace.alias-taken',
    )
    expect(await given.codeFor({ ...api, alias: 'payments' })).toBe('namespace.exists')
  })

  it('is retired only when nothing is left in it, and frees its alias', async () => {
    const given = await givenIndex(payments, { op: 'scope.create', alias: 'payments/eu' }, api)
    const retire: ChangeRequest = { op: 'scope.retire', alias: 'payments' }
    expect(await given.codeFor(retire)).toBe('namespace.not-empty')
    await given.did({ op: 'entry.retire', alias: 'payments/api' })
    expect(await given.codeFor(retire)).toBe('namespace.not-empty')
    await given.did({ op: 'scope.retire', alias: 'payments/eu' }, retire)
    expect(await given.codeFor({ op: 'scope.suspend', alias: 'payments' })).toBe(
      'namespace.unknown',
    )
    expect(await given.codeFor(payments)).toBe('ok')
  })

  it('takes nothing new while it, or a scope above it, is suspended', async () => {
    const given = await givenIndex(payments, { op: 'scope.create', alias: 'payments/eu' }, web)
    await given.did({ op: 'scope.suspend', alias: 'payments' })
    for (const request of [
      api,
      { ...api, alias: 'payments/eu/api' },
      { op: 'scope.create', alias: 'payments/us' },
      { op: 'entry.rename', alias: 'shop/web', to: 'payments/web' },
    ]) {
      expect(await given.codeFor(request)).toBe('namespace.wrong-state')
    }
    await given.did({ op: 'scope.reactivate', alias: 'payments' })
    expect(await given.codeFor(api)).toBe('ok')
  })

  it('is suspended only when active, and reactivated only when suspended', async () => {
    const given = await givenIndex(payments)
    const suspend = { op: 'scope.suspend', alias: 'payments' }
    const reactivate = { op: 'scope.reactivate', alias: 'payments' }
    expect(await given.codeFor(reactivate)).toBe('namespace.wrong-state')
    expect(await given.codeFor(suspend)).toBe('ok')
    expect(await given.codeFor(suspend)).toBe('namespace.wrong-state')
    expect(await given.codeFor(reactivate)).toBe('ok')
  })

  it.each(['scope.suspend', 'scope.reactivate', 'scope.retire'] as const)(
    'is not the root: %s never reaches it',
    async (op) => {
      const given = await givenIndex()
      expect(await given.codeFor({ op, alias: '' })).not.toBe('ok')
      expect(await given.codeFor({ op, alias: 'nobody' })).toBe('namespace.unknown')
    },
  )
})

describe('an entry', () => {
  it('starts active, with its owner, bindings and labels, and without grace or capabilities', async () => {
    const given = await givenIndex(prod, {
      ...api,
      bindings: [apiBinding],
      labels: { tier: '1' },
      validUntil: '2026-12-01T00:00:00Z',
    })
    const entry = given.entry('payments/api')
    expect(entry.uid).toMatch(/^e[a-z2-7]{31}$/)
    expect(entry).toMatchObject({
      state: 'active',
      rev: 1,
      owner,
      labels: { tier: '1' },
      validUntil: Date.parse('2026-12-01T00:00:00Z') / 1000,
      envelope: { graceAfterExpiry: 0, capabilities: [], maxTtl: 86_400 },
    })
    const { uid: cluster } = given.index.state.clusterByAlias(alias('prod'))!
    expect(given.index.state.bindingOwner(cluster, 'payments', 'api')?.uid).toBe(entry.uid)
  })

  /** From a state, every operation of the lifecycle, and what it comes to. */
  const lifecycle = {
    active: { suspend: 'suspended', reactivate: 'refused', retire: 'retired' },
    suspended: { suspend: 'refused', reactivate: 'active', retire: 'retired' },
    retiring: { suspend: 'refused', reactivate: 'refused', retire: 'refused' },
    retired: { suspend: 'refused', reactivate: 'refused', retire: 'refused' },
  } as const
  const transitions = Object.entries(lifecycle).flatMap(([from, ops]) =>
    Object.entries(ops).map(([op, to]) => ({ from: from as keyof typeof lifecycle, op, to })),
  )

  async function givenEntry(state: keyof typeof lifecycle): Promise<GivenIndex> {
    const given = await givenIndex(api)
    if (state === 'suspended') await given.did({ op: 'entry.suspend', alias: 'payments/api' })
    if (state === 'retiring') issuedTo(given, 'payments/api')
    if (state === 'retiring' || state === 'retired')
      await given.did({ op: 'entry.retire', alias: 'payments/api' })
    expect(entryState(given.entry('payments/api'), T0)).toBe(state)
    return given
  }

  it.each(transitions)('that is $from: $op leads to $to', async ({ from, op, to }) => {
    const given = await givenEntry(from)
    const code = await given.codeFor({ op: `entry.${op}`, alias: 'payments/api' })
    expect(code).toBe(to === 'refused' ? 'namespace.wrong-state' : 'ok')
    expect(entryState(given.entry('payments/api'), T0)).toBe(to === 'refused' ? from : to)
  })

  it.each(['retiring', 'retired'] as const)('that is %s takes no other change', async (state) => {
    const given = await givenEntry(state)
    const on = { alias: 'payments/api' }
    for (const request of [
      { op: 'entry.update', ...on, labels: {} },
      { op: 'entry.rename', ...on, to: 'payments/other' },
      { op: 'binding.add', ...on, binding: { kind: 'edge', attestor: 'tpm', device: 'd' } },
      { op: 'binding.remove', ...on, binding: 'b234567abcdef' },
    ]) {
      expect(await given.codeFor(request)).toBe('namespace.wrong-state')
    }
    expect(await given.codeFor({ op: 'envelope.set', ...on, envelope: {} })).toBe(
      'namespace.unknown',
    )
  })

  it('is suspended by itself at the end of its lifetime, and back when that is longer', async () => {
    const given = await givenIndex({ ...api, validUntil: plus(T0, hours(1)) })
    expect(entryState(given.entry('payments/api'), plus(T0, minutes(59)))).toBe('active')
    expect(entryState(given.entry('payments/api'), plus(T0, hours(1)))).toBe('suspended')
    given.clock.advance(hours(2))
    expect(await given.codeFor({ op: 'entry.reactivate', alias: 'payments/api' })).toBe(
      'namespace.wrong-state',
    )
    const longer = await given.did({ op: 'entry.update', alias: 'payments/api', validUntil: null })
    expect(longer.class).toBe('sensitive')
    expect(entryState(given.entry('payments/api'), given.clock.now())).toBe('active')
  })

  it('is updated field by field', async () => {
    const given = await givenIndex({ ...api, labels: { tier: '1' } })
    const routine = await given.did({
      op: 'entry.update',
      alias: 'payments/api',
      labels: { tier: '2' },
    })
    expect(routine.class).toBe('routine')
    const other = { controller: 'team-risk', contact: '#risk' }
    const sensitive = await given.did({ op: 'entry.update', alias: 'payments/api', owner: other })
    expect(sensitive.class).toBe('sensitive')
    expect(given.entry('payments/api')).toMatchObject({ labels: { tier: '2' }, owner: other })
  })

  it('keeps its uid when it is renamed, and is found under both aliases', async () => {
    const given = await givenIndex(api)
    const { uid } = given.entry('payments/api')
    await given.did({ op: 'entry.rename', alias: 'payments/api', to: 'payments/gateway' })
    expect(given.entry('payments/gateway')).toMatchObject({ uid, rev: 2 })
    expect(given.index.state.entryByAlias(alias('payments/api'))).toBeUndefined()
    expect(given.index.state.resolve(alias('payments/api'))?.uid).toBe(uid)
    expect(await given.codeFor({ op: 'entry.suspend', alias: 'payments/api' })).toBe(
      'namespace.unknown',
    )
    await given.did(api)
    expect(given.index.state.resolve(alias('payments/api'))?.uid).not.toBe(uid)
  })

  it('is renamed neither onto another nor onto a scope', async () => {
    const given = await givenIndex(api, web, payments)
    const rename = { op: 'entry.rename', alias: 'shop/web' }
    expect(await given.codeFor({ ...rename, to: 'payments/api' })).toBe('namespace.alias-taken')
    expect(await given.codeFor({ ...rename, to: 'payments' })).toBe('namespace.exists')
  })

  it('is renamed only to where its envelope fits', async () => {
    const given = await givenIndex(web, { ...payments, envelope: { maxTtl: 3600 } })
    const rename = { op: 'entry.rename', alias: 'shop/web', to: 'payments/web' }
    expect(await given.codeFor(rename)).toBe('namespace.envelope-exceeds-parent')
    await given.did({ op: 'envelope.set', alias: 'shop/web', envelope: { maxTtl: 3600 } })
    expect(await given.codeFor(rename)).toBe('ok')
  })
})

describe('a binding', () => {
  it('is added and removed, by id or by name', async () => {
    const other = k8s('prod', 'payments', 'worker')
    const given = await givenIndex(prod, api, bound('payments/api'), bound('payments/api', other))
    const [first] = given.entry('payments/api').bindings
    await given.did({ op: 'binding.remove', alias: 'payments/api', binding: first!.id })
    expect(given.entry('payments/api').bindings).toHaveLength(1)
    const [left] = given.entry('payments/api').bindings
    const name = left?.kind === 'k8s' ? left.serviceAccount : ''
    await given.did({
      op: 'binding.remove',
      alias: 'payments/api',
      binding: `prod/payments/${name}`,
    })
    expect(given.entry('payments/api').bindings).toEqual([])
    expect(
      await given.codeFor({ op: 'binding.remove', alias: 'payments/api', binding: first!.id }),
    ).toBe('namespace.unknown')
  })

  it('is removed by name from a cluster whose alias has several segments', async () => {
    const given = await givenIndex({ ...prod, alias: 'eu/prod' }, api)
    await given.did(bound('payments/api', k8s('eu/prod', 'payments', 'api')))
    await given.did({
      op: 'binding.remove',
      alias: 'payments/api',
      binding: 'eu/prod/payments/api',
    })
    expect(given.entry('payments/api').bindings).toEqual([])
  })

  it('is of a cluster that is registered', async () => {
    const given = await givenIndex(api)
    expect(await given.codeFor(bound('payments/api'))).toBe('namespace.unknown')
    expect(await given.codeFor({ ...web, bindings: [apiBinding] })).toBe('namespace.unknown')
  })

  it('is not added twice, nor listed twice', async () => {
    const given = await givenIndex(prod, api, bound('payments/api'))
    expect(await given.codeFor(bound('payments/api'))).toBe('namespace.exists')
    const twice = k8s('prod', 'shop', 'web')
    expect(await given.codeFor({ ...web, bindings: [twice, twice] })).toBe('namespace.exists')
  })

  it('has a Linkerd name that fits into a DNS name', async () => {
    const long = `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.local`
    const cluster = clusterFacts('prod', { identityTrustDomain: long as typeof trustDomain })
    const given = await givenIndex({ op: 'cluster.register', alias: 'prod', cluster }, api)
    const far = k8s('prod', 'n'.repeat(63), 'a')
    expect(await given.codeFor(bound('payments/api', far))).toBe('namespace.name-too-long')
  })
})

describe('what belongs to one entry at a time', () => {
  it('is its alias (U1)', async () => {
    const given = await givenIndex(api)
    expect(await given.codeFor(api)).toBe('namespace.alias-taken')
    await given.did({ op: 'entry.suspend', alias: 'payments/api' })
    expect(await given.codeFor(api)).toBe('namespace.alias-taken')
  })

  it('is its service accounts and devices (U2)', async () => {
    const device = { kind: 'edge', attestor: 'tpm', device: 'gateway-17' } as const
    const given = await givenIndex(prod, { ...api, bindings: [device] }, web)
    // A dotted service account has no Linkerd name, so that the binding itself is in the way.
    await given.did(bound('payments/api', k8s('prod', 'payments', 'a.b')))
    expect(await given.codeFor(bound('shop/web', k8s('prod', 'payments', 'a.b')))).toBe(
      'namespace.binding-taken',
    )
    expect(await given.codeFor({ op: 'binding.add', alias: 'shop/web', binding: device })).toBe(
      'namespace.binding-taken',
    )
    const other = { ...device, fleet: 'north' }
    expect(await given.codeFor({ op: 'binding.add', alias: 'shop/web', binding: other })).toBe(
      'namespace.binding-taken',
    )
  })

  it('is its projected names, across clusters of one identity trust domain (U3)', async () => {
    const twin = clusterFacts('prod', { issuer: 'https://twin.example' })
    const given = await givenIndex(prod, api, web, bound('payments/api'), {
      op: 'cluster.register',
      alias: 'twin',
      cluster: twin,
    })
    const same = k8s('twin', 'payments', 'api')
    expect(await given.codeFor(bound('shop/web', same))).toBe('namespace.identity-collision')
    expect(await given.codeFor(bound('payments/api', same))).toBe('ok')
  })

  it('is every machine that its selectors fit (U4)', async () => {
    const vm = (match: Record<string, string[]>) =>
      ({ kind: 'vm', attestor: 'aws', match }) as const
    const given = await givenIndex({ ...api, bindings: [vm({ account: ['1', '2'] })] })
    const add = (binding: unknown) => given.codeFor({ ...web, bindings: [binding] })
    expect(await add(vm({ account: ['2', '3'] }))).toBe('namespace.selector-overlap')
    // Nothing says that a machine of that zone is in another account.
    expect(await add(vm({ zone: ['a'] }))).toBe('namespace.selector-overlap')
    expect(await add({ ...vm({ account: ['1'] }), attestor: 'gcp' })).toBe('ok')
    expect(
      await given.codeFor({ ...web, alias: 'shop/db', bindings: [vm({ account: ['3'] })] }),
    ).toBe('ok')
  })

  it('is told apart by selectors whose keys every object has, too', async () => {
    const match = { constructor: ['x'] }
    const given = await givenIndex({
      ...api,
      bindings: [{ kind: 'vm', attestor: 'aws', match: { account: ['1'] } }],
    })
    expect(
      await given.codeFor({ ...web, bindings: [{ kind: 'vm', attestor: 'aws', match }] }),
    ).toBe('namespace.selector-overlap')
  })
})

describe('the drain', () => {
  /** Issued until T0 + 30 h: an hour later its names are free. */
  const until = plus(T0, hours(30))
  const free = plus(until, hours(1))

  it('keeps the alias of a retired entry from others until its last certificate is gone (attack 33)', async () => {
    const given = await givenIndex(api)
    issuedTo(given, 'payments/api', until)
    await given.did({ op: 'entry.retire', alias: 'payments/api' })
    expect(given.entry('payments/api').drainUntil).toBe(free)
    expect(entryState(given.entry('payments/api'), plus(free, minutes(-1)))).toBe('retiring')
    given.clock.set(plus(free, minutes(-1)))
    expect(await given.codeFor(api)).toBe('namespace.alias-quarantined')
    expect(await given.codeFor({ ...payments, alias: 'payments/api' })).toBe(
      'namespace.alias-quarantined',
    )
    given.clock.set(free)
    expect(await given.codeFor(api)).toBe('ok')
  })

  it('lasts 25 hours at least, when anything was issued', async () => {
    const given = await givenIndex(api)
    issuedTo(given, 'payments/api', plus(T0, hours(1)))
    await given.did({ op: 'entry.retire', alias: 'payments/api' })
    expect(given.entry('payments/api').drainUntil).toBe(plus(T0, hours(25)))
  })

  it('does not happen when nothing was ever issued', async () => {
    const given = await givenIndex(prod, api, bound('payments/api'), web)
    await given.did({ op: 'entry.retire', alias: 'payments/api' })
    expect(await given.codeFor(bound('shop/web'))).toBe('ok')
    expect(await given.codeFor(api)).toBe('ok')
  })

  it('keeps a removed binding from other entries, and gives it back to its own (attack 34)', async () => {
    const dotted = k8s('prod', 'payments', 'a.b')
    const given = await givenIndex(prod, api, web, bound('payments/api', dotted))
    issuedTo(given, 'payments/api', until)
    const remove: ChangeRequest = {
      op: 'binding.remove',
      alias: 'payments/api',
      binding: 'prod/payments/a.b',
    }
    await given.did(remove)
    expect(await given.codeFor(bound('shop/web', dotted))).toBe('namespace.binding-quarantined')
    await given.did(bound('payments/api', dotted), remove)
    given.clock.set(free)
    expect(await given.codeFor(bound('shop/web', dotted))).toBe('ok')
  })

  it('keeps a projected name from other entries, whatever cluster it comes by (attack 34)', async () => {
    const cluster = clusterFacts('prod', { issuer: 'https://twin.example' })
    const given = await givenIndex(prod, api, web, bound('payments/api'), {
      op: 'cluster.register',
      alias: 'twin',
      cluster,
    })
    issuedTo(given, 'payments/api', until)
    await given.did({ op: 'entry.retire', alias: 'payments/api' })
    const same = bound('shop/web', k8s('twin', 'payments', 'api'))
    expect(await given.codeFor(same)).toBe('namespace.binding-quarantined')
    given.clock.set(free)
    expect(await given.codeFor(same)).toBe('ok')
  })

  it('keeps the former alias of a renamed entry from others, and gives it back to its own', async () => {
    const given = await givenIndex(api)
    issuedTo(given, 'payments/api', until)
    await given.did({ op: 'entry.rename', alias: 'payments/api', to: 'payments/gateway' })
    expect(await given.codeFor(api)).toBe('namespace.alias-quarantined')
    await given.did({ op: 'entry.rename', alias: 'payments/gateway', to: 'payments/api' })
    expect(await given.codeFor({ ...api, alias: 'payments/gateway' })).toBe(
      'namespace.alias-quarantined',
    )
  })

  it('is part of the canonical state, as is where a former alias leads', async () => {
    const given = await givenIndex(api)
    issuedTo(given, 'payments/api', until)
    await given.did({ op: 'entry.rename', alias: 'payments/api', to: 'payments/gateway' })
    const { uid } = given.entry('payments/gateway')
    expect(JSON.parse(canonicalState(given.index.state))).toMatchObject({
      quarantines: { 'alias:payments/api': { uid, until: free } },
      redirects: { 'payments/api': uid },
    })
  })

  it('is known after a restart', async () => {
    const given = await givenIndex(api)
    issuedTo(given, 'payments/api', until)
    await given.did({ op: 'entry.retire', alias: 'payments/api' })
    const again = valueOf(await LiveIndex.open(given.deps))
    expect(codeOf(await again.change(api))).toBe('namespace.alias-quarantined')
  })

  it('is decided while nothing is issued, which goes on when the new state is seen', async () => {
    const given = await givenIndex(prod, api, bound('payments/api'), web)
    const { uid } = given.entry('payments/api')
    const seen: unknown[] = []
    given.issued.onThaw = () => seen.push(given.index.state.entries.get(uid)?.state)
    await given.did({ op: 'entry.retire', alias: 'payments/api' })
    expect(seen).toEqual(['retiring'])
    expect(given.issued.frozen.size).toBe(0)
  })

  it('lets issuance go on after a refusal and after a failure', async () => {
    const given = await givenIndex(api, web)
    const rename = { op: 'entry.rename', alias: 'shop/web', to: 'payments/api' }
    expect(await given.codeFor(rename)).toBe('namespace.alias-taken')
    given.store.records = [...given.store.records, given.store.records[0]!]
    await expect(given.index.change({ op: 'entry.retire', alias: 'shop/web' })).rejects.toThrow()
    expect(given.issued.frozen.size).toBe(0)
  })
})

describe('a cluster', () => {
  const update = (more: Parameters<typeof clusterFacts>[1]): ChangeRequest => ({
    op: 'cluster.update',
    alias: 'prod',
    cluster: clusterFacts('prod', more),
  })

  it('is registered, updated as a whole, and removed', async () => {
    const given = await givenIndex(prod)
    await given.did(update({ jwks: { discovery: true }, validation: 'both' }))
    const found = given.index.state.clusterByAlias(alias('prod'))
    expect(found).toMatchObject({ rev: 2, validation: 'both', jwks: { discovery: true } })
    await given.did(update({}))
    expect(given.index.state.clusterByAlias(alias('prod'))?.jwks).toBeUndefined()
    await given.did({ op: 'cluster.remove', alias: 'prod' })
    expect(given.index.state.clusterByAlias(alias('prod'))).toBeUndefined()
    expect(await given.codeFor(update({}))).toBe('namespace.unknown')
    expect(await given.codeFor(prod)).toBe('ok')
  })

  it('has an alias of its own', async () => {
    const given = await givenIndex(prod)
    expect(await given.codeFor(prod)).toBe('namespace.exists')
  })

  it('can be told from every other by its tokens or its names', async () => {
    const given = await givenIndex(prod)
    const twin = { op: 'cluster.register', alias: 'twin', cluster: clusterFacts('prod') }
    expect(await given.codeFor(twin)).toBe('namespace.selector-overlap')
    const apart = clusterFacts('twin', { issuer: clusterFacts('prod').issuer })
    expect(await given.codeFor({ ...twin, cluster: apart })).toBe('ok')
    const back = { op: 'cluster.update', alias: 'twin', cluster: clusterFacts('prod') }
    expect(await given.codeFor(back)).toBe('namespace.selector-overlap')
  })

  it('keeps its names, and is not removed, while entries are bound to it', async () => {
    const given = await givenIndex(prod, api, bound('payments/api'))
    const elsewhere = update({ controlPlaneNamespace: 'mesh' })
    expect(await given.codeFor({ op: 'cluster.remove', alias: 'prod' })).toBe('namespace.not-empty')
    expect(await given.codeFor(elsewhere)).toBe('namespace.not-empty')
    expect(await given.codeFor(update({ audience: 'other' }))).toBe('ok')
    issuedTo(given, 'payments/api')
    await given.did({ op: 'entry.retire', alias: 'payments/api' })
    expect(await given.codeFor(elsewhere)).toBe('namespace.not-empty')
    given.clock.advance(hours(25))
    expect(await given.codeFor(elsewhere)).toBe('ok')
    expect(await given.codeFor({ op: 'cluster.remove', alias: 'prod' })).toBe('ok')
  })
})

describe('an envelope', () => {
  const set = (on: string, envelope: object): ChangeRequest => ({
    op: 'envelope.set',
    alias: on,
    envelope,
  })

  it('never exceeds those of the scopes above it', async () => {
    const given = await givenIndex({
      ...payments,
      envelope: { maxTtl: 3600, names: [alias('payments')] },
    })
    const exceeding = 'namespace.envelope-exceeds-parent'
    expect(await given.codeFor({ ...api, envelope: { maxTtl: 7200 } })).toBe(exceeding)
    expect(await given.codeFor({ ...api, envelope: { names: [''] } })).toBe(exceeding)
    expect(await given.codeFor({ ...api, envelope: { keyAlgs: ['RSA'] } })).toBe(exceeding)
    const below = { op: 'scope.create', alias: 'payments/eu', envelope: { maxTtl: 7200 } }
    expect(await given.codeFor(below)).toBe(exceeding)
    await given.did(api)
    expect(await given.codeFor(set('payments/api', { maxTtl: 7200 }))).toBe(exceeding)
    expect(await given.codeFor(set('payments/api', { maxTtl: 600 }))).toBe('ok')
  })

  it('is classed by what it comes to: less is narrowing, more is not', async () => {
    const given = await givenIndex(payments, api)
    expect(await given.did(set('payments', { maxTtl: 3600 }))).toMatchObject({ class: 'narrowing' })
    expect(await given.did(set('payments', { maxTtl: 7200 }))).toMatchObject({
      class: 'structural',
    })
    expect(await given.did(set('payments/api', { maxTtl: 60 }))).toMatchObject({
      class: 'narrowing',
    })
    expect(await given.did(set('payments/api', { maxTtl: 61 }))).toMatchObject({
      class: 'sensitive',
    })
  })

  it('of a scope acts on everything below it at once, when it is narrowed', async () => {
    const given = await givenIndex(payments, { op: 'scope.create', alias: 'payments/eu' })
    await given.did({ ...api, alias: 'payments/eu/api' })
    await given.did(set('payments', { maxTtl: 600, usages: ['clientAuth'], ports: [[443, 443]] }))
    const entry = given.entry('payments/eu/api')
    expect(entry.envelope).toMatchObject({ maxTtl: 86_400 })
    expect(effectiveEnvelope(given.index.state, entry)).toMatchObject({
      maxTtl: 600,
      usages: ['clientAuth'],
      ports: [[443, 443]],
    })
    await given.did(set('', { attestors: [] }))
    expect(effectiveEnvelope(given.index.state, entry).attestors).toEqual([])
  })

  it('can be narrowed in one field while a parent is narrower in another', async () => {
    const given = await givenIndex(payments, api, set('payments', { maxTtl: 600 }))
    expect(await given.codeFor(set('payments/api', { ports: [] }))).toBe('ok')
    expect(await given.codeFor(set('payments/api', { maxTtl: 601 }))).toBe(
      'namespace.envelope-exceeds-parent',
    )
    expect(await given.codeFor(set('payments/api', { maxTtl: 600 }))).toBe('ok')
  })

  it('names clusters that are registered, and holds them by uid', async () => {
    const given = await givenIndex(prod, api, set('payments/api', { clusters: ['prod'] }))
    const { uid } = given.index.state.clusterByAlias(alias('prod'))!
    expect(given.entry('payments/api').envelope.clusters).toEqual([uid])
    expect(await given.codeFor(set('payments/api', { clusters: ['nobody'] }))).toBe(
      'namespace.unknown',
    )
  })

  it.each([
    ['', 'the root scope'],
    ['payments', 'a scope'],
    ['payments/api', 'an entry'],
  ])('is of %j (%s), and made of regions and of ports that are some', async (on) => {
    const given = await givenIndex(payments, api)
    expect(await given.codeFor(set(on, { names: ['Payments'] }))).toBe('namespace.malformed')
    expect(await given.codeFor(set(on, { mayCall: ['a//b'] }))).toBe('namespace.malformed')
    expect(await given.codeFor(set(on, { ports: [[443, 80]] }))).toBe('namespace.malformed')
  })

  it('is of something that exists', async () => {
    const given = await givenIndex()
    expect(await given.codeFor(set('nobody', {}))).toBe('namespace.unknown')
  })
})
