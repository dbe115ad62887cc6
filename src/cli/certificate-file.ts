import { DerError, readDer } from '../core/der-reader.js'
import { tags } from '../core/der-tags.js'
import { parsePem } from '../core/pem.js'
import { parseSerial, type SerialNumber } from '../core/serial.js'

/** The DER of the first certificate of a PEM file, or a DER file as it is. */
export function certificateIn(octets: Buffer): Uint8Array | undefined {
  const blocks = parsePem(octets.toString('utf8'))
  const leaf = blocks?.find(({ label }) => label === 'CERTIFICATE')
  if (leaf !== undefined) return leaf.der
  // A DER certificate is a SEQUENCE; what it says is for others to read.
  return octets[0] === 0x30 ? octets : undefined
}

const MAX_CERTIFICATE_OCTETS = 65_536
/** `[0]`: the version of a TBSCertificate (RFC 5280 section 4.1). */
const VERSION = 0xa0

/** The serial number that a DER certificate says it has; undefined where it can be none of ours. */
export function serialIn(der: Uint8Array): SerialNumber | undefined {
  const serial = readDer(der, MAX_CERTIFICATE_OCTETS, (reader) =>
    reader.sequence((outer) => {
      const octets = outer.sequence((tbs) => {
        if (tbs.peekTag() === VERSION) tbs.any()
        const found = tbs.primitive(tags.integer)
        while (tbs.more) tbs.any()
        return found
      })
      while (outer.more) outer.any()
      return octets
    }),
  )
  return serial instanceof DerError ? undefined : parseSerial(Buffer.from(serial).toString('hex'))
}
