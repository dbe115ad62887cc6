import type { Server, ServerOptions } from 'node:http'
import type { AddressInfo, ListenOptions, Socket } from 'node:net'
import { DependencyError } from '../../core/dependency-error.js'
import { cannotListen } from '../cannot-listen.js'
import { answerClientErrors } from './client-error.js'

/** What one HTTP listener gives to strangers at most. Times are milliseconds. */
export interface HttpLimits {
  /**
   * TCP connections, handshakes included. Over TLS the oldest of whoever has most is closed for a further
   * one; where there is none, the further one.
   */
  readonly connections: number
  readonly headerOctets: number
  readonly handshakeMs: number
  /** For the header of a request to arrive whole. */
  readonly headersMs: number
  /** For the request to arrive whole. */
  readonly requestMs: number
  /** Between two requests. */
  readonly keepAliveMs: number
  /** Without a byte either way, also while a request is worked on. */
  readonly silentMs: number
  /** How often the limits on headers and requests are looked at. */
  readonly checkEveryMs: number
}

export const defaultHttpLimits: HttpLimits = {
  connections: 4096,
  headerOctets: 16_384,
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 30_000,
  silentMs: 65_000,
  checkEveryMs: 1_000,
}

/** An open listener. */
export interface HttpListener {
  /** `host:port`, or the path of the socket. */
  readonly address: string
  /**
   * Accepts no more, lets what is under way be answered for at most `graceMs`, and resolves when
   * every connection is closed. Repeating it is harmless.
   */
  close(graceMs: number): Promise<void>
}

/** For the constructor of the server. */
export const serverOptions = (limits: HttpLimits): ServerOptions => ({
  maxHeaderSize: limits.headerOctets,
  headersTimeout: limits.headersMs,
  requestTimeout: limits.requestMs,
  keepAliveTimeout: limits.keepAliveMs,
  connectionsCheckingInterval: limits.checkEveryMs,
  // A request with two Host headers, or none, may mean another thing to whoever is in front.
  requireHostHeader: true,
})

/** Listens, or throws `DependencyError` saying where it could not. */
export async function openListener(
  server: Server,
  at: ListenOptions & { readonly name: string },
  options: { readonly limits: HttpLimits; readonly newRequestId: () => string },
): Promise<HttpListener> {
  server.maxConnections = options.limits.connections
  server.timeout = options.limits.silentMs
  answerClientErrors(server, options.newRequestId)
  // An expectation that we do not know may be ignored (RFC 9110 section 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  const closing = followAnswers(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new DependencyError(
          at.name,
          cannotListen(at.path ?? `${at.host ?? ''}:${at.port ?? 0}`, error),
          error,
        ),
      ),
    )
    server.listen(at, resolve)
  })
  return { address: addressOf(server.address()), close: closing }
}

/** Tells answers under way that their connection ends with them once the server is closing. */
function followAnswers(server: Server): (graceMs: number) => Promise<void> {
  let closed: Promise<void> | undefined
  server.prependListener('request', (_request, response) => {
    if (closed) response.shouldKeepAlive = false
    response.once('close', () => {
      if (closed) server.closeIdleConnections()
    })
  })
  const connections = followConnections(server)
  return (graceMs) => {
    closed ??= new Promise((resolve) => {
      const timer = setTimeout(() => connections.destroy(), graceMs)
      server.close(() => {
        clearTimeout(timer)
        void connections.gone().then(resolve)
      })
    })
    return closed
  }
}

interface Connections {
  destroy(): void
  /** Resolves when everybody who waits for one of them to close has been told. */
  gone(): Promise<void>
}

/**
 * Every connection, also those that Node's `closeAllConnections` does not know: it counts them from
 * the end of the handshake.
 */
function followConnections(server: Server): Connections {
  const open = new Map<Socket, Promise<void>>()
  const follow = (socket: Socket): void => {
    const closing = new Promise<void>((resolve) => {
      socket.once('close', () => {
        open.delete(socket)
        resolve()
      })
    })
    open.set(socket, closing)
  }
  server.on('connection', follow)
  server.on('secureConnection', follow)
  return {
    destroy: () => {
      for (const socket of open.keys()) socket.destroy()
    },
    gone: async () => {
      await Promise.all(open.values())
    },
  }
}

function addressOf(address: AddressInfo | string | null): string {
  if (address === null) return 'closed'
  if (typeof address === 'string') return address
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${host}:${address.port}`
}
