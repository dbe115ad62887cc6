import 'reflect-metadata'
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { createIssuer, createTrustAnchor } from '../dist/ca/hierarchy.js'
import { openIssuer } from '../dist/ca/issuer.js'
import { planLeaf } from '../dist/ca/plan-leaf.js'
import { serialFromRandom } from '../dist/core/serial.js'
import { cachedVerifyCsr } from '../dist/csr/verified-csr-cache.js'
import { verifyCsr } from '../dist/csr/verify-csr.js'

const ROUNDS = 5
const ROUND_MS = 400

export const title = 'Parts of one certificate, in this process'
export const method =
  `Median of ${ROUNDS} rounds of ${ROUND_MS} ms each, parts in turn. "limit" is one P-256 verify and one ` +
  'P-256 sign with keys ready, measured in the same rounds; the share says how much of it a part costs.'

export async function run() {
  const parts = await prepare()
  const seen = new Map(Object.keys(parts).map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, part] of Object.entries(parts)) seen.get(name).push(await microseconds(part))
  }
  const median = (name) => seen.get(name).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]
  const limit = median('P-256 verify, key ready') + median('P-256 sign, key ready')
  return Object.keys(parts).map((name) => ({
    part: name,
    us: median(name).toFixed(1),
    'of the limit': `${((100 * median(name)) / limit).toFixed(0)} %`,
  }))
}

async function microseconds(part) {
  const end = performance.now() + ROUND_MS
  let count = 0
  const start = performance.now()
  while (performance.now() < end) {
    await part()
    count += 1
  }
  return ((performance.now() - start) * 1000) / count
}

async function prepare() {
  const now = Math.floor(Date.now() / 1000)
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }))
  const data = randomBytes(600)
  const signature = sign('sha256', data, pair.privateKey)
  const csr = await peculiarCsr()
  const signer = (key) => ({
    algorithm: 'ecdsa-with-SHA256',
    spki: new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    sign: (bytes) => sign('sha256', bytes, key),
  })
  const rootSigner = signer(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  const issuerSigner = signer(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  const serial = () => serialFromRandom(randomBytes(16))
  const anchor = await createTrustAnchor({
    signer: rootSigner,
    serial: serial(),
    commonName: 'bench root',
    now,
  })
  const certificate = await createIssuer({
    superior: { certificate: anchor, signer: rootSigner },
    signer: issuerSigner,
    spki: issuerSigner.spki,
    serial: serial(),
    commonName: 'bench issuer',
    now,
  })
  const opened = openIssuer([certificate, anchor], issuerSigner)
  if (!opened.ok) throw new Error(opened.refusal.detail)
  const issuer = opened.value
  const names = [
    { kind: 'dns', value: 'web.shop.serviceaccount.identity.linkerd.cluster.local' },
    { kind: 'uri', value: 'spiffe://bench.example/shop/web' },
  ]
  const plan = () =>
    planLeaf({
      serial: serial(),
      spki,
      subjectUid: `e${'a'.repeat(31)}`,
      names,
      usages: ['serverAuth', 'clientAuth'],
      identity: '{"alias":"shop/web"}',
      maxTtl: 86_400,
      issuer,
      now,
    })
  const cached = cachedVerifyCsr(1000)
  const library = await peculiarLeaf()
  return {
    'P-256 verify, key ready': () => verify('sha256', data, pair.publicKey, signature),
    'P-256 sign, key ready': () => sign('sha256', data, pair.privateKey),
    'CSR: parse, import, verify': () => verifyCsr(csr),
    'CSR: one seen before': () => cached(csr),
    'CSR by @peculiar/x509': () => new x509.Pkcs10CertificateRequest(csr).verify(),
    'leaf: plan, encode, sign, read back': () => issuer.signLeaf(plan()),
    'leaf by @peculiar/x509': library,
  }
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

async function peculiarCsr() {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm,
  })
  return new Uint8Array(csr.rawData)
}

async function peculiarLeaf() {
  const issuer = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const leaf = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  return () =>
    x509.X509CertificateGenerator.create({
      subject: 'CN=bench leaf',
      issuer: 'CN=bench issuer',
      serialNumber: createHash('sha256').update(randomBytes(16)).digest('hex').slice(0, 32),
      signingAlgorithm: algorithm,
      publicKey: leaf.publicKey,
      signingKey: issuer.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: 'spiffe://bench.example/a' },
        ]),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
      ],
    })
}
