import { afterAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { ok, refuse } from '../../../src/core/result.js'
import { listenUnixSocket } from '../../../src/server/http/listen-unix-socket.js'
import { listenPlain } from '../../../src/server/http/listen-plain.js'
import { defaultHttpLimits, type HttpListener } from '../../../src/server/http/listener.js'
import { fakeOperations } from '../../support/fake-operations.js'
import { ask, closeAll, people, serve, type Served } from './harness.js'

const opened: HttpListener[] = []
afterAll(async () => {
  await closeAll()
  await Promise.all(opened.map((listener) => listener.close(0)))
})

const portOf = (served: Served): number => Number(served.listener.address.split(':')[1])

const plainTo = (served: Served): Socket => connectTcp({ host: '127.0.0.1', port: portOf(served) })

const tlsTo = (served: Served, more: object = {}): TLSSocket =>
  connectTls({
    host: '127.0.0.1',
    port: portOf(served),
    servername: 'localhost',
    ca: people.server.certPem,
    ...more,
  })

/** Everything that comes until the connection closes. */
function untilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
}

/** The first answer of a connection. */
const partsOf = (answer: string): { head: string; body: string } => {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { head, body }
}

/** The text of a problem names HTTP/1.1 too, but never with a status. */
const statusLines = (answer: string): readonly string[] => answer.match(/HTTP\/1\.1 \d+ /g) ?? []

/** Until this much has come. */
function until(socket: Socket, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const look = (chunk: Buffer): void => {
      text += chunk.toString()
      if (!pattern.test(text)) return
      socket.off('data', look)
      resolve(text)
    }
    socket.on('data', look)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`closed after: ${text}`)))
  })
}

