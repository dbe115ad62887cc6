import { createServer, type RequestListener } from 'node:http'
import { type HttpLimits, type HttpListener, openListener, serverOptions } from './listener.js'

export interface PlainOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly app: RequestListener
  readonly limits: HttpLimits
  readonly newRequestId: () => string
}

/** HTTP without TLS, for probes and scrapers: give it the health app only. */
export function listenPlain(options: PlainOptions): Promise<HttpListener> {
  const server = createServer(serverOptions(options.limits), options.app)
  return openListener(server, { name: 'http', host: options.host, port: options.port }, options)
}
