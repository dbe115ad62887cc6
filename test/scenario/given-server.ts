import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openInstance } from '../../src/compose/instance.js'
import type { Config } from '../../src/config/config.js'
import { found } from '../../src/compose/found.js'
import { serve, type Serving } from '../../src/compose/serve.js'
import { loadConfig } from '../../src/config/load-config.js'
import type { Alias } from '../../src/core/alias.js'
import { seconds } from '../../src/core/time.js'
import { systemClock, systemRandom } from '../../src/system.js'
import { csr, p256 } from '../csr/make-csr.js'
import { context, valueOf } from './given-installation.js'

export interface Told {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Client {
  readonly key?: string
  /** Leaf first. */
  readonly cert?: string
}

/** A whole server in this process, on real sockets and the real clock. */
export class Server implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), 'capstan-server-'))
  readonly key = p256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  readonly csr = Buffer.from(csr()).toString('base64')
  config!: Config
  serving!: Serving
  ended!: Promise<unknown>
  private readonly stopping = new AbortController()
  private anchors = ''

  static async started(): Promise<Server> {
    const server = new Server()
    const text = `dataDir: ${join(server.home, 'data')}
server:
  linkerd: { listen: "127.0.0.1:0" }
  http: { listen: "127.0.0.1:0" }
  admin: { listen: "127.0.0.1:0" }
log: { level: error }
`
    const file = { path: join(server.home, 'capstan.yaml'), text }
    const { config } = valueOf(loadConfig({ env: {}, cwd: server.home, file }))
    server.config = config
    const ambient = { env: {}, clock: systemClock, random: systemRandom, version: '0' }
    const founding = { config, trustDomain: 'test.example', controller: 'local:test' }
    valueOf(await found(founding, ambient))
    await new Promise<void>((up, failed) => {
      server.ended = serve(config, { ...ambient, signal: server.stopping.signal }, (serving) => {
        server.serving = serving
        up()
        return Promise.resolve()
      })
      server.ended.catch(failed)
    })
    const { trustAnchors } = await server.serving.operations.bundle()
    server.anchors = trustAnchors.map(({ pem }) => pem).join('')
    return server
  }

  async change(request: Readonly<Record<string, string | object>>): Promise<void> {
    valueOf(await this.serving.operations.change(request as never, context()))
  }

  /** Every certificate of an entry. */
  async revoke(alias: string): Promise<void> {
    const target = { kind: 'entry', alias: alias as Alias } as const
    valueOf(await this.serving.operations.revoke(target, 'unspecified', context()))
  }

  async joinToken(alias: string): Promise<string> {
    const { operations } = this.serving
    return valueOf(await operations.createToken(alias as Alias, seconds(600), context())).token
  }

  /** Enrols with a join token; the client that it makes. */
  async enrolled(alias: string): Promise<Client & { readonly serial: string }> {
    const evidence = { kind: 'join-token', token: await this.joinToken(alias) }
    const { status, body } = await this.post('/v1/certificates', { csr: this.csr, evidence })
    if (status !== 201) throw new Error(JSON.stringify(body))
    const chain = [body['certificate'], ...(body['chain'] as string[])].join('')
    return { key: this.key, cert: chain, serial: String(body['serial']) }
  }

  post(path: string, body: unknown, client: Client = {}): Promise<Told> {
    return this.ask('POST', path, client, JSON.stringify(body))
  }

  get(path: string, client: Client = {}): Promise<Told> {
    return this.ask('GET', path, client)
  }

  stop(): void {
    this.stopping.abort()
  }

  /** After its end: the serials that the ledger holds for entries. */
  async recorded(): Promise<string[]> {
    const opened = await openInstance({
      config: this.config,
      env: {},
      clock: systemClock,
      random: systemRandom,
      version: '0',
      writer: 'inline',
      listeners: () => [],
      observer: { stage: () => undefined, issued: () => undefined },
    })
    const instance = valueOf(opened)
    const rows = await instance.store.ledger.list({ limit: 1000 })
    await instance[Symbol.asyncDispose]()
    return rows.filter(({ entry }) => entry !== null).map(({ serial }) => serial)
  }

  private ask(method: string, path: string, client: Client, body?: string): Promise<Told> {
    const address =
      this.serving.listeners.find(({ name }) => name.startsWith('HTTP'))?.address ?? ''
    return new Promise((resolve, reject) => {
      const call = request(
        `https://${address}${path}`,
        {
          method,
          ca: this.anchors,
          ...client,
          agent: false,
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('error', reject)
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              body: JSON.parse(text) as Record<string, unknown>,
            }),
          )
        },
      )
      call.on('error', reject)
      call.end(body)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    await this.ended
    rmSync(this.home, { recursive: true, force: true })
  }
}
