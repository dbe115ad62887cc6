import { afterAll, describe, expect, it } from '@jest/globals'
import { ok, refuse } from '../../../src/core/result.js'
import type { Capability } from '../../../src/namespace/envelope.js'
import type { Route } from '../../../src/server/http/route.js'
import { routeTable } from '../../../src/server/http/routes/table.js'
import { ask, closeAll, type Credential, people, serve, type Told } from './harness.js'

afterAll(closeAll)

const operations = {
  holderOf: (certificate: Uint8Array, capability: Capability) => {
    const is = (who: Credential): boolean => Buffer.from(certificate).equals(who.certDer)
    if (is(people[capability])) return Promise.resolve(ok({ alias: `ops/${capability}` }))
    const code = is(people.reader) || is(people.submitter) ? 'request.forbidden' : undefined
    return Promise.resolve(refuse(code ?? 'renewal.not-ours', 'not theirs'))
  },
}
const rate = { burst: 10_000 }
const entries = { burst: 10_000 }
const tls = await serve('tls', { operations, rate, entries })
const unix = await serve('unix', { operations, rate })

const routes = routeTable(() => Promise.resolve(''))

/** A request that the route's own example makes valid. */
function send(route: Route, over: typeof tls, as?: Credential): Promise<Told> {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(route.pathParameters[name]!.example),
  )
  const query = Object.entries(route.query)
    .filter(([, { need }]) => need)
    .map(([name, { example }]) => `${name}=${encodeURIComponent(example)}`)
  return ask(over, {
    method: route.method,
    path: query.length > 0 ? `${path}?${query.join('&')}` : path,
    ...(route.body && { body: route.body.example as object }),
    ...(as && { as }),
  })
}

const expectedOverTls = {
  public: { nobody: 'served', stranger: 'served', reader: 'served', submitter: 'served' },
  evidence: { nobody: 'served', stranger: 'served', reader: 'served', submitter: 'served' },
  reader: {
    nobody: 'request.unauthenticated',
    stranger: 'renewal.not-ours',
    reader: 'served',
    submitter: 'request.forbidden',
  },
  submitter: {
    nobody: 'request.unauthenticated',
    stranger: 'renewal.not-ours',
    reader: 'request.forbidden',
    submitter: 'served',
  },
  operator: {
    nobody: 'request.forbidden',
    stranger: 'request.forbidden',
    reader: 'request.forbidden',
    submitter: 'request.forbidden',
  },
} as const

const verdict = (told: Told): unknown => (told.status < 300 ? 'served' : told.json?.['code'])

describe.each(routes.map((route) => ({ name: `${route.method} ${route.path}`, route })))(
  '$name (CVE-2026-1709)',
  ({ route }) => {
    const expected = expectedOverTls[route.access]
    const needsCertificate = route.id === 'renewCertificate'

    it.each([
      {
        when: 'no certificate',
        as: undefined,
        code: needsCertificate ? 'renewal.no-certificate' : expected.nobody,
      },
      { when: "a stranger's certificate", as: people.stranger, code: expected.stranger },
      { when: "a reader's certificate", as: people.reader, code: expected.reader },
      { when: "a submitter's certificate", as: people.submitter, code: expected.submitter },
    ])('over TLS with $when: $code', async ({ as, code }) => {
      expect(verdict(await send(route, tls, as))).toBe(code)
    })

    it('is served on the local socket', async () => {
      const code = needsCertificate ? 'renewal.no-certificate' : 'served'
      expect(verdict(await send(route, unix))).toBe(code)
    })
  },
)

describe('the client certificate', () => {
  it('reaches the renewal as the bytes that were shown', async () => {
    const seen: Uint8Array[] = []
    const served = await serve('tls', {
      operations: {
        renew: (input) => {
          seen.push(input.peerCertificate)
          return Promise.resolve(refuse('renewal.not-ours', 'not ours'))
        },
      },
    })
    const told = await ask(served, {
      method: 'POST',
      path: '/v1/renew',
      body: { csr: 'AAAA' },
      as: people.stranger,
    })
    expect(told.status).toBe(401)
    expect(seen.map((der) => Buffer.from(der).equals(people.stranger.certDer))).toEqual([true])
  })
})
