/** Identifier octets (X.690 section 8.1.2). */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const

export const contextPrimitiveTag = (n: number): number => 0x80 | n
export const contextConstructedTag = (n: number): number => 0xa0 | n

/** A tag number of 31 announces a number in further octets; nothing we read or write has one. */
export const HIGH_TAG_NUMBER = 0x1f

const CONSTRUCTED = 0x20

/** EXTERNAL, EMBEDDED PDV, SEQUENCE, SET, CHARACTER STRING. */
const HOLDS_VALUES = new Set([8, 11, 16, 17, 29])

/**
 * Whether a value of this tag holds values; undefined for a tag that DER does not have. It leaves
 * no universal type the choice (X.690 section 10.2), and tag 0 ends what has no definite length.
 */
export function holdsValues(tag: number): boolean | undefined {
  const constructed = (tag & CONSTRUCTED) !== 0
  const isUniversal = tag < 0x40
  if (!isUniversal) return constructed
  const number = tag & HIGH_TAG_NUMBER
  return number !== 0 && constructed === HOLDS_VALUES.has(number) ? constructed : undefined
}

/** X.680 section 41.4; the rest of ASCII (`*`, `@`, `_`) is outside it. */
export const isPrintable = (text: string): boolean => /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text)
