import { DerError, type DerReader } from '../../core/der-reader.js'
import { contextConstructedTag, contextPrimitiveTag } from '../../core/der-tags.js'
import { renderIpAddress } from './ip-address.js'

/** A GeneralName as read (RFC 5280 section 4.2.1.6). Kinds that nothing here uses keep their octets. */
export interface GeneralName {
  readonly kind: 'dns' | 'uri' | 'ip' | 'email' | 'dirName' | 'other'
  /** `ip` as text; `dirName` and `other` as hex of the whole value. */
  readonly value: string
}

/** The context tags of the names that a leaf may have. */
export const generalNameNumber = { dns: 2, uri: 6, ip: 7 } as const

const kinds: ReadonlyMap<number, GeneralName['kind']> = new Map([
  [contextConstructedTag(0), 'other'],
  [contextPrimitiveTag(1), 'email'],
  [contextPrimitiveTag(generalNameNumber.dns), 'dns'],
  [contextConstructedTag(3), 'other'],
  [contextConstructedTag(4), 'dirName'],
  [contextConstructedTag(5), 'other'],
  [contextPrimitiveTag(generalNameNumber.uri), 'uri'],
  [contextPrimitiveTag(generalNameNumber.ip), 'ip'],
  [contextPrimitiveTag(8), 'other'],
])

/** `addresses`: 4 or 16 octets in a name, twice as many (address and mask) in a name constraint. */
export function readGeneralName(
  reader: DerReader,
  addresses: 'single' | 'with mask' = 'single',
): GeneralName {
  const tag = reader.peekTag()
  const kind = kinds.get(tag)
  switch (kind) {
    case 'dns':
    case 'uri':
    case 'email':
      return { kind, value: reader.ascii(tag) }
    case 'ip':
      return { kind, value: readAddress(reader.primitive(tag), addresses) }
    case 'dirName':
    case 'other':
      return { kind, value: Buffer.from(reader.any()).toString('hex') }
    case undefined:
      throw new DerError('not a GeneralName')
  }
}

function readAddress(octets: Uint8Array, addresses: 'single' | 'with mask'): string {
  if (addresses === 'single') return renderedAddress(octets)
  const half = octets.length / 2
  return `${renderedAddress(octets.subarray(0, half))}/${renderedAddress(octets.subarray(half))}`
}

function renderedAddress(octets: Uint8Array): string {
  const text = renderIpAddress(octets)
  if (text === undefined) throw new DerError('not an IP address')
  return text
}
