import { afterAll, beforeEach, describe, expect, it } from '@jest/globals'
import { ok } from '../../../src/core/result.js'
import type { CertificateFilter } from '../../../src/server/operations.js'
import { ask, closeAll, serve } from './harness.js'

afterAll(closeAll)

let seen: unknown[] = []
beforeEach(() => {
  seen = []
})
function note<T>(answer: T): (argument: unknown) => Promise<ReturnType<typeof ok<T>>> {
  return (argument) => {
    seen.push(argument)
    return Promise.resolve(ok(answer))
  }
}
const unix = await serve('unix', {
  operations: {
    entry: note({} as never),
    scope: note({} as never),
    entries: note({ entries: [] }),
    history: note([]),
    certificate: note({} as never),
    certificates: note([]),
    crl: note(Uint8Array.of(1)),
    withdrawToken: note(undefined),
  },
})
const tls = await serve('tls')

describe('an alias in a path (CVE-2026-40264)', () => {
  it.each([
    { path: '/v1/entries/payments', alias: 'payments' },
    { path: '/v1/entries/payments%2Fapi', alias: 'payments/api' },
    { path: '/v1/entries/payments%2fapi', alias: 'payments/api' },
    { path: '/v1/entries/%70ayments', alias: 'payments' },
    { path: '/v1/entries/inspect', alias: 'inspect' },
    { path: '/v1/entries/payments%2Fapi/log', alias: 'payments/api' },
    { path: '/v1/scopes/_root', alias: '' },
    { path: '/v1/scopes/payments', alias: 'payments' },
  ])('$path is "$alias"', async ({ path, alias }) => {
    expect((await ask(unix, { path })).status).toBe(200)
    expect(seen).toEqual([alias])
  })

  it.each([
    { path: '/v1/entries/%2e%2e', status: 400 },
    { path: '/v1/entries/..', status: 400 },
    { path: '/v1/entries/../../live', status: 404 },
    { path: '/v1/entries/payments%2F..%2F..%2Fstatus', status: 400 },
    { path: '/v1/entries/payments/api', status: 404 },
    { path: '/v1/entries/%00', status: 400 },
    { path: '/v1/entries/payments%00', status: 400 },
    { path: '/v1/entries/payments%0d%0ax-admin:1', status: 400 },
    { path: '/v1/entries/%c0%af', status: 400 },
    { path: '/v1/entries/%e0%80%af', status: 400 },
    { path: '/v1/entries/%ff', status: 400 },
    { path: '/v1/entries/%', status: 400 },
    { path: '/v1/entries/%zz', status: 400 },
    { path: '/v1/entries/%252e', status: 400 },
    { path: '/v1/entries/payments%252Fapi', status: 400 },
    { path: '/v1/entries/_root', status: 400 },
    { path: '/v1/entries/Payments', status: 400 },
    { path: '/v1/entries/__proto__', status: 400 },
    { path: '/v1/entries/svc', status: 400 },
    { path: `/v1/entries/${'a'.repeat(64)}`, status: 400 },
    { path: `/v1/entries/${'a%2F'.repeat(8)}a`, status: 400 },
    { path: `/v1/entries/${'a'.repeat(10_000)}`, status: 400 },
    { path: '/v1/entries/', status: 404 },
    { path: '/v1/entries//', status: 404 },
    { path: '//v1/entries/a', status: 404 },
    { path: '/v1/Entries/a', status: 404 },
    { path: '/V1/entries/a', status: 404 },
    { path: '/v1/live', status: 404 },
    { path: '/', status: 404 },
    { path: '/v1/crl/5b7d1f2846a0c8e2', status: 404 },
    { path: '/v1/crl/..%2f..%2fetc%2fpasswd.crl', status: 400 },
    { path: '/v1/crl/5B7D1F2846A0C8E2.crl', status: 400 },
    { path: '/v1/certificates/zz', status: 400 },
    { path: '*', status: 400 },
    { path: 'http://[::', status: 400 },
    { path: 'javascript:alert(1)', status: 400 },
  ])('$path is answered $status', async ({ path, status }) => {
    const told = await ask(unix, { path })
    expect(told.status).toBe(status)
    expect(told.headers['content-type']).toBe('application/problem+json')
    expect(told.json).toHaveProperty('requestId', told.headers['x-request-id'])
    expect(seen).toEqual([])
  })

  it('may follow a scheme and a host, as a proxy sends it', async () => {
    expect((await ask(unix, { path: 'http://capstan/v1/entries/payments' })).status).toBe(200)
    expect(seen).toEqual(['payments'])
  })
})

