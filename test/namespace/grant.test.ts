import { describe, expect, it } from '@jest/globals'
import type {
  AttestedFacts,
  JoinTokenFacts,
  KubernetesFacts,
  RenewalFacts,
} from '../../src/attestation/facts.js'
import type { SerialNumber } from '../../src/core/serial.js'
import { hours, minutes, plus, type UnixSeconds } from '../../src/core/time.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256Hex, type Uid } from '../../src/core/uid.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { type Grant, grantFor } from '../../src/namespace/grant.js'
import { rememberedStandings } from '../../src/namespace/remembered-standings.js'
import { T0 } from '../support/fake-clock.js'
import {
  alias,
  clusterFacts,
  codeOf,
  type GivenIndex,
  givenIndex,
  k8s,
  owner,
  valueOf,
} from './given-index.js'

const world: readonly ChangeRequest[] = [
  { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
  { op: 'scope.create', alias: 'payments' },
  { op: 'scope.create', alias: 'payments/eu' },
  { op: 'entry.create', alias: 'payments/eu/api', owner, bindings: [k8s('prod', 'pay', 'api')] },
]
const on = { alias: 'payments/eu/api' } as const

const clusterUid = (given: GivenIndex): Uid =>
  given.index.state.clusterByAlias(alias('prod'))?.uid ?? ('c' as Uid)

const podFacts = (given: GivenIndex, serviceAccount = 'api'): KubernetesFacts => ({
  kind: 'k8s',
  cluster: clusterUid(given),
  namespace: 'pay',
  serviceAccount,
  serviceAccountUid: '0f3b',
  checked: 'online',
})

const tokenFacts = (given: GivenIndex): JoinTokenFacts => ({
  kind: 'join-token',
  entry: given.entry(on.alias).uid,
  tokenId: 't1',
})

const renewalFacts = (given: GivenIndex, binding: string | null): RenewalFacts => ({
  kind: 'renewal',
  entry: given.entry(on.alias).uid,
  parentSerial: '01' as SerialNumber,
  parentNotAfter: plus(T0, hours(1)),
  binding,
})

/** As docs/format-issuance-log.md says it, from the objects themselves. */
function digestOf(given: GivenIndex): string {
  const { envelope, rules } = given.entry(on.alias)
  const scopes = ['', 'payments', 'payments/eu'].map((name) => {
    const { envelope: limits, guards = [] } = given.scope(name)
    return sha256Hex(canonicalize({ envelope: limits, guards }))
  })
  return sha256Hex(canonicalize({ entry: { envelope, rules }, scopes }))
}

/** One memory for every index of these tests: it must never answer for another state. */
const remembered = rememberedStandings(8)

function granted(given: GivenIndex, facts: AttestedFacts, now: UnixSeconds) {
  const plain = grantFor(given.index.state, facts, now)
  expect(grantFor(given.index.state, facts, now, remembered)).toEqual(plain)
  expect(grantFor(given.index.state, facts, now, remembered)).toEqual(plain)
  return plain
}

const grant = (given: GivenIndex, facts: AttestedFacts, now: UnixSeconds = T0): Grant =>
  valueOf(granted(given, facts, now))
const code = (given: GivenIndex, facts: AttestedFacts, now: UnixSeconds = T0): string =>
  codeOf(granted(given, facts, now))

const linkerd = { kind: 'dns', value: 'api.pay.serviceaccount.identity.linkerd.prod.local' }
const spiffe = { kind: 'uri', value: 'spiffe://acme.example/payments/eu/api' }
const entryName = { kind: 'dns', value: 'api.eu.payments.entry.identity.acme.example' }

describe('a grant', () => {
  it('for a service account has the Linkerd name first, then the SPIFFE ID', async () => {
    const given = await givenIndex(...world)
    const [binding] = given.entry(on.alias).bindings
    expect(grant(given, podFacts(given))).toMatchObject({
      entry: given.entry(on.alias).uid,
      alias: on.alias,
      rev: 1,
      head: given.entry(on.alias).head,
      binding: binding?.id,
      names: [linkerd, spiffe],
      maxTtl: 86_400,
      usages: ['clientAuth', 'serverAuth'],
      keyAlgorithms: ['Ed25519', 'P-256', 'P-384'],
      graceAfterExpiry: 0,
      capabilities: [],
    })
  })

  it('for a join token has the SPIFFE ID first, then the name of the entry', async () => {
    const given = await givenIndex(...world)
    expect(grant(given, tokenFacts(given))).toMatchObject({
      binding: null,
      names: [spiffe, entryName],
    })
  })

  it('for a renewal has the names of what the first certificate came by', async () => {
    const given = await givenIndex(...world)
    const [binding] = given.entry(on.alias).bindings
    expect(grant(given, renewalFacts(given, binding!.id)).names).toEqual([linkerd, spiffe])
    expect(grant(given, renewalFacts(given, null)).names).toEqual([spiffe, entryName])
  })

  it('names the rules and ceilings that it stands under by their digest, and by nothing else', async () => {
    const given = await givenIndex(...world)
    const digest = () => grant(given, podFacts(given)).policyDigest
    const seen = [digest()]
    const changes: readonly ChangeRequest[] = [
      { op: 'rule.attach', ...on, rule: { id: 'r', callers: [on.alias], ports: [80] } },
      { op: 'envelope.set', ...on, envelope: { mayCall: [alias('payments')] } },
      { op: 'envelope.set', alias: '', envelope: { maxTtl: 7200 } },
      { op: 'envelope.set', alias: 'payments', envelope: { keyAlgs: ['P-256'] } },
      { op: 'guard.set', alias: 'payments/eu', guard: { id: 'g', effect: 'requireRoutes' } },
    ]
    for (const change of changes) {
      await given.did(change)
      expect(digest()).toBe(digestOf(given))
      expect(seen).not.toContain(digest())
      seen.push(digest())
    }
    const others: readonly ChangeRequest[] = [
      { op: 'entry.update', ...on, labels: { tier: 'gold' } },
      { op: 'scope.create', alias: 'shop' },
      { op: 'envelope.set', alias: 'shop', envelope: { maxTtl: 60 } },
    ]
    for (const change of others) {
      await given.did(change)
      expect(digest()).toBe(seen.at(-1))
    }
    await given.did({ op: 'rule.detach', ...on, rule: 'r' })
    expect(seen.slice(0, -1)).not.toContain(digest())
  })

  it('says in the leaf which entry it is, at which revision, in which state of the index', async () => {
    const given = await givenIndex(...world)
    const { uid, head } = given.entry(on.alias)
    const { identity, binding } = grant(given, podFacts(given))
    expect(JSON.parse(identity)).toEqual({
      alias: on.alias,
      binding,
      head,
      index: given.index.state.index,
      policyDigest: digestOf(given),
      rev: 1,
      size: 5,
      uid,
    })
  })

  it('follows the entry when it is renamed', async () => {
    const given = await givenIndex(...world, { op: 'entry.rename', ...on, to: 'payments/gateway' })
    const [first, second] = grant(given, podFacts(given)).names
    expect(first).toEqual(linkerd)
    expect(second?.value).toBe('spiffe://acme.example/payments/gateway')
  })

  it('leaves out the Linkerd name of a dotted service account, which has none', async () => {
    const dotted = k8s('prod', 'pay', 'a.b')
    const given = await givenIndex(...world, { op: 'binding.add', ...on, binding: dotted })
    expect(grant(given, podFacts(given, 'a.b')).names).toEqual([spiffe])
  })

  it.each([
    [['dns-linkerd'], [linkerd], []],
    [['spiffe'], [spiffe], [spiffe]],
    [['dns-entry'], [], [entryName]],
    [
      ['dns-entry', 'dns-linkerd', 'spiffe'],
      [linkerd, spiffe],
      [spiffe, entryName],
    ],
    [[], [], []],
  ] as const)('with the SAN kinds %j has the names %j, or %j', async (sanKinds, pod, token) => {
    const given = await givenIndex(...world, {
      op: 'envelope.set',
      ...on,
      envelope: { sanKinds },
    })
    const namesOf = (facts: AttestedFacts) =>
      code(given, facts) === 'ok' ? grant(given, facts).names : []
    expect(namesOf(podFacts(given))).toEqual(pod)
    expect(namesOf(tokenFacts(given))).toEqual(token)
    expect(code(given, podFacts(given))).toBe(pod.length > 0 ? 'ok' : 'grant.not-admitted')
  })

  it('is cut down by every scope above the entry', async () => {
    const cut = await givenIndex(
      ...world,
      { op: 'envelope.set', alias: '', envelope: { maxTtl: 7200 } },
      { op: 'envelope.set', alias: 'payments', envelope: { keyAlgs: ['P-256'] } },
      { op: 'envelope.set', alias: 'payments/eu', envelope: { usages: ['clientAuth'] } },
    )
    expect(grant(cut, podFacts(cut))).toMatchObject({
      maxTtl: 7200,
      keyAlgorithms: ['P-256'],
      usages: ['clientAuth'],
    })
  })
})

describe('no grant is made', () => {
  it('for facts that no entry is bound to', async () => {
    const given = await givenIndex(...world)
    const other = `c${'a'.repeat(31)}` as Uid
    expect(code(given, podFacts(given, 'worker'))).toBe('grant.no-entry')
    expect(code(given, { ...podFacts(given), namespace: 'shop' })).toBe('grant.no-entry')
    expect(code(given, { ...podFacts(given), cluster: other })).toBe('grant.no-entry')
    const entry = `e${'a'.repeat(31)}` as Uid
    expect(code(given, { ...tokenFacts(given), entry })).toBe('grant.no-entry')
    expect(code(given, { ...renewalFacts(given, null), entry })).toBe('grant.no-entry')
  })

  it('to two entries: what the first is bound to, the second cannot be', async () => {
    const given = await givenIndex(...world, { op: 'entry.create', alias: 'shop/web', owner })
    const twice = { op: 'binding.add', alias: 'shop/web', binding: k8s('prod', 'pay', 'api') }
    expect(await given.codeFor(twice)).toBe('namespace.identity-collision')
    expect(grant(given, podFacts(given)).alias).toBe(on.alias)
  })

  it('by a binding that is gone', async () => {
    const given = await givenIndex(...world)
    const [binding] = given.entry(on.alias).bindings
    await given.did({ op: 'binding.remove', ...on, binding: binding!.id })
    expect(code(given, podFacts(given))).toBe('grant.no-entry')
    expect(code(given, renewalFacts(given, binding!.id))).toBe('grant.not-admitted')
    expect(code(given, tokenFacts(given))).toBe('ok')
  })

  it.each<[string, readonly ChangeRequest[], string]>([
    ['suspended', [{ op: 'entry.suspend', ...on }], 'grant.not-active'],
    ['in a suspended scope', [{ op: 'scope.suspend', alias: 'payments/eu' }], 'grant.not-active'],
    ['below a suspended scope', [{ op: 'scope.suspend', alias: 'payments' }], 'grant.not-active'],
  ])('to an entry that is %s, by whatever evidence', async (_, changes, expected) => {
    const given = await givenIndex(...world, ...changes)
    const [binding] = given.entry(on.alias).bindings
    for (const facts of [
      podFacts(given),
      tokenFacts(given),
      renewalFacts(given, null),
      renewalFacts(given, binding!.id),
    ]) {
      expect(code(given, facts)).toBe(expected)
    }
  })

  it('until the scope is reactivated', async () => {
    const given = await givenIndex(
      ...world,
      { op: 'scope.suspend', alias: 'payments' },
      { op: 'scope.reactivate', alias: 'payments' },
    )
    expect(code(given, podFacts(given))).toBe('ok')
  })

  it('to an entry that is retired, while it drains and after', async () => {
    const given = await givenIndex(...world)
    given.issued.until.set(given.entry(on.alias).uid, plus(T0, hours(1)))
    await given.did({ op: 'entry.retire', ...on })
    for (const now of [T0, plus(T0, hours(30))]) {
      expect(code(given, podFacts(given), now)).toBe('grant.no-entry')
      expect(code(given, tokenFacts(given), now)).toBe('grant.not-active')
      expect(code(given, renewalFacts(given, null), now)).toBe('grant.not-active')
    }
  })

  it('to an entry whose lifetime is over, from that second on', async () => {
    const validUntil = plus(T0, hours(1))
    const given = await givenIndex(...world, { op: 'entry.update', ...on, validUntil })
    expect(code(given, podFacts(given), plus(validUntil, minutes(-1)))).toBe('ok')
    expect(code(given, podFacts(given), validUntil)).toBe('grant.not-active')
  })

  const narrowings = [
    { attestors: ['join-token', 'vm'] },
    { clusters: [] },
    { names: ['shop'].map(alias) },
    { names: [] },
    { maxTtl: 0 },
    { usages: [] },
    { keyAlgs: [] },
    { sanKinds: ['dns-entry'] },
  ] as const

  it.each(narrowings)(
    'to a service account when a scope above allows only %j',
    async (envelope) => {
      const given = await givenIndex(...world, { op: 'envelope.set', alias: 'payments', envelope })
      expect(code(given, podFacts(given))).toBe('grant.not-admitted')
    },
  )

  it.each([
    { attestors: ['kubernetes'] },
    { names: ['payments/us'].map(alias) },
    { maxTtl: 0 },
    { usages: [] },
    { keyAlgs: [] },
    { sanKinds: ['dns-linkerd'] },
  ] as const)('to a join token when the entry allows only %j', async (envelope) => {
    const given = await givenIndex(...world, { op: 'envelope.set', ...on, envelope })
    expect(code(given, tokenFacts(given))).toBe('grant.not-admitted')
  })

  it('by a cluster that is not among the allowed ones', async () => {
    const given = await givenIndex(
      ...world,
      { op: 'cluster.register', alias: 'test', cluster: clusterFacts('test') },
      { op: 'envelope.set', alias: 'payments', envelope: { clusters: [alias('test')] } as never },
    )
    expect(code(given, podFacts(given))).toBe('grant.not-admitted')
    expect(code(given, tokenFacts(given))).toBe('ok')
  })

  it('outside a region, though its name begins alike (CVE-2026-39350)', async () => {
    const given = await givenIndex(...world, {
      op: 'envelope.set',
      alias: 'payments',
      envelope: { names: [alias('payments/e')] },
    })
    expect(code(given, podFacts(given))).toBe('grant.not-admitted')
  })
})
