import { algorithmDer } from '../../src/ca/x509/signature-algorithm.js'
import { certificateFacts, type CertificateFacts } from '../../src/ca/certificate-facts.js'
import { wrapCertificate } from '../../src/ca/encode-leaf.js'
import type { Signer } from '../../src/ca/ports.js'
import type { ExtensionFacts } from '../../src/ca/x509/extension-facts.js'
import { contextConstructedTag } from '../../src/core/der-tags.js'
import {
  contextConstructed,
  integer,
  octetString,
  oid,
  sequence,
  time,
  tlv,
  trueValue,
} from '../../src/core/der-writer.js'
import { certificateDer, type CertificateDer } from '../../src/core/der.js'
import { valueOf } from '../scenario/given-installation.js'

export type Changes = Partial<
  Pick<
    CertificateFacts,
    'serial' | 'issuer' | 'subject' | 'notBefore' | 'notAfter' | 'spki' | 'extensions'
  >
>

export const factsOf = (certificate: CertificateDer): CertificateFacts =>
  valueOf(certificateFacts(certificate))

/** The same certificate but for `changes`, signed by `signer`. */
export async function reissued(
  certificate: CertificateDer,
  changes: Changes,
  signer: Signer,
): Promise<CertificateDer> {
  const facts = { ...factsOf(certificate), ...changes }
  const tbs = sequence(
    contextConstructed(0, integer(2)),
    integer(Buffer.from(facts.serial, 'hex')),
    algorithmDer[signer.algorithm],
    facts.issuer,
    sequence(time(facts.notBefore), time(facts.notAfter)),
    facts.subject,
    facts.spki,
    tlv(contextConstructedTag(3), sequence(...facts.extensions.map(encodeExtension))),
  )
  return wrapCertificate(tbs, signer.algorithm, await signer.sign(tbs))
}

const encodeExtension = ({ oid: type, critical, value }: ExtensionFacts): Uint8Array =>
  sequence(oid(type), ...(critical ? [trueValue()] : []), octetString(value))

/** The extensions of a certificate, with these in the place of those of their kind, or at the end. */
export function withExtensions(
  certificate: CertificateDer,
  ...wanted: readonly ExtensionFacts[]
): readonly ExtensionFacts[] {
  const present = factsOf(certificate).extensions
  const kept = present.map((one) => wanted.find(({ oid: type }) => type === one.oid) ?? one)
  return [...kept, ...wanted.filter((one) => !kept.includes(one))]
}

export const withoutExtension = (
  certificate: CertificateDer,
  type: string,
): readonly ExtensionFacts[] => factsOf(certificate).extensions.filter((one) => one.oid !== type)

/**
 * A certificate or a list, with one bit of its signature flipped: the last of s, or of the RSA or
 * Ed25519 octets. It still parses.
 */
export function badlySigned(der: Uint8Array): CertificateDer {
  const octets = Uint8Array.from(der)
  octets[octets.length - 1]! ^= 1
  return certificateDer(octets)
}
