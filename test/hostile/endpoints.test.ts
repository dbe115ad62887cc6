import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { leafEncoder, wrapCertificate } from '../../src/ca/encode-leaf.js'
import { bitString, sequence } from '../../src/core/der-writer.js'
import { certificateDer } from '../../src/core/der.js'
import { hours, minutes, minus, plus } from '../../src/core/time.js'
import { keyPair, nextSerial, pkcs8Of, spkiOf, valueOf } from '../ca/given-authorities.js'
import { altNames, csr, dns, extensionRequest, uri } from '../csr/make-csr.js'
import { linkerdName, web } from '../scenario/given-installation.js'
import { closeAll, type Credential } from '../server/http/harness.js'
import { loadKey } from '../../src/keys/key-signer.js'
import { credentialOf, Endpoints, forged } from './given-endpoints.js'

/** Every kind of evidence at every endpoint: what is not for it opens nothing, and nothing is issued. */
let given: Endpoints
let podToken = ''
let client: Credential

beforeAll(async () => {
  given = await Endpoints.open()
  podToken = given.installation.cluster.token('shop', 'web', given.installation.clock.now())
  client = await enrolled()
})
afterAll(async () => {
  await given[Symbol.asyncDispose]()
  await closeAll()
})

/** A client of shop/web with a certificate of ours. */
async function enrolled(): Promise<Credential> {
  const pair = keyPair('P-256')
  const request = csr({ spki: spkiOf(pair.publicKey) }, { key: pair })
  const { leaf, chain } = valueOf(await given.installation.issueToPod('web', { csr: request }))
  return credentialOf(pair.privateKey, [leaf, ...chain])
}

const request = Buffer.from(csr()).toString('base64')
const joinToken = (): Promise<string> => given.installation.joinToken()

async function isRefused(answer: Promise<object>, expected: object): Promise<void> {
  const before = await given.installation.issued()
  expect(await answer).toMatchObject(expected)
  expect(await given.installation.issued()).toBe(before)
}

const http = (status: number, code: string): object => ({ status, body: { code } })

// CVE-2025-44005: methods that take no tokens could be reached through the endpoint that does.
describe('evidence at an endpoint that it is not for (CVE-2025-44005)', () => {
  it.each([
    {
      when: 'a join token, at Certify',
      answer: async () => given.certify(linkerdName, await joinToken()),
      expected: { ok: false, grpcStatus: 3 },
    },
    {
      when: 'a certificate, at Certify',
      answer: () => given.certify(linkerdName, Buffer.from(client.certDer).toString('base64')),
      expected: { ok: false, grpcStatus: 3 },
    },
    {
      when: 'a join token as a service account token',
      answer: async () =>
        given.post('/v1/certificates', {
          csr: request,
          evidence: { kind: 'kubernetes', token: await joinToken() },
        }),
      expected: http(401, 'token.malformed'),
    },
    {
      when: 'a service account token as a join token',
      answer: () =>
        given.post('/v1/certificates', {
          csr: request,
          evidence: { kind: 'join-token', token: podToken },
        }),
      expected: http(401, 'evidence.not-accepted'),
    },
    {
      when: 'a client certificate, without a token',
      answer: () => given.post('/v1/certificates', { csr: request }, client),
      expected: http(400, 'request.malformed'),
    },
    {
      when: 'a client certificate said to be evidence in the body',
      answer: () =>
        given.post(
          '/v1/certificates',
          { csr: request, evidence: { kind: 'renewal', certificate: client.certPem } },
          client,
        ),
      expected: http(400, 'request.malformed'),
    },
    {
      when: 'a service account token, at renewal',
      answer: () =>
        given.post('/v1/renew', {
          csr: request,
          evidence: { kind: 'kubernetes', token: podToken },
        }),
      expected: http(400, 'request.malformed'),
    },
    {
      when: 'a bearer token in a header, at renewal',
      answer: () =>
        given.ask({
          method: 'POST',
          path: '/v1/renew',
          body: { csr: request },
          headers: { authorization: `Bearer ${podToken}`, 'x-forwarded-client-cert': 'x' },
        }),
      expected: http(401, 'renewal.no-certificate'),
    },
  ])('is refused: $when', async ({ answer, expected }) => {
    await isRefused(answer(), expected)
  })

  it('is taken where it is for it, which shows that the others differ in one thing', async () => {
    const evidence = { kind: 'join-token', token: await joinToken() }
    expect(await given.certify(linkerdName, podToken)).toEqual({ ok: true })
    expect(await given.post('/v1/certificates', { csr: request, evidence })).toMatchObject({
      status: 201,
    })
    expect(await given.post('/v1/renew', { csr: request }, client)).toMatchObject({ status: 201 })
  })
})