describe('a query', () => {
  it.each<{ query: string; filter: CertificateFilter }>([
    { query: '', filter: { live: 'all', limit: 100 } },
    { query: '?live=true', filter: { live: 'only', limit: 100 } },
    { query: '?live=false&limit=1', filter: { live: 'all', limit: 1 } },
    {
      query: '?entry=payments%2Fapi&limit=10000',
      filter: { entry: 'payments/api' as never, live: 'all', limit: 10_000 },
    },
  ])('"$query" is $filter', async ({ query, filter }) => {
    expect((await ask(unix, { path: `/v1/certificates${query}` })).status).toBe(200)
    expect(seen).toEqual([filter])
  })

  it.each([
    '?limit=0',
    '?limit=-1',
    '?limit=1e3',
    '?limit=10001',
    '?limit=007',
    '?limit=',
    '?live=yes',
    '?live',
    '?limit=1&limit=2',
    '?Limit=1',
    '?limit[]=1',
    '?__proto__=1',
    '?constructor=1',
    '?entry=..',
    '?entry=%00',
    '?nosuch=1',
  ])('%s is refused', async (query) => {
    const told = await ask(unix, { path: `/v1/certificates${query}` })
    expect(told).toMatchObject({ status: 400, json: { code: expect.any(String) } })
    expect(seen).toEqual([])
  })

  it('means the root when it says nothing of an alias', async () => {
    await ask(unix, { path: '/v1/log' })
    await ask(unix, { path: '/v1/log?alias=' })
    await ask(unix, { path: '/v1/entries' })
    expect(seen).toEqual(['', '', { prefix: '', limit: 1000 }])
  })
})

describe('a page of entries', () => {
  const after = `payments/api:e${'a'.repeat(31)}`
  it('is asked for by prefix, size, and where the one before ended', async () => {
    await ask(unix, { path: `/v1/entries?prefix=payments&limit=7&after=${after}` })
    expect(seen).toEqual([{ prefix: 'payments', limit: 7, after }])
  })

  it.each(['limit=0', 'limit=1001', 'limit=x', 'after=payments', 'after=:e', `after=A${after}`])(
    'is none with %s',
    async (query) => {
      expect(await ask(unix, { path: `/v1/entries?${query}` })).toMatchObject({ status: 400 })
      expect(seen).toEqual([])
    },
  )
})

describe('a method', () => {
  it.each([
    { method: 'POST', path: '/live', allow: 'GET, HEAD' },
    { method: 'OPTIONS', path: '/v1/bundle', allow: 'GET, HEAD' },
    { method: 'TRACE', path: '/v1/bundle', allow: 'GET, HEAD' },
    { method: 'PROPFIND', path: '/v1/bundle', allow: 'GET, HEAD' },
    { method: 'GET', path: '/v1/renew', allow: 'POST' },
    { method: 'HEAD', path: '/v1/renew', allow: 'POST' },
    { method: 'DELETE', path: '/v1/certificates', allow: 'GET, HEAD, POST' },
    { method: 'PUT', path: '/v1/tokens', allow: 'GET, HEAD, POST' },
    { method: 'GET', path: '/v1/tokens/abcdefghijklmnop', allow: 'DELETE' },
    { method: 'GET', path: '/v1/certificates/inspect', allow: 'POST' },
  ])('$method $path is not allowed; $allow is', async ({ method, path, allow }) => {
    for (const served of [tls, unix]) {
      const told = await ask(served, { method, path })
      expect(told.status).toBe(405)
      expect(told.headers.allow).toBe(allow)
      if (method !== 'HEAD') expect(told.json?.['code']).toBe('request.wrong-method')
    }
  })

  it.each(['/live', '/v1/bundle', '/v1/openapi.json', '/v1/status', '/nowhere'])(
    'HEAD %s is GET without the body',
    async (path) => {
      const got = await ask(tls, { path })
      const told = await ask(tls, { method: 'HEAD', path })
      expect(told.text).toBe('')
      expect(told.status).toBe(got.status)
      for (const header of ['content-type', 'content-length', 'cache-control']) {
        expect(told.headers[header]).toBe(got.headers[header])
      }
    },
  )

  it('is not overridden by a header', async () => {
    const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' }
    const path = '/v1/tokens/abcdefghijklmnop'
    expect((await ask(unix, { method: 'POST', path, headers })).status).toBe(405)
    expect(seen).toEqual([])
  })

  it('that withdraws a token answers with nothing', async () => {
    const told = await ask(unix, { method: 'DELETE', path: '/v1/tokens/abcdefghijklmnop' })
    expect(told).toMatchObject({ status: 204, text: '' })
    expect(told.headers).not.toHaveProperty('content-type')
    expect(seen).toEqual(['abcdefghijklmnop'])
  })
})

describe('the plain listener', () => {
  it.each([
    { path: '/live', status: 200 },
    { path: '/ready', status: 200 },
    { path: '/metrics', status: 200 },
    { path: '/v1/bundle', status: 404 },
    { path: '/v1/status', status: 404 },
    { path: '/v1/tokens', status: 404 },
    { path: '/v1/openapi.json', status: 404 },
  ])('answers $path with $status', async ({ path, status }) => {
    expect((await ask(await serve('plain'), { path })).status).toBe(status)
  })
})
