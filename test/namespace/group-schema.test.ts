import { describe, expect, it } from '@jest/globals'
import { isBodyOf, parseChangeRequest } from '../../src/namespace/change-request.js'
import {
  DEFAULT_DELAY,
  LONGEST_DELAY,
  SHORTEST_DELAY,
} from '../../src/namespace/recovery/recovery.js'

const long = (octets: number): string => 'A'.repeat(octets)

const ed25519 = {
  alg: 'Ed25519',
  jwk: { crv: 'Ed25519', kty: 'OKP', x: long(43) },
  thumbprint: long(43),
  from: 0,
}
const es256 = {
  ...ed25519,
  alg: 'ES256',
  jwk: { crv: 'P-256', kty: 'EC', x: long(43), y: long(43) },
  until: 10,
  proof: long(86),
}
const [ann, bob] = ['ann', 'bob'].map((id) => ({
  id,
  controller: `${id}@acme`,
  keys: [ed25519],
  weight: 1,
  status: 'active',
}))
const holder = { id: 'h1', controller: 'h1@acme', keys: [ed25519] }
const each = { narrowing: 1, routine: 1, sensitive: 1, structural: 1, emergency: 1 }
const grant = {
  name: 'oncall',
  acts: ['allow', 'reactivate'],
  under: 'shop',
  who: ['ann'],
  threshold: 1,
  longest: 3600,
  coolDown: 3600,
  uses: 1,
}
/** With every member that there is. */
const group = {
  solo: false,
  voters: [ann, { ...bob, keys: [es256] }],
  threshold: each,
  minControllers: each,
  timelock: each,
  brake: { ttl: 3600, perWeek: 10 },
  proposers: [holder],
  recovery: { holders: [holder], threshold: 1, delay: DEFAULT_DELAY },
  emergency: { holders: [holder], grants: [grant] },
  acceptsSinglePointOfLoss: true,
}

const many = (count: number, one: unknown): readonly unknown[] =>
  Array.from({ length: count }, () => one)

/** The same with another value at a path; without it, where the value is undefined. */
function withAt(value: unknown, [name, ...rest]: readonly string[], put: unknown): unknown {
  if (name === undefined) return put
  const inner = withAt((value as Record<string, unknown>)[name], rest, put)
  if (Array.isArray(value)) return (value as unknown[]).with(Number(name), inner)
  const others = Object.entries(value as object).filter(([other]) => other !== name)
  return Object.fromEntries(inner === undefined ? others : [...others, [name, inner]])
}

const changed = (path: string, put: unknown): unknown => withAt(group, path.split('.'), put)
const isBody = (path: string, put: unknown): boolean =>
  isBodyOf('group.set', { group: changed(path, put) })
const isRequest = (of: unknown): boolean =>
  parseChangeRequest({ op: 'group.set', alias: '', group: of }).ok

