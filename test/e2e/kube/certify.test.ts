import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { csr as makeCsr } from '../../csr/make-csr.js'
import { CapstanProcess } from '../../support/capstan-process.js'
import { KubeServer } from '../../support/kube-apiserver.js'
import { certifyOverH2c, certifyOverTls, type CertifyReply } from '../../support/linkerd-client.js'

const AUDIENCE = 'capstan.test.example'
const BUILD_MS = 900_000
/** gRPC status codes, by the names that operators search their logs for. */
const INVALID_ARGUMENT = 3
const FAILED_PRECONDITION = 9
const INTERNAL = 13

const serverName = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'
const identity = 'web.shop.serviceaccount.identity.linkerd.cluster.local'

let kube: KubeServer
let other: KubeServer
let capstan: CapstanProcess
let accountUid = ''
const csr = makeCsr()

/** As a proxy: its token, its name, its one CSR for ever. */
const certify = (token: string, name = identity): Promise<CertifyReply> =>
  certifyOverTls({
    host: '127.0.0.1',
    port: capstan.linkerdPort,
    serverName,
    ca: readFileSync(capstan.bundle, 'utf8'),
    identity: name,
    token,
    csr,
  })

const tokenOf = (pod: string, audience = AUDIENCE, from = kube): Promise<string> =>
  from.requestToken({ namespace: 'shop', serviceAccount: 'web', audience, pod })

const issuedSoFar = (): number => {
  const { certificates } = capstan.json(['certs', 'shop/web', '--limit', '1000']) as {
    certificates: unknown[]
  }
  return certificates.length
}

async function populate(server: KubeServer): Promise<string> {
  await server.createNamespace('shop')
  await server.createNode('node-1')
  const uid = await server.createServiceAccount('shop', 'web')
  await server.createPod('shop', 'web-0', 'web', 'node-1')
  return uid
}

function register(alias: string, server: KubeServer): void {
  capstan.must([
    ...['cluster', 'add', alias, '--identity-trust-domain', 'cluster.local'],
    ...['--control-plane-namespace', 'linkerd', '--issuer', server.issuer],
    ...['--audience', AUDIENCE, '--validation', 'online', '--kubeconfig', server.kubeconfig],
  ])
}

beforeAll(async () => {
  kube = await KubeServer.started({ issuer: 'https://prod.example' })
  other = await KubeServer.started({ issuer: 'https://other.example' })
  accountUid = await populate(kube)
  await populate(other)
  capstan = await CapstanProcess.founded()
  await capstan.start()
  register('prod', kube)
  capstan.must(['scope', 'create', 'shop'])
  capstan.must(['entry', 'create', 'shop/web', '--owner', 'team-shop'])
  capstan.must(['bind', 'add', 'shop/web', '--k8s', 'prod/shop/web'])
}, BUILD_MS)

afterAll(async () => {
  await capstan[Symbol.asyncDispose]()
  await kube.stop()
  await other.stop()
})

describe('a proxy of a real cluster', () => {
  it('gets a certificate that chains to the trust anchor and carries its Linkerd name first', async () => {
    const reply = await certify(await tokenOf('web-0'))
    if (!reply.ok) throw new Error(reply.message)
    const leaf = new X509Certificate(reply.leaf)
    const [issuer] = reply.intermediates.map((der) => new X509Certificate(der))
    const anchor = new X509Certificate(readFileSync(capstan.bundle))
    expect(issuer?.verify(anchor.publicKey)).toBe(true)
    expect(issuer && leaf.verify(issuer.publicKey)).toBe(true)
    expect(leaf.subjectAltName).toBe(`DNS:${identity}, URI:spiffe://test.example/shop/web`)
    expect(reply.validUntil).toBeLessThanOrEqual(Date.parse(leaf.validTo) / 1000)
    // A tenth of the lifetime is left at least.
    expect(reply.validUntil).toBeGreaterThan(Date.now() / 1000 + 2 * 3600)
  })

  it('gets another one for the same key, over plain HTTP/2 on loopback too', async () => {
    const reply = await certifyOverH2c({
      host: '127.0.0.1',
      port: capstan.loopbackPort,
      identity,
      token: await tokenOf('web-0'),
      csr,
    })
    expect(reply.ok).toBe(true)
  })

  it('leaves the facts of its pod in the ledger, and nothing of its token', async () => {
    const token = await tokenOf('web-0')
    await certify(token)
    const listed = capstan.must(['certs', 'shop/web', '--json'])
    const { certificates } = JSON.parse(listed) as { certificates: { evidence: object }[] }
    expect(certificates[0]?.evidence).toMatchObject({
      kind: 'k8s',
      namespace: 'shop',
      serviceAccount: 'web',
      serviceAccountUid: accountUid,
      podName: 'web-0',
      nodeName: 'node-1',
      checked: 'online',
    })
    expect(listed).not.toContain(token.split('.')[2])
  })
})

