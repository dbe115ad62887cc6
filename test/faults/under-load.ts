import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { X509Certificate } from 'node:crypto'
import { digestOf, LedgerFile } from '../crash/ledger-file.js'
import { csr as makeCsr } from '../csr/make-csr.js'
import { CapstanProcess, type Setting } from '../support/capstan-process.js'
import { IssuingClient, type Seen } from '../support/issuing-client.js'
import { OfflineCluster } from '../support/offline-cluster.js'

const IDENTITY = 'web.shop.serviceaccount.identity.linkerd.cluster.local'

interface Phase {
  readonly name: string
  /** How often each outcome was seen. */
  readonly outcomes: Map<string, number>
  /** Milliseconds that the answers took. */
  readonly took: number[]
}

/** How the clients of a server ask it. */
export interface Asking extends Question {
  /** Stands before every outcome, where two groups of clients ask at once. */
  readonly as?: string
  /** Calls at a time on a plain connection, on TLS connections of their own, and over HTTP. */
  readonly loopback?: number
  readonly tls?: number
  readonly http?: number
}

interface Question {
  /** Makes a token for each call; one of the offline cluster when not given. */
  readonly token?: () => string
  readonly identity?: string
}

/** A real server with one offline cluster, real clients, and what they saw in each phase of a fault. */
export class UnderLoad {
  readonly capstan: CapstanProcess
  readonly cluster: OfflineCluster
  readonly client: IssuingClient
  private readonly phases: Phase[] = []
  /** Digest of each certificate that a client received, by serial number. */
  private readonly received = new Map<string, string>()
  private readonly stopped = new AbortController()
  private running: Promise<unknown> = Promise.resolve()

  private constructor(capstan: CapstanProcess, cluster: OfflineCluster) {
    this.capstan = capstan
    this.cluster = cluster
    this.client = new IssuingClient(capstan)
  }

  /** Founded, and not started: the test says how. `more` is YAML of the namespace. */
  static async founded(
    setting: Setting = {},
    more: { readonly clusters?: string; readonly entries?: string } = {},
  ): Promise<UnderLoad> {
    const http = 'rateLimit: { perMinute: 1000000, burst: 1000000 }'
    const capstan = await CapstanProcess.founded('test.example', { http, ...setting })
    const jwks = join(capstan.home, 'jwks.json')
    const cluster = new OfflineCluster(jwks)
    const document = join(capstan.home, 'namespace.yaml')
    const shop = `
apiVersion: capstan/v1
scopes:
  - alias: shop
clusters:
  - alias: prod
    identityTrustDomain: cluster.local
    controlPlaneNamespace: linkerd
    issuer: ${cluster.issuer}
    audience: ${cluster.audience}
    validation: offline
    jwks: { file: ${jwks} }
${more.clusters ?? ''}
entries:
  - alias: shop/web
    owner: { controller: team-shop }
    bindings: [{ kind: k8s, cluster: prod, namespace: shop, serviceAccount: web }]
${more.entries ?? ''}
`
    writeFileSync(document, shop)
    capstan.must(['apply', '-f', document])
    return new UnderLoad(capstan, cluster)
  }

  /** What is seen from now on belongs to this phase. */
  phase(name: string): void {
    this.phases.push({ name, outcomes: new Map(), took: [] })
  }

  /** Asks again and again, until `finish`. */
  load({ loopback = 6, tls = 2, http = 2, as = '', ...question }: Asking = {}): void {
    const tokens = Array.from({ length: 4 }, () => this.cluster.token('shop', 'web'))
    const csr = makeCsr()
    let asked = 0
    const next = () => {
      asked += 1
      const token = question.token?.() ?? tokens[asked % tokens.length] ?? ''
      return { identity: question.identity ?? IDENTITY, token, csr }
    }
    const overHttp = (): Promise<Seen> => {
      const evidence = { kind: 'kubernetes', token: next().token }
      return this.client.certificate({ csr: Buffer.from(csr).toString('base64'), evidence })
    }
    const ways: readonly (readonly [number, () => Promise<Seen>])[] = [
      [loopback, () => this.client.certifyOnLoopback(next())],
      [tls, () => this.client.certifyOverTls(next())],
      [http, overHttp],
    ]
    const loops = ways.flatMap(([count, ask]) =>
      Array.from({ length: count }, () => this.again(ask, as)),
    )
    this.running = Promise.all([this.running, ...loops])
  }

