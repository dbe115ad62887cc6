/** The field prime of edwards25519 (RFC 8032 section 5.1). */
const P = 2n ** 255n - 19n

/** The y of two points of order 8; the other two have P - y. */
const Y8 = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n

/** The y of the points of order 1, 2, 4 and 8. Each stands for its two signs of x. */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([1n, P - 1n, 0n, Y8, P - Y8])

/**
 * Whether an Ed25519 public key is one that no honest client makes. Under a key of small order a
 * signature can be made without any private key, so that it would prove nothing; a y of P or more
 * is a second spelling of a smaller one (RFC 8032 section 5.1.3 refuses to decode it).
 */
export function isUnsafePoint(key: Uint8Array): boolean {
  const bigEndian = Uint8Array.from(key).reverse()
  bigEndian[0] = (bigEndian[0] ?? 0) & 0x7f
  const y = BigInt(`0x${Buffer.from(bigEndian).toString('hex')}`)
  return y >= P || SMALL_ORDER.has(y)
}
