import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { ed25519 as nobleEd25519 } from '@noble/curves/ed25519.js'
import { p256 as nobleP256 } from '@noble/curves/nist.js'
import { bitString, integer, nullValue, oid, sequence, tlv } from '../../src/core/der-writer.js'
import { importPublicKey } from '../../src/csr/import-public-key.js'
import { allowKey } from '../../src/csr/key-policy.js'
import { ed25519, p256, p384, spkiOf } from './make-csr.js'

const EC = '1.2.840.10045.2.1'
const P256 = '1.2.840.10045.3.1.7'
const RSA = '1.2.840.113549.1.1.1'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const spki = (algorithm: readonly Uint8Array[], key: Uint8Array): Uint8Array =>
  sequence(sequence(...algorithm), bitString(key))
const p256Key = (point: Uint8Array): Uint8Array => spki([oid(EC), oid(P256)], point)
const ed25519Key = (key: Uint8Array): Uint8Array => spki([oid('1.3.101.112')], key)
const rsaKey = (modulus: Uint8Array, exponent: Uint8Array = hex('010001')): Uint8Array =>
  spki([oid(RSA), nullValue()], sequence(integer(modulus), integer(exponent)))

/** A number of so many bits without a factor below 1000, and without the mark of ROCA. */
function modulus(bits: number): Uint8Array {
  for (let n = 2n ** BigInt(bits - 1) + 1n; ; n += 2n) {
    if (smallPrimes.every((prime) => n % prime !== 0n) && n % 11n === 2n) return bigEndian(n)
  }
}
const smallPrimes = [
  3n,
  5n,
  7n,
  11n,
  13n,
  17n,
  19n,
  23n,
  29n,
  31n,
  37n,
  41n,
  43n,
  47n,
  53n,
  59n,
  61n,
  67n,
  71n,
  73n,
  79n,
  83n,
  89n,
  97n,
  101n,
  103n,
  107n,
  109n,
  113n,
  127n,
  131n,
  137n,
  139n,
  149n,
  151n,
  157n,
  163n,
  167n,
]
function bigEndian(n: bigint): Uint8Array {
  const text = n.toString(16)
  return hex(text.length % 2 === 0 ? text : `0${text}`)
}

/** Looks like a ROCA modulus: modulo each small prime it is a power of 65537. */
function rocaModulus(): Uint8Array {
  const product = smallPrimes.reduce((a, b) => a * b, 2n)
  let power = 1n
  for (let i = 0; i < 12_345; i++) power = (power * 65_537n) % product
  return bigEndian((2n ** 3071n / product + 1n) * product + power)
}

const point = spkiOf(p256).slice(-65)
const onXZero = nobleP256.Point.fromHex(`02${'00'.repeat(32)}`).toBytes(false)
const P256_PRIME = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff'

describe('allowKey takes', () => {
  it.each([
    { key: 'P-256', pair: p256 },
    { key: 'P-384', pair: p384 },
    { key: 'Ed25519', pair: ed25519 },
  ])('$key, in a copy of its own', ({ key, pair }) => {
    const given = spkiOf(pair)
    const before = Uint8Array.from(given)
    const allowed = allowKey(given)
    if (!allowed.ok) throw new Error(allowed.refusal.detail)
    given.fill(0)
    expect(allowed.value.algorithm).toBe(key)
    expect(allowed.value.spki).toEqual(before)
    const { spki, keyOctets } = allowed.value
    expect(keyOctets.buffer).toBe(spki.buffer)
    expect(keyOctets).toEqual(before.slice(-keyOctets.length))
  })

  it.each([3072, 4096, 8192])('RSA of %d bits', (bits) => {
    expect(allowKey(rsaKey(modulus(bits)))).toMatchObject({ ok: true, value: { algorithm: 'RSA' } })
  })
})