  private async again(ask: () => Promise<Seen>, as: string): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const asked = { at: performance.now(), phase: this.phases.length }
      const seen = await ask()
      this.see(seen, as, asked)
      await pause(5)
    }
  }

  /**
   * Belongs to the phase in which it was answered; to none when it was asked before the phase that
   * came before: what is tried now had not begun then.
   */
  private see(
    seen: Seen,
    as: string,
    asked: { readonly at: number; readonly phase: number },
  ): void {
    const phase = this.phases.length - asked.phase > 1 ? undefined : this.phases.at(-1)
    if (seen.kind === 'certificate') {
      const serial = new X509Certificate(seen.der).serialNumber.toLowerCase()
      this.received.set(serial, digestOf(seen.der))
    }
    if (!phase) return
    const outcome = `${as}${outcomeOf(seen)}`
    phase.outcomes.set(outcome, (phase.outcomes.get(outcome) ?? 0) + 1)
    phase.took.push(performance.now() - asked.at)
  }

  /** Milliseconds until a new caller has a certificate. */
  async recovered(
    withinMs: number,
    { over = 'tls', ...question }: Question & { readonly over?: 'tls' | 'loopback' } = {},
  ): Promise<number> {
    const began = performance.now()
    while (performance.now() - began < withinMs) {
      const asked = { at: performance.now(), phase: this.phases.length }
      const token = question.token?.() ?? this.cluster.token('shop', 'web')
      const identity = question.identity ?? IDENTITY
      const asks = { identity, token, csr: makeCsr() }
      const seen = await (over === 'tls'
        ? this.client.certifyOverTls(asks)
        : this.client.certifyOnLoopback(asks))
      this.see(seen, '', asked)
      if (seen.kind === 'certificate') return performance.now() - began
      await pause(50)
    }
    return Infinity
  }

  /** Ends the load. Every request that was made has its outcome then. */
  async finish(): Promise<void> {
    this.stopped.abort()
    await this.running
    this.client.hangUp()
  }

  /** How often something was seen in a phase: `certificate`, or words of the outcome. */
  count(name: string, outcome: string | RegExp): number {
    const { outcomes } = this.find(name)
    let sum = 0
    for (const [seen, times] of outcomes) {
      if (typeof outcome === 'string' ? seen === outcome : outcome.test(seen)) sum += times
    }
    return sum
  }

  /** Everything that was seen in a phase. */
  outcomes(name: string): string[] {
    return [...this.find(name).outcomes.keys()].sort()
  }

  /** Certificates, in a phase. */
  issued(name: string): number {
    return this.count(name, /certificate$/)
  }

  /** Everything seen in a phase that was no certificate. */
  failures(name: string): string[] {
    return this.outcomes(name).filter((outcome) => !outcome.endsWith('certificate'))
  }

  /** Milliseconds that the slowest answer of a phase took. */
  slowest(name: string): number {
    return Math.max(0, ...this.find(name).took)
  }

  private find(name: string): Phase {
    const phase = this.phases.find((one) => one.name === name)
    if (!phase) throw new Error(`there was no phase ${name}`)
    return phase
  }

  /** Certificates that clients have and the ledger does not, or not the same. For a server that is up. */
  lost(): string[] {
    const ledger = new LedgerFile(join(this.capstan.data, 'capstan.db'))
    ledger.update()
    return [...this.received]
      .filter(([serial, digest]) => ledger.certificates.get(serial) !== digest)
      .map(([serial]) => serial)
  }

  /** Certificates in the ledger that no client received. */
  unrevealed(): string[] {
    const ledger = new LedgerFile(join(this.capstan.data, 'capstan.db'))
    ledger.update()
    return [...ledger.entryCertificates].filter((serial) => !this.received.has(serial))
  }

  /** `GET /ready`: the checks that fail, as `name: detail`; empty when it is ready. */
  async unready(): Promise<string[]> {
    const url = `http://127.0.0.1:${this.capstan.adminPort}/ready`
    const answer = await fetch(url, { signal: AbortSignal.timeout(15_000) })
    const { checks } = (await answer.json()) as {
      checks: { name: string; ok: boolean; detail: string }[]
    }
    return checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`)
  }

  /** The sum of a metric over its labels that hold `label`. */
  async metric(name: string, label = ''): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.capstan.adminPort}/metrics`)
    const lines = (await answer.text()).split('\n')
    return lines
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  /** Prints what was seen, phase by phase. For a server that is up. */
  print(title: string): void {
    process.stdout.write(this.table(title, this.lost().length))
  }

  private table(title: string, lost: number): string {
    const shown = this.phases.filter(({ name }) => !/: it (begins|ends)$/.test(name))
    const rows = shown.map(({ name, outcomes, took }) => {
      const sorted = [...outcomes].sort(([, a], [, b]) => b - a)
      const seen = sorted.map(([outcome, times]) => `${times} ${outcome}`).join(', ')
      const slowest = Math.round(Math.max(0, ...took))
      return `  ${name.padEnd(10)} ${seen || 'nothing'}; slowest ${slowest} ms`
    })
    return `\n${title}\n${rows.join('\n')}\n  lost       ${lost}\n`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopped.abort()
    await this.capstan[Symbol.asyncDispose]()
    await this.running
    this.client.hangUp()
  }
}

function outcomeOf(seen: Seen): string {
  switch (seen.kind) {
    case 'certificate':
      return 'certificate'
    case 'refused':
      return `${seen.status} ${seen.code}`.trim()
    case 'no answer':
      return `no answer (${seen.why})`
  }
}
