import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ISSUER, reviewedUser } from './service-account-token.js'
import { kubeconfigFor, KubePki } from './kube-pki.js'

export interface Seen {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}

type Answer = (seen: Seen, response: ServerResponse) => void

/** An HTTPS server that speaks as kube-apiserver 1.35 does, and on request misbehaves. */
export class FakeKubeApi {
  readonly seen: Seen[] = []
  readonly home = mkdtempSync(join(tmpdir(), 'capstan-fake-kube-'))
  readonly pki: KubePki
  /** By path; a test replaces what it wants to be different. */
  readonly answers = new Map<string, Answer>()
  /** Connections made so far, those included that ended before TLS was agreed on. */
  connections = 0
  private kubeconfigs = 0
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  private constructor(pki: KubePki, server: Server) {
    this.pki = pki
    this.server = server
  }

  static async started(): Promise<FakeKubeApi> {
    const pki = await KubePki.make()
    const { certificate: cert, key } = await pki.server()
    const server = createServer({ cert, key })
    const fake = new FakeKubeApi(pki, server)
    server.on('connection', () => (fake.connections += 1))
    server.on('secureConnection', (socket: Socket) => fake.sockets.add(socket))
    server.on('request', (request, response) => void fake.answer(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** A kubeconfig for this server, with a bearer token; `changed` replaces members of `cluster`. */
  kubeconfig(changed: object = {}): string {
    const config = JSON.parse(kubeconfigFor(this.url, this.pki.ca, { token: 'our-own-token' })) as {
      clusters: { cluster: object }[]
    }
    const [cluster] = config.clusters
    Object.assign(cluster?.cluster ?? {}, changed)
    this.kubeconfigs += 1
    return this.file(`kubeconfig-${this.kubeconfigs}`, JSON.stringify(config))
  }

  file(name: string, text: string): string {
    const path = join(this.home, name)
    writeFileSync(path, text)
    return path
  }

  on(path: string, answer: Answer): void {
    this.answers.set(path, answer)
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
    rmSync(this.home, { recursive: true, force: true })
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const seen: Seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization,
      body: Buffer.concat(chunks).toString(),
    }
    this.seen.push(seen)
    const answer = this.answers.get(seen.path)
    if (answer) answer(seen, response)
    else status(404, 'NotFound')(seen, response)
  }
}

export const paths = {
  version: '/version',
  review: '/apis/authentication.k8s.io/v1/tokenreviews',
  access: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
  whoAmI: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  discovery: '/.well-known/openid-configuration',
  keys: '/openid/v1/jwks',
}

export function json(code: number, body: unknown, type = 'application/json'): Answer {
  return (_seen, response) => {
    response.writeHead(code, { 'content-type': type }).end(JSON.stringify(body))
  }
}

/** A Kubernetes `Status`, as every error of an API server is one. */
export const status = (code: number, reason: string): Answer =>
  json(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, metadata: {} })

/** Answers with the request's own body: what a careless proxy does on an error. */
export const echo =
  (code: number): Answer =>
  (seen, response) => {
    response.writeHead(code, { 'content-type': 'application/json' }).end(seen.body)
  }

export const redirect =
  (location: string): Answer =>
  (_seen, response) => {
    response.writeHead(307, { location }).end()
  }

/** Takes the request and never answers. */
export const silence: Answer = () => undefined

/** TokenReview, for one good token with one audience; every other token is no good. */
export const tokenReviews =
  (goodToken: string, audience: string): Answer =>
  (seen, response) => {
    const { spec } = JSON.parse(seen.body) as { spec: { token: string; audiences: string[] } }
    const isGood = spec.token === goodToken && spec.audiences.includes(audience)
    const answer = isGood
      ? { authenticated: true, user: reviewedUser, audiences: [audience] }
      : { user: {}, error: 'invalid bearer token' }
    json(201, {
      kind: 'TokenReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {},
      spec,
      status: answer,
    })(seen, response)
  }

/** Everything that a preflight asks, answered well. */
export function healthy(fake: FakeKubeApi, keys: readonly object[]): void {
  fake.on(paths.version, json(200, { major: '1', minor: '35' }))
  fake.on(paths.access, accessReview({ allowed: true }))
  fake.on(
    paths.whoAmI,
    json(201, {
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
      status: { userInfo: { username: 'system:serviceaccount:capstan:server' } },
    }),
  )
  fake.on(paths.discovery, json(200, { issuer: ISSUER, jwks_uri: `${fake.url}/openid/v1/jwks` }))
  fake.on(paths.keys, json(200, { keys }, 'application/jwk-set+json'))
}

export const accessReview = (answer: { readonly allowed: boolean }): Answer =>
  json(201, {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    spec: {},
    status: answer,
  })
