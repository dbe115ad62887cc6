import { describe, expect, it } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { generateKeyPairSync } from 'node:crypto'
import { isPrimeOrder } from '../../src/core/prime-order.js'
import { MixedOrderKey, TORSION } from '../support/mixed-order.js'

const { Point } = ed25519
const unhex = (text: string): Uint8Array => Buffer.from(text, 'hex')
const named = (keys: readonly Uint8Array[]): [string, Uint8Array][] =>
  keys.map((key) => [Buffer.from(key).toString('hex'), key])

/** What another library says of the same octets (RFC 8032, not ZIP 215, which takes more). */
function byNoble(octets: Uint8Array): boolean {
  try {
    const point = Point.fromBytes(octets)
    return !point.isSmallOrder() && point.isTorsionFree()
  } catch {
    return false
  }
}

describe('an Ed25519 key of prime order', () => {
  it('is what OpenSSL makes', () => {
    for (let made = 0; made < 20; made += 1) {
      const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
      const octets = Buffer.from(x!, 'base64url')
      expect([isPrimeOrder(octets), isPrimeOrder(octets)]).toEqual([true, true])
    }
  })

  // RFC 8032 section 7.1, tests 1 to 3, and 1024.
  it.each(
    named(
      [
        'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
        '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
        'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
        '278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e',
      ].map(unhex),
    ),
  )('is %s of RFC 8032', (_, key) => {
    expect(isPrimeOrder(key)).toBe(true)
  })

  const torsion = Array.from({ length: 8 }, (_, n) =>
    n === 0 ? Point.ZERO : TORSION.multiply(BigInt(n)),
  )
  it.each(named(torsion.map((point) => point.toBytes())))('is not %s, of small order', (_, key) => {
    expect(isPrimeOrder(key)).toBe(false)
    const other = Uint8Array.from(key)
    other[31]! ^= 0x80
    expect(isPrimeOrder(other)).toBe(false)
  })

  it('is not of mixed order, with any of the seven points of small order in it', () => {
    const seven = [1n, 2n, 3n, 4n, 5n, 6n, 7n].map((n) => new MixedOrderKey('m', n).publicKey)
    expect(seven.map(isPrimeOrder)).toEqual(seven.map(() => false))
  })

  it.each(
    named(
      [
        // y = 2, 7 and 8: no x belongs to them.
        `02${'00'.repeat(31)}`,
        `07${'00'.repeat(31)}`,
        `08${'00'.repeat(31)}`,
        // y = p, p + 1 and 2^255 - 1; the same with the sign set.
        `ed${'ff'.repeat(30)}7f`,
        `ee${'ff'.repeat(30)}7f`,
        `${'ff'.repeat(31)}7f`,
        `ed${'ff'.repeat(31)}`,
        'ff'.repeat(32),
        // p + 3 and p + 4, where 3 and 4 are on the curve.
        `f0${'ff'.repeat(30)}7f`,
        `f1${'ff'.repeat(30)}7f`,
        // An octet less, one more, none.
        'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751',
        'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a00',
        '',
      ].map(unhex),
    ),
  )('is not %s', (_, octets) => {
    expect(isPrimeOrder(octets)).toBe(false)
  })

  it('is what another library takes for one: of random octets, and of every small y', () => {
    const known = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(known, (octets) => {
        expect(isPrimeOrder(octets)).toBe(byNoble(octets))
      }),
      { numRuns: 100 },
    )
    for (let y = 0; y < 40; y += 1) {
      const octets = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? y : 0))
      expect([y, isPrimeOrder(octets)]).toEqual([y, byNoble(octets)])
    }
  })

  it('is any multiple of the base point, and none with torsion added', () => {
    const scalar = fc.bigInt({ min: 1n, max: Point.Fn.ORDER - 1n })
    fc.assert(
      fc.property(scalar, fc.integer({ min: 1, max: 7 }), (a, n) => {
        const point = Point.BASE.multiply(a)
        expect(isPrimeOrder(point.toBytes())).toBe(true)
        expect(isPrimeOrder(point.add(TORSION.multiply(BigInt(n))).toBytes())).toBe(false)
      }),
      { numRuns: 40 },
    )
  })
})
