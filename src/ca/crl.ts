import {
  bitString,
  contextConstructed,
  contextPrimitive,
  integer,
  octetString,
  oid,
  sequence,
  time,
  tlv,
} from '../core/der-writer.js'
import type { CertificateDer } from '../core/der.js'
import type { SerialNumber } from '../core/serial.js'
import type { UnixSeconds } from '../core/time.js'
import { sameOctets } from './certificate-chain.js'
import { certificateFacts } from './certificate-facts.js'
import type { Signer } from './ports.js'
import { keyIdentifierOf } from './x509/key-identifier.js'
import { extensionOids } from './x509/object-identifiers.js'
import {
  algorithmDer,
  algorithmOids,
  publicKeyOf,
  signatureHolds,
} from './x509/signature-algorithm.js'

/** CRLReason (RFC 5280 section 5.3.1), as far as leaves have one. */
const reasonCodes = {
  unspecified: 0,
  keyCompromise: 1,
  superseded: 4,
  cessationOfOperation: 5,
} as const

export type RevocationReason = keyof typeof reasonCodes

export interface RevokedLeaf {
  readonly serial: SerialNumber
  readonly at: UnixSeconds
  readonly reason: RevocationReason
}

export interface CrlPlan {
  /** Greater than that of every CRL before it. */
  readonly number: number
  readonly thisUpdate: UnixSeconds
  /** When the next one is there at the latest. */
  readonly nextUpdate: UnixSeconds
  readonly revoked: readonly RevokedLeaf[]
}

const ENUMERATED = 0x0a
const VERSION_2 = integer(1)

/** A complete CRL of one issuer, version 2 (RFC 5280 section 5), in DER. */
export async function signCrl(
  plan: CrlPlan,
  issuer: { readonly certificate: CertificateDer; readonly signer: Signer },
): Promise<Uint8Array> {
  const { signer } = issuer
  const facts = certificateFacts(issuer.certificate)
  if (!facts.ok) throw new TypeError(facts.refusal.detail)
  const { subject, spki, subjectKeyId } = facts.value
  if (!sameOctets(spki, signer.spki)) throw new TypeError("not the key of the issuer's certificate")
  if (plan.nextUpdate <= plan.thisUpdate) throw new RangeError('a CRL ends after it begins')
  const algorithm = algorithmDer[signer.algorithm]
  const tbs = sequence(
    VERSION_2,
    algorithm,
    subject,
    time(plan.thisUpdate),
    time(plan.nextUpdate),
    // Absent when nothing is revoked: it may not be empty (RFC 5280 section 5.1.2.6).
    ...(plan.revoked.length === 0 ? [] : [sequence(...plan.revoked.map(encodeRevoked))]),
    contextConstructed(
      0,
      sequence(
        sequence(
          oid(extensionOids.authorityKeyId),
          octetString(sequence(contextPrimitive(0, subjectKeyId ?? keyIdentifierOf(spki)))),
        ),
        sequence(oid(extensionOids.crlNumber), octetString(integer(plan.number))),
      ),
    ),
  )
  const signature = await signer.sign(tbs)
  const key = publicKeyOf(spki)
  if (!key || !signatureHolds(algorithmOids[signer.algorithm], key, tbs, signature)) {
    throw new Error('our own CRL does not verify')
  }
  return sequence(tbs, algorithm, bitString(signature))
}

function encodeRevoked({ serial, at, reason }: RevokedLeaf): Uint8Array {
  return sequence(
    integer(Buffer.from(serial, 'hex')),
    time(at),
    // RFC 5280 section 5.3.1: "unspecified" is said by saying nothing.
    ...(reason === 'unspecified'
      ? []
      : [
          sequence(
            sequence(
              oid(extensionOids.reasonCode),
              octetString(tlv(ENUMERATED, Uint8Array.of(reasonCodes[reason]))),
            ),
          ),
        ]),
  )
}