describe('nothing is issued', () => {
  function refused(
    reply: CertifyReply,
    wanted: { readonly grpcStatus: number; readonly code: string },
    before: number,
  ): void {
    expect(reply).toMatchObject({ ok: false, grpcStatus: wanted.grpcStatus })
    expect('message' in reply && reply.message).toContain(wanted.code)
    expect(issuedSoFar()).toBe(before)
  }

  it('for a token of another audience', async () => {
    const before = issuedSoFar()
    const reply = await certify(await tokenOf('web-0', kube.issuer))
    const wanted = { grpcStatus: FAILED_PRECONDITION, code: 'token.wrong-audience' }
    refused(reply, wanted, before)
  })

  it('for the name of somebody else', async () => {
    const before = issuedSoFar()
    const reply = await certify(
      await tokenOf('web-0'),
      'api.shop.serviceaccount.identity.linkerd.cluster.local',
    )
    const wanted = { grpcStatus: FAILED_PRECONDITION, code: 'grant.other-identity' }
    refused(reply, wanted, before)
  })

  it('for a token of a cluster that is not in the index', async () => {
    const before = issuedSoFar()
    const reply = await certify(await tokenOf('web-0', AUDIENCE, other))
    const wanted = { grpcStatus: FAILED_PRECONDITION, code: 'token.unknown-cluster' }
    refused(reply, wanted, before)
  })

  it('for a genuine token of another cluster, of the same namespace and service account', async () => {
    register('staging', other)
    try {
      const before = issuedSoFar()
      const reply = await certify(await tokenOf('web-0', AUDIENCE, other))
      const wanted = { grpcStatus: FAILED_PRECONDITION, code: 'grant.no-entry' }
      refused(reply, wanted, before)
    } finally {
      capstan.must(['cluster', 'rm', 'staging'])
    }
  })

  it('for a legacy token from a Secret, which never expires', async () => {
    const legacy = await kube.createLegacyToken('shop', 'web', accountUid)
    const before = issuedSoFar()
    const reply = await certify(legacy)
    const wanted = { grpcStatus: FAILED_PRECONDITION, code: 'token.unknown-cluster' }
    refused(reply, wanted, before)
  })

  it('for what is no token at all', async () => {
    const before = issuedSoFar()
    const reply = await certify('not.a.token')
    refused(reply, { grpcStatus: INVALID_ARGUMENT, code: 'token.malformed' }, before)
  })

  it('once the pod is deleted', async () => {
    await kube.createPod('shop', 'short', 'web', 'node-1')
    const token = await tokenOf('short')
    await kube.deletePod('shop', 'short')
    const before = issuedSoFar()
    const reply = await certify(token)
    const wanted = { grpcStatus: FAILED_PRECONDITION, code: 'token.not-authenticated' }
    refused(reply, wanted, before)
  })

  it('while the entry is suspended, and again once it is active', async () => {
    const token = await tokenOf('web-0')
    capstan.must(['entry', 'suspend', 'shop/web'])
    const before = issuedSoFar()
    const reply = await certify(token)
    refused(reply, { grpcStatus: FAILED_PRECONDITION, code: 'grant.not-active' }, before)
    capstan.must(['entry', 'reactivate', 'shop/web'])
    expect(await certify(token)).toMatchObject({ ok: true })
  })

  it('while the API server is stopped; it recovers by itself', async () => {
    const token = await tokenOf('web-0')
    const before = issuedSoFar()
    await kube.stopApiServer()
    const reply = await certify(token)
    expect(reply).toMatchObject({ ok: false, grpcStatus: INTERNAL })
    expect('message' in reply && reply.message).toContain('could not check the token')
    expect(issuedSoFar()).toBe(before)
    expect(await capstan.ready()).toBe(true)
    await kube.restartApiServer()
    expect(await certify(token)).toMatchObject({ ok: true })
  })

  it('once the service account is deleted', async () => {
    const token = await tokenOf('web-0')
    await kube.deleteServiceAccount('shop', 'web')
    // The API server itself remembers a yes for ten seconds.
    let reply = await certify(token)
    for (let tries = 0; reply.ok && tries < 30; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      reply = await certify(token)
    }
    const before = issuedSoFar()
    reply = await certify(token)
    refused(reply, { grpcStatus: FAILED_PRECONDITION, code: 'token.not-authenticated' }, before)
  })
})

describe('capstan cluster check', () => {
  it('passes where TokenReview is granted', () => {
    expect(capstan.run(['cluster', 'check', 'prod']).status).toBe(0)
  })

  it('names the missing RBAC rule where it is not', () => {
    capstan.must([
      ...['cluster', 'add', 'forbidden', '--identity-trust-domain', 'forbidden.local'],
      ...['--control-plane-namespace', 'linkerd', '--issuer', 'https://forbidden.example'],
      ...['--audience', AUDIENCE, '--validation', 'online'],
      ...['--kubeconfig', kube.strangerKubeconfig],
    ])
    const { status, stdout } = capstan.run(['cluster', 'check', 'forbidden'])
    expect(status).not.toBe(0)
    expect(stdout).toContain('tokenreviews.authentication.k8s.io')
  })

  it('is made at start too, and the log says which cluster is refused', async () => {
    await capstan.stop()
    await capstan.start()
    await new Promise((resolve) => setTimeout(resolve, 2000))
    expect(capstan.log).toContain('this cluster is refused until this is put right')
    expect(capstan.log).toContain('tokenreviews.authentication.k8s.io')
  })
})
