import type { KeyObject } from 'node:crypto'
import type { CertificateFacts } from '../certificate-facts.js'
import { publicKeyOf, signatureSchemes } from './signature-algorithm.js'

/** What rustls with aws-lc-rs verifies in a chain, less what is broken. */
const WANTED_KEY = 'P-256, P-384, Ed25519, or RSA of 2048 to 8192 bits'
const WANTED_SIGNATURE = 'ECDSA or RSA PKCS#1 with SHA-256 or better, or Ed25519'

const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

/** Why verifiers would not take this CA certificate's key or signature. */
export function strengthFault(
  certificate: CertificateFacts,
  position: 'trust anchor' | 'below',
): { readonly what: string; readonly wanted: string; readonly found: string } | undefined {
  const key = publicKeyOf(certificate.spki)
  const weakKey = key ? keyFault(key) : 'a key that does not load'
  if (weakKey !== undefined) return { what: 'key', wanted: WANTED_KEY, found: weakKey }
  const scheme = signatureSchemes.get(certificate.signatureAlgorithm)
  // Nobody relies on what a trust anchor says of itself: it is trusted for being configured.
  const isWeak = scheme?.hash === 'sha1' && position === 'below'
  if (scheme && !isWeak) return undefined
  return {
    what: 'signature',
    wanted: WANTED_SIGNATURE,
    found: scheme?.name ?? certificate.signatureAlgorithm,
  }
}

function keyFault(key: KeyObject): string | undefined {
  const type = key.asymmetricKeyType
  const { modulusLength = 0, namedCurve = 'an unnamed curve' } = key.asymmetricKeyDetails ?? {}
  if (type === 'ed25519') return undefined
  if (type === 'ec') return curves.has(namedCurve) ? undefined : namedCurve
  if (type !== 'rsa') return type ?? 'an unknown kind of key'
  return modulusLength >= 2048 && modulusLength <= 8192 ? undefined : `RSA of ${modulusLength} bits`
}

/** What follows after "<the certificate> ". */
export function keyWarnings(certificate: CertificateFacts): readonly string[] {
  const isP521 = publicKeyOf(certificate.spki)?.asymmetricKeyDetails?.namedCurve === 'secp521r1'
  const isSha1 = signatureSchemes.get(certificate.signatureAlgorithm)?.hash === 'sha1'
  return [
    ...(isP521 ? ["has a P-521 key: older of Linkerd's proxies cannot verify it"] : []),
    ...(isSha1 ? ['is signed with SHA-1: some verifiers refuse to load it'] : []),
  ]
}
