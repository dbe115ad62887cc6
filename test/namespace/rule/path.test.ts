import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isBelow, pathFault } from '../../../src/namespace/rule/path.js'
import {
  coversRoute,
  matchesRoute,
  parseRoute,
  type Route,
  routeOf,
  type RouteMatch,
} from '../../../src/namespace/rule/route.js'
import { codeOf, valueOf } from '../given-index.js'

describe('the normal form of a path', () => {
  it.each([
    '/',
    '/a',
    '/a/',
    '/a/b.c',
    '/a/..b',
    '/a/b..',
    '/...',
    '/a;v=1/b',
    '/caf%C3%A9',
    '/a%20b',
    '/pkg.Service/Method',
    "/!$&'()*+,;=:@-_~",
  ])('takes %s', (path) => {
    expect(pathFault(path)).toBeUndefined()
  })

  it.each([
    ['', 'an empty path'],
    ['a', 'no slash at the start'],
    ['*', 'the asterisk form of OPTIONS'],
    ['http://b/a', 'the absolute form'],
    ['//a', 'two slashes'],
    ['/a//b', 'two slashes'],
    ['/a//', 'two slashes at the end'],
    ['/public/%C0%AE%C0%AE/admin', 'two dots in overlong UTF-8'],
    ['/a%FF', 'an octet of no UTF-8'],
    ['/a%ED%A0%80', 'a surrogate in UTF-8'],
    ['/a%C3', 'a character cut short'],
    ['/.', 'a dot segment'],
    ['/./a', 'a dot segment'],
    ['/a/..', 'a dot segment'],
    ['/a/../b', 'a dot segment'],
    ['/../a', 'a dot segment'],
    ['/a/..;/b', 'a dot segment to servers that know path parameters'],
    ['/a/.;x=1/b', 'a dot segment to servers that know path parameters'],
    ['/a/;/b', 'an empty segment to servers that know path parameters'],
    ['/a/;', 'an empty segment to servers that know path parameters'],
    ['/a%2Fb', 'an encoded slash'],
    ['/a%2fb', 'an encoded slash'],
    ['/a%5Cb', 'an encoded backslash'],
    ['/a\\b', 'a backslash'],
    ['/%2E%2E/a', 'encoded dots'],
    ['/%2e%2e/a', 'encoded dots'],
    ['/.%2E/a', 'an encoded dot'],
    ['/%252e%252e/a', 'dots that are encoded twice'],
    ['/a%25', 'an encoded percent sign'],
    ['/%61', 'a letter that needs no encoding'],
    ['/%7Ea', 'a tilde that needs no encoding'],
    ['/caf%c3%a9', 'lower-case hex digits'],
    ['/a%', 'half an encoding'],
    ['/a%4', 'half an encoding'],
    ['/a%GG', 'no hex digits'],
    ['/a%00', 'an encoded zero'],
    ['/a%0D%0AX', 'an encoded line end'],
    ['/a%7F', 'an encoded control'],
    ['/a\r\nX: y', 'a line end'],
    ['/a b', 'a space'],
    ['/a\u0000', 'a zero'],
    ['/café', 'beyond ASCII'],
    ['/a\uff0fb', 'a full-width slash'],
    ['/a\u2024\u2024/b', 'dots that look like dots'],
    ['/a?x=1', 'a query'],
    ['/a#b', 'a fragment'],
    ['/<script>', 'characters that no path holds'],
    [`/${'a'.repeat(1024)}`, 'too many characters'],
  ])('refuses %j: %s', (path) => {
    expect(pathFault(path)).toBeDefined()
    expect(codeOf(routeOf('GET', path))).toBe('namespace.malformed')
  })

  it('is its own only reading: what it takes, decoding and resolving leave where it is', () => {
    const pieces = fc.constantFrom(
      '/',
      '.',
      '..',
      'a',
      '%2F',
      '%2E',
      '%25',
      '2e',
      ';',
      '%C3',
      '%20',
      '\\',
      '?',
      '',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const path = parts.join('')
        if (pathFault(path) !== undefined) return
        const url = new URL(path, 'http://host')
        expect(url.pathname).toBe(path)
        const once = Buffer.from(
          path.replaceAll(/%[0-9A-F]{2}/g, (hex) =>
            String.fromCharCode(Number.parseInt(hex.slice(1), 16)),
          ),
          'latin1',
        ).toString('latin1')
        expect(once.split('/').length).toBe(path.split('/').length)
        expect(once.split('/').some((segment) => /^\.{1,2}(;|$)/.test(segment))).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a prefix', () => {
  it.each([
    ['/', '/', true],
    ['/a', '/', true],
    ['/a', '/a', true],
    ['/a/', '/a', true],
    ['/a/b', '/a', true],
    ['/ab', '/a', false],
    ['/A', '/a', false],
    ['/a;x', '/a', false],
    ['/', '/a', false],
    ['/b/a', '/a', false],
  ])('%s below %s: %s', (path, prefix, below) => {
    expect(isBelow(path, prefix)).toBe(below)
  })
})

describe('a route', () => {
  it.each([
    'get /a',
    'GET',
    'GET  /a',
    'GET /a HTTP/1.1',
    ' GET /a',
    'GET\t/a',
    '',
    'GÉT /a',
    '- /a',
  ])('is refused: %j', (text) => {
    expect(codeOf(parseRoute(text))).toBe('namespace.malformed')
  })

  it.each([
    [[['a b', 'x']]],
    [[[':path', '/b']]],
    [[['', 'x']]],
    [[['x', 'a\r\nb']]],
    [[['x', 'ä']]],
    [[['x', ' a']]],
    [
      [
        ['X', 'a'],
        ['x', 'b'],
      ],
    ],
  ] as const)('is refused with the headers %j', (headers) => {
    expect(codeOf(routeOf('GET', '/a', headers as Iterable<readonly [string, string]>))).toBe(
      'namespace.malformed',
    )
  })

  const get = (path: string, headers: Record<string, string> = {}): Route =>
    valueOf(routeOf('GET', path, Object.entries(headers)))

  it('matches by method, path and every header', () => {
    const match: RouteMatch = {
      method: 'GET',
      path: { exact: '/a' },
      headers: [{ name: 'x-team', value: 'Red' }],
    }
    expect(matchesRoute(match, get('/a', { 'X-Team': 'Red', other: '1' }))).toBe(true)
    expect(matchesRoute(match, get('/a', { 'X-Team': 'red' }))).toBe(false)
    expect(matchesRoute(match, get('/a'))).toBe(false)
    expect(matchesRoute(match, get('/a/', { 'x-team': 'Red' }))).toBe(false)
    expect(matchesRoute(match, valueOf(parseRoute('HEAD /a', [['x-team', 'Red']])))).toBe(false)
    expect(matchesRoute({ path: { prefix: '/' } }, get('/anything'))).toBe(true)
  })

  it('covers only what matches less', () => {
    const matches: fc.Arbitrary<RouteMatch> = fc.record(
      {
        method: fc.constantFrom('GET', 'PUT'),
        path: fc.oneof(
          fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab').map((exact) => ({ exact })),
          fc.constantFrom('/', '/a', '/a/b', '/ab').map((prefix) => ({ prefix })),
        ),
        headers: fc.subarray([
          { name: 'x', value: '1' },
          { name: 'y', value: '2' },
        ]),
      },
      { requiredKeys: ['path'] },
    )
    const routes = fc
      .tuple(
        fc.constantFrom('GET', 'PUT', 'HEAD'),
        fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/b/', '/ab', '/ab/c'),
        fc.subarray([
          ['x', '1'],
          ['y', '2'],
        ] as [string, string][]),
      )
      .map((parts) => valueOf(routeOf(...parts)))
    fc.assert(
      fc.property(matches, matches, routes, (outer, inner, route) => {
        if (!coversRoute(outer, inner)) return true
        return !matchesRoute(inner, route) || matchesRoute(outer, route)
      }),
      { numRuns: 3000 },
    )
  })
})
