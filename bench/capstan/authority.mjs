import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createIssuer, createTrustAnchor } from '../../dist/ca/hierarchy.js'
import { openIssuer } from '../../dist/ca/issuer.js'
import { planLeaf } from '../../dist/ca/plan-leaf.js'
import { renderPem } from '../../dist/core/pem.js'
import { serialFromRandom } from '../../dist/core/serial.js'

const DAY_SECONDS = 86_400

/** Unix seconds. */
export const unixNow = () => Math.floor(Date.now() / 1000)
export const newSerial = () => serialFromRandom(randomBytes(16))

/** A P-256 key as the ports of `ca` want it. */
export function makeSigner() {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer = {
    algorithm: 'ecdsa-with-SHA256',
    spki: new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    sign: (bytes) => sign('sha256', bytes, key),
  }
  return { key, signer }
}

/** A trust anchor and an issuer under it, as `capstan init` makes them, in memory. */
export async function makeAuthority() {
  const now = unixNow()
  const root = makeSigner().signer
  const { key, signer } = makeSigner()
  const trustAnchor = await createTrustAnchor({
    signer: root,
    serial: newSerial(),
    commonName: 'bench root',
    now,
  })
  const certificate = await createIssuer({
    superior: { certificate: trustAnchor, signer: root },
    signer,
    spki: signer.spki,
    serial: newSerial(),
    commonName: 'bench issuer',
    now,
  })
  const certificates = [certificate, trustAnchor]
  return { certificates, key, signer, issuer: opened(openIssuer(certificates, signer)) }
}

/** A TLS server's certificate under that authority: its chain, trust anchor and key as PEM. */
export async function makeServerCertificate({ certificates, issuer }, names) {
  const { key, signer } = makeSigner()
  const leaf = await issuer.signLeaf(
    planLeaf({
      serial: newSerial(),
      spki: signer.spki,
      names,
      usages: ['serverAuth'],
      maxTtl: DAY_SECONDS,
      issuer,
      now: unixNow(),
    }),
  )
  const [issuing, ca] = certificates.map((der) => renderPem('CERTIFICATE', der))
  return { ca, chain: `${renderPem('CERTIFICATE', leaf)}${issuing}`, key: pkcs8(key) }
}

export const pkcs8 = (key) => key.export({ type: 'pkcs8', format: 'pem' })

/** The value of a `Result`; a refusal would mean that the bench is wrong. */
export function opened(result) {
  if (result.ok) return result.value
  throw new Error(`${result.refusal.code}: ${result.refusal.detail}`)
}
