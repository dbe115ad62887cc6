import { Agent as HttpsAgent } from 'node:https'
import type { Agent as HttpAgent } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type * as k8s from '@kubernetes/client-node'
import { DependencyError } from '../core/dependency-error.js'
import { type BoundedAnswer, boundedRequest, NoAnswer, reasonOf } from './bounded-request.js'

/** How to get to an API server. */
export type KubeAccess =
  | {
      /** Path of a kubeconfig file. */
      readonly kubeconfig: string
      /** Default: the file's current context. */
      readonly context?: string
    }
  /** By the service account of the pod that this process runs in. */
  | { readonly inCluster: true }

/** Simultaneous connections to one API server. */
const MAX_SOCKETS = 64

/** One API server and our credentials for it. */
export class KubeConnection {
  /** For errors: `kubernetes prod-eu`. */
  readonly name: string
  /** The library, imported by whoever opened the connection. */
  readonly library: typeof k8s
  private readonly config: k8s.KubeConfig
  private readonly server: string
  private pool: { readonly tls: object; readonly agent: HttpsAgent } | undefined

  constructor(name: string, library: typeof k8s, config: k8s.KubeConfig, server: string) {
    this.name = name
    this.library = library
    this.config = config
    this.server = server
  }

  /** What a generated API class of the library needs, for calls that end when `signal` says so. */
  configuration(signal: AbortSignal): k8s.Configuration {
    const { createConfiguration, ServerConfiguration, ResponseContext, wrapHttpLibrary } =
      this.library
    return createConfiguration({
      baseServer: new ServerConfiguration(this.server, {}),
      authMethods: { default: this.config },
      httpApi: wrapHttpLibrary({
        send: async (context) => {
          const { status, headers, text } = await this.send(context, signal)
          return new ResponseContext(
            status,
            { ...headers },
            {
              text: () => Promise.resolve(text),
              binary: () => Promise.resolve(Buffer.from(text)),
            },
          )
        },
      }),
    })
  }

  /** GET of a path that the library has no class for. Throws `DependencyError` unless it is a 200. */
  async get(path: string, signal: AbortSignal): Promise<BoundedAnswer> {
    let answer: BoundedAnswer
    try {
      answer = await this.ask('GET', path, undefined, signal)
    } catch (error) {
      throw new DependencyError(this.name, reasonOf(error))
    }
    if (answer.status !== 200) {
      throw new DependencyError(this.name, `it answered ${answer.status} for ${path}`)
    }
    return answer
  }

  /**
   * POST of a JSON text, for what is asked too often for the library's classes: they copy what is
   * sent and what comes back, field by field. Throws what `boundedRequest` throws.
   */
  post(path: string, body: string, signal: AbortSignal): Promise<BoundedAnswer> {
    return this.ask('POST', path, body, signal)
  }

  close(): void {
    this.pool?.agent.destroy()
  }

  private async ask(
    method: 'GET' | 'POST',
    path: string,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<BoundedAnswer> {
    const { ServerConfiguration, HttpMethod } = this.library
    const context = new ServerConfiguration(this.server, {}).makeRequestContext(
      path,
      HttpMethod[method],
    )
    if (body !== undefined) {
      context.setHeaderParam('Accept', 'application/json')
      context.setHeaderParam('Content-Type', 'application/json')
      context.setBody(body)
    }
    await this.config.applySecurityAuthentication(context)
    return this.send(context, signal)
  }

  private send(context: k8s.RequestContext, signal: AbortSignal): Promise<BoundedAnswer> {
    const body = context.getBody()
    if (body !== undefined && typeof body !== 'string') throw new NoAnswer('only JSON is sent')
    const agent = context.getAgent()
    return boundedRequest({
      url: context.getUrl(),
      method: context.getHttpMethod(),
      headers: context.getHeaders(),
      ...(body === undefined ? {} : { body }),
      ...(agent === undefined ? {} : { agent: this.pooled(agent) }),
      signal,
    })
  }

  /**
   * The library makes an agent per request, which would be a TLS handshake per request. One agent
   * stays while the credentials stay; proxies keep the agent that knows them.
   */
  private pooled(made: HttpAgent): HttpAgent {
    if (made.constructor !== HttpsAgent) return made
    const { ca, cert, key, pfx, passphrase, servername } = (made as HttpsAgent).options
    const tls = { ca, cert, key, pfx, passphrase, servername }
    if (!this.pool || !isDeepStrictEqual(this.pool.tls, tls)) {
      const agent = new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS, ...tls })
      this.pool = { tls, agent }
    }
    return this.pool.agent
  }
}

/**
 * Reads the credentials; nothing is sent yet. Throws `DependencyError` when they cannot be read, or
 * when they would let anybody be the API server.
 */
export async function connectKube(alias: string, access: KubeAccess): Promise<KubeConnection> {
  const name = `kubernetes ${alias}`
  // Half a second of start-up: only who has a cluster to ask pays for it.
  const library = await import('@kubernetes/client-node')
  const config = new library.KubeConfig()
  const where = 'inCluster' in access ? 'the service account of this pod' : access.kubeconfig
  try {
    load(config, access)
  } catch {
    // The library's text may quote the file.
    throw new DependencyError(name, `cannot read credentials from ${where}`)
  }
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new DependencyError(name, `${where} names no cluster for its context`)
  if (!cluster.server.startsWith('https://')) {
    throw new DependencyError(name, `${where}: the API server is not on https`)
  }
  if (cluster.skipTLSVerify) {
    throw new DependencyError(name, `${where} turns TLS verification off: name its CA instead`)
  }
  return new KubeConnection(name, library, config, cluster.server)
}

function load(config: k8s.KubeConfig, access: KubeAccess): void {
  if ('inCluster' in access) {
    config.loadFromCluster()
    return
  }
  config.loadFromFile(access.kubeconfig)
  if (access.context !== undefined) config.setCurrentContext(access.context)
}
