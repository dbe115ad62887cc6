import { DerBuilder } from '../core/der-builder.js'
import { contextConstructedTag, contextPrimitiveTag, tags } from '../core/der-tags.js'
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  integer,
  namedBits,
  octetString,
  oid,
  sequence,
  time,
  trueValue,
} from '../core/der-writer.js'
import { certificateDer, type CertificateDer } from '../core/der.js'
import type { UnixSeconds } from '../core/time.js'
import { IDENTITY_OID_DER } from '../core/identity-extension.js'
import type { LeafPlan, SubjectAltName, Usage } from './leaf.js'
import type { SignatureAlgorithm } from './ports.js'
import { USER_ID_DER } from './x509/distinguished-name.js'
import { generalNameNumber } from './x509/general-name.js'
import { parseIpAddress } from './x509/ip-address.js'
import { keyIdentifierOf } from './x509/key-identifier.js'
import { extensionOids, usageOids } from './x509/object-identifiers.js'
import { algorithmDer } from './x509/signature-algorithm.js'

/** What every leaf of an issuer repeats. */
export interface LeafIssuer {
  readonly signatureAlgorithm: SignatureAlgorithm
  /** The subject of the issuer's certificate, octet for octet: rustls compares names so. */
  readonly name: Uint8Array
  /** The issuer's subjectKeyIdentifier. */
  readonly keyId: Uint8Array
}

const VERSION_3 = contextConstructed(0, integer(2))
const SUBJECT_ALT_NAME = oid(extensionOids.subjectAltName)
const SUBJECT_KEY_ID = oid(extensionOids.subjectKeyId)
const EXTENDED_KEY_USAGE = oid(extensionOids.extendedKeyUsage)
const CRITICAL = trueValue()
const DIGITAL_SIGNATURE = 0

/** digitalSignature alone, for RSA too: TLS 1.3 has no key encipherment. */
const KEY_USAGE = sequence(
  oid(extensionOids.keyUsage),
  CRITICAL,
  octetString(namedBits(DIGITAL_SIGNATURE)),
)

const usageOidDer: Readonly<Record<Usage, Uint8Array>> = {
  serverAuth: oid(usageOids.serverAuth),
  clientAuth: oid(usageOids.clientAuth),
}

/** For the leaves of all issuers: one value is finished before the next is begun. */
const builder = new DerBuilder()

/**
 * LeafPlan -> TBSCertificate, for one issuer. What does not change from leaf to leaf is encoded
 * once, and the rest is written back to front: an encoding costs as much as it is long.
 */
export function leafEncoder(issuer: LeafIssuer): (plan: LeafPlan) => Uint8Array {
  const algorithmAndIssuer = Buffer.concat([algorithmDer[issuer.signatureAlgorithm], issuer.name])
  const authorityKeyId = sequence(
    oid(extensionOids.authorityKeyId),
    octetString(sequence(contextPrimitive(0, issuer.keyId))),
  )
  return (plan) => {
    try {
      putExtensions(plan, authorityKeyId)
      builder.put(plan.spki)
      putSubject(plan)
      putValidity(plan)
      builder.put(algorithmAndIssuer)
      builder.put(integer(Buffer.from(plan.serial, 'hex')))
      builder.put(VERSION_3)
      builder.wrap(tags.sequence, 0)
      return builder.take()
    } finally {
      builder.clear()
    }
  }
}

/** Certificate (RFC 5280 section 4.1). */
export function wrapCertificate(
  signedBytes: Uint8Array,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
): CertificateDer {
  builder.put(bitString(signature))
  builder.put(algorithmDer[algorithm])
  builder.put(signedBytes)
  builder.wrap(tags.sequence, 0)
  return certificateDer(builder.take())
}

/** Last to first: identity, subject key, authority key, names, extended usage, usage. */
function putExtensions(plan: LeafPlan, authorityKeyId: Uint8Array): void {
  putIdentity(plan)
  putSubjectKeyId(plan)
  builder.put(authorityKeyId)
  putSubjectAltName(plan)
  putExtendedKeyUsage(plan)
  builder.put(KEY_USAGE)
  builder.wrap(tags.sequence, 0)
  builder.wrap(contextConstructedTag(3), 0)
}

function putIdentity({ identity }: LeafPlan): void {
  if (identity === undefined) return
  builder.putUtf8(identity)
  builder.wrap(tags.utf8String, 0)
  builder.wrap(tags.octetString, 0)
  builder.put(IDENTITY_OID_DER)
  builder.wrap(tags.sequence, 0)
}

function putSubjectKeyId({ spki }: LeafPlan): void {
  const since = builder.written
  builder.put(keyIdentifierOf(spki))
  builder.wrap(tags.octetString, since)
  builder.wrap(tags.octetString, since)
  builder.put(SUBJECT_KEY_ID)
  builder.wrap(tags.sequence, since)
}

/** Critical if and only if the subject is empty (RFC 5280 section 4.2.1.6). */
function putSubjectAltName({ names, subjectUid }: LeafPlan): void {
  const since = builder.written
  for (let index = names.length - 1; index >= 0; index -= 1) {
    const name = names[index]
    if (name) putName(name)
  }
  builder.wrap(tags.sequence, since)
  builder.wrap(tags.octetString, since)
  if (subjectUid === undefined) builder.put(CRITICAL)
  builder.put(SUBJECT_ALT_NAME)
  builder.wrap(tags.sequence, since)
}

function putName({ kind, value }: SubjectAltName): void {
  const since = builder.written
  if (kind === 'ip') {
    const octets = parseIpAddress(value)
    if (octets === undefined) throw new TypeError(`not an IP address: ${value}`)
    builder.put(octets)
  } else {
    builder.putAscii(value)
  }
  builder.wrap(contextPrimitiveTag(generalNameNumber[kind]), since)
}

function putExtendedKeyUsage({ usages }: LeafPlan): void {
  const since = builder.written
  for (let index = usages.length - 1; index >= 0; index -= 1) {
    const usage = usages[index]
    if (usage) builder.put(usageOidDer[usage])
  }
  builder.wrap(tags.sequence, since)
  builder.wrap(tags.octetString, since)
  builder.put(EXTENDED_KEY_USAGE)
  builder.wrap(tags.sequence, since)
}

/** `UID=<uid>` as one UTF8String attribute, or a Name without any attribute. */
function putSubject({ subjectUid }: LeafPlan): void {
  const since = builder.written
  if (subjectUid !== undefined) {
    builder.putUtf8(subjectUid)
    builder.wrap(tags.utf8String, since)
    builder.put(USER_ID_DER)
    builder.wrap(tags.sequence, since)
    builder.wrap(tags.set, since)
  }
  builder.wrap(tags.sequence, since)
}

function putValidity({ notBefore, notAfter }: LeafPlan): void {
  const since = builder.written
  builder.put(ends(notAfter))
  builder.put(begins(notBefore))
  builder.wrap(tags.sequence, since)
}

/** Leaves of one second have the same dates: each is written once a second. */
const [begins, ends] = [rememberingTime(), rememberingTime()]

function rememberingTime(): (at: UnixSeconds) => Uint8Array {
  let last: { readonly at: UnixSeconds; readonly der: Uint8Array } | undefined
  return (at) => {
    if (last?.at !== at) last = { at, der: time(at) }
    return last.der
  }
}
