import type { Brand } from './brand.js'

/** A certificate serial number: 32 lower-case hex digits, 16 octets (RFC 5280 section 4.1.2.2). */
export type SerialNumber = Brand<string, 'SerialNumber'>

const SERIAL_OCTETS = 16

export function serialFromRandom(random: Uint8Array): SerialNumber {
  if (random.length !== SERIAL_OCTETS) throw new RangeError(`need ${SERIAL_OCTETS} octets`)
  const octets = Uint8Array.from(random)
  // Leading octet in 0x40..0x7f: the DER INTEGER is positive, minimal, and always 16 octets long.
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40
  return Buffer.from(octets).toString('hex') as SerialNumber
}

/** Any spelling people paste: upper case, colons, a leading `0x`. Undefined when it is no serial. */
export function parseSerial(text: string): SerialNumber | undefined {
  const hex = text.trim().toLowerCase().replace(/^0x/, '').replaceAll(':', '')
  return /^[0-9a-f]{32}$/.test(hex) ? (hex as SerialNumber) : undefined
}
