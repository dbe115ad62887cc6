import { hash } from 'node:crypto'
import type { CertificateDer } from '../core/der.js'
import type { CertificateFacts } from './certificate-facts.js'
import type { LeafPlan, SubjectAltName, Usage } from './leaf.js'
import { LeafReader } from './leaf-reader.js'
import type { SignatureAlgorithm } from './ports.js'
import { parseIpAddress } from './x509/ip-address.js'

/** The octets of what is always the same, written out by hand: nothing is shared with the encoder. */
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex')

const algorithms: Readonly<Record<SignatureAlgorithm, Uint8Array>> = {
  'ecdsa-with-SHA256': hex('300a 06082a8648ce3d040302'),
  'ecdsa-with-SHA384': hex('300a 06082a8648ce3d040303'),
  Ed25519: hex('3005 06032b6570'),
  sha256WithRSAEncryption: hex('300d 06092a864886f70d01010b 0500'),
}
const usages: Readonly<Record<Usage, Uint8Array>> = {
  serverAuth: hex('0608 2b06010505070301'),
  clientAuth: hex('0608 2b06010505070302'),
}
const VERSION_3 = hex('a003 020102')
const USER_ID = hex('060a 0992268993f22c640101')
/** keyUsage, critical, digitalSignature alone. */
const KEY_USAGE = hex('300e 0603551d0f 0101ff 0404 03020780')
const EXTENDED_KEY_USAGE = hex('0603 551d25')
const SUBJECT_ALT_NAME = hex('0603 551d11')
const AUTHORITY_KEY_ID = hex('0603 551d23')
const SUBJECT_KEY_ID = hex('0603 551d0e')
const IDENTITY = hex('0621 2a864886f71401be40937a83c222da0782cc3e818f6c82c71e8399da328391a308')
const CRITICAL = hex('0101ff')
/** How many bits of a BIT STRING's last octet are unused. */
const WHOLE_OCTETS = hex('00')

const SEQUENCE = 0x30
const SET = 0x31
const OCTET_STRING = 0x04
const BIT_STRING = 0x03
const UTF8_STRING = 0x0c
const EXTENSIONS = 0xa3

/**
 * Reads our own certificate back, octet for octet, and compares it with the plan and with the
 * issuer's certificate. Throws on any difference, naming the first: it is a bug, and the certificate
 * must not leave. The signature is not looked at; see `signatureHolds`.
 */
export function checkLeaf(
  der: CertificateDer,
  plan: LeafPlan,
  issuer: CertificateFacts,
  algorithm: SignatureAlgorithm,
): void {
  const differs = firstDifference(new LeafReader(der), der.length, plan, issuer, algorithm)
  if (differs !== undefined) {
    throw new Error(`leaf ${plan.serial} is not what was planned: ${differs}`)
  }
}

function firstDifference(
  leaf: LeafReader,
  length: number,
  plan: LeafPlan,
  issuer: CertificateFacts,
  algorithm: SignatureAlgorithm,
): string | undefined {
  if (!leaf.enterTo(SEQUENCE, length)) return 'its length'
  const signedEnd = leaf.enter(SEQUENCE)
  if (signedEnd < 0) return 'the length of what is signed'
  if (!leaf.takes(VERSION_3)) return 'version'
  if (!leaf.takesInteger(plan.serial)) return 'serial'
  if (!leaf.takes(algorithms[algorithm])) return 'signatureAlgorithm'
  if (!leaf.takes(issuer.subject)) return 'issuer'
  const validity = leaf.enter(SEQUENCE)
  if (leaf.time() !== plan.notBefore) return 'notBefore'
  if (leaf.time() !== plan.notAfter || leaf.position !== validity) return 'notAfter'
  if (plan.notBefore < issuer.notBefore || plan.notAfter > issuer.notAfter) return 'validity'
  if (!takesSubject(leaf, plan)) return 'subject'
  if (!leaf.takes(plan.spki)) return 'spki'
  if (!leaf.enterTo(EXTENSIONS, signedEnd) || !leaf.enterTo(SEQUENCE, signedEnd)) {
    return 'extensions'
  }
  const extension = differentExtension(leaf, plan, issuer)
  if (extension !== undefined) return extension
  if (leaf.position !== signedEnd) return 'extensions'
  if (!leaf.takes(algorithms[algorithm])) return 'signatureAlgorithm'
  return leaf.enterTo(BIT_STRING, length) && leaf.takes(WHOLE_OCTETS) ? undefined : 'signature'
}

