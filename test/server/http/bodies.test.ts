import { parseChangeRequest } from '../../../src/namespace/change-request.js'
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:tls'
import { ok } from '../../../src/core/result.js'
import type { IssueInput, JsonBody } from '../../../src/server/operations.js'
import { sampleIssued } from '../../support/fake-operations.js'
import { ask, type Asked, closeAll, people, serve, type Told } from './harness.js'

afterAll(closeAll)

let issued: IssueInput[] = []
let changes: JsonBody[] = []
beforeEach(() => {
  issued = []
  changes = []
})
const served = await serve('tls', {
  rate: { burst: 10_000 },
  operations: {
    issue: (input) => {
      issued.push(input)
      return Promise.resolve(ok(sampleIssued))
    },
  },
})
const local = await serve('unix', {
  operations: {
    // As the namespace does: the HTTP layer leaves it the parsing of its changes.
    change: (request, { about }) => {
      about({ alias: 'as/asked' })
      const parsed = parseChangeRequest(request)
      if (!parsed.ok) return Promise.resolve(parsed)
      changes.push(request)
      throw new Error('far enough')
    },
  },
})

const post = (
  body: NonNullable<Asked['body']>,
  headers: Record<string, string> = {},
): Promise<Told> => ask(served, { method: 'POST', path: '/v1/certificates', headers, body })

const valid = { csr: 'AAAA', evidence: { kind: 'join-token', token: 'x' } }
const text = JSON.stringify(valid)
const padded = (size: number): string => text.padEnd(size, ' ')

describe('a body', () => {
  it('reaches the use case parsed', async () => {
    await post({
      csr: 'AAAA',
      evidence: { kind: 'kubernetes', token: 'a.b.c', cluster: 'prod/eu' },
      challenge: `ch${'a'.repeat(26)}`,
      ttlSeconds: 3600,
    })
    expect(issued).toEqual([
      {
        csr: 'AAAA',
        evidence: { kind: 'kubernetes', token: 'a.b.c', cluster: 'prod/eu' },
        challenge: `ch${'a'.repeat(26)}`,
        ttl: 3600,
      },
    ])
  })

  it.each([
    { when: 'not JSON', body: '{"csr":', at: 'JSON' },
    { when: 'empty', body: '', at: 'JSON' },
    { when: 'not an object', body: '"x"', at: '""' },
    { when: 'a list', body: `[${text}]`, at: '""' },
    { when: 'a key twice', body: text.replace('{', '{"csr":"BBBB",'), at: 'twice' },
    {
      when: 'a key of the evidence twice',
      body: text.replace('"token"', '"token":"y","token"'),
      at: 'twice',
    },
    { when: 'an unknown member', body: { ...valid, admin: true }, at: '""' },
    { when: 'a missing member', body: { csr: 'AAAA' }, at: '""' },
    {
      when: 'an unknown kind of evidence',
      body: { ...valid, evidence: { kind: 'renewal', certificate: 'AAAA' } },
      at: '"/evidence"',
    },
    {
      when: 'evidence of no kind',
      body: { ...valid, evidence: { token: 'x' } },
      at: '"/evidence"',
    },
    {
      when: 'a kind that is a list',
      body: { ...valid, evidence: { kind: ['join-token'], token: 'x' } },
      at: '"/evidence"',
    },
    {
      when: "another kind's member",
      body: { ...valid, evidence: { kind: 'join-token', token: 'x', cluster: 'prod' } },
      at: '"/evidence"',
    },
    {
      when: 'a token that is a number',
      body: { ...valid, evidence: { kind: 'join-token', token: 7 } },
      at: '"/evidence/token"',
    },
    {
      when: 'a token with a line break',
      body: { ...valid, evidence: { kind: 'join-token', token: 'a\nb' } },
      at: '"/evidence/token"',
    },
    {
      when: 'a token of 9 KB',
      body: { ...valid, evidence: { kind: 'join-token', token: 'x'.repeat(9000) } },
      at: '"/evidence/token"',
    },
    { when: 'a CSR that is a list', body: { ...valid, csr: ['AAAA'] }, at: '"/csr"' },
    {
      when: 'a lifetime that is a text',
      body: { ...valid, ttlSeconds: '60' },
      at: '"/ttlSeconds"',
    },
    { when: 'half a second', body: { ...valid, ttlSeconds: 0.5 }, at: '"/ttlSeconds"' },
    { when: 'no time', body: { ...valid, ttlSeconds: 0 }, at: '"/ttlSeconds"' },
    { when: 'more than a day', body: { ...valid, ttlSeconds: 86_401 }, at: '"/ttlSeconds"' },
    {
      when: 'for ever',
      body: text.replace('}}', '},"ttlSeconds":1e999}'),
      at: '"/ttlSeconds"',
    },
    {
      when: 'a reserved cluster alias',
      body: { ...valid, evidence: { kind: 'kubernetes', token: 'x', cluster: 'svc' } },
      at: 'reserved',
    },
    {
      when: '__proto__',
      body: text.replace('{', '{"__proto__":{"ttlSeconds":60},'),
      at: '__proto__',
    },
    {
      when: 'constructor',
      body: text.replace('{', '{"constructor":{"prototype":{"ttlSeconds":60}},'),
      at: '""',
    },
  ])('is refused when it is $when, and the use case never runs', async ({ body, at }) => {
    const told = await post(body)
    expect(told.status).toBe(400)
    expect(told.headers['content-type']).toBe('application/problem+json')
    expect(told.text).toContain(at.replaceAll('"', '\\"'))
    expect(issued).toEqual([])
    expect(Object.prototype).not.toHaveProperty('ttlSeconds')
  })

  it('is never quoted in its refusal', async () => {
    const token = 'eyJhbGciOiJub25lIn0.secret.\n'
    const told = await post({ ...valid, evidence: { kind: 'kubernetes', token } })
    expect(told.status).toBe(400)
    expect(told.text).not.toContain('secret')
    expect(JSON.stringify([served.audited, served.logged])).not.toContain('secret')
  })

  it.each([
    { type: 'text/plain', status: 415 },
    { type: 'application/x-www-form-urlencoded', status: 415 },
    { type: 'multipart/form-data; boundary=x', status: 415 },
    { type: 'application/json; charset=utf-16', status: 415 },
    { type: 'application/json-patch+json', status: 415 },
    { type: '', status: 415 },
    { type: 'application/json', status: 201 },
    { type: 'Application/JSON; charset="UTF-8"', status: 201 },
  ])('of type "$type" is answered $status', async ({ type, status }) => {
    const told = await post(text, { 'content-type': type })
    expect(told.status).toBe(status)
    if (status === 415) expect(told.json?.['code']).toBe('request.unsupported-type')
    expect(issued).toHaveLength(status === 415 ? 0 : 1)
  })

  it('is refused when it is compressed', async () => {
    expect((await post(text, { 'content-encoding': 'gzip' })).status).toBe(415)
  })
})

