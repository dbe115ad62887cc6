import { beforeAll, describe, expect, it } from '@jest/globals'
import { hours, plus, unixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import { bindingOf } from '../../../src/namespace/binding.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { governedBy, resolveRequest } from '../../../src/namespace/resolve-request.js'
import type { VoterKey } from '../../../src/namespace/voter-key.js'
import { TestVoter, groupOf } from '../../support/voters.js'
import { alias, clusterFacts, type GivenIndex, givenIndex, k8s, owner } from '../given-index.js'

const vm = { kind: 'vm', attestor: 'tpm', match: { rack: ['a'] } } as const
const accounts = [
  k8s('eu/prod', 'pay', 'api'),
  k8s('eu/prod', 'pay', 'job'),
  k8s('eu/prod', 'bank', 'api'),
  k8s('test', 'pay', 'api'),
]
const world: readonly ChangeRequest[] = [
  { op: 'cluster.register', alias: 'eu/prod', cluster: clusterFacts('prod') },
  { op: 'cluster.register', alias: 'test', cluster: clusterFacts('test') },
  { op: 'scope.create', alias: 'pay' },
  { op: 'entry.create', alias: 'pay/api', owner, bindings: [vm, ...accounts] },
  { op: 'entry.create', alias: 'pay/web', owner },
]

let given: GivenIndex
beforeAll(async () => {
  given = await givenIndex(...world)
})

/** The operation, or the refusal. */
function resolved(request: ChangeRequest) {
  const made = resolveRequest(given.index.state, request)
  return made.ok ? made.value : made.refusal
}

const subjects = () => {
  const { state } = given.index
  const of = ({ alias: name, uid }: { readonly alias: string; readonly uid: Uid }) => ({
    alias: name,
    uid,
  })
  return {
    entry: of(given.entry('pay/api')),
    scope: of(given.scope('pay')),
    cluster: of(state.clusterByAlias(alias('test')) ?? given.scope('pay')),
    root: of(state.root),
  }
}

const on = { entry: 'pay/api', scope: 'pay', cluster: 'test', root: '' } as const
const cluster = clusterFacts('other')
const guard = { id: 'g', effect: 'maxTtl', maxTtl: 60 } as const
const split = { port: 80, backendRefs: [{ entry: 'pay/web' }] }
const rule = { id: 'r', callers: ['pay/web'], ports: [80] }

type About = keyof typeof on

/** Requests about what there is: of what, what is asked, and the body that is signed. */
const existing: readonly (readonly [About, object, unknown])[] = [
  ...(['scope.suspend', 'scope.reactivate', 'scope.retire'] as const).map(
    (op) => ['scope', { op }, {}] as const,
  ),
  ...(['entry.suspend', 'entry.reactivate', 'entry.retire'] as const).map(
    (op) => ['entry', { op }, {}] as const,
  ),
  ['entry', { op: 'entry.update' }, {}],
  ['entry', { op: 'entry.update', validUntil: null }, { validUntil: null }],
  ['entry', { op: 'entry.update', validUntil: '1970-01-01T00:01:00Z' }, { validUntil: 60 }],
  ['entry', { op: 'entry.update', owner, labels: { a: 'b' } }, { owner, labels: { a: 'b' } }],
  ['entry', { op: 'entry.rename', to: 'pay/b' }, { to: 'pay/b' }],
  ['entry', { op: 'binding.add', binding: vm }, { binding: bindingOf(vm) }],
  ['cluster', { op: 'cluster.update', cluster }, { cluster }],
  ['cluster', { op: 'cluster.remove' }, {}],
  ['entry', { op: 'rule.attach', rule }, { rule: expect.objectContaining({ id: 'r' }) }],
  ['entry', { op: 'rule.replace', rule }, { rule: expect.objectContaining({ id: 'r' }) }],
  ['entry', { op: 'rule.detach', rule: 'r' }, { rule: 'r' }],
  ['entry', { op: 'split.set', split }, { split: expect.objectContaining({ port: 80 }) }],
  ['entry', { op: 'split.clear', port: 80 }, { port: 80 }],
  ['entry', { op: 'brake.lift' }, {}],
  ['entry', { op: 'brake.lift', rule: 'r' }, { rule: 'r' }],
  ['scope', { op: 'brake.lift' }, {}],
  ['scope', { op: 'emergency.ratify', use: 7 }, { use: 7 }],
  ['root', { op: 'emergency.ratify', use: 7 }, { use: 7 }],
  ['scope', { op: 'voter.reinstate', voter: 'ann' }, { voter: 'ann' }],
  ['root', { op: 'voter.reinstate', voter: 'ann' }, { voter: 'ann' }],
  ['scope', { op: 'guard.set', guard }, { guard }],
  ['root', { op: 'guard.set', guard }, { guard }],
  ['scope', { op: 'guard.clear', guard: 'g' }, { guard: 'g' }],
]

describe('a request about what there is', () => {
  it.each(existing)('%s %j is about it by its uid', (about, asked, body) => {
    const request = { ...asked, alias: on[about] } as ChangeRequest
    expect(resolved(request)).toEqual({ op: request.op, subject: subjects()[about], body })
  })

  it.each(existing)('%s %j is refused of what there is not', (about, asked) => {
    const request = { ...asked, alias: 'no/such' } as ChangeRequest
    // A brake may be on an entry too: what is no scope is taken for one.
    const kind = about === 'root' || (about === 'scope' && request.op !== 'brake.lift')
    expect(resolved(request)).toMatchObject({
      code: 'namespace.unknown',
      detail: `there is no such ${kind ? 'scope' : about === 'cluster' ? 'cluster' : 'entry'}`,
      found: '"no/such"',
      next: about === 'cluster' ? 'capstan cluster ls' : 'capstan scope tree',
    })
  })

  it('says no more than 200 characters of a name that there is not', () => {
    const name = 'x'.repeat(300)
    const found = resolved({ op: 'entry.retire', alias: name })
    expect(found).toMatchObject({ found: JSON.stringify('x'.repeat(200)) })
  })

  it('is refused where the new name is none', () => {
    const renamed = resolved({ op: 'entry.rename', alias: 'pay/api', to: 'Pay' })
    expect(renamed).toMatchObject({ code: 'namespace.bad-alias' })
  })

  it('is refused where it names others that there are not', () => {
    const ghosts: readonly ChangeRequest[] = [
      { op: 'rule.attach', alias: 'pay/api', rule: { ...rule, callers: ['no/such'] } },
      { op: 'split.set', alias: 'pay/api', split: { ...split, backendRefs: [{ entry: 'no' }] } },
      { op: 'binding.add', alias: 'pay/api', binding: k8s('no/such', 'pay', 'api') },
      { op: 'envelope.set', alias: 'pay', envelope: { clusters: [alias('no')] } as never },
      { op: 'envelope.set', alias: 'no/such', envelope: {} },
      { op: 'group.set', alias: 'no/such', group: { voters: [] } },
    ]
    for (const request of ghosts)
      expect(resolved(request)).toMatchObject({ code: 'namespace.unknown' })
    expect(
      resolved({ op: 'binding.add', alias: 'pay/api', binding: k8s('no', 'a', 'b') }),
    ).toMatchObject({ detail: 'there is no such cluster', next: 'capstan cluster ls' })
    expect(resolved({ op: 'envelope.set', alias: 'no', envelope: {} })).toMatchObject({
      ...{ detail: 'there is no such scope or entry', next: 'capstan scope tree' },
    })
    expect(resolved({ op: 'group.set', alias: 'no', group: { voters: [] } })).toMatchObject({
      detail: 'there is no such scope',
    })
  })
})

describe('a binding that is to go', () => {
  const idOf = (account: (typeof accounts)[number]): string => {
    const uid = given.index.state.clusterByAlias(alias(account.cluster))?.uid ?? ('c' as Uid)
    return bindingOf({ ...account, cluster: uid }).id
  }
  const removed = (binding: string) => resolved({ op: 'binding.remove', alias: 'pay/api', binding })

  it.each(accounts)('is that of $cluster/$namespace/$serviceAccount alone', (account) => {
    const { cluster: name, namespace, serviceAccount } = account
    const body = { binding: idOf(account) }
    expect(removed(`${name}/${namespace}/${serviceAccount}`)).toMatchObject({ body })
    expect(removed(idOf(account))).toMatchObject({ body })
  })

  it.each(['test/bank/api', 'test/pay/job', 'no/pay/api', 'pay/api', 'api', 'bnone'])(
    'is none that is there where it is called %s',
    (binding) => {
      expect(removed(binding)).toMatchObject({ body: { binding } })
    },
  )
})

describe('something new', () => {
  it.each<ChangeRequest>([
    { op: 'scope.create', alias: 'Pay' },
    { op: 'entry.create', alias: 'Pay', owner },
    { op: 'cluster.register', alias: 'Pay', cluster },
  ])('has a name that one can have: $op', (request) => {
    expect(resolved(request)).toMatchObject({ code: 'namespace.bad-alias' })
  })

  it.each<ChangeRequest>([
    { op: 'scope.create', alias: 'new', envelope: { clusters: [alias('no')] } as never },
    { op: 'entry.create', alias: 'new', owner, envelope: { clusters: [alias('no')] } as never },
    { op: 'entry.create', alias: 'new', owner, bindings: [vm, k8s('no', 'pay', 'api')] },
  ])('is refused with a cluster that there is not: $op', (request) => {
    expect(resolved(request)).toMatchObject({ code: 'namespace.unknown', found: '"no"' })
  })

  it('has no uid, and its bindings in the order of their ids, however they are asked for', () => {
    const asked = [vm, ...accounts]
    for (const bindings of [asked, [...asked].reverse()]) {
      const made = resolved({ op: 'entry.create', alias: 'new', owner, bindings })
      expect(made).toMatchObject({ op: 'entry.create', subject: { alias: 'new' } })
      const { body } = made as unknown as {
        readonly body: { readonly bindings: { readonly id: string }[] }
      }
      const ids = body.bindings.map(({ id }) => id)
      expect(ids).toHaveLength(5)
      expect(ids).toEqual([...ids].sort())
    }
    const { uid } = subjects().cluster
    const registered = { op: 'cluster.register', subject: { alias: 'new' }, body: { cluster } }
    expect(resolved({ op: 'cluster.register', alias: 'new', cluster })).toEqual(registered)
    for (const named of ['test', uid]) {
      const envelope = { clusters: [alias(named)] } as never
      const made = resolved({ op: 'scope.create', alias: 'new', envelope })
      expect(made).toMatchObject({ body: { envelope: { clusters: [uid] } } })
    }
  })

  it('has no more labels, and no other end, than are asked for', () => {
    const plain = resolved({ op: 'entry.create', alias: 'new', owner }) as { readonly body: object }
    expect(Object.keys(plain.body).sort()).toEqual(['bindings', 'envelope', 'labels', 'owner'])
    expect(plain).toMatchObject({ body: { bindings: [], labels: {} } })
    const more = { labels: { a: 'b' }, validUntil: '1970-01-01T00:01:00Z' }
    expect(resolved({ op: 'entry.create', alias: 'new', owner, ...more })).toMatchObject({
      body: { labels: { a: 'b' }, validUntil: 60 },
    })
  })
})

describe('a group that is to be set', () => {
  const ann = new TestVoter('ann')
  const bob = new TestVoter('bob')
  const group = (keys: (key: VoterKey) => readonly VoterKey[], status: 'active' | 'suspended') => {
    const { index, at } = given.index.state
    const [first, second] = [ann, bob].map((one) => one.voter(index, at))
    if (!first || !second) throw new Error('no voters')
    const [key] = first.keys
    if (!key) throw new Error('no key')
    return groupOf([{ ...first, keys: keys(key), status }, second])
  }
  const set = (
    keys: (key: VoterKey) => readonly VoterKey[],
    status: 'active' | 'suspended' = 'active',
  ) => resolved({ op: 'group.set', alias: 'pay', group: group(keys, status) })
  const at = () => given.index.state.at

  it('has voters who can sign, each with a key that is not over', () => {
    const mute = {
      code: 'namespace.group-invalid',
      found: 'ann',
      next: 'capstan voter enrol --add',
    }
    const isSet = { op: 'group.set', subject: { alias: 'pay' } }
    const ending = (until: number) => (key: VoterKey) => [{ ...key, until: unixSeconds(until) }]
    expect(set((key) => [key])).toMatchObject(isSet)
    expect(set(ending(plus(at(), hours(1))))).toMatchObject(isSet)
    expect(set(ending(at() + 1))).toMatchObject(isSet)
    expect(set(ending(at()))).toMatchObject(mute)
    expect(set(ending(at() - 1))).toMatchObject(mute)
    expect(set((key) => [{ ...key, until: at() }, key])).toMatchObject(isSet)
    expect(set(ending(at()), 'suspended')).toMatchObject(isSet)
  })

  it('may be that of the root', () => {
    const made = resolved({ op: 'group.set', alias: '', group: group((key) => [key], 'active') })
    expect(made).toMatchObject({ op: 'group.set', subject: subjects().root })
  })
})

it('an envelope is of the root, a scope or an entry', () => {
  const { state } = given.index
  expect(governedBy(state, '')).toBe(state.root)
  expect(governedBy(state, 'pay')?.uid).toBe(subjects().scope.uid)
  expect(governedBy(state, 'pay/api')?.uid).toBe(subjects().entry.uid)
  expect(governedBy(state, 'test')).toBeUndefined()
  for (const about of ['root', 'scope', 'entry'] as const) {
    const made = resolved({ op: 'envelope.set', alias: on[about], envelope: { maxTtl: 60 } })
    expect(made).toMatchObject({ subject: subjects()[about], body: { envelope: { maxTtl: 60 } } })
  }
})
