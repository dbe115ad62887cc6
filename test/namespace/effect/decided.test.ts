import { describe, expect, it } from '@jest/globals'
import { hours, plus, seconds, toIso } from '../../../src/core/time.js'
import { bindingOf } from '../../../src/namespace/binding.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { fullEnvelope } from '../../../src/namespace/envelope.js'
import { T0 } from '../../support/fake-clock.js'
import { alias, clusterFacts, type GivenIndex, givenIndex, k8s, owner } from '../given-index.js'
import { decidedIn, type effectIn, newUid, refusalIn } from './given-effect.js'

const prod: ChangeRequest = {
  op: 'cluster.register',
  alias: 'prod',
  cluster: clusterFacts('prod'),
}
const shop: ChangeRequest = { op: 'scope.create', alias: 'shop' }
const api: ChangeRequest = { op: 'entry.create', alias: 'shop/api', owner }
const bind = (cluster: string, name = 'api'): ChangeRequest => ({
  ...{ op: 'binding.add', alias: 'shop/api', binding: k8s(cluster, 'shop', name) },
})
const device = bindingOf({ kind: 'edge', attestor: 'tpm', device: 'd1' })
const vm = bindingOf({ kind: 'vm', attestor: 'aws', match: { role: ['api'] } })

const subjectOf = (given: GivenIndex, name: string) => ({
  alias: name,
  uid: given.entry(name).uid,
})
const issuedUntil = plus(T0, hours(30))
const until = plus(T0, hours(31))

describe('what is created', () => {
  const fresh = {
    ...{ uid: newUid, state: 'active', rev: 1, head: '', createdAt: plus(T0, hours(1)) },
  }
  const at = { at: plus(T0, hours(1)) }

  it('is an entry with its first revision, no record yet, and no rules', async () => {
    const given = await givenIndex(shop)
    const asked = { owner, envelope: { maxTtl: 60 }, bindings: [device], labels: { tier: '1' } }
    const { effect, changeClass } = decidedIn(
      given,
      'entry.create',
      { alias: 'shop/api' },
      asked,
      at,
    )
    expect(effect).toEqual({
      put: { ...fresh, ...asked, kind: 'entry', alias: 'shop/api', rules: [] },
      quarantine: [],
    })
    expect(changeClass).toBe('sensitive')
    const timed = { ...asked, validUntil: plus(T0, hours(5)) }
    const { effect: other } = decidedIn(given, 'entry.create', { alias: 'shop/api' }, timed, at)
    expect(other.put).toMatchObject({ validUntil: plus(T0, hours(5)) })
  })

  it('is a scope without voters of its own', async () => {
    const given = await givenIndex()
    const decided = decidedIn(given, 'scope.create', { alias: 'shop' }, { envelope: {} }, at)
    const put = { ...fresh, kind: 'scope', alias: 'shop', envelope: {}, group: null }
    expect(decided).toEqual({ effect: { put, quarantine: [] }, changeClass: 'structural' })
  })

  it('is a cluster with what is known of it', async () => {
    const given = await givenIndex()
    const cluster = clusterFacts('prod')
    const decided = decidedIn(given, 'cluster.register', { alias: 'prod' }, { cluster }, at)
    const put = { ...fresh, ...cluster, kind: 'cluster', alias: 'prod' }
    expect(decided).toEqual({ effect: { put, quarantine: [] }, changeClass: 'structural' })
  })
})

describe('what certificates may still carry, and nothing else, is kept from others', () => {
  const names = (given: GivenIndex, asked: Parameters<typeof effectIn>) => {
    const { quarantine } = decidedIn(...asked).effect
    const { uid } = given.entry('shop/api')
    for (const [, held] of quarantine) expect(held).toEqual({ uid, until })
    return quarantine.map(([key]) => key)
  }

  it('of a binding that goes: its own keys', async () => {
    const given = await givenIndex(prod, shop, api, bind('prod'))
    const { uid } = given.index.state.clusterByAlias(alias('prod'))!
    const [binding] = given.entry('shop/api').bindings
    const body = { binding: binding!.id }
    expect(
      names(given, [given, 'binding.remove', subjectOf(given, 'shop/api'), body, { issuedUntil }]),
    ).toEqual(['name:api.shop.serviceaccount.identity.linkerd.prod.local', `k8s:${uid}/shop/api`])
  })

  it('of a name that goes: the old one, and no binding', async () => {
    const given = await givenIndex(prod, shop, api, bind('prod'))
    const body = { to: 'shop/gateway' }
    const asked = [given, 'entry.rename', subjectOf(given, 'shop/api'), body] as const
    const keys = names(given, [...asked, { issuedUntil }])
    expect(keys).toEqual([
      'alias:shop/api',
      'name:spiffe://acme.example/shop/api',
      'name:api.shop.entry.identity.acme.example',
    ])
    expect(decidedIn(...asked, { issuedUntil }).effect).toMatchObject({ redirectFrom: 'shop/api' })
  })

  it('of an entry that is retired: all of them, for as long as it drains', async () => {
    const given = await givenIndex(prod, shop, api, bind('prod'))
    const asked = [given, 'entry.retire', subjectOf(given, 'shop/api'), {}] as const
    const keys = names(given, [...asked, { issuedUntil }])
    expect(keys).toContain('alias:shop/api')
    expect(keys).toContain('name:api.shop.serviceaccount.identity.linkerd.prod.local')
    expect(keys.filter((key) => key.startsWith('k8s:'))).toHaveLength(1)
    const { put } = decidedIn(...asked, { issuedUntil }).effect
    expect(put).toMatchObject({ state: 'retiring', drainUntil: until, rev: 3 })
    // Free at once, where nobody ever had a certificate.
    const { effect } = decidedIn(...asked)
    expect(effect.put).toMatchObject({ drainUntil: T0 })
    expect(new Set(effect.quarantine.map(([, held]) => held.until))).toEqual(new Set([T0]))
  })
})

