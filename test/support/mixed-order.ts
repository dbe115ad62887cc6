import { ed25519 } from '@noble/curves/ed25519.js'
import { createHash } from 'node:crypto'

const { Point } = ed25519
const L = Point.Fn.ORDER

/** Of order 8. */
export const TORSION = Point.fromHex(
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
)

const sha512 = (...parts: readonly (string | Uint8Array)[]): bigint => {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return BigInt(`0x${Buffer.from(hash.digest()).reverse().toString('hex')}`)
}

const scalarOctets = (scalar: bigint): Buffer =>
  Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse()

/**
 * An Ed25519 key [a]B + [n]T with T of order 8, honest where n is 0: its holder decides of each signature whether it
 * holds by [S]B = R + [k]A, or only by eight times both sides (RFC 8032 section 5.1.7).
 */
export class MixedOrderKey {
  readonly publicKey: Uint8Array
  private readonly scalar: bigint
  private readonly seed: string

  constructor(seed: string, times = 1n) {
    this.seed = seed
    this.scalar = (sha512('a', seed) % (L - 1n)) + 1n
    const honest = Point.BASE.multiply(this.scalar)
    this.publicKey = (times === 0n ? honest : honest.add(TORSION.multiply(times))).toBytes()
  }

  /** That holds everywhere: R is tried until 8 divides k, and what is added to the key adds nothing. */
  sign(message: Uint8Array): Buffer {
    return this.signature(message, (k) => k % 8n === 0n)
  }

  /** That holds by eight times both sides alone. */
  signForSome(message: Uint8Array): Buffer {
    return this.signature(message, (k) => k % 2n === 1n)
  }

  /** The same, by what is added to R: whoever has an honest key can do this. */
  signWithTorsion(message: Uint8Array): Buffer {
    return this.signature(message, (k) => k % 8n === 0n, TORSION)
  }

  private signature(
    message: Uint8Array,
    isWanted: (k: bigint) => boolean,
    added = Point.ZERO,
  ): Buffer {
    for (let tried = 0; ; tried += 1) {
      const r = (sha512('r', this.seed, String(tried), message) % (L - 1n)) + 1n
      const R = Point.BASE.multiply(r).add(added).toBytes()
      const k = sha512(R, this.publicKey, message) % L
      if (isWanted(k)) return Buffer.concat([R, scalarOctets((r + k * this.scalar) % L)])
    }
  }
}
