import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CapstanProcess } from '../support/capstan-process.js'
import { certifyOverTls } from '../support/linkerd-client.js'
import { OfflineCluster } from '../support/offline-cluster.js'
import { csr as makeCsr } from '../csr/make-csr.js'

const ROUNDS = 8
const IN_FLIGHT = 8
const serverName = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'
const identity = 'web.shop.serviceaccount.identity.linkerd.cluster.local'

/** `kill -9` under load, at random moments. */
interface JoinToken {
  readonly token: string
}

describe('a killed server', () => {
  let capstan: CapstanProcess
  let cluster: OfflineCluster
  const received: string[] = []
  const redeemed = new Map<string, number>()

  beforeAll(async () => {
    capstan = await CapstanProcess.founded()
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
  })

  afterAll(() => capstan[Symbol.asyncDispose]())

  /** Certify as a proxy does, again and again, until the server is gone. */
  async function certifyUntil(stop: AbortSignal): Promise<void> {
    const csr = makeCsr()
    const ca = readFileSync(capstan.bundle, 'utf8')
    while (!stop.aborted) {
      const token = cluster.token('shop', 'web')
      const server = { host: '127.0.0.1', port: capstan.linkerdPort, serverName, ca }
      const reply = await certifyOverTls({ ...server, identity, token, csr }).catch(() => undefined)
      if (reply?.ok === true) received.push(new X509Certificate(reply.leaf).serialNumber)
    }
  }

  /** Redeems one join token twice at once, until the server is gone. */
  async function redeemUntil(tokens: string[], stop: AbortSignal): Promise<void> {
    const csr = Buffer.from(makeCsr()).toString('base64')
    const agent = new Agent({ ca: readFileSync(capstan.bundle), keepAlive: true })
    while (!stop.aborted) {
      const token = tokens.pop()
      if (token === undefined) break
      const answers = await Promise.all([
        post(agent, `${capstan.url}/v1/certificates`, {
          csr,
          evidence: { kind: 'join-token', token },
        }),
        post(agent, `${capstan.url}/v1/certificates`, {
          csr,
          evidence: { kind: 'join-token', token },
        }),
      ])
      for (const serial of answers.filter((answer) => answer !== undefined)) {
        received.push(serial.toUpperCase())
        redeemed.set(token, (redeemed.get(token) ?? 0) + 1)
      }
    }
    agent.destroy()
  }

  it(`loses nothing that a client received, in ${ROUNDS} rounds`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const tokens = Array.from(
        { length: 4 },
        () => (capstan.json(['token', 'create', 'shop/web', '--ttl', '1h']) as JoinToken).token,
      )
      await capstan.start()
      const stop = new AbortController()
      const load = [
        ...Array.from({ length: IN_FLIGHT }, () => certifyUntil(stop.signal)),
        redeemUntil(tokens, stop.signal),
      ]
      await pause(150 + Math.random() * 600)
      await capstan.kill()
      stop.abort()
      await Promise.all(load)
    }

    expect(received.length).toBeGreaterThan(ROUNDS)
    expect(new Set(received).size).toBe(received.length)
    expect([...redeemed.values()].filter((times) => times > 1)).toEqual([])

    // The next start needs no help, and the log replays.
    await capstan.start()
    const { certificates } = capstan.json(['certs', '--limit', '10000']) as {
      certificates: { serial: string }[]
    }
    const inLedger = new Set(certificates.map(({ serial }) => serial.toUpperCase()))
    expect(received.filter((serial) => !inLedger.has(serial))).toEqual([])
    capstan.must(['index', 'verify'])
  }, 180_000)

  it('does not take a token again that it took before it was killed', async () => {
    const agent = new Agent({ ca: readFileSync(capstan.bundle) })
    const csr = Buffer.from(makeCsr()).toString('base64')
    expect(redeemed.size).toBeGreaterThan(0)
    for (const token of redeemed.keys()) {
      const evidence = { kind: 'join-token', token }
      expect(await post(agent, `${capstan.url}/v1/certificates`, { csr, evidence })).toBeUndefined()
    }
  })
})

/** The serial of the certificate in the answer; undefined for a refusal or no answer. */
function post(agent: Agent, url: string, body: unknown): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request(url, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    })
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => resolve(undefined))
      response.on('end', () => {
        if (response.statusCode !== 201) {
          resolve(undefined)
          return
        }
        resolve((JSON.parse(Buffer.concat(chunks).toString()) as { serial: string }).serial)
      })
    })
    call.on('error', () => resolve(undefined))
    call.end(JSON.stringify(body))
  })
}