describe('allowKey refuses', () => {
  const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 3072 })

  it.each<{ when: string; key: () => Uint8Array }>([
    { when: 'RSA of 2048 bits', key: () => rsaKey(modulus(2048)) },
    { when: 'RSA of 3071 bits', key: () => rsaKey(modulus(3071)) },
    { when: 'RSA of 8193 bits', key: () => rsaKey(modulus(8193)) },
    { when: 'RSA of 16384 bits (SPIRE 1.14.2)', key: () => rsaKey(modulus(16_384)) },
    { when: 'RSA with exponent 1', key: () => rsaKey(modulus(3072), hex('01')) },
    { when: 'RSA with exponent 3', key: () => rsaKey(modulus(3072), hex('03')) },
    { when: 'RSA with exponent 65536', key: () => rsaKey(modulus(3072), hex('010000')) },
    {
      when: 'RSA with an exponent of 65 bits',
      key: () => rsaKey(modulus(3072), hex('010000000000010001')),
    },
    { when: 'RSA with an even modulus', key: () => rsaKey(bigEndian(2n ** 3071n)) },
    {
      when: 'RSA with the factor 167',
      key: () =>
        rsaKey(
          bigEndian((BigInt(`0x${Buffer.from(modulus(3072)).toString('hex')}`) / 167n) * 167n),
        ),
    },
    { when: 'RSA with the mark of ROCA (CVE-2017-15361)', key: () => rsaKey(rocaModulus()) },
    {
      when: 'a negative modulus',
      key: () => spki([oid(RSA), nullValue()], sequence(tlv(0x02, modulus(3072)), integer(65_537))),
    },
    {
      when: 'an RSA key with a third number',
      key: () =>
        spki(
          [oid(RSA), nullValue()],
          sequence(integer(modulus(3072)), integer(65_537), integer(1)),
        ),
    },
    {
      when: 'RSA without NULL',
      key: () => spki([oid(RSA)], sequence(integer(modulus(3072)), integer(65_537))),
    },
    { when: 'RSA restricted to PSS', key: () => spkiOf(pss) },
    {
      when: 'the same key under the OID of PSS',
      key: () =>
        spki(
          [oid('1.2.840.113549.1.1.10'), nullValue()],
          sequence(integer(modulus(3072)), integer(65_537)),
        ),
    },
    {
      when: 'DSA',
      key: () =>
        spki(
          [oid('1.2.840.10040.4.1'), sequence(integer(23), integer(11), integer(4))],
          integer(8),
        ),
    },
    { when: 'X25519', key: () => spki([oid('1.3.101.110')], new Uint8Array(32).fill(9)) },
    { when: 'Ed448', key: () => spki([oid('1.3.101.113')], new Uint8Array(57).fill(9)) },
    {
      when: 'P-192',
      key: () => spki([oid(EC), oid('1.2.840.10045.3.1.1')], new Uint8Array(49).fill(4)),
    },
    { when: 'P-521', key: () => spki([oid(EC), oid('1.3.132.0.35')], new Uint8Array(133).fill(4)) },
    { when: 'secp256k1', key: () => spki([oid(EC), oid('1.3.132.0.10')], point) },
    {
      when: 'a curve OID that is P-256’s modulo 2^32',
      key: () => spki([oid(EC), oid(`1.2.840.10045.3.1.${2n ** 32n + 7n}`)], point),
    },
    {
      when: 'a key OID that is ecPublicKey modulo 2^32',
      key: () => spki([oid(`1.2.840.${2n ** 32n + 10_045n}.2.1`), oid(P256)], point),
    },
    { when: 'P-256 in explicit parameters', key: () => spkiOf(explicit) },
    { when: 'a curve by implicitCurve NULL', key: () => spki([oid(EC), nullValue()], point) },
    { when: 'an elliptic key without a curve', key: () => spki([oid(EC)], point) },
    {
      when: 'parameters after the curve',
      key: () => spki([oid(EC), oid(P256), nullValue()], point),
    },
    {
      when: 'a compressed point',
      key: () => p256Key(nobleP256.Point.fromHex(Buffer.from(point).toString('hex')).toBytes(true)),
    },
    {
      when: 'a hybrid point',
      key: () => p256Key(Uint8Array.of(0x06 | (point[64]! & 1), ...point.subarray(1))),
    },
    { when: 'the point at infinity', key: () => p256Key(Uint8Array.of(0)) },
    { when: 'an empty point', key: () => p256Key(new Uint8Array(0)) },
    { when: 'a point of 64 octets', key: () => p256Key(point.subarray(0, 64)) },
    { when: 'a point with an octet more', key: () => p256Key(Uint8Array.of(...point, 0)) },
    { when: 'a P-384 point on P-256', key: () => p256Key(spkiOf(p384).slice(-97)) },
    {
      when: 'Ed25519 with NULL',
      key: () => spki([oid('1.3.101.112'), nullValue()], spkiOf(ed25519).slice(-32)),
    },
    { when: 'Ed25519 of 31 octets', key: () => ed25519Key(spkiOf(ed25519).slice(-31)) },
    { when: 'Ed25519 with y = 2^255 - 1', key: () => ed25519Key(hex(`${'ff'.repeat(31)}7f`)) },
    { when: 'Ed25519 with y = p', key: () => ed25519Key(hex(`ed${'ff'.repeat(30)}7f`)) },
    {
      when: 'a bit string with unused bits',
      key: () => sequence(sequence(oid(EC), oid(P256)), tlv(0x03, Uint8Array.of(1), point)),
    },
    {
      when: 'octets after the key',
      key: () => sequence(sequence(oid(EC), oid(P256)), bitString(point), nullValue()),
    },
    { when: 'octets after it all', key: () => Uint8Array.of(...spkiOf(p256), 0) },
    { when: 'nothing', key: () => new Uint8Array(0) },
  ])('$when', ({ key }) => {
    expect(allowKey(key())).toMatchObject({ ok: false, refusal: { code: 'csr.key-not-allowed' } })
  })

  // The 14 encodings of points of small order, from the torsion subgroup itself.
  const torsion = ['c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa']
    .map((text) => nobleEd25519.Point.fromHex(text))
    .flatMap((generator) =>
      Array.from({ length: 8 }, (_, n) =>
        n === 0 ? nobleEd25519.Point.ZERO : generator.multiply(BigInt(n)),
      ),
    )
    .map((small) => small.toBytes())

  it.each(torsion.map((key) => [Buffer.from(key).toString('hex'), key] as const))(
    'the Ed25519 point of small order %s',
    (_, key) => {
      const negative = Uint8Array.from(key)
      negative[31] = negative[31]! ^ 0x80
      expect(allowKey(ed25519Key(key)).ok).toBe(false)
      expect(allowKey(ed25519Key(negative)).ok).toBe(false)
    },
  )

  it('eight points of small order, all different', () => {
    expect(new Set(torsion.map((key) => Buffer.from(key).toString('hex'))).size).toBe(8)
  })
})

