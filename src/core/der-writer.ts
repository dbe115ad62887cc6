import { contextConstructedTag, contextPrimitiveTag, isPrintable, tags } from './der-tags.js'
import { renderTime } from './der-time.js'
import { oidOctets } from './oid.js'
import type { UnixSeconds } from './time.js'

const encoder = new TextEncoder()

/** One DER value: identifier, minimal length, and the parts one after the other. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const header = lengthOctets(length)
  const value = new Uint8Array(1 + header.length + length)
  value[0] = tag
  value.set(header, 1)
  let at = 1 + header.length
  for (const part of parts) {
    value.set(part, at)
    at += part.length
  }
  return value
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array =>
  tlv(tags.sequence, ...parts)

/** SET OF: its elements in ascending order of their encodings (X.690 section 11.6). */
export const setOf = (...elements: readonly Uint8Array[]): Uint8Array =>
  tlv(tags.set, ...elements.toSorted((a, b) => Buffer.compare(a, b)))

/** `[n] IMPLICIT` over a primitive type: the content octets alone. */
export const contextPrimitive = (n: number, content: Uint8Array): Uint8Array =>
  tlv(contextPrimitiveTag(n), content)

/** `[n] EXPLICIT`, or `[n] IMPLICIT` over a constructed type: whole values. */
export const contextConstructed = (n: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  tlv(contextConstructedTag(n), ...parts)

/** DEFAULT FALSE members are left out, so that only true is ever written (X.690 section 11.5). */
export const trueValue = (): Uint8Array => tlv(tags.boolean, Uint8Array.of(0xff))

/** A non-negative INTEGER: from a number, or from big-endian octets of any length. */
export function integer(value: number | Uint8Array): Uint8Array {
  const octets = typeof value === 'number' ? octetsOf(value) : value
  let from = 0
  while (from < octets.length - 1 && octets[from] === 0) from += 1
  const minimal = octets.subarray(from)
  if (minimal.length === 0) throw new RangeError('an INTEGER has at least one octet')
  const sign = (minimal[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : NOTHING
  return tlv(tags.integer, sign, minimal)
}

export const oid = (dotted: string): Uint8Array => tlv(tags.oid, oidOctets(dotted))

export const octetString = (octets: Uint8Array): Uint8Array => tlv(tags.octetString, octets)

/** Whole octets: keys and signatures. */
export const bitString = (octets: Uint8Array): Uint8Array =>
  tlv(tags.bitString, Uint8Array.of(0), octets)

/**
 * A named bit list: the numbers of the bits that are set, 0 first on the wire. Trailing zero bits
 * are left out (X.690 section 11.2.2).
 */
export function namedBits(...bits: readonly number[]): Uint8Array {
  const last = Math.max(-1, ...bits)
  const octets = new Uint8Array(Math.ceil((last + 1) / 8))
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  const unused = last === -1 ? 0 : 7 - (last & 7)
  return tlv(tags.bitString, Uint8Array.of(unused), octets)
}

export const nullValue = (): Uint8Array => tlv(tags.null)

export const utf8String = (text: string): Uint8Array => tlv(tags.utf8String, encoder.encode(text))

/** Throws on text outside PrintableString's alphabet (X.680 section 41.4). */
export function printableString(text: string): Uint8Array {
  if (!isPrintable(text)) throw new TypeError('not a PrintableString')
  return tlv(tags.printableString, encoder.encode(text))
}

/** The content octets of an IA5String; throws when the text is not ASCII. */
export function ia5Octets(text: string): Uint8Array {
  const octets = encoder.encode(text)
  if (octets.some((octet) => octet > 0x7f)) throw new TypeError('not ASCII')
  return octets
}

export const ia5String = (text: string): Uint8Array => tlv(tags.ia5String, ia5Octets(text))

/** UTCTime to the end of 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5). */
export function time(at: UnixSeconds): Uint8Array {
  const { type, text } = renderTime(at)
  return tlv(tags[type], encoder.encode(text))
}

const NOTHING = new Uint8Array(0)

function octetsOf(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not a natural number')
  const octets = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return Uint8Array.from(octets.length === 0 ? [0] : octets)
}

function lengthOctets(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const octets = octetsOf(length)
  return Uint8Array.of(0x80 | octets.length, ...octets)
}
