import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CapstanProcess, type Ran } from '../support/capstan-process.js'
import { type TestAuthority, testAuthority } from '../server/tls/test-certificates.js'

const main = join(import.meta.dirname, '../../dist/main.js')

let capstan: CapstanProcess
let identity = ''
let authority: TestAuthority
let proxy: Server
/** What the proxy makes of an answer. */
let lie: (path: string, body: Buffer) => Buffer = (_path, body) => body

beforeAll(async () => {
  capstan = await CapstanProcess.founded()
  identity = join(capstan.home, 'identity')
  await capstan.start()
  capstan.must(['scope', 'create', 'ops'])
  for (const alias of ['ops/monitor', 'ops/other']) {
    capstan.must(['entry', 'create', alias, '--owner', 'ops'])
  }
  capstan.must(['envelope', 'set', 'ops/monitor', '--capabilities', 'reader'])
  enrol('ops/monitor', identity)
  authority = await testAuthority('proxy')
  const { key, chainPem } = await authority.issue('localhost')
  const pkcs8 = key.export({ format: 'pem', type: 'pkcs8' })
  proxy = createServer({ key: pkcs8, cert: chainPem }, (asked, answer) => {
    const read = (name: string): Buffer => readFileSync(join(identity, name))
    const forwarded = request(`${capstan.url}${asked.url}`, {
      ...{ ca: readFileSync(capstan.bundle), cert: read('cert.pem'), key: read('key.pem') },
      headers: { accept: asked.headers.accept ?? '' },
    })
    forwarded.on('error', () => answer.destroy())
    forwarded.on('response', (found) => {
      const chunks: Buffer[] = []
      found.on('data', (chunk: Buffer) => chunks.push(chunk))
      found.on('end', () => {
        answer.writeHead(found.statusCode ?? 0)
        answer.end(lie(asked.url ?? '', Buffer.concat(chunks)))
      })
    })
    forwarded.end()
  })
  await new Promise<void>((resolve) => proxy.listen(0, 'localhost', resolve))
})
afterAll(async () => {
  proxy.close()
  await capstan[Symbol.asyncDispose]()
})

function enrol(alias: string, out: string): void {
  const { token } = capstan.json(['token', 'create', alias]) as { token: string }
  const about = ['--server', capstan.url, '--ca-bundle', capstan.bundle, '--token', token]
  capstan.must(['cert', 'get', alias, ...about, '--out', out])
}

const state = (name: string): readonly string[] => ['--state', join(capstan.home, name)]
const remote = (url = capstan.url): readonly string[] => [
  ...['watch', '--once', '--json', '--server', url, '--identity', identity],
]
/** Not `run`, which would keep the proxy from answering. */
function watch(args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args, '--config', capstan.config])
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => void (texts[name] += chunk.toString()))
  }
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...texts })))
}
async function seen(args: readonly string[]) {
  const { status, stdout, stderr } = await watch(args)
  const answer = JSON.parse(stdout || '{}') as {
    readonly alarms?: readonly { readonly code: string }[]
    readonly checked?: number
    readonly known?: string
  }
  return { status, stderr, ...answer, codes: answer.alarms?.map(({ code }) => code) }
}

/** A checkpoint of the issuance log is signed once a second at most: until one covers all there is. */
async function covered(): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const { issuance } = capstan.json(['status']) as {
      issuance: { size: number; checkpoint: { size: number } | null }
    }
    if (issuance.checkpoint?.size === issuance.size) return
    await pause(200)
  }
  throw new Error('no checkpoint covers the issuance log')
}

describe('capstan watch, on another machine', () => {
  it('finds nothing wrong with an honest server, and remembers what it saw', async () => {
    const args = [...remote(), ...state('honest')]
    await covered()
    expect(await seen(args)).toMatchObject({ status: 0, codes: [], known: 'first' })
    enrol('ops/other', join(capstan.home, 'other'))
    capstan.must(['entry', 'suspend', 'ops/other'])
    await covered()
    expect(await seen(args)).toMatchObject({
      ...{ status: 0, codes: [], known: 'remembered', checked: 1 },
    })
    expect(await seen(args)).toMatchObject({ status: 0, checked: 0 })
  })

  it('does the same on the machine itself, and an audit agrees', async () => {
    const local = ['watch', '--once', '--json', ...state('local')]
    expect(await seen(local)).toMatchObject({ status: 0, codes: [] })
    const audit = capstan.run(['audit', '--full', '--json'])
    expect({ status: audit.status, ...(JSON.parse(audit.stdout) as object) }).toMatchObject({
      ...{ status: 0, ok: true },
      certificates: { alarms: 0 },
    })
  })

  it('is not let in without the capability, and says so', async () => {
    const other = join(capstan.home, 'other')
    const args = remote().map((word) => (word === identity ? other : word))
    const { status, stdout } = await watch([...args, ...state('closed')])
    expect(status).toBe(6)
    expect(stdout).toContain('403')
  })

  it('finds out a server that lies', async () => {
    const ca = join(capstan.home, 'proxy-ca.pem')
    writeFileSync(ca, authority.rootPem)
    const url = `https://localhost:${(proxy.address() as AddressInfo).port}`
    const args = [...remote(url), '--ca-bundle', ca, ...state('lied')]
    expect(await seen(args)).toMatchObject({ status: 0, codes: [] })
    capstan.must(['entry', 'reactivate', 'ops/other'])
    lie = (path, body) =>
      path.startsWith('/v1/logs/index/records')
        ? Buffer.from(body.toString().replace(/"record":"(.{40})/, `"record":"${'A'.repeat(40)}`))
        : body
    expect(await seen(args)).toMatchObject({ status: 10, codes: ['inconsistent'] })
    lie = (path, body) =>
      path.endsWith('/checkpoint') ? Buffer.from(body.toString().replace(/\n\d+\n/, '\n1\n')) : body
    expect(await seen(args)).toMatchObject({
      status: 10,
      codes: ['bad-signature', 'bad-signature'],
    })
    lie = (_path, body) => body
    expect(await seen(args)).toMatchObject({ status: 0, codes: [] })
  })

  it('finds out a data directory that was put back, and goes on where it was not', async () => {
    const args = [...remote(), ...state('put-back')]
    const copy = join(capstan.home, 'copy')
    await capstan.stop()
    cpSync(capstan.data, copy, { recursive: true })
    await capstan.start()
    capstan.must(['entry', 'suspend', 'ops/other'])
    await covered()
    expect(await seen(args)).toMatchObject({ status: 0 })
    await capstan.stop()
    const newest = join(capstan.home, 'newest')
    renameSync(capstan.data, newest)
    cpSync(copy, capstan.data, { recursive: true })
    await capstan.start()
    await covered()
    // Each start records the server's own certificates: of that log there are two histories already.
    expect(await seen(args)).toMatchObject({ status: 10, codes: ['rollback', 'fork'] })
    // Another history of the same length: the log has signed both.
    capstan.must(['entry', 'retire', 'ops/other'])
    expect(await seen(args)).toMatchObject({ status: 10, codes: ['fork', 'fork'] })
    await capstan.stop()
    rmSync(capstan.data, { recursive: true })
    renameSync(newest, capstan.data)
    await capstan.start()
    expect(await seen(args)).toMatchObject({ status: 0, codes: [] })
  })

  it('says when nobody answers', async () => {
    await capstan.stop()
    expect((await watch([...remote(), ...state('honest')])).status).toBe(6)
    await capstan.start()
  })
})