describe('importPublicKey', () => {
  const imported = (key: Uint8Array): ReturnType<typeof importPublicKey> => {
    const allowed = allowKey(key)
    if (!allowed.ok) throw new Error(allowed.refusal.found)
    return importPublicKey(allowed.value)
  }

  it.each([
    { key: 'P-256', pair: p256 },
    { key: 'P-384', pair: p384 },
    { key: 'Ed25519', pair: ed25519 },
  ])('makes the key of $key that the SPKI says', ({ pair }) => {
    expect(imported(spkiOf(pair))?.equals(pair.publicKey)).toBe(true)
  })

  it('takes a point with x = 0 for what it is', () => {
    expect(imported(p256Key(onXZero))).toBeDefined()
  })

  it.each<{ when: string; key: Uint8Array }>([
    {
      when: 'a point beside its curve',
      key: p256Key(point.map((octet, at) => (at === 64 ? octet ^ 1 : octet))),
    },
    { when: 'the point (0, 0)', key: p256Key(Uint8Array.of(4, ...new Uint8Array(64))) },
    {
      when: 'x = p, which is 0 modulo p',
      key: p256Key(Uint8Array.of(4, ...hex(P256_PRIME), ...onXZero.subarray(33))),
    },
    {
      when: 'coordinates of all ones',
      key: p256Key(Uint8Array.of(4, ...new Uint8Array(64).fill(0xff))),
    },
  ])('makes none of $when', ({ key }) => {
    expect(imported(key)).toBeUndefined()
  })
})
