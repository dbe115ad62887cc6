import { verify, type KeyObject } from 'node:crypto'

/**
 * What a Kubernetes API server signs service account tokens with: RS256 for an RSA key, ES256, ES384
 * or ES512 by the curve of an EC key (kubernetes/pkg/serviceaccount/jwt.go, `signerFromRSAPrivateKey`
 * and `signerFromECDSAPrivateKey`). Anything else, and `none` first of all, is no such token.
 */
export type SignatureAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512'

interface Parameters {
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  /** Octets of r and of s (RFC 7518 section 3.4); undefined for RSA. */
  readonly scalar?: number
}

const parametersOf: Readonly<Record<SignatureAlgorithm, Parameters>> = {
  RS256: { hash: 'sha256' },
  ES256: { hash: 'sha256', scalar: 32 },
  ES384: { hash: 'sha384', scalar: 48 },
  ES512: { hash: 'sha512', scalar: 66 },
}

/** RSA-2048 to RSA-8192, in octets. */
const RSA_SIGNATURE = { shortest: 256, longest: 1024 }

export function isSignatureAlgorithm(value: unknown): value is SignatureAlgorithm {
  return typeof value === 'string' && Object.hasOwn(parametersOf, value)
}

/** Could any good key have made this signature? Refuses short RSA keys and r or s of 0 unseen. */
export function signatureFits(algorithm: SignatureAlgorithm, signature: Uint8Array): boolean {
  const { scalar } = parametersOf[algorithm]
  if (scalar === undefined) {
    const { length } = signature
    return length >= RSA_SIGNATURE.shortest && length <= RSA_SIGNATURE.longest
  }
  if (signature.length !== 2 * scalar) return false
  const isZero = (octet: number): boolean => octet === 0
  return !signature.subarray(0, scalar).every(isZero) && !signature.subarray(scalar).every(isZero)
}

export function signatureIsGood(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  signingInput: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { hash } = parametersOf[algorithm]
  // For RSA keys `dsaEncoding` means nothing, and PKCS #1 v1.5 is the default padding.
  return verify(hash, signingInput, { key, dsaEncoding: 'ieee-p1363' }, signature)
}
