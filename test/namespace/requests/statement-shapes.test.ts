import { describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../../src/core/canonical-json.js'
import { parseBrakeRequest } from '../../../src/namespace/change-request.js'
import { type Opened, payloadTypes } from '../../../src/namespace/dsse.js'
import {
  readBrake,
  readGenesis,
  readProposal,
  readVote,
  readWithdrawal,
} from '../../../src/namespace/statements.js'
import { codeOf } from '../given-index.js'
import { digest, edited, envelope, long, many, uid } from './given-shapes.js'

type Limits = readonly (readonly [string, readonly unknown[], readonly unknown[]])[]

const isText = (most: number): readonly [readonly unknown[], readonly unknown[]] => [
  [long(most)],
  [long(most + 1), '', 'a\nb', 7],
]
const instants = [
  [0, 253_402_300_799],
  [-1, 253_402_300_800, '1', undefined],
] as const
const counts = [
  [0, Number.MAX_SAFE_INTEGER],
  [-1, '1', undefined],
] as const
const digests = [
  [],
  ['a', `${digest}a`, `a${digest}`, 'A'.repeat(64), 'g'.repeat(64), 7, undefined],
] as const
const ids = [
  [long(63), 'a', 'a-b'],
  [long(64), '', 'A', '-a', 'a-', 'a b', 7, undefined],
] as const
const uids = [
  [uid('s'), uid('e')],
  [uid('x'), `${uid('s')}a`, `a${uid('s')}`, 7, undefined],
] as const
const nonces = [
  [],
  ['', long(32), `${'0f'.repeat(16)}0`, `0${'0f'.repeat(16)}`, '0F'.repeat(16), 7, undefined],
] as const
const index = [[long(64)], [long(65), '', 'a\nb', 7, undefined]] as const
const nothingElse = [[undefined], [1, null]] as const

const made = { created: 1, expires: 2, nonce: '0f'.repeat(16), reason: 'x', ticket: 'y' }
const proposal = {
  ...{ v: 1, index: digest, op: 'entry.retire', subject: { alias: 'pay', uid: uid('e') } },
  ...{ body: {}, base: { rev: 1, head: digest }, scope: { uid: uid('s'), rev: 1 } },
  ...{ author: { kind: 'voter', id: 'ann' }, reads: [{ uid: uid('s'), rev: 1 }], ...made },
}
const vote = {
  _type: 'https://in-toto.io/Statement/v1',
  predicateType: 'urn:capstan:vote:v1',
  subject: [{ name: long(42), digest: { sha256: digest } }],
  predicate: {
    ...{ index: digest, scope: { uid: uid('s'), rev: 1 }, slot: { id: 'entry', rev: 1 } },
    ...{ voter: 'ann', decision: 'approve', seq: 1, cast: 1, log: { size: 1, head: digest } },
    ...{ issuedUntil: null, impact: digest },
  },
}
const withdrawal = {
  ...{ v: 1, index: digest, proposal: digest, author: { kind: 'proposer', id: 'ci' }, at: 1 },
}
const brake = {
  ...{ v: 1, index: digest, subject: { alias: '', uid: uid('s') }, voter: 'ann', rule: 'r' },
  ...{ base: { rev: 1, head: digest }, scope: { uid: uid('s'), rev: 1 }, voters: ['ann'] },
  ...{ ttl: 60, ...made },
}
const key = { jwk: { kty: 'OKP', x: 'x' }, from: 0 }
const genesis = {
  ...{ v: 1, trustDomain: 'acme.example', envelope, created: 1, nonce: 'n' },
  group: {
    ...{ rev: 0, threshold: {}, minControllers: {} },
    voters: [{ id: 'local', controller: 'platform', keys: [key], weight: 1 }],
  },
}

const revisionLimits = (at: string): Limits => [
  [at, [], [undefined, null, {}, 's']],
  [`${at}.uid`, ...uids],
  [`${at}.rev`, ...counts],
  [`${at}.more`, ...nothingElse],
]
const baseLimits: Limits = [
  ['base', [], [undefined, {}, 'x']],
  ['base.rev', ...counts],
  ['base.head', ...digests],
  ['base.more', ...nothingElse],
]
const madeLimits: Limits = [
  ['v', [], [0, 2, '1', undefined]],
  ['index', ...index],
  ['reason', ...isText(500)],
  ['reason', [undefined], [null]],
  ['ticket', ...isText(200)],
  ['ticket', [undefined], [null]],
  ['created', ...instants],
  ['expires', ...instants],
  ['nonce', ...nonces],
  ['more', ...nothingElse],
]
const authorLimits: Limits = [
  ['author', [], [undefined, {}, 'ann', { kind: 'voter', id: 'ann', more: 1 }]],
  ['author.kind', ['voter', 'proposer'], ['', 'holder', undefined]],
  ['author.id', ...ids],
]

const kinds: readonly (readonly [string, string, (opened: Opened) => unknown, object, Limits])[] = [
  [
    ...(['a proposal', payloadTypes.proposal, readProposal, proposal] as const),
    [
      ...[...madeLimits, ...baseLimits, ...authorLimits, ...revisionLimits('scope')],
      ...revisionLimits('reads.0').slice(1),
      ['base', [null], []],
      ['op', ['scope.retire'], ['entry.create', 'entry.destroy', '', 7, undefined]],
      ['subject', [{ alias: 'pay' }], [{}, { uid: uid('e') }, 'pay', undefined]],
      ['subject.alias', ['', long(200), 'Not One'], [long(201), 7]],
      ['subject.uid', [long(32)], [long(33), '', 7]],
      ['subject.more', ...nothingElse],
      ['body', [], [undefined, null, [], { more: 1 }]],
      ['reads', [[], many(64, () => ({ uid: uid('s'), rev: 1 }))], [{}, null]],
      ['reads', [undefined], [many(65, () => ({ uid: uid('s'), rev: 1 }))]],
    ],
  ],
  [
    ...(['a vote', payloadTypes.vote, readVote, vote] as const),
    [
      ['_type', [], ['https://in-toto.io/Statement/v2', '', undefined]],
      ['predicateType', [], ['urn:capstan:vote:v2', '', undefined]],
      ['more', ...nothingElse],
      ['subject', [], [[], [...vote.subject, ...vote.subject], undefined, {}, [null]]],
      ['subject.0.name', [long(1)], [long(43), '', undefined]],
      ['subject.0.more', ...nothingElse],
      ['subject.0.digest', [], [{}, undefined]],
      ['subject.0.digest.sha256', ...digests],
      ['subject.0.digest.sha512', ...nothingElse],
      ['predicate', [], [{}, undefined]],
      ['predicate.more', ...nothingElse],
      ['predicate.index', ...index],
      ...revisionLimits('predicate.scope'),
      ['predicate.slot', [], [{}, undefined]],
      ['predicate.slot.id', ['', long(206)], [long(207), 7, undefined]],
      ['predicate.slot.rev', ...counts],
      ['predicate.slot.more', ...nothingElse],
      ['predicate.voter', ...ids],
      ['predicate.decision', ['reject', 'abstain'], ['maybe', '', undefined]],
      ['predicate.seq', [1, 1_000_000], [0, 1_000_001, '1', undefined]],
      ['predicate.cast', ...instants],
      ['predicate.log', [], [{}, undefined]],
      ['predicate.log.size', ...counts],
      ['predicate.log.head', ...digests],
      ['predicate.log.more', ...nothingElse],
      ['predicate.issuedUntil', [undefined, 0], [-1, '1', 253_402_300_800]],
      ['predicate.impact', [undefined], ['a', 7]],
    ],
  ],
  [
    ...(['a withdrawal', payloadTypes.withdrawal, readWithdrawal, withdrawal] as const),
    [
      ...authorLimits,
      ['v', [], [0, 2, undefined]],
      ['index', ...index],
      ['proposal', ...digests],
      ['at', ...instants],
      ['more', ...nothingElse],
    ],
  ],
  [
    ...(['a brake', payloadTypes.brake, readBrake, brake] as const),
    [
      ...[...madeLimits, ...baseLimits, ...revisionLimits('scope')],
      ['subject', [], [{}, undefined, { alias: 'pay' }, { uid: uid('s') }]],
      [
        'subject.alias',
        ['', 'pay/api'],
        ['Pay', 'pay/', ` `, `${'a'.repeat(40)}/`.repeat(5) + 'a'],
      ],
      ['subject.uid', ...uids],
      ['subject.more', ...nothingElse],
      ['rule', [undefined, long(40)], [long(41), '', 'A', 7]],
      ['voter', [undefined, long(63)], [long(64), '', 'A', 7]],
      ['voters', [many(32, (at) => `v${at}`)], [[], many(33, (at) => `v${at}`), ['a', 'a'], ['A']]],
      ['voters', [], [undefined, 'ann', [7]]],
      ['ttl', [60, 86_400], [59, 86_401, '60', undefined]],
    ],
  ],
  [
    ...(['a genesis', payloadTypes.genesis, readGenesis, genesis] as const),
    [
      ['v', [], [0, 2, undefined]],
      ['trustDomain', [long(253)], [long(254), '', 7, undefined]],
      ['envelope', [{}], [{ more: 1 }, undefined, 'all']],
      ['created', ...instants],
      ['nonce', ...index],
      ['more', ...nothingElse],
      ['group', [], [undefined, {}, 'solo']],
      ['group.rev', ...counts],
      ['group.threshold', [], [1, undefined]],
      ['group.minControllers', [], [1, undefined]],
      ['group.voters', [], [undefined, {}, ['local'], [{}]]],
      ['group.voters.0.id', [], [undefined, 7]],
      ['group.voters.0.controller', [], [undefined, 7]],
      ['group.voters.0.weight', ...counts],
      ['group.voters.0.keys', [], [undefined, {}, ['key'], [{}]]],
      ['group.voters.0.keys.0.from', ...counts],
      ['group.voters.0.keys.0.jwk', [], [undefined, {}, 'x']],
      ['group.voters.0.keys.0.jwk.kty', ['EC'], ['RSA', '', undefined]],
      ['group.voters.0.keys.0.jwk.x', [], [7, undefined]],
    ],
  ],
]

describe.each(kinds)('%s that is signed', (_, payloadType, read, good, limits) => {
  const readAs = (value: unknown): unknown =>
    read({ payloadType, payload: Buffer.from(canonicalize(value)), signatures: [], digest })

  it('is read as it was signed', () => {
    expect(readAs(good)).toEqual(good)
    for (const other of [null, [], 'it', 7]) expect(readAs(other)).toBeUndefined()
  })

  it.each(limits)('is nothing where %s is not in its limits', (path, right, wrong) => {
    for (const value of right) {
      const other = edited(good, path, value)
      expect(readAs(other)).toEqual(other)
    }
    for (const value of wrong) {
      expect([value, readAs(edited(good, path, value))]).toEqual([value, undefined])
    }
  })
})

describe('a brake that somebody asks for', () => {
  const asked = { alias: 'pay', rule: 'r', voter: 'ann', ttl: 60, reason: 'x', ticket: 'y' }
  const limits: Limits = [
    ['alias', ['', 'pay/api'], ['Pay', 'pay/', undefined, 7, `${'a'.repeat(40)}/`.repeat(5) + 'a']],
    ['rule', [undefined, long(40)], [long(41), '', 'A', 7]],
    ['voter', [undefined, long(63)], [long(64), '', 'A', 7]],
    ['ttl', [60, 86_400], [59, 86_401, 60.5, '60', undefined]],
    ['reason', ...isText(500)],
    ['ticket', ...isText(200)],
    ['more', ...nothingElse],
  ]

  it.each(limits)('has %s in its limits', (path, right, wrong) => {
    for (const value of right) {
      expect([value, codeOf(parseBrakeRequest(edited(asked, path, value)))]).toEqual([value, 'ok'])
    }
    for (const value of wrong) {
      expect(codeOf(parseBrakeRequest(edited(asked, path, value)))).not.toBe('ok')
    }
  })
})
