import { refuse } from '../core/result.js'
import { type CertificateChain, isSignedBy, sameOctets } from './certificate-chain.js'
import type { CertificateFacts } from './certificate-facts.js'
import { describeName } from './x509/distinguished-name.js'
import { strengthFault } from './x509/key-strength.js'
import { usageOids } from './x509/object-identifiers.js'

export type Fault = ReturnType<typeof fault>

/** The first thing that is wrong with a chain, whatever the time. */
export function structureFault(chain: CertificateChain): Fault | undefined {
  const { all } = chain
  return (
    firstFault(all, (certificate, at) => certificateFault(certificate, at, all.length)) ??
    anchorFault(chain.trustAnchor) ??
    firstFault(all.slice(0, -1), (child, at) => linkFault(child, all[at + 1] ?? child)) ??
    duplicateFault(all)
  )
}

/** What each certificate must be by itself. `at`: 0 is the issuer. */
function certificateFault(
  certificate: CertificateFacts,
  at: number,
  length: number,
): Fault | undefined {
  const { version, basicConstraints, keyUsage, unknownCritical } = certificate
  const who = describe(certificate, positionOf(at, length))
  if (version !== 3) {
    return fault(`${who} is not an X.509 version 3 certificate`, {
      wanted: 'version 3',
      found: `version ${version}`,
      next: 'have it made again with extensions',
    })
  }
  if (!basicConstraints?.ca) {
    return fault(`${who} is not a CA certificate`, {
      wanted: 'basicConstraints with CA:TRUE',
      found: basicConstraints ? 'CA:FALSE' : 'no basicConstraints',
      next: 'a leaf cannot issue: ask for a subordinate CA certificate instead',
    })
  }
  if (keyUsage && !keyUsage.includes('keyCertSign')) {
    return fault(`${who} may not sign certificates`, {
      wanted: 'keyUsage with keyCertSign',
      found: keyUsage.join(', '),
      next: 'have it made again with keyCertSign and cRLSign',
    })
  }
  const { pathLength } = basicConstraints
  if (pathLength !== undefined && pathLength < at) {
    return fault(`${who} does not allow as many CAs below it`, {
      wanted: `a pathLenConstraint of ${at} or more, or none`,
      found: String(pathLength),
      next: 'have it made again, or use an issuer further up',
    })
  }
  if (unknownCritical.length > 0) {
    return fault(`${who} has a critical extension that verifiers will not know`, {
      wanted: 'critical extensions of RFC 5280 only',
      found: unknownCritical.join(', '),
      next: 'have it made again without it',
    })
  }
  return (
    usageFault(certificate, who) ??
    constraintFault(certificate, who) ??
    weaknessFault(certificate, who, at === length - 1 ? 'trust anchor' : 'below')
  )
}

/** Verifiers take a CA's extended key usage as a limit on what is below it. */
function usageFault({ extendedKeyUsage }: CertificateFacts, who: string): Fault | undefined {
  if (!extendedKeyUsage || extendedKeyUsage.includes(usageOids.any)) return undefined
  const missing = (['serverAuth', 'clientAuth'] as const).filter(
    (usage) => !extendedKeyUsage.includes(usageOids[usage]),
  )
  if (missing.length === 0) return undefined
  return fault(`${who} does not allow ${missing.join(' and ')} below it`, {
    wanted: 'no extendedKeyUsage, or one with serverAuth and clientAuth',
    found: extendedKeyUsage.join(', '),
    next: 'have it made again',
  })
}

/** rustls fails closed on these two as soon as a leaf has a URI name or a subject: on every leaf of ours. */
function constraintFault({ nameConstraints }: CertificateFacts, who: string): Fault | undefined {
  const all = [...(nameConstraints?.permitted ?? []), ...(nameConstraints?.excluded ?? [])]
  const refused = all.find(({ kind }) => kind === 'uri' || kind === 'dirName')
  if (!refused) return undefined
  return fault(`${who} has a name constraint that makes rustls reject every leaf`, {
    wanted: 'DNS or IP name constraints, or none',
    found: refused.kind === 'uri' ? `URI:${refused.value}` : 'a directoryName constraint',
    next: 'have it made again without URI and directoryName constraints',
  })
}

