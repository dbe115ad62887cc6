import { describe, expect, it } from '@jest/globals'
import {
  isBodyOf,
  parseChangeRequest,
  parseDocument,
} from '../../../src/namespace/change-request.js'
import { codeOf } from '../given-index.js'
import {
  bindings,
  cluster,
  digest,
  edited,
  envelope,
  long,
  many,
  members,
  owner,
  requests,
  stored,
  uid,
} from './given-shapes.js'

const codeFor = (op: string, value: object): string =>
  codeOf(parseChangeRequest({ op, alias: 'pay/api', ...value }))

type Limits = readonly (readonly [string, readonly unknown[], readonly unknown[]])[]

const texts = ['', 'a\nb', 7, null]
const label = long(63)
const noLabel = ['', 'A', '-a', 'a-', long(64), 'a.b', 'a b', 7]
const dnsName = `${label}.${label}.${label}.${long(61)}`
const noDnsName = ['', 'A', 'a..b', '.a', 'a.', '-a', 'a-', 'a.b-', 'a.-b', long(64), 'a/b', 7]

const ofCluster: Limits = [
  ['identityTrustDomain', [dnsName, 'a', '0.b'], [`${dnsName}x`, undefined, ...noDnsName]],
  ['controlPlaneNamespace', [label, 'a', 'a-b'], [undefined, ...noLabel]],
  ['issuer', [long(500)], [long(501), undefined, ...texts]],
  ['audience', [long(500)], [long(501), undefined, ...texts]],
  ['validation', ['online', 'offline', 'both'], ['none', '', undefined]],
  [
    'tokenReview',
    [{ kubeconfig: long(1000) }, { kubeconfig: 'k', context: long(200) }, { inCluster: true }],
    [{}, { context: 'x' }, { inCluster: false }, { inCluster: true, kubeconfig: 'k' }, 'here'],
  ],
  ['tokenReview', [undefined], [{ kubeconfig: long(1001) }, { kubeconfig: 'k', token: 'x' }]],
  ['tokenReview.context', [undefined], [long(201), ...texts]],
  ['jwks', [undefined, { file: long(1000) }, { discovery: true }], [{}, { file: long(1001) }]],
  ['jwks', [{ url: 'https://a' }], [{ url: 'http://a' }, { url: ' https://a' }, { url: '' }]],
  ['jwks', [{ url: `https://${long(992)}` }], [{ url: `https://${long(993)}` }, { file: '' }]],
  ['jwks', [], [{ discovery: false }, { file: 'f', url: 'https://a' }, { discovery: true, a: 1 }]],
]

const ofBinding: Readonly<Record<keyof typeof bindings, Limits>> = {
  k8s: [
    ['namespace', [label, 'a'], [undefined, ...noLabel]],
    ['serviceAccount', [dnsName, 'a.b-c'], [undefined, `${dnsName}x`, ...noDnsName]],
    ['cluster', [], [undefined, '', 'East', 7]],
  ],
  vm: [
    ['attestor', [label], [undefined, ...noLabel]],
    ['match', [members(20, ['a'])], [members(21, ['a']), {}, [], undefined, 'rack']],
    ['match', [{ [`A0${long(61)}`]: ['a'] }], [{ [long(64)]: ['a'] }, { '-a': ['a'] }]],
    ['match', [{ 'a0./_-': ['a'] }], [{ '': ['a'] }, { 'a b': ['a'] }]],
    ['match.rack', [many(100, (at) => `${at}`), [long(200)]], [[], [long(201)], [''], 'a', [7]]],
    ['match.rack', [], [many(101, (at) => `${at}`)]],
  ],
  edge: [
    ['attestor', [label], [undefined, ...noLabel]],
    ['device', [long(200)], [undefined, long(201), ...texts]],
    ['fleet', [undefined, long(200)], [long(201), ...texts]],
  ],
}

describe('a cluster that is registered', () => {
  it.each(ofCluster)('has %s in its limits, asked for and signed', (path, good, bad) => {
    for (const op of ['cluster.register', 'cluster.update']) {
      for (const [values, isGood] of [[good, true] as const, [bad, false] as const]) {
        for (const value of values) {
          const body = { cluster: edited(cluster, path, value) }
          expect([value, codeFor(op, body) === 'ok']).toEqual([value, isGood])
          expect([value, isBodyOf(op, body)]).toEqual([value, isGood])
        }
      }
    }
  })
})

describe.each(['k8s', 'vm', 'edge'] as const)('a binding of %s', (kind) => {
  it.each([
    ...ofBinding[kind],
    ['kind', [], ['pod', undefined, 7]],
    ['more', [undefined], [1]],
  ] satisfies Limits)('has %s in its limits, asked for and signed', (path, good, bad) => {
    for (const [values, isGood] of [[good, true] as const, [bad, false] as const]) {
      for (const value of values) {
        const asked = { binding: edited(bindings[kind], path, value) }
        const signed = { binding: edited(stored[kind], path, value) }
        expect([value, codeFor('binding.add', asked) === 'ok']).toEqual([value, isGood])
        expect([value, isBodyOf('binding.add', signed)]).toEqual([value, isGood])
      }
    }
  })

  it('has its id where it is stored, and only there', () => {
    const { id } = stored[kind]
    expect(codeFor('binding.add', { binding: { ...bindings[kind], id } })).not.toBe('ok')
    for (const wrong of [undefined, '', `${id}a`, `x${id}`, id.slice(1), 'b'.padEnd(13, '1'), 7]) {
      expect(isBodyOf('binding.add', { binding: edited(stored[kind], 'id', wrong) })).toBe(false)
    }
  })

  it('is removed by a name of at most 100 characters', () => {
    for (const wrong of ['', long(101), 'a\nb', 7]) {
      expect(codeFor('binding.remove', { binding: wrong })).toBe('namespace.malformed')
      expect(isBodyOf('binding.remove', { binding: wrong })).toBe(false)
    }
    expect(codeFor('binding.remove', { binding: long(100) })).toBe('ok')
  })
})

