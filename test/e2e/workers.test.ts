import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { csr as makeCsr } from '../csr/make-csr.js'
import { CapstanProcess } from '../support/capstan-process.js'
import { certifyOverTls } from '../support/linkerd-client.js'
import { OfflineCluster } from '../support/offline-cluster.js'

const serverName = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'
const identity = 'web.shop.serviceaccount.identity.linkerd.cluster.local'
const SECRET = 'c0ffee'.repeat(10) + 'beef'

describe('a server of two workers', () => {
  let capstan: CapstanProcess
  let cluster: OfflineCluster
  let ca: string
  const csr = makeCsr()
  const received: string[] = []

  beforeAll(async () => {
    capstan = await CapstanProcess.founded('test.example', { server: 'workers: 2' })
    ca = readFileSync(capstan.bundle, 'utf8')
    const jwks = join(capstan.home, 'jwks.json')
    cluster = new OfflineCluster(jwks)
    capstan.must(['scope', 'create', 'shop'])
    capstan.must([
      ...['cluster', 'add', 'prod', '--identity-trust-domain', 'cluster.local'],
      ...['--control-plane-namespace', 'linkerd', '--issuer', cluster.issuer],
      ...['--audience', cluster.audience, '--validation', 'offline', '--jwks-file', jwks],
    ])
    capstan.must(['entry', 'create', 'shop/web', '--owner', 'team-shop'])
    capstan.must(['bind', 'add', 'shop/web', '--k8s', 'prod/shop/web'])
    await capstan.start()
  })

  afterAll(() => capstan[Symbol.asyncDispose]())

  /** Certify as a proxy does; the serial, a refusal's code, or undefined when nobody answers. */
  async function certify(): Promise<string | number | undefined> {
    const token = cluster.token('shop', 'web')
    const server = { host: '127.0.0.1', port: capstan.linkerdPort, serverName, ca }
    const reply = await certifyOverTls({ ...server, identity, token, csr }).catch(() => undefined)
    if (reply?.ok !== true) return reply?.grpcStatus
    const serial = new X509Certificate(reply.leaf).serialNumber
    received.push(serial)
    return serial
  }

  async function certifyUntil(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) await certify()
  }

  const workers = (): number[] => childrenOf(capstan.pid)

  /** Certificates per worker, as its own audit lines say. */
  const audited = (): Map<number, number> => {
    const counts = new Map<number, number>()
    for (const line of capstan.log.split('\n')) {
      if (!line.includes('"operation":"certify"') || !line.includes('"answered"')) continue
      const { worker } = JSON.parse(line) as { worker: number }
      counts.set(worker, (counts.get(worker) ?? 0) + 1)
    }
    return counts
  }

  const ledger = (): Set<string> => {
    const { certificates } = capstan.json(['certs', '--limit', '10000']) as {
      certificates: { serial: string }[]
    }
    return new Set(certificates.map(({ serial }) => serial.toUpperCase()))
  }

  it('shares the ports: both of them issue, over Linkerd and over HTTP', async () => {
    expect(workers()).toHaveLength(2)
    await Promise.all(Array.from({ length: 40 }, certify))
    expect(received.length).toBe(40)
    // Lines come when the server has written them: after the answers.
    await until(() => audited().size === 2)
    expect([...audited().keys()].sort()).toEqual(workers().sort())

    const agent = new Agent({ ca })
    const tokens = Array.from({ length: 2 }, () => {
      const made = capstan.json(['token', 'create', 'shop/web', '--ttl', '1h'])
      return (made as { token: string }).token
    })
    for (const token of tokens) {
      const body = {
        csr: Buffer.from(csr).toString('base64'),
        evidence: { kind: 'join-token', token },
      }
      // However many ask at once, and whichever process they reach: once.
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => post(agent, `${capstan.url}/v1/certificates`, body)),
      )
      expect(answers.filter((status) => status === 201)).toHaveLength(1)
    }
  })

  it('adds its metrics up', async () => {
    const answer = await fetch(`http://127.0.0.1:${capstan.adminPort}/metrics`)
    const text = await answer.text()
    const issued = [...text.matchAll(/^capstan_certificates_issued_total\{.*\} (\d+)$/gm)]
    expect(issued.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(received.length + 2)
    const left = /^capstan_issuer_seconds_left\{.*\} (\d+)$/m.exec(text)?.[1]
    // The one that is worst off, and not the sum of three processes: an issuer lives 90 days.
    expect(Number(left)).toBeLessThanOrEqual(90 * 86_400)
    expect(text).toMatch(/^capstan_stage_seconds_count\{stage="record"\} \d+$/m)
  })

  it('obeys an operator at once, in both', async () => {
    capstan.must(['entry', 'suspend', 'shop/web'])
    const refused = await Promise.all(Array.from({ length: 20 }, certify))
    expect(refused.filter((answer) => typeof answer === 'string')).toEqual([])
    capstan.must(['entry', 'reactivate', 'shop/web'])
    const granted = await Promise.all(Array.from({ length: 20 }, certify))
    expect(granted.filter((answer) => typeof answer !== 'string')).toEqual([])
  })

  it('replaces a killed worker under load, and loses nothing', async () => {
    const stop = new AbortController()
    const load = Array.from({ length: 6 }, () => certifyUntil(stop.signal))
    await pause(300)
    const before = workers()
    process.kill(before[0]!, 'SIGKILL')
    await until(() => workers().some((pid) => !before.includes(pid)) && workers().length === 2)
    await until(() => capstan.ready())
    await pause(500)
    stop.abort()
    await Promise.all(load)
    await until(async () => (await workersUp(capstan)) === 2)
    const [, survivor] = before
    expect(workers()).toContain(survivor)
    const held = ledger()
    expect(received.filter((serial) => !held.has(serial))).toEqual([])
    expect(new Set(received).size).toBe(received.length)
  })

  it('keeps the keys out of what others can read of a process', () => {
    for (const pid of workers()) {
      const said = ['environ', 'cmdline'].map((name) => readFileSync(`/proc/${pid}/${name}`))
      const text = Buffer.concat(said).toString('latin1')
      expect(text).not.toContain('PRIVATE')
      expect(text).not.toContain(readFileSync(join(capstan.data, 'kek'), 'utf8').trim())
      // Every sealed key, as PKCS#8 or not, would begin with this in base64 or hex.
      expect(text).not.toMatch(/MIGH|MC4CAQ|308187|302e0201/)
    }
  })

  it('drains at SIGTERM: what is under way is answered', async () => {
    const pids = workers()
    const running = Promise.all(Array.from({ length: 20 }, certify))
    await pause(100)
    expect(await capstan.stop()).toBe(0)
    await running
    expect(pids.filter(isAlive)).toEqual([])
    const held = ledger()
    expect(received.filter((serial) => !held.has(serial))).toEqual([])
  })

  it('ends with the main process when that is killed under load, and has told nothing else', async () => {
    await capstan.start()
    const stop = new AbortController()
    const load = Array.from({ length: 6 }, () => certifyUntil(stop.signal))
    const before = received.length
    await until(() => received.length > before + 20)
    const pids = workers()
    expect(pids).toHaveLength(2)
    await capstan.kill()
    await until(() => !pids.some(isAlive), 1000)
    stop.abort()
    await Promise.all(load)
    // And the data directory is free.
    await capstan.start()
    const held = ledger()
    expect(received.filter((serial) => !held.has(serial))).toEqual([])
    expect(await capstan.stop()).toBe(0)
  })

  it('does not hand a key-encryption key in a variable on', async () => {
    // As `init` and `serve` find it: the test's own environment.
    Object.assign(process.env, { CAPSTAN_KEYS__KEK__ENV: 'THE_KEK', THE_KEK: SECRET })
    const founded = await CapstanProcess.founded('env.example', { server: 'workers: 2' })
    await using other = founded
    await other.start()
    delete process.env['CAPSTAN_KEYS__KEK__ENV']
    delete process.env['THE_KEK']
    expect(readFileSync(`/proc/${String(other.pid)}/environ`, 'latin1')).toContain(SECRET)
    for (const pid of childrenOf(other.pid)) {
      expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain(SECRET)
    }
    expect(childrenOf(other.pid)).toHaveLength(2)
  })

  it('says why it cannot start, as one process does', async () => {
    await capstan.start()
    const other = await CapstanProcess.founded('other.example', { server: 'workers: 2' })
    await using second = other
    const config = readFileSync(second.config, 'utf8')
    writeFileSync(
      second.config,
      config.replace(`:${second.linkerdPort}"`, `:${capstan.linkerdPort}"`),
    )
    const { status, stderr } = second.run(['serve'])
    expect(status).not.toBe(0)
    expect(stderr).toContain(`127.0.0.1:${capstan.linkerdPort}`)
  })
})

const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

function childrenOf(pid: number | undefined): number[] {
  const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

async function workersUp(capstan: CapstanProcess): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${capstan.adminPort}/ready`)
  const { checks } = (await answer.json()) as { checks: { name: string; detail: string }[] }
  return Number.parseInt(checks.find(({ name }) => name === 'workers')?.detail ?? '0', 10)
}

async function until(holds: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms`)
    await pause(20)
  }
}

function post(agent: Agent, url: string, body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    const call = request(url, { agent, method: 'POST', headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    call.on('error', reject)
    call.end(JSON.stringify(body))
  })
}
