import { afterEach, describe, expect, it } from '@jest/globals'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import fc from 'fast-check'
import { refuse } from '../../../src/core/result.js'
import { DependencyError } from '../../../src/core/dependency-error.js'
import type { Certify } from '../../../src/server/grpc/certify.js'
import { type Listener, listenLoopbackH2c } from '../../../src/server/grpc/listen-linkerd.js'
import {
  CERTIFY_PATH,
  certifyFrame,
  certifyOverH2c,
  grpcCall,
  grpcFrame,
  type RawReply,
} from '../../support/linkerd-client.js'
import { certifyAll, given, LEAF } from './given-listener.js'
import { END_HEADERS, frameType, grpcHeaders, rawFrame, RawPeer } from './raw-http2.js'

const question = { identity: 'web.default', token: 'a.b.c', csr: Buffer.from('csr') }

let opened: { listener: Listener; sessions: ClientHttp2Session[] }[] = []

afterEach(async () => {
  for (const { listener, sessions } of opened) {
    for (const session of sessions) session.destroy()
    await listener.close(0)
  }
  opened = []
})

async function start(more: Parameters<typeof given>[0] = {}): Promise<{
  listener: Listener
  log: ReturnType<typeof given>['log']
  dial: () => ClientHttp2Session
  call: (
    body: Uint8Array,
    headers?: Record<string, string | undefined>,
    path?: string,
  ) => Promise<RawReply>
}> {
  const options = given(more)
  const listener = await listenLoopbackH2c(options)
  const sessions: ClientHttp2Session[] = []
  opened.push({ listener, sessions })
  const dial = (): ClientHttp2Session => {
    const session = connect(`http://127.0.0.1:${listener.address.port}`)
    session.on('error', () => undefined)
    sessions.push(session)
    return session
  }
  return {
    listener,
    log: options.log,
    dial,
    call: (body, headers = {}, path = CERTIFY_PATH) => grpcCall(dial(), { path, body, headers }),
  }
}

/** A certify that waits, and tells when it was entered and when its caller was gone. */
function heldCertify(): {
  certify: Certify
  entered: Promise<void>
  aborted: Promise<void>
  release: () => void
  count: () => number
} {
  let enter: () => void = () => undefined
  let release: () => void = () => undefined
  let abort: () => void = () => undefined
  const entered = new Promise<void>((resolve) => (enter = resolve))
  const released = new Promise<void>((resolve) => (release = resolve))
  const aborted = new Promise<void>((resolve) => (abort = resolve))
  let count = 0
  return {
    entered,
    aborted,
    release,
    count: () => count,
    certify: async (input) => {
      count += 1
      input.caller.signal.addEventListener('abort', abort)
      enter()
      await released
      return certifyAll(input)
    },
  }
}

describe('Certify over plain HTTP/2 on loopback', () => {
  it('answers', async () => {
    const { listener } = await start()
    const reply = await certifyOverH2c({ ...listener.address, ...question })
    expect(reply).toMatchObject({ ok: true, leaf: LEAF })
  })

  it('cannot be bound anywhere else', async () => {
    for (const host of ['0.0.0.0', '::', 'localhost', '127.0.0.2', '']) {
      await expect(
        // @ts-expect-error only the two loopback addresses compile
        listenLoopbackH2c({ ...given({}), host }),
      ).rejects.toThrow(RangeError)
    }
  })

  it('fails to start on a port that is taken', async () => {
    const { listener } = await start()
    await expect(listenLoopbackH2c({ ...given({}), port: listener.address.port })).rejects.toThrow(
      'EADDRINUSE',
    )
  })
})

