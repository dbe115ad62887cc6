import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** The built command, as a user runs it. */
const main = join(import.meta.dirname, '../../dist/main.js')

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How the server is started, beyond `capstan serve --config FILE`. */
export interface Launch {
  /** Options of Node itself: `--import FILE`. */
  readonly node?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A program and its arguments that the server is started by: `prlimit --nofile=64`. */
  readonly through?: readonly string[]
  /** A file descriptor for what the server logs; nothing of it is in `log` then. */
  readonly stderr?: number
}

export interface Setting {
  /** More keys of `server.http`, as YAML: `rateLimit: { burst: 1000 }`. */
  readonly http?: string
  /** More keys of `server`. */
  readonly server?: string
  /** More keys of the configuration. */
  readonly more?: string
  readonly logLevel?: string
  /** The folder of everything, kept when the process is disposed of. */
  readonly home?: string
}

/** A data directory and, when started, a server on it: real processes, real sockets, real disk. */
export class CapstanProcess {
  readonly home: string
  readonly data: string
  readonly config: string
  readonly bundle: string
  readonly socket: string
  linkerdPort = 0
  loopbackPort = 0
  httpPort = 0
  adminPort = 0
  private server: ChildProcess | undefined
  private complaints = ''
  private readonly isKept: boolean

  private constructor(home?: string) {
    this.isKept = home !== undefined
    this.home = home ?? mkdtempSync(join(tmpdir(), 'capstan-test-'))
    this.data = join(this.home, 'data')
    this.config = join(this.home, 'capstan.yaml')
    this.bundle = join(this.home, 'bundle.pem')
    this.socket = join(this.data, 'capstan.sock')
  }

  /** A founded CA with no server yet. */
  static async founded(
    trustDomain = 'test.example',
    setting: Setting = {},
  ): Promise<CapstanProcess> {
    const capstan = await CapstanProcess.at(setting)
    capstan.must(['init', '--trust-domain', trustDomain])
    capstan.must(['bundle', '--out', capstan.bundle])
    return capstan
  }

  /** Whatever is in that home, with a configuration of new ports. */
  static async at(setting: Setting): Promise<CapstanProcess> {
    const capstan = new CapstanProcess(setting.home)
    ;[capstan.linkerdPort, capstan.loopbackPort, capstan.httpPort, capstan.adminPort] =
      await Promise.all([freePort(), freePort(), freePort(), freePort()])
    writeFileSync(
      capstan.config,
      `dataDir: ${capstan.data}
server:
  linkerd: { listen: "127.0.0.1:${capstan.linkerdPort}", loopback: ${capstan.loopbackPort} }
  http: { listen: "127.0.0.1:${capstan.httpPort}", names: [localhost, 127.0.0.1], ${setting.http ?? ''} }
  admin: { listen: "127.0.0.1:${capstan.adminPort}" }
  ${setting.server ?? ''}
log: { level: ${setting.logLevel ?? 'trace'} }
${setting.more ?? ''}
`,
    )
    return capstan
  }

  get url(): string {
    return `https://127.0.0.1:${this.httpPort}`
  }

  /** `capstan ARGS --config FILE`, as a system starts it. */
  command(args: readonly string[]): readonly string[] {
    return [process.execPath, main, ...args, '--config', this.config]
  }

  /** Runs `capstan ARGS --config FILE`. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
    const [program = '', ...words] = this.command(args)
    const done = spawnSync(program, words, {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', ...env },
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

  /** Of the running server. */
  get pid(): number | undefined {
    return this.isRunning ? this.server?.pid : undefined
  }

  get isRunning(): boolean {
    return this.server?.exitCode === null && this.server.signalCode === null
  }

  /** Starts a server and waits for nothing. */
  launch({ node = [], env = {}, through = [], stderr }: Launch = {}): void {
    this.complaints = ''
    const [program = process.execPath, ...args] = [
      ...[...through, process.execPath, ...node, main],
      ...['serve', '--config', this.config],
    ]
    const server = spawn(program, args, {
      stdio: ['ignore', 'ignore', stderr ?? 'pipe'],
      env: { ...process.env, ...env },
    })
    this.server = server
    server.stderr?.on('data', (chunk: Buffer) => {
      this.complaints = `${this.complaints}${chunk.toString()}`.slice(-100_000)
    })
  }

  /** Serves until `stop` or `kill`; resolves once it is ready. */
  async start(how?: Launch): Promise<void> {
    this.launch(how)
    if (!(await this.becomesReady())) {
      throw new Error(`capstan serve is not ready: ${this.complaints}`)
    }
  }

  /** False when it ends before it is ready, or is not ready within `withinMs`. */
  async becomesReady(withinMs = 30_000): Promise<boolean> {
    const end = performance.now() + withinMs
    while (performance.now() < end) {
      if (await this.ready()) return true
      if (!this.isRunning) return false
      await pause(20)
    }
    return false
  }

  async ready(): Promise<boolean> {
    const url = `http://127.0.0.1:${this.adminPort}/ready`
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
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

  /** Its exit code, or the signal that ended it; null when none was started. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const { server } = this
    if (!server) return null
    if (this.isRunning) await new Promise((resolve) => server.once('exit', resolve))
    return server.signalCode ?? server.exitCode
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const { server, isRunning } = this
    if (!server) return null
    if (isRunning) {
      server.kill(signal)
      await this.ended()
    }
    this.server = undefined
    return server.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    if (!this.isKept) rmSync(this.home, { recursive: true, force: true })
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
