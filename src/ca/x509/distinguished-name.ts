import { DerError, type DerReader, readDer } from '../../core/der-reader.js'
import { tags } from '../../core/der-tags.js'
import { oid } from '../../core/der-writer.js'
import { attributeOids } from './object-identifiers.js'

const MAX_NAME_BYTES = 4096
/** The attribute type `UID`. */
export const USER_ID_DER = oid(attributeOids.userId)

/** Short names of RFC 4514 section 3, and what CAs are commonly called by beside them. */
const shortNames: ReadonlyMap<string, string> = new Map([
  [attributeOids.commonName, 'CN'],
  [attributeOids.userId, 'UID'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
])

/** A Name for people, in the order of its encoding. For display: names are compared by their octets. */
export function describeName(name: Uint8Array): string {
  const parts: string[] = []
  const read = readDer(name, MAX_NAME_BYTES, (reader) =>
    reader.sequence((rdns) => {
      while (rdns.more) rdns.set((rdn) => parts.push(readRdn(rdn)))
    }),
  )
  return read instanceof DerError ? `#${Buffer.from(name).toString('hex')}` : parts.join(', ')
}

function readRdn(rdn: DerReader): string {
  const attributes: string[] = []
  do {
    attributes.push(
      rdn.sequence((attribute) => {
        const type = attribute.oid()
        return `${shortNames.get(type) ?? type}=${readValue(attribute)}`
      }),
    )
  } while (rdn.more)
  return attributes.join('+')
}

function readValue(attribute: DerReader): string {
  switch (attribute.peekTag()) {
    case tags.utf8String:
    case tags.printableString:
    case tags.ia5String:
      // A line break or a separator inside a value must not look like the end of it.
      return attribute.text().replaceAll(/[\p{C}\\,+"<>;=]/gu, escaped)
    default:
      return `#${Buffer.from(attribute.any()).toString('hex')}`
  }
}

const escaped = (character: string): string =>
  /\p{C}/u.test(character) ? `\\u{${character.codePointAt(0)?.toString(16)}}` : `\\${character}`
