import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Certify, CertifyInput } from '../../../src/server/grpc/certify.js'
import { type Listener, listenLinkerd } from '../../../src/server/grpc/listen-linkerd.js'
import {
  HeldCertificates,
  type ServerCertificate,
} from '../../../src/server/tls/server-certificates.js'
import {
  CERTIFY_PATH,
  certifyFrame,
  certifyOverTls,
  connectAsProxy,
  grpcCall,
  type LinkerdServer,
} from '../../support/linkerd-client.js'
import { T0 } from '../../support/fake-clock.js'
import { testAuthority, type TestAuthority } from '../tls/test-certificates.js'
import { certifyAll, given, ISSUER, LEAF } from './given-listener.js'

const NAME = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'
const OTHER = 'linkerd-identity.mesh.serviceaccount.identity.mesh.eu.example'
const question = { identity: 'web.default', token: 'a.b.c', csr: Buffer.from('csr') }

let authority: TestAuthority
let certificate: ServerCertificate
let other: ServerCertificate
let open: Listener[] = []

beforeAll(async () => {
  authority = await testAuthority()
  certificate = await authority.issue(NAME)
  other = await authority.issue(OTHER)
})

afterEach(async () => {
  await Promise.all(open.map((listener) => listener.close(0)))
  open = []
})

async function start(
  more: Parameters<typeof given>[0] & { certificates?: HeldCertificates } = {},
): Promise<LinkerdServer & { listener: Listener; log: ReturnType<typeof given>['log'] }> {
  const options = given(more)
  const listener = await listenLinkerd({
    ...options,
    host: '127.0.0.1',
    certificates:
      more.certificates ??
      new HeldCertificates(
        new Map([
          [NAME, certificate],
          [OTHER, other],
        ]),
      ),
  })
  open.push(listener)
  return {
    ...listener.address,
    serverName: NAME,
    ca: authority.rootPem,
    listener,
    log: options.log,
  }
}

