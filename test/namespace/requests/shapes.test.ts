import { describe, expect, it } from '@jest/globals'
import { isBodyOf, parseChangeRequest } from '../../../src/namespace/change-request.js'
import { codeOf } from '../given-index.js'
import {
  bindings,
  bodies,
  cluster,
  edited,
  envelope,
  long,
  many,
  members,
  owner,
  requests,
  shapeOf,
  stored,
  uid,
  why,
} from './given-shapes.js'

const codeFor = (op: string, value: object): string =>
  codeOf(parseChangeRequest({ op, alias: 'pay/api', ...value }))

describe('what a person asks for', () => {
  it.each(Object.keys(requests))('%s is whole, and says nothing else', (op) => {
    const [good, needed] = shapeOf(requests, op)
    const all = { ...good, ...why }
    expect(codeFor(op, all)).toBe('ok')
    for (const name of Object.keys(all)) {
      const code = needed.includes(name) ? 'namespace.malformed' : 'ok'
      expect([name, codeFor(op, edited(all, name, undefined))]).toEqual([name, code])
    }
    expect(codeFor(op, { ...all, more: 1 })).toBe('namespace.malformed')
    expect(codeFor(op, { ...all, alias: undefined })).toBe('namespace.malformed')
    expect(codeFor(op, { ...all, alias: 'Pay' })).not.toBe('ok')
    expect(codeFor(op, { ...all, alias: 7 })).toBe('namespace.malformed')
  })

  it('may be about the root where that has what is set', () => {
    expect(codeFor('envelope.set', { alias: '', envelope })).toBe('ok')
    expect(codeFor('scope.suspend', { alias: '' })).toBe('namespace.bad-alias')
  })

  it.each([
    [500, 'reason'],
    [200, 'ticket'],
  ])('has a word of at most %i characters about its %s', (length, name) => {
    expect(codeFor('entry.retire', { [name]: long(length) })).toBe('ok')
    for (const wrong of ['', long(length + 1), 'a\u0000', 'a\u001f', 'a\u007f', 'a\u2028', 7]) {
      expect(codeFor('entry.retire', { [name]: wrong })).toBe('namespace.malformed')
    }
  })

  it.each([
    ['null', null],
    ['a list', []],
    ['a text', 'entry.retire'],
    ['no operation', { alias: 'pay' }],
    ['an operation by number', { op: 7, alias: 'pay' }],
    ['an operation that every object has', { op: 'constructor', alias: 'pay' }],
    ['several', { op: 'changes', alias: 'pay', changes: [] }],
  ])('is nothing as %s', (_, value) => {
    const parsed = parseChangeRequest(value)
    expect(codeOf(parsed)).toBe('namespace.malformed')
    if (!parsed.ok) expect(parsed.refusal.wanted).toContain('scope.create, scope.suspend')
  })
})

const texts = [long(1001), '', 'a\nb', 7]

/** Where in the members of a creation, what may be there, and what may not. */
const parts: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
  ['owner', [{ controller: 'x' }], [{ contact: 'x' }, { ...owner, more: 1 }, 'x', {}]],
  ['owner.controller', [long(200)], [long(201), ...texts]],
  ['owner.contact', [long(200)], [long(201), ...texts]],
  ['envelope', [{}], [{ more: 1 }, [], 'all']],
  ['envelope.attestors', [[], ['vm']], [['tpm'], ['vm', 'vm'], 'vm']],
  ['envelope.keyAlgs', [[], ['RSA']], [['P-521'], ['RSA', 'RSA'], 'RSA']],
  ['envelope.usages', [[]], [['any'], ['clientAuth', 'clientAuth']]],
  ['envelope.sanKinds', [[]], [['email'], ['spiffe', 'spiffe']]],
  ['envelope.capabilities', [[]], [['admin'], ['reader', 'reader']]],
  ['envelope.maxTtl', [0, 86_400], [-1, 86_401, 1.5, '60']],
  ['envelope.graceAfterExpiry', [0, 7_776_000], [-1, 7_776_001, 1.5, '60']],
  ['envelope.names', [[], many(100, () => 'pay')], [many(101, () => 'pay'), [7], 'pay']],
  ['envelope.mayCall', [[], ['']], [['x y'], ['Pay'], ['pay/'], [null]]],
  ['envelope.clusters', ['*', [], many(1000, () => 'e'), [long(200)]], ['all', [''], [7]]],
  ['envelope.clusters', ['*'], [many(1001, () => 'e'), [long(201)], ['a\n']]],
  ['envelope.ports', [[], many(100, () => [1, 2])], [many(101, () => [1, 2]), [1], 80]],
  ['envelope.ports', [[[1, 1]]], [[[0, 1]], [[1, 65_536]], [[1]], [[1, 2, 3]], [[1.5, 2]]]],
  ['envelope.allowUnauthenticated', [true], [1, 'yes', null]],
  ['envelope.federate', [[], many(1000, () => uid('e'))], [many(1001, () => uid('e')), [7]]],
  ['envelope.federate', [[uid('c')]], [[uid('x')], [`${uid('s')}a`], [`a${uid('s')}`], 's']],
  ['labels', [{}, members(50, ''), { 'a0/b.c-_': long(200) }], [members(51, ''), []]],
  ['labels', [{ [`a${long(62)}`]: 'x' }], [{ [long(64)]: 'x' }, { '-a': 'x' }, { 'a b': '' }]],
  ['labels.tier', ['', long(200)], [long(201), 'a\nb', 1]],
]