describe('several changes together', () => {
  const part = { op: 'entry.retire', subject: { alias: 'a', uid: uid('e') }, body: {}, base: null }
  const two = { changes: [part, part] }
  const limits: Limits = [
    ['changes', [many(1000, () => part)], [[], [part], many(1001, () => part), part, undefined]],
    ['more', [undefined], [1]],
    ['changes.0.op', ['scope.retire'], ['changes', 'entry.create', 'entry.destroy', undefined, 7]],
    ['changes.0.subject', [{ alias: 'a' }], [{}, { uid: uid('e') }, { alias: 'a', more: 1 }]],
    ['changes.0.subject.alias', ['', long(200), 'Not One'], [long(201), 7]],
    ['changes.0.subject.uid', [uid('s'), undefined], [uid('x'), '', 7]],
    ['changes.0.body', [], [undefined, { more: 1 }, null]],
    ['changes.0.base', [null, { after: 0 }, { after: 999 }], [{ after: 1000 }, { after: -1 }, {}]],
    ['changes.0.base', [{ rev: 0, head: digest }], [{ rev: 0 }, { head: digest }, undefined]],
    [
      'changes.0.base',
      [],
      [
        { rev: 0, head: digest, after: 1 },
        { after: 1, more: 1 },
      ],
    ],
    ['changes.0.base', [], [{ rev: -1, head: digest }, { rev: '1', head: digest }, { after: 0.5 }]],
    ['changes.0.base', [], ['a', `${digest}a`, `a${digest}`].map((head) => ({ rev: 1, head }))],
    ['changes.0.more', [undefined], [1]],
  ]

  it.each(limits)('have %s in its limits', (path, good, bad) => {
    for (const value of good) {
      expect([value, isBodyOf('changes', edited(two, path, value))]).toEqual([value, true])
    }
    for (const value of bad) {
      expect([value, isBodyOf('changes', edited(two, path, value))]).toEqual([value, false])
    }
  })
})

describe('a document', () => {
  const [entry] = requests['entry.create'] ?? [{}]
  const whole = {
    apiVersion: 'capstan/v1',
    scopes: [{ alias: 'pay', envelope, guards: [{ id: 'g', effect: 'forbid' }] }],
    clusters: [{ alias: 'east', ...cluster }],
    entries: [{ alias: 'pay/api', ...entry, state: 'active', rules: [], splits: [] }],
    prune: true,
  }
  const rule = { callers: ['a'], ports: [80] }
  const split = { port: 80, backendRefs: [{ entry: 'a' }] }
  const limits: Limits = [
    ['apiVersion', [], ['capstan/v2', '', undefined]],
    ['prune', [false, undefined], ['yes', 1]],
    ['more', [undefined], [1]],
    ['scopes', [[], undefined], [{}, [7]]],
    ['scopes.0.alias', [], [undefined, '', 7]],
    ['scopes.0.more', [], [1]],
    ['scopes.0.envelope', [undefined], [{ more: 1 }]],
    ['scopes.0.guards', [[], undefined], [{}, [{}], many(1001, () => whole.scopes[0]?.guards[0])]],
    ['clusters', [[], undefined], [{}, [7], many(1001, () => whole.clusters[0])]],
    ['clusters.0.alias', [], [undefined, '', 7]],
    ['clusters.0.issuer', [], [undefined, '']],
    ['clusters.0.more', [], [1]],
    ['entries', [[], undefined], [{}, [7]]],
    ['entries.0.alias', [], [undefined, '', 7]],
    ['entries.0.owner', [owner], [undefined, {}]],
    ['entries.0.more', [], [1]],
    ['entries.0.bindings', [many(100, () => bindings.edge)], [many(101, () => bindings.edge)]],
    ['entries.0.bindings', [undefined], [{}, [stored.edge]]],
    ['entries.0.validUntil', [0], [null]],
    ['entries.0.state', ['suspended', undefined], ['retired', '']],
    ['entries.0.rules', [[rule], undefined], [{}, [{}], many(1001, () => rule)]],
    ['entries.0.splits', [[split], undefined], [{}, [{}], many(1001, () => split)]],
  ]

  it.each(limits)('has %s in its limits', (path, good, bad) => {
    for (const value of good) {
      expect([value, codeOf(parseDocument(edited(whole, path, value)))]).toEqual([value, 'ok'])
    }
    for (const value of bad) {
      expect(codeOf(parseDocument(edited(whole, path, value)))).not.toBe('ok')
    }
  })
})