function weaknessFault(
  certificate: CertificateFacts,
  who: string,
  position: 'trust anchor' | 'below',
): Fault | undefined {
  const weak = strengthFault(certificate, position)
  if (!weak) return undefined
  return fault(`${who} has a ${weak.what} that verifiers do not take`, {
    wanted: weak.wanted,
    found: weak.found,
    next: 'have it made again',
  })
}

function anchorFault(anchor: CertificateFacts): Fault | undefined {
  const who = describe(anchor, 'the last certificate')
  if (!sameOctets(anchor.issuer, anchor.subject)) {
    return fault(`${who} is not a trust anchor`, {
      wanted: 'a self-signed certificate at the end',
      found: `issued by "${describeName(anchor.issuer)}"`,
      next: 'append the certificates above it, up to the self-signed one',
    })
  }
  if (isSignedBy(anchor, anchor)) return undefined
  return fault(`${who} is not signed by its own key`, {
    wanted: 'a self-signed certificate at the end',
    found: 'a signature that does not verify',
    next: 'compare the file with the one that the trust anchor was published in',
  })
}

function linkFault(child: CertificateFacts, parent: CertificateFacts): Fault | undefined {
  const who = describe(child, 'certificate')
  const above = describe(parent, 'certificate')
  if (!sameOctets(child.issuer, parent.subject)) {
    return fault(`${who} was not issued by ${above}`, {
      wanted: `issuer name "${describeName(parent.subject)}", octet for octet`,
      found: `"${describeName(child.issuer)}"`,
      next: 'give the certificates in order: issuer first, then upward, trust anchor last',
    })
  }
  const { authorityKeyId } = child
  if (authorityKeyId && parent.subjectKeyId && !sameOctets(authorityKeyId, parent.subjectKeyId)) {
    return fault(`${who} was issued by another key of the same name as ${above}`, {
      wanted: `authorityKeyIdentifier ${hex(parent.subjectKeyId)}`,
      found: hex(authorityKeyId),
      next: 'give the parent certificate with that key identifier',
    })
  }
  if (isSignedBy(child, parent)) return undefined
  return fault(`${who} was not signed by ${above}`, {
    wanted: "a signature by the parent's key",
    found: 'one that does not verify',
    next: 'give the parent certificate whose key signed it',
  })
}

/** Proxies cannot tell an issuer from a trust anchor of the same name, and fail. */
function duplicateFault(all: readonly CertificateFacts[]): Fault | undefined {
  return firstFault(all, (certificate, at) => {
    if (!all.slice(at + 1).some(({ subject }) => sameOctets(subject, certificate.subject))) {
      return undefined
    }
    return fault('two certificates of the hierarchy have the same subject', {
      wanted: 'a subject of its own for each',
      found: `"${describeName(certificate.subject)}" twice`,
      next: 'have the lower one made again under another common name',
    })
  })
}

export function firstFault(
  all: readonly CertificateFacts[],
  faultOf: (certificate: CertificateFacts, at: number) => Fault | undefined,
): Fault | undefined {
  for (const [at, certificate] of all.entries()) {
    const found = faultOf(certificate, at)
    if (found) return found
  }
  return undefined
}

export function positionOf(at: number, length: number): string {
  if (at === 0) return 'the issuer'
  return at === length - 1 ? 'the trust anchor' : 'the intermediate'
}

export const describe = ({ subject }: CertificateFacts, position: string): string =>
  `${position} "${describeName(subject).slice(0, 120)}"`

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

export const fault = (
  detail: string,
  more: { readonly wanted: string; readonly found: string; readonly next: string },
): ReturnType<typeof refuse<'ca.bad-hierarchy'>> => refuse('ca.bad-hierarchy', detail, more)