describe('renewal is of the certificate that the connection shows', () => {
  // CVE-2026-39388: a token was renewed with another certificate than the one it was made for.
  it('and a CSR for the names of another is refused (CVE-2026-39388)', async () => {
    const asked = csr({
      attributes: [extensionRequest(altNames(uri('spiffe://test.example/shop/api')))],
    })
    const body = { csr: Buffer.from(asked).toString('base64') }
    await isRefused(given.post('/v1/renew', body, client), http(403, 'csr.other-names'))
  })

  it('and one for its own names is good', async () => {
    const asked = csr({ attributes: [extensionRequest(altNames(dns(linkerdName)))] })
    const body = { csr: Buffer.from(asked).toString('base64') }
    expect(await given.post('/v1/renew', body, client)).toMatchObject({
      status: 201,
      body: { alias: web },
    })
  })

  // SPIRE 1.15.1, azure_imds: one certificate of a bag was anchored, another had signed.
  it('a genuine one beside it counts for nothing (SPIRE 1.15.1)', async () => {
    const own = await forged(given.installation, {
      spiffeId: 'spiffe://test.example/shop/web',
      serial: nextSerial(),
    })
    const genuine = { ...own, certPem: own.certPem + client.certPem }
    await isRefused(
      given.post('/v1/renew', { csr: request }, genuine),
      http(401, 'renewal.not-ours'),
    )
  })

  it('one that a workload signed with the key of its own certificate is not ours (CVE-2025-6037)', async () => {
    const { clock } = given.installation
    const pair = keyPair('P-256')
    const leafRequest = csr({ spki: spkiOf(pair.publicKey) }, { key: pair })
    const { leaf } = valueOf(await given.installation.issueToPod('web', { csr: leafRequest }))
    const facts = valueOf(certificateFacts(leaf))
    const { signer } = loadKey(pkcs8Of(pair.privateKey))!
    const inner = keyPair('P-256')
    for (const name of [facts.subject, facts.issuer]) {
      const encode = leafEncoder({
        signatureAlgorithm: signer.algorithm,
        name,
        keyId: facts.subjectKeyId!,
      })
      const tbs = encode({
        serial: nextSerial(),
        spki: spkiOf(inner.publicKey),
        notBefore: minus(clock.now(), minutes(2)),
        notAfter: plus(clock.now(), hours(24)),
        names: [{ kind: 'uri', value: 'spiffe://test.example/shop/web' }],
        usages: ['clientAuth'],
      })
      const der = wrapCertificate(tbs, signer.algorithm, await signer.sign(tbs))
      const nested = credentialOf(inner.privateKey, [der, leaf])
      await isRefused(
        given.post('/v1/renew', { csr: request }, nested),
        http(401, 'renewal.not-ours'),
      )
    }
  })
})

describe('a certificate with a key that nobody can use (CVE-2023-30588)', () => {
  it('is inspected, and nothing falls over', async () => {
    const { operations } = given.installation.instance
    const { signedBytes, signatureAlgorithmDer, signature, spki } = valueOf(
      certificateFacts(certificateDer(client.certDer)),
    )
    const broken = Buffer.from(signedBytes)
    // The last octets of the point: it is on no curve then.
    broken.fill(0xff, broken.indexOf(spki) + spki.length - 32, broken.indexOf(spki) + spki.length)
    const der = sequence(broken, signatureAlgorithmDer, bitString(signature))
    const found = await operations.inspect(Buffer.from(der).toString('base64'))
    expect(found).toMatchObject({ ok: true, value: { issuedByUs: false, live: false } })
  })
})
