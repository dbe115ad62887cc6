import type { KeyObject } from 'node:crypto'
import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { parseSerial, type SerialNumber } from '../core/serial.js'
import type { UnixSeconds } from '../core/time.js'
import { isIssuedBy, readChain, sameOctets, validityOf } from './certificate-chain.js'
import { certificateFacts, type CertificateFacts } from './certificate-facts.js'
import { publicKeyOf, signatureHolds } from './x509/signature-algorithm.js'

/** An issuer of ours, its chain verified up to a trust anchor that we hold; its key ready for use. */
export interface OurIssuer {
  readonly id: string
  readonly name: Uint8Array
  readonly key: KeyObject
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
}

/** A leaf that one of our issuers signed. */
export interface VerifiedLeaf {
  readonly serial: SerialNumber
  readonly issuerId: string
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly facts: CertificateFacts
}

/** Bounds the work that one certificate can cause: a signature is verified per issuer of its name. */
const MAX_CERTIFICATES = 6

/**
 * Pins an issuer. `certificates`: the issuer's first, then upward; the last is the trust anchor, and
 * is trusted because the caller holds it. Every signature below it is verified here, once.
 */
export function pinIssuer(
  id: string,
  certificates: readonly CertificateDer[],
): Result<OurIssuer, Refusal<'ca.bad-hierarchy' | 'ca.certificate-malformed'>> {
  if (certificates.length === 0 || certificates.length > MAX_CERTIFICATES) {
    return refuse('ca.bad-hierarchy', `a chain has 1 to ${MAX_CERTIFICATES} certificates`)
  }
  const chain = readChain(certificates)
  if (!chain.ok) return chain
  const { issuer, all } = chain.value
  const broken = all.find((child, at) => {
    const parent = all[at + 1]
    return !child.basicConstraints?.ca || (parent && !isIssuedBy(child, parent))
  })
  const key = publicKeyOf(issuer.spki)
  if (broken || !key) {
    return refuse('ca.bad-hierarchy', `the chain of issuer ${id} does not lead to its trust anchor`)
  }
  return ok({ id, name: issuer.subject, key, ...validityOf(chain.value) })
}

/**
 * Whether one of `issuers` signed this certificate, and it is a leaf. The signature decides; the
 * issuer's name only chooses whose to try. With an instant, leaf and chain must be valid then.
 * `ignore-expiry` looks at no date at all: the caller looks the certificate up in the ledger and
 * decides by the entry's grace.
 */
export function verifyOurs(
  der: Uint8Array,
  issuers: readonly OurIssuer[],
  at: UnixSeconds | 'ignore-expiry',
): VerifiedLeaf | undefined {
  const read = certificateFacts(der)
  if (!read.ok) return undefined
  const facts = read.value
  // Our issuers' own certificates are signed by our trust anchors: no workload is called that.
  if (facts.basicConstraints?.ca || facts.unknownCritical.length > 0) return undefined
  if (facts.keyUsage?.includes('keyCertSign')) return undefined
  const serial = parseSerial(facts.serial.padStart(32, '0'))
  const issuer = issuers.find(
    ({ name, key }) =>
      sameOctets(name, facts.issuer) &&
      signatureHolds(facts.signatureAlgorithm, key, facts.signedBytes, facts.signature),
  )
  if (serial === undefined || issuer === undefined) return undefined
  if (at !== 'ignore-expiry' && !(isValid(facts, at) && isValid(issuer, at))) return undefined
  const { notBefore, notAfter } = facts
  return { serial, issuerId: issuer.id, notBefore, notAfter, facts }
}

const isValid = (
  validity: { readonly notBefore: UnixSeconds; readonly notAfter: UnixSeconds },
  at: UnixSeconds,
): boolean => validity.notBefore <= at && at <= validity.notAfter