describe('a refusal says which', () => {
  it('bindings there are, where it is about another', async () => {
    const given = await givenIndex(prod, shop, api)
    const subject = subjectOf(given, 'shop/api')
    const refused = (id: string) => refusalIn(given, 'binding.remove', subject, { binding: id })
    expect(refused('none')).toMatchObject({ wanted: 'an entry with bindings', found: 'none' })
    await given.did(bind('prod'), bind('prod', 'other'))
    const ids = given.entry('shop/api').bindings.map(({ id }) => id)
    expect(refused('x'.repeat(101))).toMatchObject({
      wanted: ids.join(', '),
      found: 'x'.repeat(100),
    })
  })

  it('state something is in, and which it should be in', async () => {
    const given = await givenIndex(shop, api)
    const refused = async (op: string, name: string) => {
      const made = await given.index.change({ op, alias: name })
      return made.ok ? 'ok' : [made.refusal.code, made.refusal.found, made.refusal.wanted]
    }
    const wrong = 'namespace.wrong-state'
    expect(await refused('entry.reactivate', 'shop/api')).toEqual([
      ...[wrong, 'active', 'a suspended entry'],
    ])
    expect(await refused('scope.reactivate', 'shop')).toEqual([
      ...[wrong, 'active', 'a suspended scope'],
    ])
    await given.did({ op: 'entry.suspend', alias: 'shop/api' })
    expect(await refused('entry.suspend', 'shop/api')).toEqual([
      ...[wrong, 'suspended', 'an active entry'],
    ])
    await given.did({ op: 'scope.suspend', alias: 'shop' })
    expect(await refused('scope.suspend', 'shop')).toEqual([
      ...[wrong, 'suspended', 'an active scope'],
    ])
    expect(await refused('entry.reactivate', 'shop/api')).toEqual([
      ...[wrong, 'suspended', 'active scopes above it, or a change that only takes away'],
    ])
    const create = await given.index.change({ ...api, alias: 'shop/new' })
    expect(create).toMatchObject({ refusal: { wanted: 'active scopes above it' } })
  })

  it('time it takes until a name is free', async () => {
    const given = await givenIndex(shop, api)
    given.issued.until.set(given.entry('shop/api').uid, issuedUntil)
    await given.did({ op: 'entry.retire', alias: 'shop/api' })
    expect(await given.index.change(api)).toMatchObject({
      refusal: { code: 'namespace.alias-quarantined', wanted: `a time after ${toIso(until)}` },
    })
  })

  it('entry overlaps', async () => {
    const given = await givenIndex(shop, { ...api, alias: 'shop/web' }, api)
    const { id: _id, ...facts } = vm
    await given.did({ op: 'binding.add', alias: 'shop/api', binding: facts as never })
    const again = { op: 'binding.add', alias: 'shop/web', binding: facts }
    expect(await given.index.change(again)).toMatchObject({
      refusal: { code: 'namespace.selector-overlap', found: 'overlaps with shop/api' },
    })
  })
})

describe('the lifetime of an entry', () => {
  it('lets it be reactivated until its last second, and not after', async () => {
    const validUntil = plus(T0, hours(2))
    const given = await givenIndex(shop, { ...api, validUntil })
    await given.did({ op: 'entry.suspend', alias: 'shop/api' })
    const back = { op: 'entry.reactivate', alias: 'shop/api' }
    given.clock.set(validUntil)
    expect(await given.codeFor(back)).toBe('namespace.wrong-state')
    const subject = subjectOf(given, 'shop/api')
    const at = plus(validUntil, seconds(-1))
    expect(decidedIn(given, 'entry.reactivate', subject, {}, { at }).effect.put).toMatchObject({
      state: 'active',
    })
  })
})

describe('the root', () => {
  const envelope = { ...fullEnvelope, capabilities: ['reader', 'submitter'] }

  it('may have a ceiling above what it had: there is nothing above it', async () => {
    const given = await givenIndex(shop)
    const { uid } = given.index.state.root
    const decided = decidedIn(given, 'envelope.set', { alias: '', uid }, { envelope })
    expect(decided.changeClass).toBe('structural')
    expect(decided.effect.put).toMatchObject({ envelope, rev: 2, alias: '' })
    const below = { alias: 'shop', uid: given.scope('shop').uid }
    expect(refusalIn(given, 'envelope.set', below, { envelope }).code).toBe(
      'namespace.envelope-exceeds-parent',
    )
  })

  it.each(['scope.suspend', 'scope.reactivate', 'scope.retire'] as const)(
    'stays as it is: %s',
    async (op) => {
      const given = await givenIndex()
      const { uid } = given.index.state.root
      expect(refusalIn(given, op, { alias: '', uid })).toMatchObject({
        ...{ code: 'namespace.wrong-state', wanted: 'a scope below the root' },
      })
    },
  )
})