describe('a group, as a proposal says it', () => {
  it('may have every member that there is', () => {
    expect(isBodyOf('group.set', { group })).toBe(true)
    expect(isBodyOf('group.set', { group, other: 1 })).toBe(false)
    expect(isBodyOf('group.set', {})).toBe(false)
    expect(isRequest(group)).toBe(true)
  })

  it.each([
    'solo',
    'voters',
    'threshold',
    'minControllers',
    ...['id', 'controller', 'keys', 'weight', 'status'].map((name) => `voters.0.${name}`),
    ...['alg', 'jwk', 'thumbprint', 'from'].map((name) => `voters.0.keys.0.${name}`),
    ...['crv', 'kty', 'x'].map((name) => `voters.0.keys.0.jwk.${name}`),
    ...['crv', 'kty', 'x', 'y'].map((name) => `voters.1.keys.0.jwk.${name}`),
    ...Object.keys(each).flatMap((name) => [`threshold.${name}`, `minControllers.${name}`]),
    ...['brake.ttl', 'brake.perWeek'],
    ...['id', 'controller', 'keys'].map((name) => `proposers.0.${name}`),
    ...['holders', 'threshold', 'delay'].map((name) => `recovery.${name}`),
    ...['id', 'controller', 'keys'].map((name) => `recovery.holders.0.${name}`),
    'emergency.grants',
    ...Object.keys(grant).map((name) => `emergency.grants.0.${name}`),
  ])('must say %s', (path) => {
    expect(isBody(path, undefined)).toBe(false)
  })

  it.each([
    ...['timelock', 'brake', 'proposers', 'recovery', 'emergency', 'acceptsSinglePointOfLoss'],
    ...['emergency.holders', 'voters.1.keys.0.until', 'voters.1.keys.0.proof'],
    ...Object.keys(each).map((name) => `timelock.${name}`),
  ])('need not say %s', (path) => {
    expect(isBody(path, undefined)).toBe(true)
  })

  it.each([
    ...['other', 'voters.0.other', 'voters.0.keys.0.other', 'voters.0.keys.0.jwk.other'],
    ...['voters.0.keys.0.jwk.y', 'voters.1.keys.0.jwk.d', 'threshold.other', 'timelock.other'],
    ...['minControllers.other', 'brake.other', 'proposers.0.weight', 'recovery.other'],
    ...['recovery.holders.0.weight', 'emergency.other', 'emergency.grants.0.other'],
  ])('says nothing else, as %s', (path) => {
    expect(isBody(path, long(43))).toBe(false)
  })

  it.each<[path: string, least: number, most: number]>([
    ['voters.0.weight', 1, 1000],
    ...Object.keys(each).flatMap((name): [string, number, number][] => [
      [`threshold.${name}`, 1, 32_000],
      [`minControllers.${name}`, 1, 32],
      [`timelock.${name}`, 0, 2_592_000],
    ]),
    ['brake.ttl', 60, 86_400],
    ['brake.perWeek', 1, 100],
    ['recovery.threshold', 1, 32],
    ['recovery.delay', SHORTEST_DELAY, LONGEST_DELAY],
    ['emergency.grants.0.threshold', 1, 32],
    ['emergency.grants.0.longest', 60, 14_400],
    ['emergency.grants.0.coolDown', 3600, 2_592_000],
    ['emergency.grants.0.uses', 1, 20],
    ['voters.0.keys.0.from', 0, 253_402_300_799],
    ['voters.0.keys.0.until', 0, 253_402_300_799],
  ])('says a whole number for %s, of %d to %d', (path, least, most) => {
    const values = [least - 1, least, most, most + 1, least + 0.5, String(least)]
    expect(values.map((value) => isBody(path, value))).toEqual([
      ...[false, true, true, false],
      ...[false, false],
    ])
  })

  it.each<[path: string, of: unknown, least: number, most: number]>([
    ['voters', ann, 1, 32],
    ['voters.0.keys', ed25519, 1, 8],
    ['proposers', holder, 0, 32],
    ['proposers.0.keys', ed25519, 1, 8],
    ['recovery.holders', holder, 1, 32],
    ['emergency.holders', holder, 1, 32],
    ['emergency.grants', grant, 1, 8],
  ])('lists so many %s', (path, one, least, most) => {
    const counts = [least - 1, least, most, most + 1].filter((count) => count >= 0)
    expect(counts.filter((count) => isBody(path, many(count, one)))).toEqual([least, most])
    expect(isBody(path, one)).toBe(false)
  })

  it.each<[path: string, fits: readonly unknown[], others: readonly unknown[]]>([
    ['solo', [true, false], ['true', 1]],
    ['acceptsSinglePointOfLoss', [true], [false, 1]],
    ['voters.0.status', ['active', 'suspended'], ['retired', '']],
    ['voters.0.id', ['a', 'a-1', long(63).toLowerCase()], ['', 'A', '-a', long(64).toLowerCase()]],
    ['voters.0.controller', ['a', long(200)], ['', long(201), 'a\nb', 1]],
    ['voters.0.keys.0.alg', ['Ed25519', 'ES256'], ['RS256', '']],
    [
      'voters.0.keys.0.thumbprint',
      [long(43), `${long(41)}_-`],
      [long(42), long(44), `${long(42)}=`],
    ],
    ['voters.0.keys.0.proof', [long(86), `${long(84)}_-`], [long(85), long(87), `${long(85)}+`]],
    ['voters.0.keys.0.jwk.x', [long(43)], [long(42), long(44), `${long(42)}/`, 1]],
    ['voters.0.keys.0.jwk.crv', ['Ed25519'], ['P-256', 'X25519', '']],
    ['voters.0.keys.0.jwk.kty', ['OKP'], ['EC', '']],
    ['voters.1.keys.0.jwk.x', [long(43)], [long(42), long(44), 1]],
    ['voters.1.keys.0.jwk.y', [long(43)], [long(42), long(44), 1]],
    ['voters.1.keys.0.jwk.crv', ['P-256'], ['P-384', 'Ed25519', '']],
    ['voters.1.keys.0.jwk.kty', ['EC'], ['OKP', 'RSA', '']],
    ['emergency.grants.0.name', ['a', long(40).toLowerCase()], ['', 'A', long(41).toLowerCase()]],
    ['emergency.grants.0.acts', [['allow'], ['reactivate']], [[], ['stop'], ['allow', 'allow']]],
    ['emergency.grants.0.under', ['', 'shop/web'], ['Shop', '/', `${'a/'.repeat(8)}a`, 1]],
    ['emergency.grants.0.who', [['ann', 'bob']], [[], ['ann', 'ann'], ['Ann'], 'ann']],
  ])('says %s as it is written', (path, fits, others) => {
    expect(fits.filter((value) => !isBody(path, value))).toEqual([])
    expect(others.filter((value) => isBody(path, value))).toEqual([])
  })

  it('names at most 32 who may use a grant', () => {
    const names = Array.from({ length: 33 }, (_, at) => `n${at}`)
    expect(isBody('emergency.grants.0.who', names.slice(1))).toBe(true)
    expect(isBody('emergency.grants.0.who', names)).toBe(false)
  })

  it('is under nothing whose name is longer than an alias', () => {
    const name = (last: number): string => `${`${'a'.repeat(63)}/`.repeat(3)}${'a'.repeat(last)}`
    expect(isBody('emergency.grants.0.under', name(8))).toBe(true)
    expect(isBody('emergency.grants.0.under', name(9))).toBe(false)
  })
})

