import { createServer as createPlainServer, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { DependencyError } from '../../core/dependency-error.js'
import {
  defaultHttpLimits,
  type HttpLimits,
  type HttpListener,
  openListener,
  serverOptions,
} from '../http/listener.js'

/** A witness is asked by a few logs: connections cost more than they are worth beyond this. */
const limits: HttpLimits = { ...defaultHttpLimits, connections: 512 }

export interface ListenWitnessOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** PEM; absent: plain HTTP. */
  readonly tls?: { readonly cert: Uint8Array; readonly key: Uint8Array }
  readonly app: RequestListener
  readonly newRequestId: () => string
}

export async function listenWitness(options: ListenWitnessOptions): Promise<HttpListener> {
  const { host, port, tls, app, newRequestId } = options
  const at = { name: 'witness', host, port }
  return openListener(tls ? secured(tls, app) : createPlainServer(serverOptions(limits), app), at, {
    limits,
    newRequestId,
  })
}

function secured(
  { cert, key }: NonNullable<ListenWitnessOptions['tls']>,
  app: RequestListener,
): ReturnType<typeof createServer> {
  const common = { ...serverOptions(limits), handshakeTimeout: limits.handshakeMs }
  const pair = { cert: Buffer.from(cert), key: Buffer.from(key) }
  try {
    return createServer({ ...common, ...pair, minVersion: 'TLSv1.2' }, app)
  } catch (error) {
    throw new DependencyError('witness', 'the TLS certificate and key do not fit', error)
  }
}
