import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { formatVerifierKey, type VerifierKey } from '../../src/tlog/verifier-key.js'
import { freePort } from './capstan-process.js'

/** The built command, as a user runs it. */
const main = join(import.meta.dirname, '../../dist/main.js')

/** `capstan witness init` and `serve`: a real process, a real socket, a real disk. */
export class WitnessProcess implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), 'capstan-witness-'))
  readonly folder = join(this.home, 'witness')
  readonly name: string
  /** Its verifier key. */
  key = ''
  port = 0
  log = ''
  private child: ChildProcess | undefined

  private constructor(name: string) {
    this.name = name
  }

  static async made(name: string, logs: readonly VerifierKey[]): Promise<WitnessProcess> {
    const witness = new WitnessProcess(name)
    witness.port = await freePort()
    writeFileSync(
      join(witness.home, 'logs.txt'),
      logs.map((key) => `${formatVerifierKey(key)}\n`).join(''),
    )
    const args = ['witness', 'init', '--name', name, '--data', witness.folder, '--json']
    const made = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
    if (made.status !== 0) throw new Error(made.stderr + made.stdout)
    witness.key = (JSON.parse(made.stdout) as { key: string }).key
    return witness
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Serves until it is killed; resolves once it is healthy, and to false where it ended before. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<boolean> {
    this.log = ''
    const args = ['witness', 'serve', '--data', this.folder, '--listen', `127.0.0.1:${this.port}`]
    const child = spawn(process.execPath, [main, ...args, '--logs', join(this.home, 'logs.txt')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.child = child
    child.stderr.on('data', (chunk: Buffer) => {
      this.log = `${this.log}${chunk.toString()}`.slice(-100_000)
    })
    while (this.isRunning) {
      const health = await fetch(`${this.url}/health`).catch(() => undefined)
      if (health?.ok === true) return true
      await pause(10)
    }
    return false
  }

  get isRunning(): boolean {
    return this.child?.exitCode === null && this.child.signalCode === null
  }

  /** Undefined where no answer came: it may have been recorded. */
  async add(body: string): Promise<{ readonly status: number; readonly body: string } | undefined> {
    try {
      const answer = await fetch(`${this.url}/add-checkpoint`, { method: 'POST', body })
      return { status: answer.status, body: await answer.text() }
    } catch {
      return undefined
    }
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this
    if (!child) return null
    if (this.isRunning) {
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    }
    return child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
    rmSync(this.home, { recursive: true, force: true })
  }
}
