import { describe, expect, it } from '@jest/globals'
import { isBodyOf, parseChangeRequest } from '../../../src/namespace/change-request.js'
import { codeOf } from '../given-index.js'

const uid = `e${'a'.repeat(31)}`
const exact = { path: { exact: '/' } }

const asked = { id: 'r', callers: ['web/shop', { subtree: '' }], ports: [80, [1, 2]] }
const stored = {
  ...{ id: 'r', effect: 'allow', proto: 'http' },
  callers: [uid, { subtree: 'web' }],
  ports: [[80, 80]],
}
const split = { port: 80, backendRefs: [{ entry: 'web/v2' }] }
const storedSplit = { port: 80, backendRefs: [{ entry: uid, weight: 1 }] }
const guard = { id: 'g', effect: 'forbid' }
const forbid = (more: object) => ({ ...guard, ...more })
const least = (value: unknown) => ({ id: 'g', effect: 'minThreshold', least: value })
const life = (maxTtl: unknown) => ({ id: 'g', effect: 'maxTtl', maxTtl })

/** What people ask for, and what is signed of it: op, the members that both are made of. */
const requests: readonly (readonly [string, object])[] = [
  ['rule.attach', { rule: asked }],
  ['rule.replace', { rule: asked }],
  ['rule.detach', { rule: 'r' }],
  ['split.set', { split }],
  ['split.clear', { port: 80 }],
  ['guard.set', { guard }],
  ['guard.clear', { guard: 'g' }],
]
const bodies: readonly (readonly [string, object])[] = [
  ['rule.attach', { rule: stored }],
  ['rule.replace', { rule: stored }],
  ['rule.detach', { rule: 'r' }],
  ['split.set', { split: storedSplit }],
  ['split.clear', { port: 80 }],
  ['guard.set', { guard }],
  ['guard.clear', { guard: 'g' }],
]

const codeFor = (op: string, members: object): string =>
  codeOf(parseChangeRequest({ op, alias: 'pay/api', ...members }))
const without = (object: object, member: string): object =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== member))

describe('a request about rules, splits and guards', () => {
  it.each(requests)('%s says what it is about, and nothing else', (op, members) => {
    expect(codeFor(op, members)).toBe('ok')
    expect(codeFor(op, {})).toBe('namespace.malformed')
    expect(codeFor(op, { ...members, also: 1 })).toBe('namespace.malformed')
  })

  it.each<readonly [string, string]>([
    ['rule.attach', 'callers'],
    ['rule.attach', 'ports'],
    ['rule.replace', 'id'],
    ['rule.replace', 'callers'],
    ['rule.replace', 'ports'],
  ])('%s is not without %s', (op, member) => {
    expect(codeFor(op, { rule: without(asked, member) })).toBe('namespace.malformed')
  })

  it('may leave the id of a new rule out', () => {
    expect(codeFor('rule.attach', { rule: without(asked, 'id') })).toBe('ok')
  })

  it.each<readonly [string, object]>([
    ['allows', { effect: 'allow' }],
    ['has a method', { routes: [{ ...exact, method: 'GET' }] }],
    [
      'names a header in capitals',
      { routes: [{ ...exact, headers: [{ name: 'X-A', value: '' }] }] },
    ],
    ['has a time in seconds', { from: 0, until: 253_402_300_799 }],
    ['has an id of 40 characters', { id: 'a'.repeat(40) }],
    ['has a path of 1024 characters', { routes: [{ path: { prefix: `/${'a'.repeat(1023)}` } }] }],
  ])('takes a rule that %s', (_what, more) => {
    expect(codeFor('rule.attach', { rule: { ...asked, ...more } })).toBe('ok')
  })

  it.each<readonly [string, object]>([
    ['denies', { effect: 'forbid' }],
    ['names a caller without its region', { callers: [{}] }],
    ['names a region that is none', { callers: [{ subtree: 'Web' }] }],
    ['names a region that is no text', { callers: [{ subtree: 7 }] }],
    ['names a long region', { callers: [{ subtree: `a/${'a'.repeat(200)}` }] }],
    ['has a path of no kind', { routes: [{ path: {} }] }],
    ['has a path that is no text', { routes: [{ path: { exact: 7 } }] }],
    ['has a path that is no path', { routes: [{ path: { exact: 'a' } }] }],
    ['has a long path', { routes: [{ path: { exact: `/${'a'.repeat(1024)}` } }] }],
    ['has a header without a value', { routes: [{ ...exact, headers: [{ name: 'x' }] }] }],
    ['has a header without a name', { routes: [{ ...exact, headers: [{ value: 'x' }] }] }],
    ['has a route without a path', { routes: [{ method: 'GET' }] }],
    ['begins before all time', { from: -1 }],
  ])('refuses a rule that %s', (_what, more) => {
    expect(codeFor('rule.attach', { rule: { ...asked, ...more } })).toBe('namespace.malformed')
  })

  it.each<readonly [string, object]>([
    ['names no entry', { backendRefs: [{ weight: 1 }] }],
    ['names an entry twice over', { backendRefs: [{ entry: 'web/v2', alias: 'web/v2' }] }],
    ['has no port', { port: undefined }],
  ])('refuses a split that %s', (_what, more) => {
    const asSaid = JSON.parse(JSON.stringify({ ...split, ...more })) as object
    expect(codeFor('split.set', { split: asSaid })).toBe('namespace.malformed')
  })

  it.each<readonly [string, object]>([
    ['of one port', forbid({ ports: [[1, 65_535]] })],
    ['of the root', forbid({ callers: [''], callees: [''] })],
    ['of one', least({ routine: 1 })],
    ['of very much weight', least({ routine: 1_000_000 })],
    ['of a thousand people', { ...least({ routine: 1000 }), effect: 'minControllers' }],
    ['of a second', life(1)],
    ['of a day', life(86_400)],
    ['of routes', { id: 'g', effect: 'requireRoutes' }],
  ])('takes a guard %s', (_what, taken) => {
    expect(codeFor('guard.set', { guard: taken })).toBe('ok')
    expect(isBodyOf('guard.set', { guard: taken })).toBe(true)
  })

  it.each<readonly [string, object]>([
    ['of no ports', forbid({ ports: [] })],
    ['of port 0', forbid({ ports: [[0, 1]] })],
    ['of a port that is no range', forbid({ ports: [80] })],
    ['of no regions', forbid({ callees: [] })],
    ['of nobody', least({ routine: 0 })],
    ['of half a vote', least({ routine: 1.5 })],
    ['of a word', least({ routine: '2' })],
    ['of too much weight', least({ routine: 1_000_001 })],
    ['of too many people', { ...least({ routine: 1001 }), effect: 'minControllers' }],
    ['of no time', life(0)],
    ['of more than a day', life(86_401)],
    ['of a lifetime that is not said', { id: 'g', effect: 'maxTtl' }],
    ['of another effect, with a lifetime', { ...life(60), effect: 'minTtl' }],
    ['of lifetimes that forbids', { ...life(60), effect: 'forbid' }],
    ['without a class', least({})],
    ['without a least', { id: 'g', effect: 'minThreshold' }],
    ['without an id', { effect: 'requireRoutes' }],
  ])('refuses a guard %s', (_what, refused) => {
    expect(codeFor('guard.set', { guard: refused })).toBe('namespace.malformed')
    expect(isBodyOf('guard.set', { guard: refused })).toBe(false)
  })
})

