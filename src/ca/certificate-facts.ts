import { DerError, type DerReader, readDer, readInner } from '../core/der-reader.js'
import { contextConstructedTag, contextPrimitiveTag } from '../core/der-tags.js'
import { certificateDer, type CertificateDer } from '../core/der.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import {
  type ExtensionFacts,
  interpretExtensions,
  type KnownExtensions,
  readExtensions,
} from './x509/extension-facts.js'
import { readPublicKeyOctets } from './x509/key-identifier.js'

/** What a certificate says (RFC 5280 section 4.1). Octets are views of `der`. Nothing is verified. */
export interface CertificateFacts extends Readonly<KnownExtensions> {
  readonly der: CertificateDer
  /** TBSCertificate, header included: what the signature is over. */
  readonly signedBytes: Uint8Array
  readonly version: 1 | 2 | 3
  /** Lower-case hex of the positive number, two digits per octet, no sign octet. */
  readonly serial: string
  readonly signatureAlgorithm: string
  /** The AlgorithmIdentifier, header included; the same inside and outside of the signed bytes. */
  readonly signatureAlgorithmDer: Uint8Array
  readonly signature: Uint8Array
  /** Names, header included. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly notBefore: UnixSeconds
  /** Inclusive. */
  readonly notAfter: UnixSeconds
  /** SubjectPublicKeyInfo, header included. */
  readonly spki: Uint8Array
  /** Content of subjectPublicKey. */
  readonly publicKeyOctets: Uint8Array
  /** All of them, in order. */
  readonly extensions: readonly ExtensionFacts[]
  /** OIDs of critical extensions that nothing here understands: such a certificate must not be used. */
  readonly unknownCritical: readonly string[]
}

/** rustls takes no more. */
const MAX_CERTIFICATE_BYTES = 65_536

/** RFC 5280 section 4.1.2.2. */
const MAX_SERIAL_OCTETS = 20

/** Strict DER, bounded; the input's octets are kept, not copied. */
export function certificateFacts(
  der: Uint8Array,
): Result<CertificateFacts, Refusal<'ca.certificate-malformed'>> {
  const facts = readDer(der, MAX_CERTIFICATE_BYTES, (reader) => reader.sequence(readCertificate))
  if (!(facts instanceof DerError)) return ok({ der: certificateDer(der), ...facts })
  return refuse('ca.certificate-malformed', `not an X.509 certificate: ${facts.message}`, {
    wanted: 'one certificate in DER (RFC 5280)',
  })
}

function readCertificate(reader: DerReader): Omit<CertificateFacts, 'der'> {
  const from = reader.offset
  const tbs = reader.sequence(readTbs)
  const signedBytes = reader.since(from)
  const outerAlgorithm = reader.any()
  // RFC 5280 section 4.1.1.2: or else an algorithm that nobody signed could be believed.
  if (Buffer.compare(outerAlgorithm, tbs.signatureAlgorithmDer) !== 0) {
    throw new DerError('two different signature algorithms')
  }
  return { signedBytes, signature: reader.bitStringOctets(), ...tbs }
}

function readTbs(reader: DerReader): Omit<CertificateFacts, 'der' | 'signedBytes' | 'signature'> {
  const version = readVersion(reader)
  const serial = readSerial(reader)
  const signatureAlgorithmDer = reader.any()
  const issuer = readName(reader)
  const { notBefore, notAfter } = reader.sequence((validity) => ({
    notBefore: validity.time(),
    notAfter: validity.time(),
  }))
  const subject = readName(reader)
  const spki = reader.any()
  const extensions = readOptionalExtensions(reader, version)
  const { known, unknownCritical } = interpretExtensions(extensions)
  return {
    version,
    serial,
    signatureAlgorithm: readInner(signatureAlgorithmDer, readAlgorithmOid),
    signatureAlgorithmDer,
    issuer,
    notBefore,
    notAfter,
    subject,
    spki,
    publicKeyOctets: readInner(spki, (inner) => inner.sequence(readPublicKeyOctets)),
    extensions,
    unknownCritical,
    ...known,
  }
}

function readVersion(reader: DerReader): 1 | 2 | 3 {
  const tag = contextConstructedTag(0)
  if (reader.peekTag() !== tag) return 1
  switch (reader.constructed(tag, (explicit) => explicit.smallInteger())) {
    case 1:
      return 2
    case 2:
      return 3
    default:
      // v1 is the default, and a default is not written.
      throw new DerError('not a version of X.509')
  }
}

function readSerial(reader: DerReader): string {
  const octets = reader.unsignedInteger()
  if (octets.length > MAX_SERIAL_OCTETS) throw new DerError('serial number too long')
  return octets.length === 0 ? '00' : Buffer.from(octets).toString('hex')
}

/** A Name is compared by its octets; here it only has to be a SEQUENCE. */
function readName(reader: DerReader): Uint8Array {
  const from = reader.offset
  reader.sequence((rdns) => {
    while (rdns.more) rdns.any()
  })
  return reader.since(from)
}

function readAlgorithmOid(reader: DerReader): string {
  return reader.sequence((algorithm) => {
    const oid = algorithm.oid()
    if (algorithm.more) algorithm.any()
    return oid
  })
}

function readOptionalExtensions(reader: DerReader, version: 1 | 2 | 3): readonly ExtensionFacts[] {
  // RFC 5280 section 4.1.2.8: nobody writes unique identifiers; a reader that skips them is fooled.
  if ([contextPrimitiveTag(1), contextPrimitiveTag(2)].includes(reader.peekTag())) {
    throw new DerError('unique identifiers')
  }
  if (!reader.more) return []
  if (version !== 3) throw new DerError('extensions are of version 3')
  return reader.constructed(contextConstructedTag(3), (explicit) =>
    explicit.sequence(readExtensions),
  )
}