describe('what is no request', () => {
  it.each([
    { when: 'no HTTP', sent: 'hello\r\n\r\n', status: 400, code: 'request.malformed' },
    {
      when: 'a header of 17 KB',
      sent: `GET /live HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(17_000)}\r\n\r\n`,
      status: 431,
      code: 'request.header-too-large',
    },
    {
      when: 'two lengths',
      sent: 'POST /v1/renew HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n',
      status: 400,
      code: 'request.malformed',
    },
    {
      when: 'a length and chunks',
      sent: 'POST /v1/renew HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      status: 400,
      code: 'request.malformed',
    },
    {
      when: 'a header with a NUL',
      sent: 'GET /live HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n',
      status: 400,
      code: 'request.malformed',
    },
    {
      when: 'a bare line feed in a header',
      sent: 'GET /live HTTP/1.1\r\nhost: a\r\nx: a\nset-cookie: b\rc\r\n\r\n',
      status: 400,
      code: 'request.malformed',
    },
  ])('$when: answered $status as a problem, and closed', async ({ sent, status, code }) => {
    const socket = plainTo(await serve('plain'))
    socket.write(sent)
    const answer = await untilClosed(socket)
    expect(statusLines(answer)).toHaveLength(1)
    expect(answer).toContain(`HTTP/1.1 ${status} `)
    expect(answer).toContain('connection: close')
    const body = JSON.parse(partsOf(answer).body) as Record<string, unknown>
    expect(body).toMatchObject({ code, status })
    expect(answer).toContain(`x-request-id: ${String(body['requestId'])}`)
  })

  it('is answered once when it follows a request that is still worked on', async () => {
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const served = await serve('unix', {
      operations: {
        createChallenge: async (context) => {
          begin()
          await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
          return fakeOperations().createChallenge(context)
        },
      },
    })
    const socket = connectTcp({ path: served.socketPath })
    const answer = untilClosed(socket)
    socket.write('POST /v1/challenges HTTP/1.1\r\nhost: a\r\n\r\n')
    await begun
    socket.write('hello\r\n\r\nhello\r\n\r\n')
    expect(statusLines(await answer)).toEqual(['HTTP/1.1 400 '])
  })

  it('is answered in full for a client that reads only when it has sent everything', async () => {
    const socket = plainTo(await serve('plain'))
    await new Promise((resolve) => socket.write('x'.repeat(4_194_304), resolve))
    expect(JSON.parse(partsOf(await untilClosed(socket)).body)).toMatchObject({
      code: 'request.malformed',
    })
  })

  it('is closed though the client never closes its side', async () => {
    const socket = connectTcp({
      host: '127.0.0.1',
      port: portOf(await serve('plain')),
      allowHalfOpen: true,
    })
    socket.write('hello\r\n\r\n')
    await until(socket, /request\.malformed/)
    const more = setInterval(() => socket.write('hello\r\n\r\n'), 20)
    await untilClosed(socket)
    clearInterval(more)
  })

  it('ignores an expectation that it does not know', async () => {
    const told = await ask(await serve('plain'), { path: '/live', headers: { expect: 'wonders' } })
    expect(told.status).toBe(200)
  })

  it('reflects nothing of a request in the headers of its answer', async () => {
    const socket = plainTo(await serve('plain'))
    socket.write('GET /%0d%0aset-cookie:%20a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    const answer = await untilClosed(socket)
    expect(answer).toContain('HTTP/1.1 404 ')
    expect(answer.toLowerCase()).not.toContain('set-cookie')
  })
})

describe('connections', () => {
  it('beyond the limit are closed at once, and those within it are served', async () => {
    const served = await serve('plain', { http: { connections: 1 } })
    const first = plainTo(served)
    first.write('GET /live HTTP/1.1\r\nhost: a\r\n\r\n')
    await until(first, /"live":true/)
    const second = plainTo(served)
    second.write('GET /live HTTP/1.1\r\nhost: a\r\n\r\n')
    expect(await untilClosed(second)).toBe('')
    first.write('GET /live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    expect(await untilClosed(first)).toContain('"live":true')
  })

  it('that say nothing are closed', async () => {
    const served = await serve('plain', {
      http: { headersMs: 50, requestMs: 80, checkEveryMs: 20 },
    })
    expect(await untilClosed(plainTo(served))).toContain('408')
  })

  it('that take no part in a handshake are closed', async () => {
    const served = await serve('tls', { http: { handshakeMs: 50 } })
    expect(await untilClosed(plainTo(served))).toBe('')
    expect(served.logged.map(({ level }) => level)).toEqual(['debug'])
  })
})

describe('connections over TLS', () => {
  const from = (served: Served, localAddress: string): Promise<TLSSocket> => {
    const socket = tlsTo(served, { localAddress })
    socket.on('error', () => undefined)
    return new Promise((resolve) => socket.once('secureConnect', () => resolve(socket)))
  }

  it('that a stranger opens, as many as there may be, are in the way of nobody (attack 380)', async () => {
    const served = await serve('tls', { http: { connections: 4 } })
    const own = await from(served, '127.0.0.1')
    const held: TLSSocket[] = []
    for (let count = 0; count < 4; count += 1) held.push(await from(served, '127.0.0.2'))
    own.write('GET /live HTTP/1.1\r\nhost: a\r\n\r\n')
    await until(own, /"live":true/)
    expect((await ask(served, { path: '/live' })).status).toBe(200)
    await Promise.all(held.slice(0, 2).map(async (socket) => socket.closed || untilClosed(socket)))
    expect(held.slice(2).map(({ closed }) => closed)).toEqual([false, false])
    expect(served.logged.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        fields: { remote: '127.0.0.2', connections: 4 },
        message: 'too many connections: of whoever has most, the oldest are closed',
      },
    ])
    for (const socket of [own, ...held]) socket.destroy()
  })
})