const instants: readonly (readonly [unknown, boolean])[] = [
  ...([0, 253_402_300_799, '1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z'] as const).map(
    (good) => [good, true] as const,
  ),
  ...[-1, 1.5, 253_402_300_800, '1969-12-31T23:59:59Z', '2030-02-30T00:00:00Z', 'soon', true].map(
    (bad) => [bad, false] as const,
  ),
  ...['2030-01-01T00:00:60Z', '2030-01-01T00:00:00.000Z', '2030-01-01T00:00:00+00:00'].map(
    (bad) => [bad, false] as const,
  ),
  ...['x2030-01-01T00:00:00Z', '2030-01-01T00:00:00Zx', '2030-1-01T00:00:00Z'].map(
    (bad) => [bad, false] as const,
  ),
]

describe('an entry that is to be made', () => {
  const [asked] = requests['entry.create'] ?? [{}]
  const [signed] = bodies['entry.create'] ?? [{}]

  it.each(parts)('has %s in its limits, asked for and signed', (path, good, bad) => {
    for (const value of good) {
      expect([value, codeFor('entry.create', edited(asked, path, value))]).toEqual([value, 'ok'])
      expect([value, isBodyOf('entry.create', edited(signed, path, value))]).toEqual([value, true])
    }
    for (const value of bad) {
      const code = codeFor('entry.create', edited(asked, path, value))
      expect([path, value, code]).not.toEqual([path, value, 'ok'])
      expect([value, isBodyOf('entry.create', edited(signed, path, value))]).toEqual([value, false])
    }
  })

  it.each(instants)('is valid until %j: %j', (value, isGood) => {
    const code = isGood ? 'ok' : 'namespace.malformed'
    expect(codeFor('entry.create', { ...asked, validUntil: value })).toBe(code)
    expect(codeFor('entry.update', { validUntil: value })).toBe(code)
    const isSigned = isGood && typeof value === 'number'
    expect(isBodyOf('entry.create', { ...signed, validUntil: value })).toBe(isSigned)
    expect(isBodyOf('entry.update', { validUntil: value })).toBe(isSigned)
  })

  it('is for ever where nothing is said, and by a change alone for ever again', () => {
    expect(codeFor('entry.create', { ...asked, validUntil: null })).toBe('namespace.malformed')
    expect(isBodyOf('entry.create', { ...signed, validUntil: null })).toBe(false)
    expect(isBodyOf('entry.update', { validUntil: null })).toBe(true)
  })

  it('has at most 100 bindings', () => {
    for (const [count, isGood] of [
      [100, true],
      [101, false],
    ] as const) {
      const of = (one: unknown) => many(count, () => one)
      const code = codeFor('entry.create', { ...asked, bindings: of(bindings.edge) })
      expect(code === 'ok').toBe(isGood)
      expect(isBodyOf('entry.create', { ...signed, bindings: of(stored.edge) })).toBe(isGood)
    }
  })
})

describe('the body of a signed change', () => {
  it.each(Object.keys(bodies))('of %s is whole, and says nothing else', (op) => {
    const [good, needed] = shapeOf(bodies, op)
    expect(isBodyOf(op, good)).toBe(true)
    for (const name of Object.keys(good)) {
      const isWhole = isBodyOf(op, edited(good, name, undefined))
      expect([name, isWhole]).toEqual([name, !needed.includes(name)])
    }
    for (const wrong of [{ ...good, more: 1 }, { ...good, reason: 'x' }, [], null, 'it']) {
      expect(isBodyOf(op, wrong)).toBe(false)
    }
  })

  it('is of an operation that there is', () => {
    for (const op of ['', 'constructor', 'entry.destroy']) expect(isBodyOf(op, {})).toBe(false)
  })

  it('has a cluster as it is registered', () => {
    for (const op of ['cluster.register', 'cluster.update']) {
      expect(isBodyOf(op, { cluster: { ...cluster, more: 1 } })).toBe(false)
    }
  })
})