/** Each in its place, with its criticality and its whole value. */
function differentExtension(
  leaf: LeafReader,
  plan: LeafPlan,
  issuer: CertificateFacts,
): string | undefined {
  if (!leaf.takes(KEY_USAGE)) return 'keyUsage'
  if (!takesUsages(leaf, plan)) return 'extendedKeyUsage'
  if (!takesNames(leaf, plan)) return 'subjectAltName'
  const { subjectKeyId } = issuer
  if (!subjectKeyId || !takesAuthorityKeyId(leaf, subjectKeyId)) return 'authorityKeyIdentifier'
  if (!takesSubjectKeyId(leaf, plan.spki)) return 'subjectKeyIdentifier'
  return plan.identity === undefined || takesIdentity(leaf, plan.identity) ? undefined : 'identity'
}

/** A SEQUENCE of one SET of one `0.9.2342.19200300.100.1.1`, or of nothing. */
function takesSubject(leaf: LeafReader, { subjectUid }: LeafPlan): boolean {
  const end = leaf.enter(SEQUENCE)
  if (subjectUid === undefined) return leaf.position === end
  return (
    leaf.enterTo(SET, end) &&
    leaf.enterTo(SEQUENCE, end) &&
    leaf.takes(USER_ID) &&
    leaf.takesText(UTF8_STRING, subjectUid) &&
    leaf.position === end
  )
}

function takesUsages(leaf: LeafReader, plan: LeafPlan): boolean {
  const end = leaf.enter(SEQUENCE)
  return (
    leaf.takes(EXTENDED_KEY_USAGE) &&
    leaf.enterTo(OCTET_STRING, end) &&
    leaf.enterTo(SEQUENCE, end) &&
    plan.usages.every((usage) => leaf.takes(usages[usage])) &&
    leaf.position === end
  )
}

/** Critical if and only if the subject is empty (RFC 5280 section 4.2.1.6); every name, in order. */
function takesNames(leaf: LeafReader, { names, subjectUid }: LeafPlan): boolean {
  const end = leaf.enter(SEQUENCE)
  return (
    leaf.takes(SUBJECT_ALT_NAME) &&
    (subjectUid !== undefined || leaf.takes(CRITICAL)) &&
    leaf.enterTo(OCTET_STRING, end) &&
    leaf.enterTo(SEQUENCE, end) &&
    names.every((name) => takesName(leaf, name)) &&
    leaf.position === end
  )
}

/** dNSName [2], uniformResourceIdentifier [6], iPAddress [7] (RFC 5280 section 4.2.1.6). */
function takesName(leaf: LeafReader, { kind, value }: SubjectAltName): boolean {
  if (kind !== 'ip') return leaf.takesText(kind === 'dns' ? 0x82 : 0x86, value)
  const octets = parseIpAddress(value)
  if (!octets) return false
  const end = leaf.enter(0x87)
  return leaf.takes(octets) && leaf.position === end
}

function takesAuthorityKeyId(leaf: LeafReader, keyId: Uint8Array): boolean {
  const end = leaf.enter(SEQUENCE)
  return (
    leaf.takes(AUTHORITY_KEY_ID) &&
    leaf.enterTo(OCTET_STRING, end) &&
    leaf.enterTo(SEQUENCE, end) &&
    leaf.enterTo(0x80, end) &&
    leaf.takes(keyId) &&
    leaf.position === end
  )
}

function takesSubjectKeyId(leaf: LeafReader, spki: Uint8Array): boolean {
  const end = leaf.enter(SEQUENCE)
  return (
    leaf.takes(SUBJECT_KEY_ID) &&
    leaf.enterTo(OCTET_STRING, end) &&
    leaf.enterTo(OCTET_STRING, end) &&
    leaf.takes(digestOfKey(spki)) &&
    leaf.position === end
  )
}

function takesIdentity(leaf: LeafReader, identity: string): boolean {
  const end = leaf.enter(SEQUENCE)
  return (
    leaf.takes(IDENTITY) &&
    leaf.enterTo(OCTET_STRING, end) &&
    leaf.takesText(UTF8_STRING, identity) &&
    leaf.position === end
  )
}

/** RFC 7093 method 1, from the SubjectPublicKeyInfo's last value on. */
function digestOfKey(spki: Uint8Array): Uint8Array {
  const reader = new LeafReader(spki)
  reader.enter(SEQUENCE)
  const keyStart = reader.enter(SEQUENCE)
  const key = new LeafReader(spki.subarray(keyStart))
  key.enter(BIT_STRING)
  // One octet says how many bits of the last one are unused: none.
  const octets = spki.subarray(keyStart + key.position + 1)
  return hash('sha256', octets, 'buffer').subarray(0, 20)
}
