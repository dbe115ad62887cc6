import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, Server } from './given-server.js'

const expired = join(import.meta.dirname, '../fixtures/ca')
const read = (name: string): string => readFileSync(join(expired, name), 'utf8')

let server: Server

beforeAll(async () => {
  server = await Server.started()
  await server.change({ op: 'scope.create', alias: 'shop' })
  await server.change({ op: 'entry.create', alias: 'shop/web', owner: { controller: 'team' } })
  await server.change({
    op: 'entry.create',
    alias: 'shop/auditor',
    owner: { controller: 'team' },
    envelope: { capabilities: ['reader'] },
  })
})
afterAll(() => server[Symbol.asyncDispose]())

const renew = (client?: Client) => server.post('/v1/renew', { csr: server.csr }, client)

describe('renewal by mutual TLS', () => {
  it('gives the entry of the certificate that the connection was made with', async () => {
    const client = await server.enrolled('shop/web')
    const { status, body } = await renew(client)
    expect({ status, alias: body['alias'] }).toEqual({ status: 201, alias: 'shop/web' })
  })

  it('needs a certificate', async () => {
    expect(await renew()).toMatchObject({ status: 401, body: { code: 'renewal.no-certificate' } })
  })

  // Node calls all of these CERT_HAS_EXPIRED, as it would an expired certificate of ours.
  it.each([
    { who: 'another CA', cert: 'c.pem', key: 'c.key' },
    { who: 'a rogue CA of the same name', cert: 'rc.pem', key: 'c.key' },
    { who: 'itself', cert: 'sc.pem', key: 'c.key' },
  ])('refuses an expired certificate of $who', async ({ cert, key }) => {
    const answer = await renew({ cert: read(cert), key: read(key) })
    expect(answer).toMatchObject({ status: 401, body: { code: 'renewal.not-ours' } })
  })

  it('looks at the certificate again with every request (SPIRE 1.14.3)', async () => {
    const client = await server.enrolled('shop/web')
    await server.change({ op: 'entry.suspend', alias: 'shop/web' })
    expect(await renew(client)).toMatchObject({ status: 403, body: { code: 'grant.not-active' } })
    await server.change({ op: 'entry.reactivate', alias: 'shop/web' })
    expect((await renew(client)).status).toBe(201)
  })

  it('cannot be had by saying "renewal" in a body', async () => {
    const client = await server.enrolled('shop/web')
    const evidence = { kind: 'renewal', certificate: client.cert }
    const answer = await server.post('/v1/certificates', { csr: server.csr, evidence }, client)
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.malformed' } })
  })

  it('is of no use for the names of others: the token decides, not the connection (CVE-2026-39388)', async () => {
    const client = await server.enrolled('shop/web')
    const evidence = { kind: 'join-token', token: await server.joinToken('shop/auditor') }
    const { body } = await server.post('/v1/certificates', { csr: server.csr, evidence }, client)
    expect(body['alias']).toBe('shop/auditor')
  })
})

describe('the routes of readers and operators', () => {
  it('open to a reader, for reading only (CVE-2025-66406)', async () => {
    const client = await server.enrolled('shop/auditor')
    expect((await server.get('/v1/entries/shop%2Fweb', client)).status).toBe(200)
    const change = { op: 'entry.suspend', alias: 'shop/web' }
    expect(await server.post('/v1/changes', change, client)).toMatchObject({
      status: 403,
      body: { code: 'request.forbidden' },
    })
    const { serial } = client
    expect((await server.post('/v1/revocations', { serial }, client)).status).toBe(403)
  })

  it('stay closed to everybody else', async () => {
    const web = await server.enrolled('shop/web')
    expect((await server.get('/v1/entries', web)).status).toBe(403)
    expect((await server.get('/v1/entries')).status).toBe(401)
    const rogue = { cert: read('rc.pem'), key: read('c.key') }
    expect((await server.get('/v1/entries', rogue)).status).toBe(401)
  })
})

describe('a server that stops', () => {
  it('answers what it has recorded, and ends', async () => {
    const leaving = await Server.started()
    await leaving.change({ op: 'entry.create', alias: 'web', owner: { controller: 'team' } })
    const tokens = await Promise.all(Array.from({ length: 20 }, () => leaving.joinToken('web')))
    const { operations } = leaving.serving
    const answers = tokens.map((token) =>
      leaving
        .post('/v1/certificates', { csr: leaving.csr, evidence: { kind: 'join-token', token } })
        .then(({ status, body }) => (status === 201 ? String(body['serial']) : undefined))
        .catch(() => undefined),
    )
    await answers[0]
    const listed = operations.certificates({ live: 'all', limit: 100 })
    leaving.stop()
    const received = (await Promise.all(answers)).filter((serial) => serial !== undefined)
    expect(received.length).toBeGreaterThan(0)
    expect((await listed).ok).toBe(true)
    expect(await leaving.ended).toEqual({ ok: true, value: 0 })
    // Whoever was recorded has been answered: each token was used, or its request never began.
    expect((await leaving.recorded()).sort()).toEqual(received.sort())
    await leaving[Symbol.asyncDispose]()
  })
})
