import { describe, expect, it } from '@jest/globals'
import { pathFault } from '../../../src/namespace/rule/path.js'
import {
  coversRoute,
  matchesRoute,
  parseRoute,
  type RouteMatch,
  routeOf,
} from '../../../src/namespace/rule/route.js'
import { codeOf, valueOf } from '../given-index.js'

const malformed = 'namespace.malformed'

describe('the parts of a route', () => {
  it.each<readonly [string, string]>([
    ['ok', 'X'],
    ['ok', 'M-SEARCH'],
    ['ok', 'A'.repeat(20)],
    [malformed, 'A'.repeat(21)],
    [malformed, 'GET-'],
    [malformed, '-GET'],
    [malformed, 'GEt'],
    [malformed, ''],
  ])('%s: the method %j', (expected, method) => {
    expect(codeOf(routeOf(method, '/a'))).toBe(expected)
  })

  it.each<readonly [string, string, string]>([
    ['ok', 'x', ''],
    ['ok', 'x', 'a'],
    ['ok', 'x', 'a b'],
    ['ok', 'x', 'a'.repeat(256)],
    [malformed, 'x', 'a'.repeat(257)],
    [malformed, 'x', 'a '],
    [malformed, 'x', ' '],
    [malformed, 'x', 'a\tb'],
    ['ok', 'a'.repeat(64), 'a'],
    [malformed, 'a'.repeat(65), 'a'],
    ['ok', "!#$%&'*+-.^_`|~0", 'a'],
    [malformed, 'a:b', 'a'],
  ])('%s: the header %j with the value %j', (expected, name, value) => {
    expect(codeOf(routeOf('GET', '/a', [[name, value]]))).toBe(expected)
  })

  it('are 64 header fields at most', () => {
    const fields = (count: number) =>
      Array.from({ length: count }, (_, index) => [`x${index}`, 'a'] as const)
    expect(codeOf(routeOf('GET', '/a', fields(64)))).toBe('ok')
    expect(codeOf(routeOf('GET', '/a', fields(65)))).toBe(malformed)
  })

  it('are a path of 1024 characters at most', () => {
    expect(pathFault(`/${'a'.repeat(1023)}`)).toBeUndefined()
    expect(pathFault(`/${'a'.repeat(1024)}`)).toBeDefined()
  })

  it('are told back to whoever wrote them, and no more than 200 characters of them', () => {
    const found = (route: ReturnType<typeof parseRoute>) => (route.ok ? '' : route.refusal.found)
    expect(found(parseRoute('GET'))).toBe('"GET"')
    expect(found(parseRoute('GET a'))).toBe('"a"')
    expect(found(routeOf('GET', '/a', [['X y', '']]))).toBe('"X y"')
    expect(found(parseRoute('a'.repeat(300)))).toHaveLength(202)
  })

  it.each([
    ['a', /slash/],
    [`/${'a'.repeat(1024)}`, /1024/],
    ['/a b', /character/],
    ['/a%zz', /percent/],
    ['/a%4', /percent/],
    ['/a%411', /%41/],
    ['/a%2Fb', /%2F/],
    ['/a%FF', /UTF-8/],
    ['/a/../b', /"\.\."/],
    ['/a/./b', /"\."/],
    ['/a//b', /empty/],
  ])('are refused with what is wrong about the path: %j', (path, fault) => {
    expect(pathFault(path)).toMatch(fault)
    const refused = routeOf('GET', path)
    expect(refused.ok ? '' : refused.refusal.detail).toMatch(fault)
  })
})

describe('a match', () => {
  const x = { name: 'x', value: '1' }
  const y = { name: 'y', value: '2' }

  it.each<readonly [RouteMatch, string, boolean]>([
    [{ path: { prefix: '/a' } }, '/a/b', true],
    [{ path: { exact: '/a' } }, '/a/b', false],
    [{ path: { exact: '/a' }, headers: [x] }, '/a', true],
    [{ path: { exact: '/a' }, headers: [x, y] }, '/a', false],
    [{ path: { exact: '/a' }, headers: [{ name: 'x', value: '' }] }, '/a', false],
    [{ path: { exact: '/a' }, headers: [] }, '/a', true],
    [{ method: 'PUT', path: { exact: '/a' } }, '/a', false],
  ])('%j of GET %s with x: 1 is %s', (match, path, expected) => {
    expect(matchesRoute(match, valueOf(routeOf('GET', path, [['X', '1']])))).toBe(expected)
  })

  const a = { path: { exact: '/a' } } as const
  const below = { path: { prefix: '/a' } } as const

  it.each<readonly [RouteMatch, RouteMatch]>([
    [a, a],
    [below, a],
    [below, { path: { exact: '/a/b' } }],
    [below, { path: { prefix: '/a/b' } }],
    [a, { ...a, method: 'GET' }],
    [
      { ...a, method: 'GET' },
      { ...a, method: 'GET' },
    ],
    [a, { ...a, headers: [x] }],
    [
      { ...a, headers: [x] },
      { ...a, headers: [y, x] },
    ],
    [
      { ...a, headers: [x, y] },
      { ...a, headers: [y, x] },
    ],
  ])('%j covers %j', (outer, inner) => {
    expect(coversRoute(outer, inner)).toBe(true)
  })

  it.each<readonly [RouteMatch, RouteMatch]>([
    [a, below],
    [a, { path: { exact: '/b' } }],
    [below, { path: { exact: '/ab' } }],
    [{ path: { prefix: '/a/b' } }, below],
    [{ ...a, method: 'GET' }, a],
    [
      { ...a, method: 'GET' },
      { ...a, method: 'PUT' },
    ],
    [{ ...a, headers: [x] }, a],
    [
      { ...a, headers: [x] },
      { ...a, headers: [y] },
    ],
    [
      { ...a, headers: [x] },
      { ...a, headers: [{ ...x, value: '2' }] },
    ],
    [
      { ...a, headers: [x] },
      { ...a, headers: [{ ...x, name: 'y' }] },
    ],
    [
      { ...a, headers: [x, y] },
      { ...a, headers: [x] },
    ],
  ])('%j does not cover %j', (outer, inner) => {
    expect(coversRoute(outer, inner)).toBe(false)
  })
})
