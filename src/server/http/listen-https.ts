import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { SecureContextSource } from '../tls/secure-context-source.js'
import { CLOSING_CONNECTIONS, sharePlaces } from '../connection-places.js'
import type { ServerLog } from '../grpc/log.js'
import { type LoopWatch, yieldingTo } from '../loop-watch.js'
import { type HttpLimits, type HttpListener, openListener, serverOptions } from './listener.js'

export interface HttpsOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** TLS 1.2 or later, and no resumption. Client trust anchors play no part: see below. */
  readonly secureContexts: SecureContextSource
  readonly app: RequestListener
  readonly limits: HttpLimits
  readonly newRequestId: () => string
  /** While it is late, few connections are accepted. */
  readonly loop: LoopWatch
  readonly log: ServerLog
}

/**
 * The API over TLS. Every client is asked for a certificate and none is turned away here: TLS proves
 * possession of its key, and whose it is is decided for each request, from the bytes. Node's own
 * verdict could not be used: it calls an expired certificate of any CA merely expired.
 */
export async function listenHttps(options: HttpsOptions): Promise<HttpListener> {
  const { secureContexts, limits } = options
  const server = createServer(
    {
      ...serverOptions(limits),
      ...secureContexts.options(),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.handshakeMs,
      requestCert: true,
      rejectUnauthorized: false,
    },
    options.app,
  )
  server.on('tlsClientError', (error) =>
    options.log.debug({ err: error }, 'a TLS handshake failed'),
  )
  sharePlaces(server, limits.connections, options.log)
  const listener = await openListener(
    server,
    { name: 'https', host: options.host, port: options.port },
    options,
  )
  yieldingTo(options.loop, server, limits.connections + CLOSING_CONNECTIONS)
  const unfollow = secureContexts.follow(server)
  return {
    address: listener.address,
    close: (graceMs) => {
      unfollow()
      return listener.close(graceMs)
    },
  }
}