describe('what is signed about rules, splits and guards', () => {
  it.each(bodies)('%s says what it is about, and nothing else', (op, members) => {
    expect(isBodyOf(op, members)).toBe(true)
    expect(isBodyOf(op, {})).toBe(false)
    expect(isBodyOf(op, { ...members, also: 1 })).toBe(false)
  })

  it.each(['id', 'effect', 'callers', 'ports', 'proto'])('has a rule with its %s', (member) => {
    expect(isBodyOf('rule.attach', { rule: without(stored, member) })).toBe(false)
  })

  it.each<readonly [string, object]>([
    ['denies', { effect: 'forbid' }],
    ['names its caller by alias', { callers: ['web/shop'] }],
    ['names a scope', { callers: [`s${'a'.repeat(31)}`] }],
    ['names more than a uid', { callers: [`${uid}a`] }],
    ['has no ports', { ports: [] }],
    ['has a port that is no range', { ports: [80] }],
    ['speaks something else', { proto: 'tls' }],
    ['names a header in capitals', { routes: [{ ...exact, headers: [{ name: 'X', value: '' }] }] }],
    ['has its time in words', { until: '2030-01-01T00:00:00Z' }],
  ])('has no rule that %s', (_what, more) => {
    expect(isBodyOf('rule.attach', { rule: { ...stored, ...more } })).toBe(false)
  })

  it('has a rule with everything that one may have', () => {
    const headers = [{ name: 'x', value: '1' }]
    const routes = [{ method: 'GET', path: { prefix: '/a' }, headers }]
    expect(isBodyOf('rule.attach', { rule: { ...stored, routes, from: 1, until: 2 } })).toBe(true)
  })

  it.each<readonly [string, object]>([
    ['an alias', { entry: 'web/v2', weight: 1 }],
    ['no weight', { entry: uid }],
    ['no entry', { weight: 1 }],
  ])('has no split with a backend of %s', (_what, ref) => {
    expect(isBodyOf('split.set', { split: { port: 80, backendRefs: [ref] } })).toBe(false)
  })
})
