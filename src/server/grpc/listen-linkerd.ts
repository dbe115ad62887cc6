import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { ServerCertificates } from '../tls/server-certificates.js'
import { DependencyError } from '../../core/dependency-error.js'
import { cannotListen } from '../cannot-listen.js'
import { CLOSING_CONNECTIONS, sharePlaces } from '../connection-places.js'
import { type LoopWatch, yieldingTo } from '../loop-watch.js'
import { secureContextSource } from '../tls/secure-context-source.js'
import { Http2Sessions } from './http2-sessions.js'
import type { GrpcLimits } from './limits.js'
import { Load } from './load.js'
import type { ServerLog } from './log.js'
import type { GrpcMethod } from './method.js'

export interface Listener {
  readonly address: { readonly host: string; readonly port: number }
  /**
   * Stops accepting at once, lets the calls under way be answered for at most `graceMs`, and then
   * ends every connection. Resolves when the last one is gone; repeating it is harmless.
   */
  close(graceMs: number): Promise<void>
}

interface GrpcOptions {
  /** 0 lets the system choose. */
  readonly port: number
  readonly methods: readonly GrpcMethod[]
  readonly limits: GrpcLimits
  /** While it is late, few connections are accepted over TLS. */
  readonly loop: LoopWatch
  readonly log: ServerLog
}

/** Keep-alive finds peers that vanished without a word while a watch is open. */
const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }

/**
 * gRPC over TLS 1.3 as Linkerd's proxies dial it: no ALPN (`h2` is taken too, anything else
 * refused), the server's certificate by SNI, none asked of the client, no resumption.
 */
export async function listenLinkerd(
  options: GrpcOptions & { readonly host: string; readonly certificates: ServerCertificates },
): Promise<Listener> {
  const { limits, log } = options
  const contexts = secureContextSource({
    certificates: options.certificates,
    minVersion: 'TLSv1.3',
  })
  const server = createTlsServer({
    // An expired proxy still offers its expired certificate; never asked, it can recover by itself.
    requestCert: false,
    ALPNProtocols: ['h2'],
    handshakeTimeout: limits.handshakeMs,
    ...contexts.options(),
    ...socketOptions,
  })
  const unfollow = contexts.follow(server)
  server.once('close', unfollow)
  server.on('tlsClientError', (error, socket) => {
    log.debug({ err: error, remote: socket.remoteAddress }, 'TLS handshake failed')
    // Node reports a handshake that takes too long, and leaves its socket open.
    socket.destroy()
  })
  sharePlaces(server, limits.connections, log)
  yieldingTo(options.loop, server, limits.connections + CLOSING_CONNECTIONS)
  try {
    return await listen(server, 'secureConnection', options.host, options)
  } catch (error) {
    unfollow()
    throw error
  }
}

/**
 * Plain HTTP/2 for a proxy on the same machine, which dials loopback without TLS. There is no way
 * to bind it to any other address: what it carries are bearer tokens.
 */
export async function listenLoopbackH2c(
  options: GrpcOptions & { readonly host?: '127.0.0.1' | '::1' },
): Promise<Listener> {
  const host: string = options.host ?? '127.0.0.1'
  if (host !== '127.0.0.1' && host !== '::1') {
    throw new RangeError('without TLS only 127.0.0.1 and ::1 are listened on')
  }
  const server = createServer(socketOptions)
  server.maxConnections = options.limits.connections
  return listen(server, 'connection', host, options)
}

async function listen(
  server: Server,
  connected: 'connection' | 'secureConnection',
  host: string,
  { port, methods, limits, loop, log }: GrpcOptions,
): Promise<Listener> {
  const sessions = new Http2Sessions({
    methods: new Map(methods.map((method) => [method.path, method])),
    limits,
    load: new Load(limits),
    log,
  })
  const sockets = trackSockets(server)
  server.on('drop', (dropped) => {
    // Said once for all of them, by whoever watches the loop.
    if (!loop.isLate) log.warn({ remote: dropped?.remoteAddress }, 'too many connections')
  })
  server.on(connected, (socket: Socket) => sessions.serve(socket))
  server.listen({ port, host })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new DependencyError('linkerd listener', cannotListen(`${host}:${port}`, error), error)
  }
  server.on('error', (error) => log.error({ err: error }, 'listener failed'))
  // A socket server has an AddressInfo once it listens; strings are for pipes.
  const { address, port: bound } = server.address() as AddressInfo

  let closed: Promise<void> | undefined
  return {
    address: { host: address, port: bound },
    close(graceMs) {
      closed ??= closeAll(server, sessions, sockets, graceMs)
      return closed
    },
  }
}

/** Every accepted connection, those still in their TLS handshake included. */
function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  return sockets
}

async function closeAll(
  server: Server,
  sessions: Http2Sessions,
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const stopped = once(server, 'close')
  server.close()
  await sessions.close(graceMs)
  for (const socket of sockets) socket.destroy()
  await stopped
}
