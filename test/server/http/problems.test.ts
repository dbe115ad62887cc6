import { afterAll, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../../src/core/dependency-error.js'
import { faultOf, type RefusalCode } from '../../../src/core/refusal.js'
import { refuse, type Result } from '../../../src/core/result.js'
import type { IssuedJson } from '../../../src/server/http/shapes.js'
import { ask, closeAll, serve, type Served, type Told } from './harness.js'

afterAll(closeAll)

/** What the next issue does. */
let issue: () => Promise<Result<IssuedJson>> = () => Promise.reject(new Error('not set'))
const served = await serve('tls', {
  operations: { issue: () => issue() },
  rate: { burst: 10_000 },
})

const request = (to: Served): Promise<Told> =>
  ask(to, {
    method: 'POST',
    path: '/v1/certificates',
    body: { csr: 'AAAA', evidence: { kind: 'join-token', token: 'x' } },
  })

/** Written out: the table in the code is what is tested. */
const statusOf = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  throttled: 429,
  unavailable: 503,
}
const statusOfCode: Partial<Record<RefusalCode, number>> = {
  'request.wrong-method': 405,
  'request.not-acceptable': 406,
  'request.timeout': 408,
  'request.too-large': 413,
  'request.unsupported-type': 415,
  'request.header-too-large': 431,
}

describe('a refusal', () => {
  it.each(Object.keys(faultOf) as RefusalCode[])('%s arrives with its status', async (code) => {
    issue = () => Promise.resolve(refuse(code, 'no', { wanted: 'w', found: 'f', next: 'n' }))
    const told = await request(served)
    const status = statusOfCode[code] ?? statusOf[faultOf[code]]
    expect(told.status).toBe(status)
    expect(told.json).toEqual({
      type: `urn:capstan:refusal:${code}`,
      title: expect.any(String),
      status,
      code,
      detail: 'no',
      wanted: 'w',
      found: 'f',
      next: 'n',
      requestId: told.headers['x-request-id'],
    })
    expect(told.headers['content-type']).toBe('application/problem+json')
    expect(told.headers['retry-after']).toBe([429, 503].includes(status) ? '1' : undefined)
  })

  it('is audited and counted under the request id that it shows', async () => {
    issue = () => Promise.resolve(refuse('grant.no-entry', 'no'))
    const told = await request(served)
    expect(served.audited.at(-1)).toEqual({
      requestId: told.headers['x-request-id'],
      operation: 'issueCertificate',
      remote: '127.0.0.1',
      outcome: 'refused',
      status: 403,
      code: 'grant.no-entry',
    })
    expect(served.counted).toContain('refused grant.no-entry')
    expect(served.counted.at(-1)).toBe('issueCertificate 403')
  })
})

describe('what is thrown', () => {
  const secret = 'postgres://capstan:hunter2@db/capstan'

  it.each([
    { when: 'a bug', thrown: new Error(secret), status: 500, code: 'internal' },
    { when: 'no error at all', thrown: secret, status: 500, code: 'internal' },
    {
      when: 'an error that names a status of its own',
      thrown: Object.assign(new Error(secret), { status: 418, statusCode: 418, expose: true }),
      status: 500,
      code: 'internal',
    },
    {
      when: 'a URIError of a use case',
      thrown: new URIError(secret),
      status: 500,
      code: 'internal',
    },
    {
      when: 'a broken dependency',
      thrown: new DependencyError('store', secret, new Error(secret)),
      status: 503,
      code: 'unavailable',
    },
  ])('reaches the log and not the caller: $when', async ({ thrown, status, code }) => {
    issue = () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- whatever a defect throws
      throw thrown
    }
    const told = await request(served)
    expect(told).toMatchObject({ status, json: { code, type: `urn:capstan:${code}` } })
    expect(told.headers['content-type']).toBe('application/problem+json')
    expect(told.headers['retry-after']).toBe(status === 503 ? '1' : undefined)
    expect(told.text + JSON.stringify(told.headers)).not.toMatch(/hunter2|postgres|at .*\.ts/)
    expect(served.logged.at(-1)).toMatchObject({
      level: 'error',
      fields: { err: thrown, requestId: told.headers['x-request-id'] },
    })
    expect(served.audited.at(-1)).toMatchObject({
      outcome: status === 503 ? 'unavailable' : 'failed',
    })
  })

  it('counts a broken dependency by its name', async () => {
    issue = () => Promise.reject(new DependencyError('kubernetes prod', 'timed out'))
    await request(served)
    expect(served.counted).toContain('unavailable kubernetes prod')
  })
})