describe('TLS', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'resumes no session: every %s connection shows its certificate again (SPIRE 1.14.3)',
    async (version) => {
      const seen: number[] = []
      const served = await serve('tls', {
        operations: {
          holderOf: (certificate) => {
            seen.push(certificate.length)
            return Promise.resolve(ok({ alias: 'ops/reader' }))
          },
        },
      })
      const shown = { key: people.reader.keyPem, cert: people.reader.certPem }
      const versions = { minVersion: version, maxVersion: version }
      const request = 'GET /v1/status HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
      const sessions: Buffer[] = []
      const first = tlsTo(served, { ...shown, ...versions })
      first.on('session', (session: Buffer) => sessions.push(session))
      first.write(request)
      expect(await untilClosed(first)).toContain('HTTP/1.1 200 ')
      const [session] = sessions
      const again = tlsTo(served, { ...versions, ...(session && { session }) })
      // A closed connection has forgotten it.
      let reused: boolean | undefined
      again.once('secureConnect', () => (reused = again.isSessionReused()))
      again.write(request)
      expect(await untilClosed(again)).toContain('HTTP/1.1 401 ')
      expect(session).toBeDefined()
      expect(reused).toBe(false)
      expect(seen).toHaveLength(1)
    },
  )

  it('asks for each request of one connection whether its certificate still holds', async () => {
    let revoked = false
    const served = await serve('tls', {
      operations: {
        holderOf: () =>
          Promise.resolve(
            revoked ? refuse('renewal.revoked', 'revoked') : ok({ alias: 'ops/reader' }),
          ),
      },
    })
    const socket = tlsTo(served, { key: people.reader.keyPem, cert: people.reader.certPem })
    socket.write('GET /v1/status HTTP/1.1\r\nhost: a\r\n\r\n')
    await until(socket, /HTTP\/1\.1 200 [^]*\}$/)
    revoked = true
    socket.write('GET /v1/status HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    expect(await untilClosed(socket)).toContain('HTTP/1.1 403 ')
  })

  it('is not spoken in versions before 1.2', async () => {
    const served = await serve('tls')
    const socket = tlsTo(served, {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    expect(await untilClosed(socket)).toBe('')
  })

  it('does not become HTTP/2, and serves clients that offer it', async () => {
    const socket = tlsTo(await serve('tls'), { ALPNProtocols: ['h2', 'http/1.1'] })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    expect(socket.alpnProtocol).toBe('http/1.1')
    socket.destroy()
  })
})

describe('a connection on which nothing happens', () => {
  const later = async <T>(value: Promise<T>): Promise<T> => {
    await new Promise((resolve) => setTimeout(resolve, 600))
    return value
  }

  it('is closed while a request is worked on, unless such work is known to take long', async () => {
    const fake = fakeOperations()
    const served = await serve('unix', {
      http: { silentMs: 150 },
      operations: {
        verify: () => later(fake.verify()),
        tokens: () => later(fake.tokens()),
      },
    })
    await expect(ask(served, { path: '/v1/tokens' })).rejects.toThrow()
    expect(await ask(served, { method: 'POST', path: '/v1/verify' })).toMatchObject({ status: 200 })
  })

  it('may not stay silent after an answer that took long', async () => {
    const fake = fakeOperations()
    const served = await serve('unix', {
      http: { silentMs: 150 },
      operations: { verify: () => later(fake.verify()) },
    })
    const socket = connectTcp({ path: served.socketPath })
    socket.write('POST /v1/verify HTTP/1.1\r\nhost: a\r\n\r\n')
    await until(socket, /"ok":true/)
    expect(await untilClosed(socket)).toBe('')
  })
})

describe('closing', () => {
  /** A server whose challenges wait until they are let go. */
  async function held(): Promise<{ served: Served; begun: Promise<void>; release: () => void }> {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const served = await serve('unix', {
      operations: {
        createChallenge: async (context) => {
          begin()
          await gate
          return fakeOperations().createChallenge(context)
        },
      },
    })
    return { served, begun, release: () => release() }
  }

  it('answers what is under way, accepts nothing new, and ends idle connections', async () => {
    const { served, begun, release } = await held()
    const idle = connectTcp({ path: served.socketPath })
    idle.write('GET /live HTTP/1.1\r\nhost: a\r\n\r\n')
    await until(idle, /"live":true/)
    const busy = connectTcp({ path: served.socketPath })
    busy.write('POST /v1/challenges HTTP/1.1\r\nhost: a\r\n\r\n')
    await begun
    const closing = served.listener.close(60_000)
    expect(await untilClosed(idle)).toBe('')
    await expect(ask(served, { path: '/live' })).rejects.toThrow()
    release()
    expect(await untilClosed(busy)).toContain('HTTP/1.1 201 ')
    await closing
    await served.listener.close(60_000)
  })

  it('waits no longer than it may, and tells the work that nobody listens', async () => {
    let aborted = false
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const served = await serve('unix', {
      operations: {
        createChallenge: ({ signal }) =>
          new Promise((_, reject) => {
            begin()
            signal.addEventListener('abort', () => {
              aborted = true
              reject(new Error('gone'))
            })
          }),
      },
    })
    const busy = connectTcp({ path: served.socketPath })
    const ended = untilClosed(busy)
    busy.write('POST /v1/challenges HTTP/1.1\r\nhost: a\r\n\r\n')
    await begun
    await served.listener.close(10)
    expect(await ended).toBe('')
    expect(aborted).toBe(true)
  })

  it('waits no longer than it may for a handshake that never comes', async () => {
    const served = await serve('tls', { http: { handshakeMs: 60_000 } })
    const ended = untilClosed(plainTo(served))
    // Connections are accepted in order: the silent one is in when this one is answered.
    expect((await ask(served, { path: '/live' })).status).toBe(200)
    await served.listener.close(10)
    expect(await ended).toBe('')
  })

  it('tells work that takes too long to stop', async () => {
    const served = await serve('unix', {
      dispatch: { answerMs: 20 },
      operations: {
        createChallenge: ({ signal }) =>
          new Promise((resolve) => {
            const late = refuse('server.stopping', 'too late')
            signal.addEventListener('abort', () => resolve(late))
          }),
      },
    })
    const told = await ask(served, { method: 'POST', path: '/v1/challenges' })
    expect(told.status).toBe(503)
  })
})

