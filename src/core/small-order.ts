/**
 * The y coordinates of the points whose order divides 8, little-endian, without the sign bit; the
 * last two are the non-canonical spellings of 0 and 1. Under such a key one fixed signature is
 * valid for every message.
 */
const smallOrder = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/** True when an Ed25519 public key (32 octets) signs nothing, whoever holds it. */
export function isSmallOrder(publicKey: Uint8Array): boolean {
  const octets = Buffer.from(publicKey)
  octets[31] = (octets[31] ?? 0) & 0x7f
  return smallOrder.has(octets.toString('hex'))
}
