import type { CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, type Result } from '../core/result.js'
import { toIso, type UnixSeconds } from '../core/time.js'
import {
  authorityId,
  type CertificateChain,
  readChain,
  sameOctets,
  validityOf,
} from './certificate-chain.js'
import type { CertificateFacts } from './certificate-facts.js'
import {
  describe,
  type Fault,
  fault,
  firstFault,
  positionOf,
  structureFault,
} from './hierarchy-faults.js'
import { type DnsConstraints, dnsConstraintsOf } from './name-constraints.js'
import { keyWarnings } from './x509/key-strength.js'
import { usageOids } from './x509/object-identifiers.js'

export type HierarchyRefusal = Refusal<'ca.bad-hierarchy' | 'ca.certificate-malformed'>

/** An issuer and everything above it, fit to sign leaves that all our verifiers take. */
export interface Hierarchy extends CertificateChain {
  /** `AuthorityRecord.id` of the issuer. */
  readonly id: string
  readonly issuerKeyId: Uint8Array
  /** When the whole chain is valid. */
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  /** What holds the names of leaves; empty: nothing does. */
  readonly dnsConstraints: readonly DnsConstraints[]
  /** Sentences: nothing here stops issuing, each may surprise. */
  readonly warnings: readonly string[]
}

/** rustls takes six subordinate CAs; nobody needs more than two. */
const MAX_CERTIFICATES = 6

/** The hierarchy of a CA that somebody brings: everything of `openHierarchy`, the key, and the dates. */
export function checkHierarchy(given: {
  /** The issuer's first, then upward, trust anchor last. */
  readonly certificates: readonly CertificateDer[]
  /** Public half of the key that is to sign leaves. */
  readonly keySpki: Uint8Array
  readonly now: UnixSeconds
}): Result<Hierarchy, HierarchyRefusal> {
  const hierarchy = openHierarchy(given.certificates)
  if (!hierarchy.ok) return hierarchy
  const { issuer, all } = hierarchy.value
  if (!sameOctets(issuer.spki, given.keySpki)) {
    return fault("the key does not belong to the issuer's certificate", {
      wanted: `the private key of ${describe(issuer, 'the issuer')}`,
      found: 'a key with another public half',
      next: 'give the key that the certificate was requested with',
    })
  }
  const untimely = firstFault(all, (certificate, at) =>
    dateFault(certificate, positionOf(at, all.length), given.now),
  )
  return untimely ?? hierarchy
}

/** All that can be said of a hierarchy without a clock; names the first thing that is wrong. */
export function openHierarchy(
  certificates: readonly CertificateDer[],
): Result<Hierarchy, HierarchyRefusal> {
  if (certificates.length < 2 || certificates.length > MAX_CERTIFICATES) {
    return fault('a hierarchy is an issuer and the certificates above it', {
      wanted: `2 to ${MAX_CERTIFICATES} certificates: issuer first, then upward, trust anchor last`,
      found: String(certificates.length),
      next:
        certificates.length < 2
          ? 'a trust anchor does not issue leaves itself: make an issuer under it'
          : 'leave out what does not lead from the issuer to the trust anchor',
    })
  }
  const chain = readChain(certificates)
  if (!chain.ok) return chain
  const wrong = structureFault(chain.value)
  if (wrong) return wrong
  const { issuer, trustAnchor, all } = chain.value
  const issuerKeyId = issuer.subjectKeyId
  if (!issuerKeyId) {
    return fault('the issuer has no subjectKeyIdentifier', {
      wanted: 'the extension that RFC 5280 section 4.2.1.2 asks of every CA certificate',
      found: 'none',
      next: 'have the issuer certificate made again with it',
    })
  }
  const { notBefore, notAfter } = validityOf(chain.value)
  return ok({
    issuer,
    trustAnchor,
    all,
    id: authorityId(issuer),
    issuerKeyId,
    notBefore,
    notAfter,
    dnsConstraints: dnsConstraintsOf(all),
    warnings: warningsOf(chain.value),
  })
}

function dateFault(
  certificate: CertificateFacts,
  position: string,
  now: UnixSeconds,
): Fault | undefined {
  const who = describe(certificate, position)
  if (now < certificate.notBefore) {
    return fault(`${who} is not valid yet`, {
      wanted: `notBefore at or before ${toIso(now)}, which is now`,
      found: toIso(certificate.notBefore),
      next: 'compare the clocks of this machine and of the one that made it',
    })
  }
  if (now <= certificate.notAfter) return undefined
  return fault(`${who} is expired`, {
    wanted: `notAfter at or after ${toIso(now)}, which is now`,
    found: toIso(certificate.notAfter),
    next: 'have it renewed',
  })
}

function warningsOf({ all }: CertificateChain): readonly string[] {
  return all.flatMap((certificate, at) => {
    const { keyUsage, extendedKeyUsage, notAfter } = certificate
    const who = describe(certificate, positionOf(at, all.length))
    const parent = all[at + 1]
    const isBelow = parent !== undefined
    return [
      ...keyWarnings(certificate).map((warning) => `${who} ${warning}`),
      ...(isBelow && notAfter > parent.notAfter
        ? [`${who} outlives what issued it, which ends ${toIso(parent.notAfter)}: leaves end there`]
        : []),
      ...(keyUsage && !keyUsage.includes('cRLSign')
        ? [`${who} may not sign CRLs (keyUsage without cRLSign): verifiers will not take its CRL`]
        : []),
      ...(keyUsage ? [] : [`${who} has no keyUsage: strict verifiers want keyCertSign`]),
      ...(isBelow && extendedKeyUsage && !extendedKeyUsage.includes(usageOids.serverAuth)
        ? [`${who} has anyExtendedKeyUsage only, which rustls does not take for serverAuth`]
        : []),
    ]
  })
}