describe('what no answer can be made of', () => {
  it.each([
    { what: 'a path without parameters', path: '/live' },
    { what: 'a path with parameters', path: '/v1/entries/a' },
    { what: 'a path that is none of ours', path: '/none' },
    { what: 'a path that is not well encoded', path: '/v1/entries/%zz' },
    { what: 'no path at all', path: '*' },
  ])('is logged, and closes the connection: $what', async ({ path }) => {
    const given = await serve('unix', {
      observer: {
        answered: () => {
          throw new Error('no counter')
        },
      },
    })
    await expect(ask(given, { path })).rejects.toThrow('socket hang up')
    expect(given.logged).toMatchObject([
      { level: 'error', message: 'a request could not be answered' },
    ])
  })
})

describe('every answer', () => {
  it.each([
    { when: 'a success', path: '/live' },
    { when: 'a bundle', path: '/v1/bundle' },
    { when: 'a refusal', path: '/v1/status' },
    { when: 'an unknown path', path: '/nowhere' },
    { when: 'a bad path', path: '/v1/entries/%zz' },
  ])('has safe headers and says nothing of what made it: $when', async ({ path }) => {
    const { headers } = await ask(served, { path })
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'x-request-id': expect.stringMatching(/^[a-z2-7]{26}$/),
    })
    expect(headers).not.toHaveProperty('x-powered-by')
    expect(headers).not.toHaveProperty('server')
    expect(headers).not.toHaveProperty('etag')
  })

  it('is kept by no cache when it is for one caller', async () => {
    issue = () => Promise.resolve(refuse('grant.no-entry', 'no'))
    expect((await request(served)).headers['cache-control']).toBe('no-store')
    expect((await ask(served, { path: '/v1/status' })).headers['cache-control']).toBe('no-store')
    expect((await ask(served, { path: '/v1/bundle' })).headers['cache-control']).toBe('no-cache')
  })

  it('has a request id of our making, whatever the client sends', async () => {
    const headers = { 'x-request-id': 'mine', 'x-correlation-id': 'mine' }
    const told = await ask(served, { path: '/v1/status', headers })
    expect(told.headers['x-request-id']).not.toBe('mine')
    expect(JSON.stringify(served.audited.at(-1))).not.toContain('mine')
  })

  it('promises no transport security where there is none', async () => {
    const told = await ask(await serve('plain'), { path: '/live' })
    expect(told.headers).not.toHaveProperty('strict-transport-security')
  })

  it('does not believe what a client says of its address', async () => {
    const headers = {
      'x-forwarded-for': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      'x-real-ip': '6.6.6.6',
    }
    await ask(served, { path: '/v1/status', headers })
    expect(served.audited.at(-1)?.remote).toBe('127.0.0.1')
  })
})

describe('readiness', () => {
  it('is 503 with the reason when it cannot issue', async () => {
    const readiness = {
      ready: false,
      checks: [{ name: 'issuer', ok: false, detail: 'expired' }],
    }
    const unready = await serve('plain', {
      operations: { readiness: () => Promise.resolve(readiness) },
    })
    const told = await ask(unready, { path: '/ready' })
    expect(told).toMatchObject({ status: 503, json: readiness })
  })
})
