import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The built command, as a user runs it. */
const main = join(import.meta.dirname, '../../dist/main.js')

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A data directory and, when started, a server on it: real processes, real sockets, real disk. */
export class CapstanProcess {
  readonly home = mkdtempSync(join(tmpdir(), 'capstan-test-'))
  readonly data = join(this.home, 'data')
  readonly config = join(this.home, 'capstan.yaml')
  readonly bundle = join(this.home, 'bundle.pem')
  linkerdPort = 0
  loopbackPort = 0
  httpPort = 0
  adminPort = 0
  private server: ChildProcess | undefined
  private complaints = ''

  /** A founded CA with no server yet. */
  static async founded(
    trustDomain = 'test.example',
    more: { readonly http?: string } = {},
  ): Promise<CapstanProcess> {
    const capstan = new CapstanProcess()
    ;[capstan.linkerdPort, capstan.loopbackPort, capstan.httpPort, capstan.adminPort] =
      await Promise.all([freePort(), freePort(), freePort(), freePort()])
    writeFileSync(
      capstan.config,
      `dataDir: ${capstan.data}
server:
  linkerd: { listen: "127.0.0.1:${capstan.linkerdPort}", loopback: ${capstan.loopbackPort} }
  http: { listen: "127.0.0.1:${capstan.httpPort}", names: [localhost, 127.0.0.1], ${more.http ?? ''} }
  admin: { listen: "127.0.0.1:${capstan.adminPort}" }
log: { level: trace }
`,
    )
    capstan.must(['init', '--trust-domain', trustDomain])
    capstan.must(['bundle', '--out', capstan.bundle])
    return capstan
  }

  get url(): string {
    return `https://127.0.0.1:${this.httpPort}`
  }

  /** Runs `capstan ARGS --config FILE`. */
  run(args: readonly string[]): Ran {
    const done = spawnSync(process.execPath, [main, ...args, '--config', this.config], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    })
    return { status: done.status, stdout: done.stdout, stderr: done.stderr }
  }

  /** The same, and it has to succeed. */
  must(args: readonly string[]): string {
    const ran = this.run(args)
    if (ran.status !== 0) {
      throw new Error(
        `capstan ${args.join(' ')}: exit ${String(ran.status)}\n${ran.stdout}${ran.stderr}`,
      )
    }
    return ran.stdout
  }

  json(args: readonly string[]): unknown {
    return JSON.parse(this.must([...args, '--json']))
  }

  /** The end of what the server logged since its start. */
  get log(): string {
    return this.complaints
  }

  /** Serves until `stop` or `kill`; resolves once it is ready. */
  async start(): Promise<void> {
    this.complaints = ''
    const server = spawn(process.execPath, [main, 'serve', '--config', this.config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.server = server
    server.stderr.on('data', (chunk: Buffer) => {
      this.complaints = `${this.complaints}${chunk.toString()}`.slice(-100_000)
    })
    for (let attempt = 0; attempt < 300; attempt += 1) {
      if (await this.ready()) return
      if (server.exitCode !== null) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`capstan serve is not ready: ${this.complaints}`)
  }

  async ready(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.adminPort}/ready`).catch(() => undefined)
    return answer?.ok === true
  }

  /** SIGTERM, and its exit code. */
  async stop(): Promise<number | null> {
    return this.end('SIGTERM')
  }

  /** SIGKILL: as when the machine loses power, but for the disk's own cache. */
  async kill(): Promise<number | null> {
    return this.end('SIGKILL')
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const { server } = this
    this.server = undefined
    if (server?.exitCode !== null || server.signalCode !== null) return server?.exitCode ?? null
    const exited = new Promise<number | null>((resolve) => server.once('exit', resolve))
    server.kill(signal)
    return exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.home, { recursive: true, force: true })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
