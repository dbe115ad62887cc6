import { contextConstructedTag } from '../core/der-tags.js'
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
  tlv,
  trueValue,
} from '../core/der-writer.js'
import { certificateDer, type CertificateDer } from '../core/der.js'
import { IDENTITY_OID_DER, identityValue } from './identity-extension.js'
import type { LeafPlan, Usage } from './leaf.js'
import type { SignatureAlgorithm } from './ports.js'
import { EMPTY_NAME, userIdName } from './x509/distinguished-name.js'
import { encodeGeneralName } from './x509/general-name.js'
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

const extensionOidDer = {
  subjectKeyId: oid(extensionOids.subjectKeyId),
  keyUsage: oid(extensionOids.keyUsage),
  subjectAltName: oid(extensionOids.subjectAltName),
  authorityKeyId: oid(extensionOids.authorityKeyId),
  extendedKeyUsage: oid(extensionOids.extendedKeyUsage),
}
const usageOidDer: Readonly<Record<Usage, Uint8Array>> = {
  serverAuth: oid(usageOids.serverAuth),
  clientAuth: oid(usageOids.clientAuth),
}
const CRITICAL = trueValue()
const DIGITAL_SIGNATURE = 0

/** digitalSignature alone, for RSA too: TLS 1.3 has no key encipherment. */
const KEY_USAGE = sequence(
  extensionOidDer.keyUsage,
  CRITICAL,
  octetString(namedBits(DIGITAL_SIGNATURE)),
)

/**
 * LeafPlan -> TBSCertificate, for one issuer. What does not change from leaf to leaf is encoded
 * once: an encoding costs microseconds, and a signature not many more.
 */
export function leafEncoder(issuer: LeafIssuer): (plan: LeafPlan) => Uint8Array {
  const algorithm = algorithmDer[issuer.signatureAlgorithm]
  const authorityKeyId = sequence(
    extensionOidDer.authorityKeyId,
    octetString(sequence(contextPrimitive(0, issuer.keyId))),
  )
  return (plan) =>
    sequence(
      VERSION_3,
      integer(Buffer.from(plan.serial, 'hex')),
      algorithm,
      issuer.name,
      sequence(time(plan.notBefore), time(plan.notAfter)),
      plan.subjectUid === undefined ? EMPTY_NAME : userIdName(plan.subjectUid),
      plan.spki,
      tlv(
        contextConstructedTag(3),
        sequence(
          KEY_USAGE,
          extendedKeyUsage(plan),
          subjectAltName(plan),
          authorityKeyId,
          subjectKeyId(plan),
          ...identity(plan),
        ),
      ),
    )
}

/** Certificate (RFC 5280 section 4.1). */
export function wrapCertificate(
  signedBytes: Uint8Array,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
): CertificateDer {
  return certificateDer(sequence(signedBytes, algorithmDer[algorithm], bitString(signature)))
}

const extendedKeyUsage = ({ usages }: LeafPlan): Uint8Array =>
  sequence(
    extensionOidDer.extendedKeyUsage,
    octetString(sequence(...usages.map((usage) => usageOidDer[usage]))),
  )

/** Critical if and only if the subject is empty (RFC 5280 section 4.2.1.6). */
function subjectAltName({ names, subjectUid }: LeafPlan): Uint8Array {
  const value = octetString(sequence(...names.map(encodeGeneralName)))
  return subjectUid === undefined
    ? sequence(extensionOidDer.subjectAltName, CRITICAL, value)
    : sequence(extensionOidDer.subjectAltName, value)
}

const subjectKeyId = ({ spki }: LeafPlan): Uint8Array =>
  sequence(extensionOidDer.subjectKeyId, octetString(octetString(keyIdentifierOf(spki))))

const identity = (plan: LeafPlan): readonly Uint8Array[] =>
  plan.identity === undefined
    ? []
    : [sequence(IDENTITY_OID_DER, octetString(identityValue(plan.identity)))]