describe('a group, as people ask for it', () => {
  it('says its voters, and what it leaves out is made', () => {
    expect(isRequest({ voters: [ann] })).toBe(true)
    expect(isRequest({ threshold: each })).toBe(false)
    expect(isRequest({ voters: [ann], other: 1 })).toBe(false)
    expect(isRequest(changed('threshold.routine', undefined))).toBe(false)
  })

  it('may leave out how long a recovery waits, and take away what there is', () => {
    const { recovery: _recovery, ...rest } = group
    expect(isRequest(changed('recovery.delay', undefined))).toBe(true)
    expect(isRequest(changed('recovery.delay', SHORTEST_DELAY - 1))).toBe(false)
    for (const name of ['holders', 'threshold']) {
      expect(isRequest(changed(`recovery.${name}`, undefined))).toBe(false)
    }
    expect(isRequest({ ...rest, recovery: null })).toBe(true)
    expect(isRequest({ ...rest, recovery: 'none' })).toBe(false)
    expect(isRequest({ ...group, emergency: null })).toBe(true)
    expect(isRequest({ ...group, emergency: 'none' })).toBe(false)
    expect(isRequest(changed('emergency.grants', undefined))).toBe(false)
    expect(isBodyOf('group.set', { group: { ...rest, recovery: null } })).toBe(false)
    expect(isBodyOf('group.set', { group: { ...group, emergency: null } })).toBe(false)
  })

  it('is of a scope, or of the root, whose alias is empty', () => {
    const asked = { op: 'group.set', group: { voters: [ann] } }
    const isFine = (more: object): boolean => parseChangeRequest({ ...asked, ...more }).ok
    expect(isFine({ alias: '' })).toBe(true)
    expect(isFine({ alias: 'shop' })).toBe(true)
    expect(isFine({ alias: 'Shop' })).toBe(false)
    expect(isFine({})).toBe(false)
    expect(isFine({ alias: '', intervene: true })).toBe(true)
    expect(isFine({ alias: '', intervene: false })).toBe(false)
    expect(parseChangeRequest({ op: 'group.set', alias: '' }).ok).toBe(false)
  })
})

describe.each<[op: string, name: string, fits: unknown, others: readonly unknown[]]>([
  ['voter.reinstate', 'voter', 'ann', ['Ann', '', 1, undefined]],
  ['emergency.ratify', 'use', 12, [0, 1.5, '12', undefined]],
])('%s', (op, name, fits, others) => {
  it(`says ${name}, and nothing else`, () => {
    const ask = (value: unknown, alias = ''): boolean =>
      parseChangeRequest({ op, alias, [name]: value }).ok
    expect([ask(fits), ask(fits, 'shop')]).toEqual([true, true])
    expect(isBodyOf(op, { [name]: fits })).toBe(true)
    expect(others.filter((value) => ask(value))).toEqual([])
    expect(others.filter((value) => isBodyOf(op, { [name]: value }))).toEqual([])
    expect(isBodyOf(op, {})).toBe(false)
    expect(isBodyOf(op, { [name]: fits, other: 1 })).toBe(false)
    expect(parseChangeRequest({ op, alias: '' }).ok).toBe(false)
  })
})
