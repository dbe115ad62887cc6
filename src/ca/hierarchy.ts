import { tags } from '../core/der-tags.js'
import { oid, sequence, tlv, utf8String } from '../core/der-writer.js'
import { certificateDer, type CertificateDer } from '../core/der.js'
import { parseDnsName } from '../core/names.js'
import type { SerialNumber } from '../core/serial.js'
import {
  days,
  earliest,
  minus,
  minutes,
  plus,
  type Seconds,
  seconds,
  type UnixSeconds,
  unixSeconds,
} from '../core/time.js'
import { sameOctets } from './certificate-chain.js'
import { certificateFacts, type CertificateFacts } from './certificate-facts.js'
import { type AuthorityPlan, encodeAuthority } from './encode-authority.js'
import { wrapCertificate } from './encode-leaf.js'
import type { Signer } from './ports.js'
import { keyIdentifierOf } from './x509/key-identifier.js'
import { attributeOids } from './x509/object-identifiers.js'
import { publicKeyOf, signatureHolds } from './x509/signature-algorithm.js'

const TRUST_ANCHOR_LIFETIME = days(3650)
const ISSUER_LIFETIME = days(90)

/** As for leaves: clocks of verifiers are not ours. */
const BACKDATE = minutes(2)

/** ub-common-name (RFC 5280 appendix A.1). */
const MAX_COMMON_NAME = 64

/** A superior: its certificate, and the use of its key. */
export interface Superior {
  readonly certificate: CertificateDer
  readonly signer: Signer
}

/**
 * A self-signed trust anchor. `commonName` is for people: the key's identifier is appended (and the
 * name cut to make room), so that no two generations share a subject.
 */
export async function createTrustAnchor(given: {
  readonly signer: Signer
  readonly serial: SerialNumber
  readonly commonName: string
  readonly now: UnixSeconds
  /** Ten years unless said. */
  readonly lifetime?: Seconds
}): Promise<CertificateDer> {
  const { signer, serial, now } = given
  const subjectKeyId = keyIdentifierOf(signer.spki)
  const subject = commonNameOf(given.commonName, subjectKeyId)
  return signAuthority(
    {
      serial,
      issuer: subject,
      subject,
      spki: signer.spki,
      notBefore: minus(now, BACKDATE),
      notAfter: lastSecond(now, given.lifetime ?? TRUST_ANCHOR_LIFETIME),
      subjectKeyId,
      authorityKeyId: subjectKeyId,
      permittedDns: [],
    },
    { spki: signer.spki, signer },
  )
}

/**
 * A CA certificate that signs leaves and nothing else (pathLenConstraint 0). Never outlives its
 * superior. `dnsConstraints`: regions like `identity.linkerd.cluster.local`; URI and directoryName
 * constraints do not exist here, because rustls then rejects every leaf.
 */
export async function createIssuer(given: {
  readonly superior: Superior
  readonly serial: SerialNumber
  readonly spki: Uint8Array
  readonly commonName: string
  readonly now: UnixSeconds
  /** 90 days unless said. */
  readonly lifetime?: Seconds
  readonly dnsConstraints?: readonly string[]
}): Promise<CertificateDer> {
  const { serial, spki, now, dnsConstraints = [] } = given
  const superior = factsOf(given.superior.certificate)
  checkSuperior(superior, now)
  const wrong = dnsConstraints.find((name) => parseDnsName(name) === undefined)
  if (wrong !== undefined) throw new TypeError(`not a DNS region: ${wrong}`)
  const subjectKeyId = keyIdentifierOf(spki)
  const subject = commonNameOf(given.commonName, subjectKeyId)
  if (sameOctets(subject, superior.subject)) {
    throw new TypeError('an issuer and its superior need keys of their own')
  }
  return signAuthority(
    {
      serial,
      issuer: superior.subject,
      subject,
      spki,
      ...within(superior, now, given.lifetime ?? ISSUER_LIFETIME),
      pathLength: 0,
      subjectKeyId,
      authorityKeyId: superior.subjectKeyId ?? keyIdentifierOf(superior.spki),
      permittedDns: dnsConstraints,
    },
    { spki: superior.spki, signer: given.superior.signer },
  )
}

/**
 * A certificate by `superior` for a CA that has one already: same subject, same key, same path
 * length and DNS constraints. Whoever trusts only `superior` then takes the chains of `certificate`.
 */
