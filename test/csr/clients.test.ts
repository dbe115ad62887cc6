import { readdirSync, readFileSync } from 'node:fs'
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import * as x509 from '@peculiar/x509'
import type { KeyAlgorithm } from '../../src/core/key-algorithm.js'
import { csrFromText } from '../../src/csr/csr-from-text.js'
import type { RequestedNames } from '../../src/csr/verified-csr.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'

const FIXTURES = 'test/fixtures/csr/clients'
const injector = 'linkerd-proxy-injector.linkerd.serviceaccount.identity.linkerd.cluster.local'
const checkout = 'spiffe://acme.example/payments/checkout/api'
const nonce = 'MBL4ZXBqf2fP2Xn5cOwhqHqp6uTy2d5z1zHhNf8dK3s'

interface Client {
  readonly file: string
  readonly key: KeyAlgorithm
  readonly names: Partial<RequestedNames>
  readonly challengePassword?: string
}

const clients: readonly Client[] = [
  {
    file: 'linkerd2-proxy-test-data.der',
    key: 'P-256',
    names: { dns: ['foo.ns1.serviceaccount.identity.linkerd.cluster.local'] },
  },
  {
    file: 'go-linkerd-proxy-identity.der',
    key: 'P-256',
    names: { commonName: injector, dns: [injector] },
  },
  { file: 'go-cert-manager-csi-spiffe.der', key: 'P-256', names: { uris: [checkout] } },
  { file: 'go-p384-no-attributes.der', key: 'P-384', names: { commonName: 'api.example' } },
  { file: 'go-ed25519.der', key: 'Ed25519', names: { dns: ['api.example'] } },
  { file: 'go-rsa-4096.der', key: 'RSA', names: { dns: ['api.example'] } },
  { file: 'openssl-p256-empty-subject.der', key: 'P-256', names: { uris: [checkout] } },
  { file: 'openssl-no-extensions.der', key: 'P-256', names: { commonName: 'api.example' } },
  {
    file: 'openssl-ed25519-with-extensions.der',
    key: 'Ed25519',
    names: { commonName: 'api.example', dns: ['api.example'] },
  },
  {
    file: 'openssl-rsa-3072-sha384.der',
    key: 'RSA',
    names: { commonName: 'api.example', dns: ['api.example'] },
  },
  {
    file: 'openssl-challenge-password.der',
    key: 'P-256',
    names: { commonName: 'api.example', dns: ['api.example'] },
    challengePassword: nonce,
  },
  {
    file: 'python-cryptography-p384.der',
    key: 'P-384',
    names: { commonName: 'api.example', dns: ['api.example'] },
    challengePassword: nonce,
  },
  {
    file: 'keytool-p256.der',
    key: 'P-256',
    names: { commonName: 'api.example', dns: ['api.example'], uris: [checkout] },
  },
]

describe('verifyCsr takes the CSR of', () => {
  it.each(clients)('$file', ({ file, key, names, challengePassword }) => {
    expect(verifyCsr(readFileSync(`${FIXTURES}/${file}`))).toEqual({
      ok: true,
      value: {
        spki: expect.any(Uint8Array),
        keyAlgorithm: key,
        requested: { commonName: '', dns: [], uris: [], others: [], ...names },
        ...(challengePassword === undefined ? {} : { challengePassword }),
      },
    })
  })

  it('every client there is a fixture of', () => {
    const files = readdirSync(FIXTURES).filter((file) => file.endsWith('.der'))
    expect(files.toSorted()).toEqual(clients.map(({ file }) => file).toSorted())
  })

  it('keytool in its own PEM, whose line ends are of two kinds', () => {
    const read = csrFromText(readFileSync(`${FIXTURES}/keytool-p256.pem`, 'latin1'))
    expect(read.ok && Buffer.from(read.value)).toEqual(readFileSync(`${FIXTURES}/keytool-p256.der`))
  })

  it.each<{
    key: KeyAlgorithm
    generate: webcrypto.EcKeyGenParams | webcrypto.Algorithm
    hash?: string
  }>([
    { key: 'P-256', generate: { name: 'ECDSA', namedCurve: 'P-256' }, hash: 'SHA-256' },
    { key: 'P-384', generate: { name: 'ECDSA', namedCurve: 'P-384' }, hash: 'SHA-384' },
    { key: 'Ed25519', generate: { name: 'Ed25519' } },
  ])('@peculiar/x509 with a key of $key', async ({ key, generate, hash }) => {
    const keys = (await webcrypto.subtle.generateKey(generate, true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair
    const request = await x509.Pkcs10CertificateRequestGenerator.create(
      {
        name: 'CN=api.example, O=Acme',
        keys,
        signingAlgorithm: hash === undefined ? { name: 'Ed25519' } : { name: 'ECDSA', hash },
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            { type: 'dns', value: 'api.example' },
            { type: 'url', value: checkout },
          ]),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        ],
        attributes: [new x509.ChallengePasswordAttribute(nonce)],
      },
      webcrypto,
    )
    expect(verifyCsr(new Uint8Array(request.rawData))).toMatchObject({
      ok: true,
      value: {
        keyAlgorithm: key,
        requested: {
          commonName: 'api.example',
          dns: ['api.example'],
          uris: [checkout],
          others: [],
        },
        challengePassword: nonce,
      },
    })
  })
})