describe('the size of a body', () => {
  it.each([
    { when: '64 KiB', body: padded(65_536), status: 201 },
    { when: '64 KiB and one', body: padded(65_537), status: 413 },
    { when: '1 MB', body: padded(1_000_000), status: 413 },
  ])('$when: $status', async ({ body, status }) => {
    const told = await post(body)
    expect(told.status).toBe(status)
    expect(issued).toHaveLength(status === 201 ? 1 : 0)
    if (status === 413) expect(told.json?.['code']).toBe('request.too-large')
  })

  it('is counted as it comes when nobody has said it', async () => {
    const told = await chunked(Array<string>(70).fill('x'.repeat(1000)))
    expect(told).toBe(413)
  })

  it('is not read for ever: the connection of an endless body is closed', async () => {
    // Far beyond what is read and thrown away; the client may see the answer or a reset.
    const told = await chunked(Array<string>(200).fill('x'.repeat(65_536))).catch(() => 'closed')
    expect([413, 'closed']).toContain(told)
    expect(served.counted).toContain('refused request.too-large')
    expect((await ask(served, { path: '/live' })).status).toBe(200)
  })

  it('may be 8 MiB for a document on the local socket, and not for anything else there', async () => {
    const document = { a: 'x'.repeat(8_000_000) }
    const apply = { method: 'POST', path: '/v1/apply', body: { document, dryRun: true } }
    expect((await ask(local, apply)).status).toBe(200)
    const larger = { ...apply, body: { document: { a: 'x'.repeat(8_400_000) }, dryRun: true } }
    expect((await ask(local, larger)).status).toBe(413)
    const change = { op: 'entry.retire', alias: 'a', reason: 'x'.repeat(66_000) }
    const told = await ask(local, { method: 'POST', path: '/v1/changes', body: change })
    expect(told.status).toBe(413)
  })

  it('may hold what all voters of a recovery sign, on the local socket alone', async () => {
    const voters = Array.from({ length: 32 }, () => 'x'.repeat(4000))
    const envelope = {
      ...{ payload: 'e30=', payloadType: 'a/b' },
      signatures: voters.map((sig) => ({ sig })),
    }
    const recovery = { method: 'POST', path: '/v1/recoveries', body: { envelopes: [envelope] } }
    const { status, json } = await ask(local, recovery)
    expect([status, json?.['code']]).not.toContain('request.too-large')
  })

  function chunked(chunks: readonly string[]): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest({
        host: '127.0.0.1',
        port: Number(served.listener.address.split(':')[1]),
        servername: 'localhost',
        ca: people.server.certPem,
        method: 'POST',
        path: '/v1/certificates',
        agent: false,
        headers: { 'content-type': 'application/json' },
      })
      request.on('error', reject)
      request.on('response', (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode))
      })
      for (const chunk of chunks) request.write(chunk)
      request.end()
    })
  }
})

