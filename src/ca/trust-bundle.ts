import type { CertificateDer } from '../core/der.js'
import { renderPem } from '../core/pem.js'
import type { Seconds } from '../core/time.js'
import { certificateFacts } from './certificate-facts.js'
import { publicKeyOf } from './x509/signature-algorithm.js'

/** One trust anchor as a JWK (SPIFFE Trust Domain and Bundle section 4.2; RFC 7517). */
export interface X509SvidKey {
  readonly use: 'x509-svid'
  readonly kty: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
  /** Exactly one certificate, base64 DER. No `kid`: section 4.2.4 keeps that for JWT keys. */
  readonly x5c: readonly [string]
}

/** SPIFFE Trust Domain and Bundle section 4.1. */
export interface SpiffeBundle {
  readonly keys: readonly X509SvidKey[]
  readonly spiffe_sequence: number
  /** Seconds. */
  readonly spiffe_refresh_hint: number
}

/** PEM, one block after the other. */
export const pemBundle = (trustAnchors: readonly CertificateDer[]): string =>
  trustAnchors.map((anchor) => renderPem('CERTIFICATE', anchor)).join('')

/** `sequence` grows with every change of the trust anchors. An empty bundle revokes them all. */
export function spiffeBundle(
  trustAnchors: readonly CertificateDer[],
  sequence: number,
  refreshHint: Seconds,
): SpiffeBundle {
  return {
    keys: trustAnchors.map(keyOf),
    spiffe_sequence: sequence,
    spiffe_refresh_hint: refreshHint,
  }
}

function keyOf(trustAnchor: CertificateDer): X509SvidKey {
  const facts = certificateFacts(trustAnchor)
  const key = facts.ok ? publicKeyOf(facts.value.spki) : undefined
  if (!key) throw new TypeError('a trust anchor whose key does not load')
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' })
  if (kty === undefined) throw new TypeError('a key without a JWK form')
  return {
    kty,
    use: 'x509-svid',
    x5c: [Buffer.from(trustAnchor).toString('base64')],
    ...(crv === undefined ? {} : { crv }),
    ...(x === undefined ? {} : { x }),
    ...(y === undefined ? {} : { y }),
    ...(n === undefined ? {} : { n }),
    ...(e === undefined ? {} : { e }),
  }
}