export async function crossSign(given: {
  readonly superior: Superior
  /** A trust anchor or issuer, ours or checked. */
  readonly certificate: CertificateDer
  readonly serial: SerialNumber
  readonly now: UnixSeconds
  /** As long as both live unless said. */
  readonly lifetime?: Seconds
}): Promise<CertificateDer> {
  const { serial, now } = given
  const superior = factsOf(given.superior.certificate)
  checkSuperior(superior, now)
  const subject = factsOf(given.certificate)
  if (sameOctets(subject.subject, superior.subject)) {
    throw new TypeError('a CA does not cross-sign its own name')
  }
  if (subject.nameConstraints?.excluded.length || subject.extendedKeyUsage) {
    throw new TypeError('a cross-signature would drop what limits this CA')
  }
  const { pathLength } = subject.basicConstraints ?? {}
  const permittedDns = (subject.nameConstraints?.permitted ?? []).map(({ kind, value }) => {
    if (kind !== 'dns') throw new TypeError(`no cross-signature over a constraint of kind ${kind}`)
    return value
  })
  const wanted = within(superior, now, given.lifetime ?? seconds(subject.notAfter - now + 1))
  return signAuthority(
    {
      serial,
      issuer: superior.subject,
      subject: subject.subject,
      spki: subject.spki,
      notBefore: wanted.notBefore,
      notAfter: earliest(wanted.notAfter, subject.notAfter),
      ...(pathLength === undefined ? {} : { pathLength }),
      subjectKeyId: subject.subjectKeyId ?? keyIdentifierOf(subject.spki),
      authorityKeyId: superior.subjectKeyId ?? keyIdentifierOf(superior.spki),
      permittedDns,
    },
    { spki: superior.spki, signer: given.superior.signer },
  )
}

/** Encodes, signs, and compares what came of it with the plan. */
async function signAuthority(
  plan: AuthorityPlan,
  { spki, signer }: { readonly spki: Uint8Array; readonly signer: Signer },
): Promise<CertificateDer> {
  if (!sameOctets(signer.spki, spki))
    throw new TypeError("not the key of the superior's certificate")
  const tbs = await encodeAuthority(plan, signer.algorithm)
  const certificate = wrapCertificate(tbs, signer.algorithm, await signer.sign(tbs))
  const facts = factsOf(certificate)
  const key = publicKeyOf(spki)
  const holds =
    key && signatureHolds(facts.signatureAlgorithm, key, facts.signedBytes, facts.signature)
  const differs = holds ? differences(facts, plan) : 'signature'
  if (differs !== undefined) throw new Error(`our own CA certificate differs in its ${differs}`)
  return certificate
}

function differences(facts: CertificateFacts, plan: AuthorityPlan): string | undefined {
  const same = (a: Uint8Array | undefined, b: Uint8Array): boolean => !!a && sameOctets(a, b)
  const permitted = facts.nameConstraints?.permitted ?? []
  const comparisons: readonly (readonly [string, boolean])[] = [
    ['serial', facts.serial === plan.serial],
    ['issuer', same(facts.issuer, plan.issuer)],
    ['subject', same(facts.subject, plan.subject)],
    ['notBefore', facts.notBefore === plan.notBefore],
    ['notAfter', facts.notAfter === plan.notAfter],
    ['key', same(facts.spki, plan.spki)],
    ['basicConstraints', facts.basicConstraints?.ca === true],
    ['pathLenConstraint', facts.basicConstraints?.pathLength === plan.pathLength],
    ['keyUsage', facts.keyUsage?.join() === 'keyCertSign,cRLSign'],
    ['subjectKeyIdentifier', same(facts.subjectKeyId, plan.subjectKeyId)],
    ['authorityKeyIdentifier', same(facts.authorityKeyId, plan.authorityKeyId)],
    ['nameConstraints', permitted.map(({ value }) => value).join() === plan.permittedDns.join()],
    ['extensions', facts.extensions.length === (plan.permittedDns.length === 0 ? 4 : 5)],
  ]
  return comparisons.find(([, equal]) => !equal)?.[0]
}

/** Bugs of the caller: operators meet these earlier, in `checkHierarchy`. */
function checkSuperior(superior: CertificateFacts, now: UnixSeconds): void {
  if (!superior.basicConstraints?.ca || superior.basicConstraints.pathLength === 0) {
    throw new TypeError('the superior may not have a CA below it')
  }
  if (now < superior.notBefore || now > superior.notAfter) {
    throw new RangeError('the superior is not valid now')
  }
}

/** From a little before now; never beyond the superior at either end. */
function within(
  superior: CertificateFacts,
  now: UnixSeconds,
  lifetime: Seconds,
): { readonly notBefore: UnixSeconds; readonly notAfter: UnixSeconds } {
  return {
    notBefore: unixSeconds(Math.max(minus(now, BACKDATE), superior.notBefore)),
    notAfter: earliest(lastSecond(now, lifetime), superior.notAfter),
  }
}

/** notAfter is inclusive (RFC 5280 section 4.1.2.5). */
function lastSecond(now: UnixSeconds, lifetime: Seconds): UnixSeconds {
  if (lifetime < 1) throw new RangeError('a certificate is valid for at least a second')
  return plus(now, seconds(lifetime - 1))
}

/** `CN=<text> <id>`, the id being that of `AuthorityRecord`. */
function commonNameOf(text: string, subjectKeyId: Uint8Array): Uint8Array {
  const id = Buffer.from(subjectKeyId.subarray(0, 8)).toString('hex')
  const room = MAX_COMMON_NAME - id.length - 1
  const commonName = `${Array.from(text).slice(0, room).join('').trim()} ${id}`.trim()
  return sequence(tlv(tags.set, sequence(oid(attributeOids.commonName), utf8String(commonName))))
}

function factsOf(certificate: CertificateDer): CertificateFacts {
  const facts = certificateFacts(certificateDer(certificate))
  if (!facts.ok) throw new TypeError(facts.refusal.detail)
  return facts.value
}
