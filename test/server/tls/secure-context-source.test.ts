import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect, type ConnectionOptions, type SecureVersion, TLSSocket } from 'node:tls'
import { secureContextSource } from '../../../src/server/tls/secure-context-source.js'
import {
  HeldCertificates,
  type ServerCertificate,
} from '../../../src/server/tls/server-certificates.js'
import { testAuthority, type TestAuthority } from './test-certificates.js'

let authority: TestAuthority
let stranger: TestAuthority
let certificate: ServerCertificate
let servers: Server[] = []

beforeAll(async () => {
  authority = await testAuthority()
  stranger = await testAuthority('stranger')
  certificate = await authority.issue('capstan.example')
})

afterEach(async () => {
  await Promise.all(
    servers.map((server) => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    }),
  )
  servers = []
})

/** An HTTPS server that tells what it thinks of its client's certificate. */
async function start(more: {
  anchors: () => readonly string[]
  minVersion?: SecureVersion
  certificates?: HeldCertificates
}): Promise<{ port: number }> {
  const source = secureContextSource({
    certificates:
      more.certificates ?? new HeldCertificates(new Map([['capstan.example', certificate]])),
    minVersion: more.minVersion ?? 'TLSv1.3',
    clientTrustAnchors: more.anchors,
  })
  const server = createServer(
    { ...source.options(), requestCert: true, rejectUnauthorized: false },
    (incoming, response) => {
      const { socket } = incoming
      if (!(socket instanceof TLSSocket)) throw new Error('not a TLS connection')
      response.end(`${String(socket.authorized)} ${String(socket.isSessionReused())}`)
    },
  )
  server.once('close', source.follow(server))
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port }
}

async function ask(port: number, more: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        port,
        servername: 'capstan.example',
        ca: authority.rootPem,
        agent: false,
        ...more,
      },
      (response) => {
        response.setEncoding('utf-8')
        let text = ''
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve(text))
      },
    )
      .on('error', reject)
      .end()
  })
}

const client = async (by: TestAuthority): Promise<ConnectionOptions> => {
  const { key, chainPem } = await by.issue('web')
  return { key: key.export({ type: 'pkcs8', format: 'pem' }), cert: chainPem }
}

describe('a listener that may be shown a client certificate', () => {
  it.each(['capstan.example', ''])(
    'tells ours from others (server name %p)',
    async (servername) => {
      const { port } = await start({ anchors: () => [authority.rootPem] })
      const more = { servername, checkServerIdentity: () => undefined }
      expect(await ask(port, { ...more, ...(await client(authority)) })).toBe('true false')
      expect(await ask(port, { ...more, ...(await client(stranger)) })).toBe('false false')
      expect(await ask(port, more)).toBe('false false')
    },
  )

  it('follows its trust anchors', async () => {
    const anchors = [authority.rootPem]
    const { port } = await start({ anchors: () => anchors })
    const other = await client(stranger)
    expect(await ask(port, other)).toBe('false false')
    anchors.push(stranger.rootPem)
    expect(await ask(port, other)).toBe('true false')
  })

  it('follows them for clients without a server name once told of a change', async () => {
    const held = new Map([['capstan.example', certificate]])
    const certificates = new HeldCertificates(held)
    const anchors = [authority.rootPem]
    const { port } = await start({ anchors: () => anchors, certificates })
    const other = {
      ...(await client(stranger)),
      servername: '',
      checkServerIdentity: () => undefined,
    }
    anchors.push(stranger.rootPem)
    certificates.replace(held)
    expect(await ask(port, other)).toBe('true false')
  })

  it('trusts nobody, rather than the public CAs of the web, when it has no trust anchors', () => {
    const certificates = new HeldCertificates(new Map())
    expect(secureContextSource({ certificates, minVersion: 'TLSv1.3' }).options().ca).toEqual([])
  })

  it.each<{ version: SecureVersion }>([{ version: 'TLSv1.2' }, { version: 'TLSv1.3' }])(
    'never resumes a session over $version',
    async ({ version }) => {
      const { port } = await start({ anchors: () => [authority.rootPem], minVersion: 'TLSv1.2' })
      const options = {
        port,
        host: '127.0.0.1',
        servername: 'capstan.example',
        ca: authority.rootPem,
        minVersion: version,
        maxVersion: version,
      }
      const first = connect(options)
      await once(first, 'secureConnect')
      first.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
      await once(first, 'data')
      const session = first.getSession()
      first.destroy()

      const second = connect({ ...options, session: session! })
      await once(second, 'secureConnect')
      expect(second.getProtocol()).toBe(version)
      expect(second.isSessionReused()).toBe(false)
      second.destroy()
    },
  )
})

describe('HeldCertificates', () => {
  it('answers by name in any case, and by the first without one', async () => {
    const second = await authority.issue('second.example')
    const held = new HeldCertificates(
      new Map([
        ['first.example', certificate],
        ['second.example', second],
      ]),
    )
    expect(held.current(undefined)).toBe(certificate)
    expect(held.current('SECOND.example')).toBe(second)
    expect(held.current('third.example')).toBeUndefined()
    expect(new HeldCertificates(new Map()).current(undefined)).toBeUndefined()
  })

  it('tells of a replacement until it is told to stop', () => {
    const held = new HeldCertificates(new Map())
    let told = 0
    const stop = held.onChange(() => (told += 1))
    held.replace(new Map([['first.example', certificate]]))
    expect(held.current(undefined)).toBe(certificate)
    stop()
    held.replace(new Map())
    expect(told).toBe(1)
  })
})
