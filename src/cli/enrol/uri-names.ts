import { DerError, type DerReader, readDer, readInner } from '../../core/der-reader.js'
import { contextConstructedTag, contextPrimitiveTag, tags } from '../../core/der-tags.js'

const MAX_CERTIFICATE_BYTES = 65_536
const SUBJECT_ALT_NAME = '2.5.29.17'
const EXTENSIONS = contextConstructedTag(3)
const URI = contextPrimitiveTag(6)

/**
 * The URI names of a certificate, from its octets. Node's own text of them is one line for all,
 * which a name can hold the separators of. Undefined for what is no certificate.
 */
export function uriNamesOf(certificate: Uint8Array): readonly string[] | undefined {
  const names = readDer(certificate, MAX_CERTIFICATE_BYTES, (reader) =>
    reader.sequence((parts) => {
      const found = parts.sequence(readSigned)
      parts.any()
      parts.any()
      return found
    }),
  )
  return names instanceof DerError ? undefined : names
}

/** TBSCertificate (RFC 5280 section 4.1): extensions are its last member. */
function readSigned(signed: DerReader): readonly string[] {
  while (signed.more && signed.peekTag() !== EXTENSIONS) signed.any()
  if (!signed.more) return []
  return signed.constructed(EXTENSIONS, (explicit) => explicit.sequence(readExtensions))
}

function readExtensions(extensions: DerReader): readonly string[] {
  const names: string[] = []
  while (extensions.more) {
    extensions.sequence((extension) => {
      const oid = extension.oid()
      if (oid !== SUBJECT_ALT_NAME) {
        while (extension.more) extension.any()
        return
      }
      if (extension.peekTag() !== tags.octetString) extension.boolean()
      names.push(...readInner(extension.octetString(), (value) => value.sequence(readNames)))
    })
  }
  return names
}

function readNames(names: DerReader): readonly string[] {
  const uris: string[] = []
  while (names.more) {
    if (names.peekTag() === URI) uris.push(names.ascii(URI))
    else names.any()
  }
  return uris
}
