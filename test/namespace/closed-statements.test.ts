import { describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../src/core/canonical-json.js'
import type { UnixSeconds } from '../../src/core/time.js'
import { isShapedLike } from '../../src/namespace/change-request.js'
import { type Opened, payloadTypes } from '../../src/namespace/dsse.js'
import { emergencyMark } from '../../src/namespace/emergency/emergency-schema.js'
import { readInvocation } from '../../src/namespace/emergency/emergency-statements.js'
import { recoveryMark } from '../../src/namespace/recovery/recovery-schema.js'
import { readCancellation, readRecovery } from '../../src/namespace/recovery/recovery-statements.js'
import { groupOf, TestVoter } from '../support/voters.js'

type Members = Readonly<Record<string, unknown>>

const digest = 'a'.repeat(64)
const uid = (letter: string) => letter + 'a'.repeat(31)
const group = groupOf([new TestVoter('ann').voter(digest, 0 as UnixSeconds)])
const signedOf = (members: Members): Members => ({
  ...{ v: 1, index: digest, subject: { alias: 'shop', uid: uid('s') } },
  ...{ created: 1, expires: 2, nonce: '0f'.repeat(16), ...members },
})

const recovery = signedOf({ base: { rev: 1, head: digest }, from: 1, group, holders: ['r1', 'r2'] })
const cancellation = signedOf({ recovery: digest, from: 1, voters: ['ann', 'bob'] })
const invocation = signedOf({
  ...{ scope: { uid: uid('s'), rev: 1 }, grant: 'oncall', act: 'allow' },
  ...{ subject: { alias: 'shop/api', uid: uid('e') }, base: { rev: 1, head: digest } },
  call: { caller: uid('e'), ports: [[8080, 8080]], proto: 'http' },
  ...{ ttl: 60, by: ['ann'], reason: 'incident 7' },
})
const many = (count: number) => Array.from({ length: count }, (_, at) => `v${at}`)

/** Members that may be left out, and others that no statement has. */
const kinds: readonly (readonly [
  string,
  {
    readonly type: string
    readonly read: (opened: Opened) => unknown
    readonly good: Members
    readonly optional: Members
  },
])[] = [
  [
    'a recovery',
    {
      ...{ type: payloadTypes.recovery, read: readRecovery, good: recovery },
      optional: { reason: 'x'.repeat(500), ticket: 'x'.repeat(200), holders: many(32) },
    },
  ],
  [
    'a cancellation',
    {
      ...{ type: payloadTypes.cancellation, read: readCancellation, good: cancellation },
      optional: { reason: 'x'.repeat(500), ticket: 'x'.repeat(200), voters: many(32) },
    },
  ],
  [
    'the use of a grant',
    {
      ...{ type: payloadTypes.emergency, read: readInvocation, good: invocation },
      optional: {
        ...{ reason: 'x'.repeat(500), ticket: 'x'.repeat(200), by: many(32), drill: true },
        ...{ act: 'reactivate', ttl: 14_400 },
      },
    },
  ],
]

const openedAs = (payloadType: string, value: unknown): Opened => ({
  ...{ payloadType, payload: Buffer.from(canonicalize(value)), signatures: [], digest },
})

const without = (members: Members, name: string): Members =>
  Object.fromEntries(Object.entries(members).filter(([member]) => member !== name))

/** What no member of this name may be, in any of the statements. */
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  v: [0, 2, '1'],
  index: ['', 'a'.repeat(65), 1],
  subject: [
    ...[{ alias: 'shop' }, { uid: uid('s') }, { alias: 'shop', uid: uid('x') }],
    ...[{ alias: 'Shop', uid: uid('s') }, { alias: 1, uid: uid('s') }, {}, 'shop'],
    { alias: 'shop', uid: uid('s'), rev: 1 },
    { alias: `${'a'.repeat(40)}/`.repeat(5) + 'a', uid: uid('s') },
  ],
  base: [
    ...[{ rev: 1 }, { head: digest }, { rev: -1, head: digest }, { rev: 1, head: 'a' }, {}],
    { rev: 1, head: digest, at: 1 },
  ],
  scope: [{ uid: uid('s') }, { rev: 1 }, { uid: 's', rev: 1 }, { uid: uid('s'), rev: '1' }],
  from: [-1, null, '1'],
  group: [{}, null, { ...group, recovery: null }, { ...group, emergency: null }],
  holders: [[], many(33), ['r1', 'r1'], ['R1'], 'r1', [1]],
  voters: [[], many(33), ['ann', 'ann'], ['Ann'], 'ann', [1]],
  by: [[], many(33), ['ann', 'ann'], ['Ann'], 'ann', [1]],
  recovery: ['a', 'A'.repeat(64), 1],
  grant: ['', 'On call', 'a'.repeat(41), 1],
  act: ['suspend', '', null],
  call: [
    ...[{}, { ports: [[80, 80]], proto: 'http' }, { caller: uid('e'), proto: 'http' }],
    ...[
      { caller: uid('e'), ports: [[80, 80]] },
      { caller: uid('s'), ports: [[80, 80]], proto: 'http' },
    ],
    { caller: `${uid('e')}a`, ports: [[80, 80]], proto: 'http' },
    { caller: `e${uid('e')}`, ports: [[80, 80]], proto: 'http' },
    { caller: uid('e'), ports: [[80, 80]], proto: 'http', callers: [] },
    { caller: uid('e'), ports: [[80, 80]], proto: 'carrier-pigeon' },
  ],
  ttl: [59, 14_401, '60'],
  drill: [false, 'true'],
  reason: ['', 'x'.repeat(501), 'a\nb', 1],
  ticket: ['', 'x'.repeat(201), 'a\nb', 1],
  created: [-1, 253_402_300_800, '1'],
  expires: [-1, 253_402_300_800, '1'],
  nonce: ['', '0f'.repeat(15), `${'0f'.repeat(16)}0`, `0${'0f'.repeat(16)}`, '0F'.repeat(16), 1],
}

