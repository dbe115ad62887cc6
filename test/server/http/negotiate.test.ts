import { afterAll, describe, expect, it } from '@jest/globals'
import { negotiate } from '../../../src/server/http/negotiate.js'
import { ask, closeAll, serve } from './harness.js'
import { sampleBundle, sampleIssued } from '../../support/fake-operations.js'

afterAll(closeAll)

const offers = ['application/x-pem-file', 'application/json']

describe('negotiate', () => {
  it.each([
    { accept: undefined, type: offers[0] },
    { accept: '', type: offers[0] },
    { accept: '*/*', type: offers[0] },
    { accept: 'application/*', type: offers[0] },
    { accept: 'application/json', type: offers[1] },
    { accept: 'APPLICATION/JSON', type: offers[1] },
    { accept: 'application/json; charset=utf-8', type: offers[1] },
    { accept: 'text/html, application/json;q=0.1', type: offers[1] },
    { accept: 'application/x-pem-file;q=0.5, application/json;q=0.6', type: offers[1] },
    { accept: '*/*;q=0.1, application/json', type: offers[1] },
    { accept: 'application/x-pem-file;q=0, */*', type: offers[1] },
    { accept: 'application/*;q=0, application/json;q=0.2', type: offers[1] },
    { accept: 'text/html', type: undefined },
    { accept: 'application/json;q=0', type: undefined },
    { accept: '*/*;q=0', type: undefined },
    { accept: 'application/json;q=7', type: undefined },
    { accept: 'application/json;q=', type: undefined },
    { accept: ',,,;;;', type: undefined },
    { accept: 'x'.repeat(16_000), type: undefined },
  ])('$accept -> $type', ({ accept, type }) => {
    expect(negotiate(accept, offers)).toBe(type)
  })
})

describe('the API', () => {
  it.each([
    { accept: '*/*', type: 'application/x-pem-file', text: sampleBundle.trustAnchors[0]!.pem },
    { accept: 'application/json', type: 'application/json', text: JSON.stringify(sampleBundle) },
  ])('answers $accept with the bundle as $type', async ({ accept, type, text }) => {
    const served = await serve('tls')
    const told = await ask(served, { path: '/v1/bundle', headers: { accept } })
    expect(told).toMatchObject({ status: 200, text })
    expect(told.headers['content-type']).toBe(type)
  })

  it('answers a PEM client with the leaf first, then its chain', async () => {
    const served = await serve('tls')
    const told = await ask(served, {
      method: 'POST',
      path: '/v1/certificates',
      headers: { accept: 'application/pem-certificate-chain' },
      body: { csr: 'AAAA', evidence: { kind: 'join-token', token: 'x' } },
    })
    expect(told).toMatchObject({
      status: 201,
      text: sampleIssued.certificate + sampleIssued.chain.join(''),
    })
    expect(told.headers['content-type']).toBe('application/pem-certificate-chain')
  })

  it('refuses before the use case runs when the client could not read the answer', async () => {
    let issued = 0
    const served = await serve('tls', {
      operations: {
        issue: () => {
          issued += 1
          throw new Error('unreachable')
        },
      },
    })
    const told = await ask(served, {
      method: 'POST',
      path: '/v1/certificates',
      headers: { accept: 'text/html' },
      body: { csr: 'AAAA', evidence: { kind: 'join-token', token: 'x' } },
    })
    expect(told).toMatchObject({ status: 406, json: { code: 'request.not-acceptable' } })
    expect(told.headers['content-type']).toBe('application/problem+json')
    expect(issued).toBe(0)
  })

  it.each([
    'text/plain',
    'text/plain;version=0.0.4',
    'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  ])('answers a scraper that accepts %s', async (accept) => {
    const told = await ask(await serve('plain'), { path: '/metrics', headers: { accept } })
    expect(told).toMatchObject({ status: 200, text: '# metrics\n' })
    expect(told.headers['content-type']).toContain('version=0.0.4')
  })
})