/** How a TLS handshake ends: the error's code, or the socket. */
async function handshake(options: ConnectionOptions): Promise<TLSSocket | string> {
  const socket = connectTls(options)
  return new Promise((resolve) => {
    socket.on('secureConnect', () => resolve(socket))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

describe('a proxy that dials over TLS without ALPN', () => {
  it('gets a leaf, the chain with the issuer first, and valid_until', async () => {
    const server = await start()
    expect(await certifyOverTls({ ...server, ...question })).toEqual({
      ok: true,
      leaf: LEAF,
      intermediates: [ISSUER],
      validUntil: T0,
    })
  })

  it('is passed on verbatim, with its address and a request id', async () => {
    const asked: CertifyInput[] = []
    const certify: Certify = (input) => {
      asked.push(input)
      return certifyAll(input)
    }
    await certifyOverTls({ ...(await start({ certify })), ...question })
    expect(asked).toMatchObject([
      { identity: 'web.default', token: 'a.b.c', requestId: 'r-1', remote: '127.0.0.1' },
    ])
    expect(Buffer.from(asked[0]!.csr)).toEqual(question.csr)
  })

  it('is never asked for a certificate, and an expired one in its hand does no harm', async () => {
    const server = await start()
    const stranger = await (await testAuthority('stranger')).issue('anybody')
    const reply = await certifyOverTls(
      { ...server, ...question },
      { key: stranger.key.export({ type: 'pkcs8', format: 'pem' }), cert: stranger.chainPem },
    )
    expect(reply.ok).toBe(true)
    const socket = await connectAsProxy(server)
    expect(socket.getProtocol()).toBe('TLSv1.3')
    expect(socket.alpnProtocol).toBe(false)
    socket.destroy()
  })

  it('is shown leaf and issuer of the name it asked for', async () => {
    const server = await start()
    for (const serverName of [NAME, OTHER]) {
      const socket = await connectAsProxy({ ...server, serverName })
      expect(socket.getPeerCertificate(true).subjectaltname).toBe(`DNS:${serverName}`)
      expect(socket.getPeerX509Certificate()?.issuer).toBe('CN=test issuer')
      socket.destroy()
    }
  })
})

describe('the TLS handshake', () => {
  it('takes ALPN h2', async () => {
    const server = await start()
    const socket = await connectAsProxy(server, { ALPNProtocols: ['h2'] })
    expect(socket.alpnProtocol).toBe('h2')
    const reply = await certifyOverTls({ ...server, ...question }, { ALPNProtocols: ['h2'] })
    expect(reply.ok).toBe(true)
    socket.destroy()
  })

  it.each<{ when: string; more: ConnectionOptions; code: string }>([
    {
      when: 'refuses HTTP/1.1 by ALPN',
      more: { ALPNProtocols: ['http/1.1'] },
      code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    },
    {
      when: 'refuses TLS 1.2',
      more: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    },
    {
      when: 'refuses a server name that it has no certificate for',
      more: { servername: 'other.example' },
      code: 'ECONNRESET',
    },
  ])('$when', async ({ more, code }) => {
    const { host, port, ca } = await start()
    const end = await handshake({
      host,
      port,
      ca,
      servername: NAME,
      minVersion: 'TLSv1.3',
      ...more,
    })
    expect(end).toBe(code)
  })

  it('shows the first certificate to a client without SNI', async () => {
    const { host, port, ca } = await start()
    const end = await handshake({ host, port, ca, checkServerIdentity: () => undefined })
    expect((end as TLSSocket).getPeerCertificate().subjectaltname).toBe(`DNS:${NAME}`)
    ;(end as TLSSocket).destroy()
  })

  it('never resumes a session, whatever ticket it was shown (SPIRE 1.14.3)', async () => {
    const server = await start()
    const first = await connectAsProxy(server)
    const tickets: Buffer[] = []
    first.on('session', (ticket: Buffer) => tickets.push(ticket))
    const session = connectHttp2('http://x', { createConnection: () => first })
    await grpcCall(session, { path: CERTIFY_PATH, body: certifyFrame(question) })
    session.destroy()
    const offered = tickets.at(-1) ?? first.getSession()
    expect(offered).toBeInstanceOf(Buffer)

    const second = await connectAsProxy(server, { session: offered })
    expect(second.isSessionReused()).toBe(false)
    // A resumed handshake carries no certificate: this one was whole.
    expect(second.getPeerX509Certificate()?.subjectAltName).toBe(`DNS:${NAME}`)
    second.destroy()
  })

  it('uses a replaced certificate for the next connection, with and without SNI', async () => {
    const certificates = new HeldCertificates(new Map([[NAME, certificate]]))
    const server = await start({ certificates })
    const renewed = await authority.issue(NAME)
    certificates.replace(new Map([[NAME, renewed]]))
    for (const servername of [NAME, '']) {
      const socket = await connectAsProxy(server, {
        servername,
        checkServerIdentity: () => undefined,
      })
      expect(socket.getPeerX509Certificate()?.toString().trim()).toBe(renewed.leafPem.trim())
      socket.destroy()
    }
  })

  it('shuts the door without a certificate, and opens it once there is one', async () => {
    const certificates = new HeldCertificates(new Map())
    const server = await start({ certificates })
    const { host, port, ca } = server
    expect(await handshake({ host, port, ca, servername: NAME })).toBe('ECONNRESET')
    certificates.replace(new Map([[NAME, certificate]]))
    expect((await certifyOverTls({ ...server, ...question })).ok).toBe(true)
  })

  it('ends a connection that never finishes it', async () => {
    const { host, port, log } = await start({ limits: { handshakeMs: 50 } })
    const socket = connectTcp(port, host)
    socket.resume().write(Buffer.from('1603010200', 'hex'))
    await once(socket, 'close')
    expect(log.lines.map((line) => line.message)).toContain('TLS handshake failed')
  })
})

describe('closing', () => {
  it('answers the call under way, accepts no further one, and then hangs up', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let entered: () => void = () => undefined
    const underWay = new Promise<void>((resolve) => {
      entered = resolve
    })
    const certify: Certify = async (input) => {
      entered()
      await held
      return certifyAll(input)
    }
    const server = await start({ certify })
    const reply = certifyOverTls({ ...server, ...question })
    await underWay
    const closed = server.listener.close(10_000)
    expect(await handshake({ ...server, servername: NAME })).toBe('ECONNREFUSED')
    release()
    expect((await reply).ok).toBe(true)
    await closed
  })

  it('says GOAWAY to a connection without a call, and does not wait for it', async () => {
    const server = await start()
    const socket = await connectAsProxy(server)
    const session = connectHttp2('http://x', { createConnection: () => socket })
    await grpcCall(session, { path: CERTIFY_PATH, body: certifyFrame(question) })
    const goaway = once(session, 'goaway')
    await server.listener.close(600_000)
    expect((await goaway)[0]).toBe(0)
  })

  it('cuts off what is not done within the grace', async () => {
    let signal: AbortSignal | undefined
    let entered: () => void = () => undefined
    const underWay = new Promise<void>((resolve) => {
      entered = resolve
    })
    const certify: Certify = (input) => {
      signal = input.caller.signal
      entered()
      return new Promise(() => undefined)
    }
    const server = await start({ certify })
    const reply = certifyOverTls({ ...server, ...question })
    const failed = expect(reply).rejects.toThrow()
    await underWay
    await server.listener.close(20)
    await failed
    expect(signal?.aborted).toBe(true)
  })

  it('does not wait for a handshake that never ends', async () => {
    const { host, port, listener } = await start()
    const socket = connectTcp(port, host)
    await once(socket, 'connect')
    await listener.close(600_000)
    socket.destroy()
  })
})

describe('a stranger', () => {
  it('who opens as many connections as there may be is in the way of nobody (attack 380)', async () => {
    const server = await start({ limits: { connections: 4 } })
    const { host, port } = server
    // Handshakes that never begin are connections as well.
    const held = Array.from({ length: 12 }, () =>
      connectTcp({ host, port, localAddress: '127.0.0.2' }).on('error', () => undefined),
    )
    const open = (): number => held.filter(({ closed }) => !closed).length
    for (let wait = 0; wait < 200 && open() > 4; wait += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(open()).toBe(4)
    const asked = Array.from({ length: 2 }, () => certifyOverTls({ ...server, ...question }))
    expect((await Promise.all(asked)).map(({ ok }) => ok)).toEqual([true, true])
    for (const socket of held) socket.destroy()
  })
})
