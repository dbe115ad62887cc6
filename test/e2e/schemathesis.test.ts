import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CapstanProcess } from '../support/capstan-process.js'

const VERSION = '4.32.5'
/** Minutes: what a group is takes long to imagine. */
const PATIENCE_MS = 900_000
/** The same requests each time: a change that breaks something is then what broke it. */
const SEED = '20261121'
const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
const venv = join(cache, 'capstan-e2e', `schemathesis-${VERSION}`)

/** The program, installed on first use into a folder of its own outside the tree. */
function schemathesis(): string {
  const program = join(venv, 'bin/st')
  if (existsSync(program)) return program
  mkdirSync(venv, { recursive: true })
  for (const command of [
    ['python3', '-m', 'venv', venv],
    [join(venv, 'bin/pip'), 'install', '--quiet', `schemathesis==${VERSION}`],
  ]) {
    const [name = '', ...args] = command
    const { status, stderr } = spawnSync(name, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  }
  return program
}

/** Thousands of requests made from the OpenAPI document, most of them wrong. */
describe('schemathesis finds nothing', () => {
  let capstan: CapstanProcess
  let operators: Server

  beforeAll(async () => {
    schemathesis()
    capstan = await CapstanProcess.founded('test.example', {
      http: 'rateLimit: { perMinute: 1000000, burst: 1000000 }',
    })
    await capstan.start()
    copyFileSync(
      join(import.meta.dirname, 'schemathesis.toml'),
      join(capstan.home, 'schemathesis.toml'),
    )
    // It speaks TCP only; the operators' API is on a Unix socket.
    operators = createServer((client) => {
      const socket = connect(join(capstan.data, 'capstan.sock'))
      client.pipe(socket).pipe(client)
      client.on('error', () => socket.destroy())
      socket.on('error', () => client.destroy())
    })
    await new Promise<void>((resolve) => operators.listen(0, '127.0.0.1', resolve))
  }, 300_000)

  afterAll(async () => {
    operators.close()
    await capstan[Symbol.asyncDispose]()
  })

  /** What it found; empty when it found nothing. */
  function run(url: string, ...more: string[]): Promise<string> {
    const args = ['run', `${url}/v1/openapi.json`, '--phases', 'examples,coverage,fuzzing']
    const child = spawn(
      schemathesis(),
      [...args, '-n', '50', '--seed', SEED, '--no-color', ...more],
      {
        cwd: capstan.home,
      },
    )
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()))
    return new Promise((resolve) =>
      child.once('exit', (status) => resolve(status === 0 ? '' : lines(out))),
    )
  }

  it(
    'on what anybody may ask',
    async () => {
      expect(await run(capstan.url, '--tls-verify', capstan.bundle)).toBe('')
    },
    PATIENCE_MS,
  )

  it(
    'on what operators ask, and the index still verifies',
    async () => {
      const address = operators.address()
      const port = typeof address === 'object' ? address?.port : 0
      expect(await run(`http://127.0.0.1:${port ?? 0}`)).toBe('')
      capstan.must(['index', 'verify'])
      await capstan.stop()
      await capstan.start()
    },
    PATIENCE_MS,
  )
})

/** Requests can be very long: their beginning tells. */
const lines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.slice(0, 600))
    .join('\n')
    .slice(-20_000)
