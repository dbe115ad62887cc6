import { parseCanonical } from '../core/canonical-json.js'
import { DerError, type DerReader, readDer, readInner } from '../core/der-reader.js'
import { tags } from '../core/der-tags.js'
import { IDENTITY_OID } from '../core/identity-extension.js'
import type { VerifiedEntry } from './verify-bundle.js'

const MAX_CERTIFICATE_OCTETS = 65_536

/** What a certificate says of itself, beside a bundle. */
export type CertificateStanding =
  /** Of this entry, granted under these rules and ceilings. */
  | 'same-policy'
  /** Of this entry, granted under others: they were changed before or after. */
  | 'other-policy'
  /** Of another entry, or another index. */
  | 'other-entry'
  /** A certificate that says no governed identity, or no certificate. */
  | 'no-identity'

/**
 * Does this certificate say that it was granted under the rules and ceilings that the bundle has? Its
 * identity extension is compared with the bundle; its signature and dates are not looked at: that is for
 * TLS to do, and whoever has only a file knows what the file says.
 */
export function standingOfCertificate(
  { index, entry, policyDigest }: Pick<VerifiedEntry, 'index' | 'entry' | 'policyDigest'>,
  certificate: Uint8Array,
): CertificateStanding {
  const identity = identityIn(certificate)
  if (!identity) return 'no-identity'
  if (identity['index'] !== index || identity['uid'] !== entry.uid) return 'other-entry'
  return identity['policyDigest'] === policyDigest ? 'same-policy' : 'other-policy'
}

/** The object in the governed-identity extension of a DER certificate; undefined where there is none. */
function identityIn(certificate: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const text = readDer(certificate, MAX_CERTIFICATE_OCTETS, (reader) =>
    reader.sequence((outer) => {
      const found = outer.sequence(identityText)
      while (outer.more) outer.any()
      return found
    }),
  )
  if (text === undefined || text instanceof DerError) return undefined
  const read = parseCanonical(text)
  if (!read.ok || typeof read.value !== 'object' || read.value === null) return undefined
  if (Array.isArray(read.value)) return undefined
  return read.value as Readonly<Record<string, unknown>>
}

/** Of a TBSCertificate (RFC 5280 section 4.1): its extensions stand last, under [3]. */
function identityText(tbs: DerReader): Uint8Array | undefined {
  let found: Uint8Array | undefined
  while (tbs.more) {
    if (tbs.peekTag() !== EXTENSIONS) {
      tbs.any()
      continue
    }
    tbs.constructed(EXTENSIONS, (explicit) => {
      explicit.sequence((extensions) => {
        while (extensions.more) {
          const value = extensions.sequence(identityValue)
          if (value && found) throw new DerError('the extension stands there twice')
          found ??= value
        }
      })
    })
  }
  return found
}

const EXTENSIONS = 0xa3

function identityValue(extension: DerReader): Uint8Array | undefined {
  const isIdentity = extension.oid() === IDENTITY_OID
  if (extension.peekTag() === tags.boolean) extension.any()
  const octets = extension.primitive(tags.octetString)
  return isIdentity ? readInner(octets, (inner) => inner.primitive(tags.utf8String)) : undefined
}