describe('a request', () => {
  const frame = certifyFrame(question)

  it.each<{ when: string; headers: Record<string, string | undefined> }>([
    {
      when: 'with content-type application/grpc+proto',
      headers: { 'content-type': 'application/grpc+proto' },
    },
    { when: 'without te', headers: { te: undefined } },
    { when: 'with grpc-encoding identity', headers: { 'grpc-encoding': 'identity' } },
    { when: 'with a distant deadline', headers: { 'grpc-timeout': '99999999H' } },
    {
      when: 'that accepts compressed answers',
      headers: { 'grpc-accept-encoding': 'gzip,identity' },
    },
    { when: 'with metadata', headers: { 'x-anything': 'b', 'user-agent': 'grpc-go/1.60' } },
  ])('$when is answered', async ({ headers }) => {
    const { call } = await start()
    expect(await call(frame, headers)).toMatchObject({ httpStatus: 200, grpcStatus: 0 })
  })

  it.each<{ when: string; headers: Record<string, string | undefined>; http: number }>([
    { when: 'PUT', headers: { ':method': 'PUT' }, http: 405 },
    { when: 'another content type', headers: { 'content-type': 'application/json' }, http: 415 },
    { when: 'another gRPC codec', headers: { 'content-type': 'application/grpc+json' }, http: 415 },
    { when: 'gRPC-Web', headers: { 'content-type': 'application/grpc-web' }, http: 415 },
    {
      when: 'too many octets of headers',
      headers: { x: 'x'.repeat(8200), y: 'y'.repeat(8200) },
      http: 431,
    },
    { when: 'no content type', headers: { 'content-type': undefined }, http: 415 },
  ])('with $when is not gRPC', async ({ headers, http }) => {
    const { call } = await start()
    expect(await call(frame, headers)).toMatchObject({ httpStatus: http, grpcStatus: -1 })
  })

  it.each<{
    when: string
    body?: Buffer
    headers?: Record<string, string>
    path?: string
    status: number
  }>([
    { when: 'an unknown method', path: '/io.linkerd.proxy.identity.Identity/Revoke', status: 12 },
    { when: 'a query on the path', path: `${CERTIFY_PATH}?x`, status: 12 },
    { when: 'another case of the path', path: CERTIFY_PATH.toLowerCase(), status: 12 },
    { when: 'gzip', headers: { 'grpc-encoding': 'gzip' }, status: 12 },
    { when: 'the compressed flag', body: grpcFrame(Buffer.from('x'), 1), status: 12 },
    { when: 'no message', body: Buffer.alloc(0), status: 12 },
    { when: 'two messages', body: Buffer.concat([frame, frame]), status: 12 },
    { when: 'a bad prefix', body: grpcFrame(Buffer.from('x'), 255), status: 3 },
    { when: 'a message cut short', body: frame.subarray(0, -1), status: 3 },
    { when: 'a message above 64 KiB', body: grpcFrame(Buffer.alloc(65_537)), status: 8 },
    { when: 'a body of a megabyte', body: grpcFrame(Buffer.alloc(1_000_000)), status: 8 },
    { when: 'a bad grpc-timeout', headers: { 'grpc-timeout': 'soon' }, status: 3 },
    { when: 'octets that are no message', body: grpcFrame(Buffer.from('ffff', 'hex')), status: 3 },
    { when: 'no identity', body: certifyFrame({ ...question, identity: '' }), status: 3 },
    { when: 'no token', body: certifyFrame({ ...question, token: '' }), status: 3 },
    { when: 'no CSR', body: certifyFrame({ ...question, csr: Buffer.alloc(0) }), status: 3 },
    {
      when: 'a token that is not ASCII',
      body: certifyFrame({ ...question, token: 'é' }),
      status: 3,
    },
    { when: 'a NUL in the token', body: certifyFrame({ ...question, token: 'a\0b' }), status: 3 },
  ])('with $when ends with status $status, and nothing is certified', async (row) => {
    const held = heldCertify()
    const { call } = await start({ certify: held.certify })
    const reply = await call(row.body ?? frame, row.headers ?? {}, row.path)
    expect(reply).toMatchObject({ httpStatus: 200, grpcStatus: row.status })
    expect(held.count()).toBe(0)
  })

  it('learns why it is refused, by code and request id', async () => {
    const certify: Certify = () =>
      Promise.resolve(refuse('grant.no-entry', 'nothing is bound to 100% of "é"'))
    const { call } = await start({ certify })
    expect(await call(frame)).toMatchObject({
      grpcStatus: 9,
      message: 'grant.no-entry: nothing is bound to 100% of "é" (request r-1)',
    })
  })

  it.each<{ when: string; thrown: Error; status: number }>([
    { when: 'a bug', thrown: new Error('postgres://secret'), status: 13 },
    {
      when: 'a cluster that does not answer',
      thrown: new DependencyError('kubernetes a', 'x'),
      status: 13,
    },
    { when: 'a store that does not answer', thrown: new DependencyError('store', 'x'), status: 14 },
  ])('ends with $status after $when, which the log tells', async ({ thrown, status }) => {
    const { call, log } = await start({ certify: () => Promise.reject(thrown) })
    const reply = await call(frame)
    expect(reply.grpcStatus).toBe(status)
    expect(reply.message).not.toContain('secret')
    expect(log.lines).toMatchObject([{ level: 'error', fields: { err: thrown, requestId: 'r-1' } }])
  })

  it('ends at its own deadline, and its work is told so', async () => {
    const held = heldCertify()
    const { call } = await start({ certify: held.certify })
    expect(await call(frame, { 'grpc-timeout': '20m' })).toMatchObject({ grpcStatus: 4 })
    await held.aborted
  })

  it("ends at the server's limit for the work", async () => {
    const held = heldCertify()
    const { call } = await start({ certify: held.certify, limits: { answerMs: 20 } })
    expect(await call(frame)).toMatchObject({ grpcStatus: 4 })
    await held.aborted
  })

  it('is given up when its caller resets it', async () => {
    const held = heldCertify()
    const { dial } = await start({ certify: held.certify })
    const stream = dial().request({
      ':method': 'POST',
      ':path': CERTIFY_PATH,
      'content-type': 'application/grpc',
    })
    stream.on('error', () => undefined)
    stream.end(frame)
    await held.entered
    stream.close(constants.NGHTTP2_CANCEL)
    await held.aborted
  })

  it('that was reset before its end is not worked on', async () => {
    const held = heldCertify()
    const { listener } = await start({ certify: held.certify })
    const peer = await RawPeer.dial(listener.address.port)
    peer.send(
      Buffer.concat([
        rawFrame(frameType.headers, END_HEADERS, 1, grpcHeaders(CERTIFY_PATH)),
        // Whole, but for the flag that says so.
        rawFrame(frameType.data, 0, 1, frame),
        rawFrame(frameType.rstStream, 0, 1, Buffer.of(0, 0, 0, 8)),
      ]),
    )
    await peer.settled()
    await peer.settled()
    expect(held.count()).toBe(0)
    peer.end()
  })
})

