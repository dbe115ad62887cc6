import { createPublicKey, type KeyObject } from 'node:crypto'
import { unreachable } from '../core/unreachable.js'
import type { AllowedKey } from './key-policy.js'

/**
 * Makes a key of node:crypto, or undefined when the point is not on its curve. The dearest step
 * after the verification itself: elliptic keys go by JWK, which takes half the time of SPKI.
 */
export function importPublicKey(key: AllowedKey): KeyObject | undefined {
  try {
    switch (key.algorithm) {
      case 'P-256':
      case 'P-384':
        return importPoint(key.algorithm, key.keyOctets)
      case 'Ed25519':
      case 'RSA':
        return createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' })
      default:
        return unreachable(key.algorithm)
    }
  } catch {
    // OpenSSL says in many ways that a point or a number will not do.
    return undefined
  }
}

/** `04 X Y`. OpenSSL checks that both are below the field prime and fulfil the curve's equation. */
function importPoint(crv: 'P-256' | 'P-384', point: Uint8Array): KeyObject {
  const half = (point.length - 1) / 2
  const x = base64url(point.subarray(1, 1 + half))
  const y = base64url(point.subarray(1 + half))
  return createPublicKey({ key: { kty: 'EC', crv, x, y }, format: 'jwk' })
}

const base64url = (octets: Uint8Array): string => Buffer.from(octets).toString('base64url')
