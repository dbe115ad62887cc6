import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AttestedFacts } from '../../../src/attestation/facts.js'
import type { SerialNumber } from '../../../src/core/serial.js'
import { hours, minutes, plus, seconds, toIso, type UnixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import type { Entry } from '../../../src/namespace/entry.js'
import type { Envelope } from '../../../src/namespace/envelope.js'
import { FoldedState } from '../../../src/namespace/folded-state.js'
import { grantFor, notBraked } from '../../../src/namespace/grant.js'
import type { Scope } from '../../../src/namespace/scope.js'
import { T0 } from '../../support/fake-clock.js'
import { alias, clusterFacts, type GivenIndex, givenIndex, k8s, owner } from '../given-index.js'

const world: readonly ChangeRequest[] = [
  { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
  { op: 'cluster.register', alias: 'test', cluster: clusterFacts('test') },
  { op: 'scope.create', alias: 'pay' },
  {
    ...{ op: 'entry.create', alias: 'pay/api', owner },
    bindings: [
      { kind: 'vm', attestor: 'tpm', match: { rack: ['a'] } },
      ...[k8s('prod', 'pay', 'api'), k8s('prod', 'pay', 'job'), k8s('prod', 'bank', 'api')],
      k8s('test', 'pay', 'api'),
    ],
  },
]

let given: GivenIndex
let entry: Entry
beforeAll(async () => {
  given = await givenIndex(...world)
  entry = given.entry('pay/api')
})

/** The index as it would be with these objects. */
function stateWith(...puts: readonly (Entry | Scope)[]): FoldedState {
  const state = new FoldedState(given.index.state.source)
  for (const put of puts) state.imagine({ put, quarantine: [] })
  return state
}

const clusterOf = (name: string): Uid =>
  given.index.state.clusterByAlias(alias(name))?.uid ?? ('c' as Uid)
const pod = (cluster = 'prod', namespace = 'pay', serviceAccount = 'api'): AttestedFacts => ({
  ...{ kind: 'k8s', cluster: clusterOf(cluster), namespace, serviceAccount },
  ...{ serviceAccountUid: 'u', checked: 'online' },
})
const token = (): AttestedFacts => ({ kind: 'join-token', entry: entry.uid, tokenId: 't' })

/** The grant, or the code of the refusal with what it says. */
function asked(state: FoldedState, facts: AttestedFacts, now: UnixSeconds = T0) {
  const made = grantFor(state, facts, now)
  return made.ok ? made.value : made.refusal
}

const until = plus(T0, hours(2))
const last = plus(until, seconds(-1))

describe('a brake', () => {
  it('on an entry stops its certificates until its last second, and says which', () => {
    const state = stateWith({ ...entry, brake: { until } })
    for (const now of [T0, last]) {
      expect(asked(state, pod(), now)).toMatchObject({
        code: 'grant.braked',
        detail: expect.stringContaining('the entry pay/api'),
        found: `until ${toIso(until)}`,
      })
    }
    expect(asked(state, pod(), until)).toMatchObject({ alias: 'pay/api', maxTtl: 86_400 })
  })

  it('on a scope stops what is below it', () => {
    for (const name of ['pay', '']) {
      const state = stateWith({ ...given.scope(name), brake: { until } })
      expect(asked(state, pod(), last)).toMatchObject({
        code: 'grant.braked',
        detail: expect.stringContaining(`the scope ${name}`),
      })
      expect(asked(state, pod(), until)).toMatchObject({ alias: 'pay/api' })
    }
  })

  it('of the entry is told before one of a scope', () => {
    const state = stateWith(
      { ...entry, brake: { until } },
      { ...given.scope('pay'), brake: { until } },
    )
    expect(asked(state, pod())).toMatchObject({ detail: expect.stringContaining('the entry') })
  })

  it('is none of an entry that is suspended, but where an emergency grant lets it go', () => {
    const held = { ...entry, state: 'suspended', brake: { until } } as const
    expect(asked(stateWith(held), pod())).toMatchObject({ code: 'grant.not-active' })
    const used = { ...held, emergency: { grant: 'oncall', until } }
    expect(asked(stateWith(used), pod())).toMatchObject({ code: 'grant.braked' })
    const over = { ...held, emergency: { grant: 'oncall', until: T0 } }
    expect(asked(stateWith(over), pod())).toMatchObject({ code: 'grant.not-active' })
  })

  it('is asked about by itself', () => {
    const braked: Entry = { ...entry, brake: { until } }
    expect(notBraked(stateWith(), entry, T0)).toEqual({ ok: true, value: undefined })
    expect(notBraked(stateWith(), braked, last).ok).toBe(false)
    expect(notBraked(stateWith(), braked, until).ok).toBe(true)
    expect(notBraked(stateWith(), { ...braked, state: 'retiring' }, T0).ok).toBe(true)
  })
})

describe('a certificate ends', () => {
  it.each([
    ['with its envelope where the entry is for ever', {}, 86_400],
    ['with its envelope where the entry lasts longer', { validUntil: plus(T0, hours(48)) }, 86_400],
    ['with the entry', { validUntil: plus(T0, minutes(30)) }, 1800],
    [
      'with the emergency grant under which a suspended entry has it',
      { state: 'suspended', emergency: { grant: 'g', until: plus(T0, minutes(20)) } },
      1200,
    ],
    [
      'with the entry where the grant lasts longer',
      {
        ...{ state: 'suspended', emergency: { grant: 'g', until: plus(T0, minutes(20)) } },
        validUntil: plus(T0, minutes(10)),
      },
      600,
    ],
    [
      'with its envelope where a grant of before is on an entry that is active again',
      { emergency: { grant: 'g', until: plus(T0, minutes(20)) } },
      86_400,
    ],
  ] satisfies readonly (readonly [string, Partial<Entry>, number])[])('%s', (_, over, maxTtl) => {
    const made = asked(stateWith({ ...entry, ...over }), pod())
    const plain = asked(stateWith(), pod())
    expect({ ...made, indexSize: 0 }).toEqual({ ...plain, indexSize: 0, maxTtl })
  })
})

describe('a refused grant says what to do', () => {
  it.each([
    ['suspended', { state: 'suspended' }, 'capstan entry reactivate pay/api'],
    ['over', { validUntil: T0 }, 'capstan entry reactivate pay/api'],
    ['retiring', { state: 'retiring', drainUntil: until }, 'capstan log pay/api'],
    ['retired', { state: 'retiring' }, 'capstan log pay/api'],
  ] as const)('where the entry is %s', (_, over, next) => {
    const made = asked(stateWith({ ...entry, ...over }), token())
    expect(made).toMatchObject({ code: 'grant.not-active', next })
  })

  it('where a scope is suspended', () => {
    const made = asked(stateWith({ ...given.scope('pay'), state: 'suspended' }), token())
    const next = 'capstan scope reactivate pay'
    expect(made).toMatchObject({ code: 'grant.not-active', found: 'suspended', next })
  })

  it.each<readonly [keyof Envelope, Partial<Envelope>]>([
    ['attestors', { attestors: ['join-token'] }],
    ['clusters', { clusters: [] }],
    ['names', { names: [] }],
    ['maxTtl', { maxTtl: 0 }],
    ['usages', { usages: [] }],
    ['keyAlgs', { keyAlgs: [] }],
    ['sanKinds', { sanKinds: ['dns-entry'] }],
  ])('where the %s of its envelope do not allow it', (field, envelope) => {
    const narrowed = { ...entry, envelope: { ...entry.envelope, ...envelope } }
    expect(asked(stateWith(narrowed), pod())).toMatchObject({
      code: 'grant.not-admitted',
      found: `${field} does not`,
    })
    const { [field]: _gone, ...without } = entry.envelope
    const bare = asked(stateWith({ ...entry, envelope: without }), pod())
    expect(bare).toMatchObject({ code: 'grant.not-admitted', found: `${field} does not` })
  })

  it('where nothing is bound to the service account, in the words of bind add', () => {
    const made = asked(stateWith(), pod('prod', 'pay', 'web'))
    const found = 'prod/pay/web'
    expect(made).toMatchObject({ found, next: `capstan bind add ALIAS --k8s ${found}` })
    const stranger = { ...pod(), cluster: 'c1' } as AttestedFacts
    expect(asked(stateWith(), stranger)).toMatchObject({ found: 'c1/pay/api' })
  })
})

describe('one of several bindings', () => {
  it.each([
    ['prod', 'pay', 'api'],
    ['prod', 'pay', 'job'],
    ['prod', 'bank', 'api'],
    ['test', 'pay', 'api'],
  ])('answers to %s/%s/%s alone', (cluster, namespace, account) => {
    const { id } = entry.bindings.find(
      (one) =>
        one.kind === 'k8s' &&
        [one.cluster, one.namespace, one.serviceAccount].join() ===
          [clusterOf(cluster), namespace, account].join(),
    ) ?? { id: 'none' }
    const names = [
      {
        kind: 'dns',
        value: `${account}.${namespace}.serviceaccount.identity.linkerd.${cluster}.local`,
      },
      { kind: 'uri', value: 'spiffe://acme.example/pay/api' },
    ]
    const own = asked(stateWith(), pod(cluster, namespace, account))
    expect(own).toMatchObject({ binding: id, names })
    expect(JSON.parse('identity' in own ? own.identity : '{}')).toMatchObject({ binding: id })
    const again = {
      ...({ kind: 'renewal', entry: entry.uid, binding: id } as const),
      ...{ parentSerial: '01' as SerialNumber, parentNotAfter: until },
    }
    expect(asked(stateWith(), again)).toEqual(own)
  })

  it('goes by what it says, whatever is listed before it', () => {
    const other = [...entry.bindings].reverse()
    const state = stateWith({ ...entry, bindings: other })
    expect(asked(state, pod())).toEqual(asked(stateWith(), pod()))
  })

  it('of a machine has the names of an entry, and needs no cluster', () => {
    const vm = entry.bindings.find(({ kind }) => kind === 'vm')
    const facts = {
      ...({ kind: 'renewal', entry: entry.uid, binding: vm?.id ?? '' } as const),
      ...{ parentSerial: '01' as SerialNumber, parentNotAfter: until },
    }
    const none = { ...entry, envelope: { ...entry.envelope, clusters: [] } }
    for (const state of [stateWith(), stateWith(none)]) {
      expect(asked(state, facts)).toMatchObject({
        binding: vm?.id,
        names: [
          { kind: 'uri', value: 'spiffe://acme.example/pay/api' },
          { kind: 'dns', value: 'api.pay.entry.identity.acme.example' },
        ],
      })
    }
  })
})

it('a lifetime of one second is one', () => {
  const brief = { ...entry, envelope: { ...entry.envelope, maxTtl: 1, graceAfterExpiry: 60 } }
  expect(asked(stateWith(brief), pod())).toMatchObject({ maxTtl: 1 })
})

it('what an envelope does not say at all is nothing, and not everything', () => {
  const { graceAfterExpiry: _grace, capabilities: _none, ...rest } = entry.envelope
  const made = asked(stateWith({ ...entry, envelope: rest }), pod())
  expect(made).toMatchObject({ graceAfterExpiry: 0, capabilities: [] })
  const { sanKinds: _kinds, ...nameless } = entry.envelope
  for (const facts of [pod(), token()]) {
    const refused = asked(stateWith({ ...entry, envelope: nameless }), facts)
    expect(refused).toMatchObject({ code: 'grant.not-admitted', found: 'sanKinds does not' })
  }
})

it('of clusters that are listed one by one, each is allowed, and no other', () => {
  const listed = { ...entry, envelope: { ...entry.envelope, clusters: [clusterOf('prod')] } }
  expect(asked(stateWith(listed), pod())).toMatchObject({ alias: 'pay/api' })
  expect(asked(stateWith(listed), pod('test'))).toMatchObject({ found: 'clusters does not' })
})