describe('a port in use', () => {
  it('is named by where, and nothing else is lost', async () => {
    const served = await serve('plain')
    const again = listenPlain({
      host: '127.0.0.1',
      port: portOf(served),
      app: () => undefined,
      limits: defaultHttpLimits,
      newRequestId: () => 'a',
    })
    await expect(again).rejects.toMatchObject({ name: 'DependencyError', dependency: 'http' })
  })
})

describe('the Unix socket', () => {
  const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

  async function listen(path: string): Promise<HttpListener> {
    const listener = await listenUnixSocket({
      path,
      app: (_request, response) => void response.end('new'),
      limits: defaultHttpLimits,
      newRequestId: () => 'a',
    })
    opened.push(listener)
    return listener
  }

  const fresh = (): string => mkdtempSync(join(tmpdir(), 'capstan-sock-'))

  it('is for its owner alone, and so is the directory that is made for it', async () => {
    const mask = process.umask(0)
    try {
      const path = join(fresh(), 'run', 'api.sock')
      const listener = await listen(path)
      expect(listener.address).toBe(path)
      expect({ socket: modeOf(path), directory: modeOf(dirname(path)) }).toEqual({
        socket: '600',
        directory: '700',
      })
      expect(process.umask(0)).toBe(0)
    } finally {
      process.umask(mask)
    }
  })

  it('is gone after closing', async () => {
    const path = join(fresh(), 'api.sock')
    await (await listen(path)).close(0)
    expect(() => statSync(path)).toThrow()
  })

  it('takes the place of one that a dead process has left', async () => {
    const path = join(fresh(), 'api.sock')
    leaveStaleSocket(path)
    expect((await listen(path)).address).toBe(path)
  })

  it('leaves the socket of a living process alone', async () => {
    const { socketPath } = await serve('unix')
    await expect(listen(socketPath)).rejects.toMatchObject({ dependency: 'unix socket' })
    const { status } = await ask({ listener: { address: socketPath } } as Served, { path: '/live' })
    expect(status).toBe(200)
  })

  it('leaves a file that is no socket alone', async () => {
    const path = join(fresh(), 'api.sock')
    writeFileSync(path, 'precious')
    await expect(listen(path)).rejects.toMatchObject({ dependency: 'unix socket' })
    expect(statSync(path).size).toBe(8)
  })

  it('is not made where others may put their own', async () => {
    const directory = join(fresh(), 'shared')
    mkdirSync(directory)
    chmodSync(directory, 0o770)
    await expect(listen(join(directory, 'api.sock'))).rejects.toMatchObject({
      dependency: 'unix socket',
    })
  })

  it('is not made at a path that the kernel would cut short', async () => {
    const path = join(fresh(), 'a'.repeat(90), 'api.sock')
    await expect(listen(path)).rejects.toMatchObject({ dependency: 'unix socket' })
  })
})

/** Binds a socket, and lets go of it without removing it, as a killed process does. */
function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
  if (!statSync(path).isSocket()) throw new Error('no stale socket was left')
}