describe.each(kinds)('%s', (_, { type, read, good, optional }) => {
  const readAs = (value: unknown): unknown => read(openedAs(type, value))

  it('is read as it was signed, with what may be said beside it', () => {
    expect(readAs(good)).toEqual(good)
    for (const [name, value] of Object.entries(optional)) {
      expect(readAs({ ...good, [name]: value })).toEqual({ ...good, [name]: value })
    }
  })

  it('is nothing where anything of it is left out', () => {
    const needless = ['call', ...Object.keys(optional).filter((name) => !(name in good))]
    for (const name of Object.keys(good)) {
      const read = readAs(without(good, name))
      expect([name, read !== undefined]).toEqual([name, needless.includes(name)])
    }
  })

  it('is nothing with a member that nobody reads, or as another kind of statement', () => {
    expect(readAs({ ...good, more: 1 })).toBeUndefined()
    for (const other of Object.values(payloadTypes)) {
      if (other !== type) expect(read(openedAs(other, good))).toBeUndefined()
    }
    for (const none of [null, [], [good], 'it', 1]) expect(readAs(none)).toBeUndefined()
  })

  const names = Object.keys({ ...good, ...optional })
  it.each(names)('is nothing where %s is not what it may be', (name) => {
    for (const value of wrong[name] ?? []) {
      expect([value, readAs({ ...good, [name]: value })]).toEqual([value, undefined])
    }
    expect(wrong[name]?.length).toBeGreaterThan(0)
  })
})

describe('what an object says of', () => {
  const marks: readonly (readonly [string, object, Members, Members, Members])[] = [
    [
      'a recovery',
      recoveryMark,
      { statement: digest, record: 7, from: 1, holders: ['r1', 'r2'], since: 1, due: 2 },
      { cancelled: { at: 1, again: 2 }, finished: 3 },
      {
        ...{ statement: 'a', record: -1, from: 0.5, holders: [], since: -1, due: '2' },
        ...{ cancelled: { at: 1 }, finished: null },
      },
    ],
    ['a grant', emergencyMark, { grant: 'oncall', until: 7 }, {}, { grant: 'On call', until: -1 }],
  ]

  it.each(marks)('%s is whole, and nothing more', (_, schema, good, optional, bad) => {
    expect(isShapedLike(schema, good)).toBe(true)
    expect(isShapedLike(schema, { ...good, ...optional })).toBe(true)
    expect(isShapedLike(schema, { ...good, more: 1 })).toBe(false)
    for (const name of Object.keys(good)) {
      expect([name, isShapedLike(schema, without(good, name))]).toEqual([name, false])
    }
    for (const [name, value] of Object.entries(bad)) {
      expect([name, isShapedLike(schema, { ...good, [name]: value })]).toEqual([name, false])
    }
  })

  it('a recovery has holders with names, and both times of a cancellation', () => {
    const [[, schema, good]] = marks as [(typeof marks)[number]]
    const of = (more: Members) => isShapedLike(schema, { ...good, ...more })
    expect(of({ holders: many(32) })).toBe(true)
    for (const holders of [many(33), ['R1'], [1], 'r1']) expect(of({ holders })).toBe(false)
    for (const cancelled of [
      {},
      { again: 2 },
      { at: 1, again: 2, by: 'ann' },
      { at: -1, again: 2 },
    ])
      expect(of({ cancelled })).toBe(false)
    expect(of({ cancelled: { at: 1, again: 'soon' } })).toBe(false)
  })
})
