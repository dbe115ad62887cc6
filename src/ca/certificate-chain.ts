import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, type Result } from '../core/result.js'
import { type UnixSeconds, unixSeconds } from '../core/time.js'
import { certificateFacts, type CertificateFacts } from './certificate-facts.js'
import { keyIdentifier } from './x509/key-identifier.js'
import { publicKeyOf, signatureHolds } from './x509/signature-algorithm.js'

/** CA certificates, each signed by the next; the last is the trust anchor. Nothing is verified. */
export interface CertificateChain {
  /** The first; the trust anchor itself in a chain of one. */
  readonly issuer: CertificateFacts
  readonly trustAnchor: CertificateFacts
  readonly all: readonly CertificateFacts[]
}

export function readChain(
  certificates: readonly CertificateDer[],
): Result<CertificateChain, Refusal<'ca.certificate-malformed'>> {
  const all: CertificateFacts[] = []
  for (const certificate of certificates) {
    const facts = certificateFacts(certificate)
    if (!facts.ok) return facts
    all.push(facts.value)
  }
  const issuer = all[0]
  const trustAnchor = all.at(-1)
  if (!issuer || !trustAnchor) throw new RangeError('a chain has at least one certificate')
  return ok({ issuer, trustAnchor, all })
}

/** When every certificate of the chain is valid: the latest notBefore, the earliest notAfter. */
export function validityOf({ all }: CertificateChain): {
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
} {
  return {
    notBefore: unixSeconds(Math.max(...all.map((certificate) => certificate.notBefore))),
    notAfter: unixSeconds(Math.min(...all.map((certificate) => certificate.notAfter))),
  }
}

/** Whether `parent` is who `child` says issued it, and `parent`'s key made `child`'s signature. */
export function isIssuedBy(child: CertificateFacts, parent: CertificateFacts): boolean {
  return sameOctets(child.issuer, parent.subject) && isSignedBy(child, parent)
}

export function isSignedBy(child: CertificateFacts, parent: CertificateFacts): boolean {
  const key = publicKeyOf(parent.spki)
  if (key === undefined) return false
  return signatureHolds(child.signatureAlgorithm, key, child.signedBytes, child.signature)
}

/** `AuthorityRecord.id`: hex of the first 8 octets of the subject key identifier. */
export function authorityId(certificate: CertificateFacts): string {
  const keyId = certificate.subjectKeyId ?? keyIdentifier(certificate.publicKeyOctets)
  return Buffer.from(keyId.subarray(0, 8)).toString('hex')
}

/** Names and key identifiers are compared so, here as in rustls. */
export const sameOctets = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
