import { verify } from 'node:crypto'
import type { KeyAlgorithm } from '../core/key-algorithm.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { importPublicKey } from './import-public-key.js'
import { type AllowedKey, allowKey, refuseKey } from './key-policy.js'
import { type AlgorithmIdentifier, parseCsr, type ParsedCsr } from './parse-csr.js'
import type { VerifiedCsr } from './verified-csr.js'

export type CsrRefusal = Refusal<
  | 'csr.malformed'
  | 'csr.too-large'
  | 'csr.asks-for-ca'
  | 'csr.key-not-allowed'
  | 'csr.bad-signature'
>

interface SignatureScheme {
  /** As node:crypto names it; null where the scheme brings its own. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null
  readonly keys: readonly KeyAlgorithm[]
  readonly parameters: AlgorithmIdentifier['parameters']
}

const ecdsa = { keys: ['P-256', 'P-384'], parameters: 'absent' } as const
const rsa = { keys: ['RSA'], parameters: 'null' } as const

/** RFC 5758 section 3.2, RFC 8410 section 3, RFC 4055 section 5. No SHA-1, no MD5, no DSA, no PSS. */
const schemes: ReadonlyMap<string, SignatureScheme> = new Map([
  ['1.2.840.10045.4.3.2', { digest: 'sha256', ...ecdsa }],
  ['1.2.840.10045.4.3.3', { digest: 'sha384', ...ecdsa }],
  ['1.2.840.10045.4.3.4', { digest: 'sha512', ...ecdsa }],
  ['1.3.101.112', { digest: null, keys: ['Ed25519'], parameters: 'absent' }],
  ['1.2.840.113549.1.1.11', { digest: 'sha256', ...rsa }],
  ['1.2.840.113549.1.1.12', { digest: 'sha384', ...rsa }],
  ['1.2.840.113549.1.1.13', { digest: 'sha512', ...rsa }],
])

/**
 * A CSR whose key is allowed and whose requester holds the private half. A pure function of the
 * bytes: whether the names may be had is for the grant to say. Cheap refusals come first.
 */
export function verifyCsr(der: Uint8Array): Result<VerifiedCsr, CsrRefusal> {
  const parsed = parseCsr(der)
  if (!parsed.ok) return parsed
  const csr = parsed.value
  const { asksForCa, dns, uris, others } = csr.extensions
  if (asksForCa) {
    return refuse('csr.asks-for-ca', 'the CSR asks for a certificate that may sign others', {
      wanted: 'no CA:TRUE, keyCertSign or cRLSign',
    })
  }
  const key = provenKey(csr)
  if (!key.ok) return key
  return ok({
    spki: key.value.spki,
    keyAlgorithm: key.value.algorithm,
    requested: { commonName: csr.commonName, dns, uris, others },
    ...(csr.challengePassword === undefined ? {} : { challengePassword: csr.challengePassword }),
  } as VerifiedCsr)
}

/** The key, if a leaf may carry it and it made this signature: what the octets mean is not looked at. */
export function provenKey({
  spki,
  signatureAlgorithm,
  signedBytes,
  signature,
}: Pick<ParsedCsr, 'spki' | 'signatureAlgorithm' | 'signedBytes' | 'signature'>): Result<
  AllowedKey,
  Refusal<'csr.key-not-allowed' | 'csr.bad-signature'>
> {
  const key = allowKey(spki)
  if (!key.ok) return key
  const scheme = schemeFor(signatureAlgorithm, key.value.algorithm)
  if (scheme === undefined) {
    return refuse('csr.bad-signature', 'the CSR is signed in a way that does not fit its key', {
      wanted: 'ECDSA or RSA (PKCS#1 v1.5) with SHA-256, SHA-384 or SHA-512, or Ed25519',
      found: `algorithm ${signatureAlgorithm.oid.slice(0, 64)} for a ${key.value.algorithm} key`,
    })
  }
  const publicKey = importPublicKey(key.value)
  if (publicKey === undefined) return refuseKey('a point that is not on its curve')
  if (!verify(scheme.digest, signedBytes, publicKey, signature)) {
    return refuse('csr.bad-signature', 'the CSR is not signed by its own key')
  }
  return key
}

function schemeFor(algorithm: AlgorithmIdentifier, key: KeyAlgorithm): SignatureScheme | undefined {
  const scheme = schemes.get(algorithm.oid)
  const fits = scheme?.keys.includes(key) === true && scheme.parameters === algorithm.parameters
  return fits ? scheme : undefined
}