describe('malformed octets', () => {
  it('always get a status, and never harm the next request', async () => {
    const { listener, dial } = await start()
    const session = dial()
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((message) => grpcFrame(message)),
    )
    await fc.assert(
      fc.asyncProperty(body, async (octets) => {
        const reply = await grpcCall(session, { path: CERTIFY_PATH, body: octets })
        expect(reply.httpStatus).toBe(200)
        expect([0, 3, 8, 12]).toContain(reply.grpcStatus)
      }),
      { numRuns: 300 },
    )
    expect((await certifyOverH2c({ ...listener.address, ...question })).ok).toBe(true)
  })
})

describe('a method with a bug', () => {
  it('costs its own call, and nothing else', async () => {
    const readiness = {
      ready: (): boolean => {
        throw new Error('bug')
      },
      onChange: () => () => undefined,
    }
    const { call, log } = await start({ readiness })
    const empty = grpcFrame(Buffer.alloc(0))
    expect(await call(empty, {}, '/grpc.health.v1.Health/Check')).toMatchObject({ grpcStatus: 13 })
    await call(empty, {}, '/grpc.health.v1.Health/Watch').catch(() => undefined)
    expect(log.lines.map((line) => line.message)).toEqual(['a gRPC method threw', 'a call broke'])
    expect(await call(certifyFrame(question))).toMatchObject({ grpcStatus: 0 })
  })
})