describe('a slow client', () => {
  it.each([
    { when: 'never ends its header', sent: 'POST /v1/certificates HTTP/1.1\r\nhost: a\r\n' },
    {
      when: 'never ends its body',
      sent: 'POST /v1/certificates HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n{',
    },
  ])('that $when is told so and let go', async ({ sent }) => {
    const slow = await serve('tls', {
      http: { headersMs: 50, requestMs: 100, checkEveryMs: 20 },
    })
    const answer = await raw(slow.listener.address, sent)
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('content-type: application/problem+json')
    expect(answer).toContain('"code":"request.timeout"')
  })

  it('that hangs up in the middle of its body leaves nothing behind', async () => {
    const sent =
      'POST /v1/certificates HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n{'
    await raw(served.listener.address, sent, 'hang up')
    expect((await post(valid)).status).toBe(201)
    expect(issued).toHaveLength(1)
  })
})

/** Sends octets over TLS and answers everything that comes until the server closes. */
function raw(address: string, sent: string, then?: 'hang up'): Promise<string> {
  return new Promise((resolve, reject) => {
    const port = Number(address.split(':')[1])
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      ca: people.server.certPem,
    })
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
    socket.write(sent, () => {
      if (then === 'hang up') socket.destroy()
    })
  })
}

describe('a change', () => {
  const alias = 'payments/api'
  const cluster = {
    identityTrustDomain: 'cluster.local',
    controlPlaneNamespace: 'linkerd',
    issuer: 'https://kubernetes.default.svc',
    audience: 'capstan.acme.example',
    validation: 'both',
    tokenReview: { kubeconfig: '/etc/kube/config', context: 'prod' },
    jwks: { discovery: true },
  }
  const k8s = { kind: 'k8s', cluster: 'prod', namespace: 'payments', serviceAccount: 'api.v2' }
  const envelope = {
    attestors: ['kubernetes', 'join-token'],
    maxTtl: 3600,
    keyAlgs: ['P-256', 'RSA'],
    usages: ['serverAuth'],
    sanKinds: ['spiffe', 'dns-linkerd', 'dns-entry'],
    names: ['', 'payments'],
    clusters: '*',
    mayCall: ['payments/db'],
    mayAccept: [''],
    ports: [[80, 443]],
    allowUnauthenticated: false,
    federate: [],
    graceAfterExpiry: 0,
    capabilities: ['reader'],
  }

  it.each<object>([
    { op: 'scope.create', alias, envelope, reason: 'because', ticket: 'OPS-1' },
    { op: 'scope.suspend', alias },
    { op: 'entry.create', alias, owner: { controller: 'local:root', contact: 'Ünïcode' } },
    {
      op: 'entry.create',
      alias,
      owner: { controller: 'local:root' },
      envelope,
      bindings: [
        k8s,
        { kind: 'vm', attestor: 'aws-iid', match: { account: ['1'], region: ['eu-west-1'] } },
        { kind: 'edge', attestor: 'tpm', device: 'gateway-17', fleet: 'north' },
      ],
      labels: { 'app.kubernetes.io/name': 'api', tier: '' },
      validUntil: '2027-01-31T00:00:00Z',
    },
    { op: 'entry.update', alias, labels: {} },
    { op: 'entry.rename', alias, to: 'payments/v2' },
    { op: 'binding.add', alias, binding: k8s },
    { op: 'binding.remove', alias, binding: 'babcdefghijkl' },
    { op: 'envelope.set', alias: '', envelope: {} },
    { op: 'cluster.register', alias: 'prod', cluster },
    { op: 'cluster.update', alias: 'prod', cluster: { ...cluster, jwks: { file: '/a' } } },
    { op: 'cluster.remove', alias: 'prod' },
  ])('%j reaches the namespace as it was written', async (body) => {
    await ask(local, { method: 'POST', path: '/v1/changes', body })
    expect(local.audited.at(-1)).toMatchObject({ about: { alias: 'as/asked' } })
    expect(changes).toEqual([body])
  })

  it.each<{ when: string; body: object }>([
    { when: 'an unknown operation', body: { op: 'entry.delete', alias } },
    { when: 'no operation', body: { alias } },
    { when: 'a path for an alias', body: { op: 'entry.retire', alias: '../payments' } },
    { when: 'an upper-case alias', body: { op: 'entry.retire', alias: 'Payments' } },
    { when: 'an alias of nine segments', body: { op: 'entry.retire', alias: 'a/a/a/a/a/a/a/a/a' } },
    { when: 'the root as an entry', body: { op: 'entry.retire', alias: '' } },
    { when: "another operation's member", body: { op: 'entry.retire', alias, to: 'b' } },
    {
      when: 'an escape sequence for a reason',
      body: { op: 'entry.retire', alias, reason: '\u001b[2J' },
    },
    {
      when: 'an unknown capability',
      body: { op: 'envelope.set', alias, envelope: { capabilities: ['operator'] } },
    },
    {
      when: 'an unknown envelope field',
      body: { op: 'envelope.set', alias, envelope: { maxTTL: 1 } },
    },
    { when: 'half an interval', body: { op: 'envelope.set', alias, envelope: { ports: [[80]] } } },
    {
      when: 'three ports',
      body: { op: 'envelope.set', alias, envelope: { ports: [[80, 90, 100]] } },
    },
    { when: 'more than a day', body: { op: 'envelope.set', alias, envelope: { maxTtl: 86_401 } } },
    {
      when: 'http keys',
      body: { op: 'cluster.register', alias, cluster: { ...cluster, jwks: { url: 'http://a/' } } },
    },
    {
      when: 'two key sources',
      body: {
        op: 'cluster.register',
        alias,
        cluster: { ...cluster, jwks: { file: '/a', discovery: true } },
      },
    },
    {
      when: 'a day that is no instant',
      body: { op: 'entry.update', alias, validUntil: '2027-01-31' },
    },
    {
      when: 'an unknown kind of binding',
      body: { op: 'binding.add', alias, binding: { ...k8s, kind: 'any' } },
    },
    {
      when: 'an inherited property as a label',
      body: JSON.parse('{"op":"entry.update","alias":"a","labels":{"__proto__":"x"}}') as object,
    },
  ])('is refused: $when', async ({ body }) => {
    const told = await ask(local, { method: 'POST', path: '/v1/changes', body })
    expect(told.status).toBe(400)
    expect(told.json).toMatchObject({ code: expect.stringMatching(/^(request|namespace)\./) })
    expect(changes).toEqual([])
  })
})

describe('a revocation', () => {
  const serial = '4f0c3a9e5b7d1f2846a0c8e2b4d6f081'

  it.each([
    { when: 'a serial', body: { serial }, status: 200 },
    { when: 'a serial with colons', body: { serial: serial.match(/../g)!.join(':') }, status: 200 },
    { when: 'an entry and a reason', body: { entry: 'a', reason: 'keyCompromise' }, status: 200 },
    { when: 'both', body: { serial, entry: 'a' }, status: 400 },
    { when: 'neither', body: { reason: 'keyCompromise' }, status: 400 },
    { when: 'no serial', body: { serial: '12' }, status: 400 },
    { when: 'an unknown reason', body: { entry: 'a', reason: 'removeFromCRL' }, status: 400 },
  ])('of $when is answered $status', async ({ body, status }) => {
    const told = await ask(local, { method: 'POST', path: '/v1/revocations', body })
    expect(told.status).toBe(status)
  })
})
