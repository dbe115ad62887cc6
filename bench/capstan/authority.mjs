import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createIssuer, createTrustAnchor } from '../../dist/ca/hierarchy.js'
import { openIssuer } from '../../dist/ca/issuer.js'
import { serialFromRandom } from '../../dist/core/serial.js'

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
  const { signer } = makeSigner()
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
  return { certificates, signer, issuer: opened(openIssuer(certificates, signer)) }
}

/** The value of a `Result`; a refusal would mean that the bench is wrong. */
export function opened(result) {
  if (result.ok) return result.value
  throw new Error(`${result.refusal.code}: ${result.refusal.detail}`)
}
