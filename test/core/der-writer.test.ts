import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DerError, type DerReader, readDer } from '../../src/core/der-reader.js'
import { tags } from '../../src/core/der-tags.js'
import * as der from '../../src/core/der-writer.js'
import { unixSeconds } from '../../src/core/time.js'

const hexOf = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const readAll = <T>(octets: Uint8Array, parse: (reader: DerReader) => T): T => {
  const value = readDer(octets, 1_000_000, parse)
  if (value instanceof DerError) throw value
  return value
}
const instant = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 })

describe('the DER writer', () => {
  it.each<{ when: string; written: () => Uint8Array; hex: string }>([
    { when: 'an empty sequence', written: () => der.sequence(), hex: '3000' },
    { when: 'zero', written: () => der.integer(0), hex: '020100' },
    { when: '127', written: () => der.integer(127), hex: '02017f' },
    { when: '128 with a sign octet', written: () => der.integer(128), hex: '02020080' },
    {
      when: 'octets without their leading zeros',
      written: () => der.integer(Uint8Array.of(0, 0, 1)),
      hex: '020101',
    },
    { when: 'zero octets as zero', written: () => der.integer(Uint8Array.of(0, 0)), hex: '020100' },
    {
      when: 'an OID under 2.25',
      written: () => der.oid('2.25.340282366920938463463374607431768211455'),
      hex: '061469 83ffffffffffffffffffffffffffffffffff7f'.replace(' ', ''),
    },
    { when: 'bits', written: () => der.bitString(Uint8Array.of(0xa5)), hex: '030200a5' },
    { when: 'digitalSignature', written: () => der.namedBits(0), hex: '03020780' },
    { when: 'keyCertSign and cRLSign', written: () => der.namedBits(5, 6), hex: '03020106' },
    { when: 'no bits', written: () => der.namedBits(), hex: '030100' },
    { when: 'the ninth bit', written: () => der.namedBits(8), hex: '0303070080' },
    { when: 'null', written: () => der.nullValue(), hex: '0500' },
    { when: 'true', written: () => der.trueValue(), hex: '0101ff' },
    { when: 'UTF-8', written: () => der.utf8String('€'), hex: '0c03e282ac' },
    { when: 'a printable string', written: () => der.printableString('A'), hex: '130141' },
    { when: 'an IA5 string', written: () => der.ia5String('a@b'), hex: '1603614062' },
    {
      when: 'a context tag',
      written: () => der.contextPrimitive(2, der.ia5Octets('a')),
      hex: '820161',
    },
    {
      when: 'an explicit tag',
      written: () => der.contextConstructed(3, der.nullValue()),
      hex: 'a3020500',
    },
    {
      when: 'a set in order of encodings, shorter first',
      written: () => der.setOf(der.integer(300), der.integer(2), der.integer(1)),
      hex: '310a0201010201020202012c',
    },
    {
      when: 'the last second of UTCTime',
      written: () => der.time(unixSeconds(2_524_607_999)),
      hex: hexOf(der.tlv(tags.utcTime, Buffer.from('491231235959Z'))),
    },
    {
      when: 'the first of GeneralizedTime',
      written: () => der.time(unixSeconds(2_524_608_000)),
      hex: hexOf(der.tlv(tags.generalizedTime, Buffer.from('20500101000000Z'))),
    },
  ])('writes $when', ({ written, hex }) => {
    expect(hexOf(written())).toBe(hex)
  })

  it.each([
    { length: 127, header: '047f' },
    { length: 128, header: '048180' },
    { length: 255, header: '0481ff' },
    { length: 256, header: '04820100' },
    { length: 65_536, header: '0483010000' },
  ])('writes a length of $length in as few octets as it takes', ({ length, header }) => {
    expect(hexOf(der.octetString(new Uint8Array(length))).slice(0, header.length)).toBe(header)
  })

  it.each<{ when: string; written: () => Uint8Array }>([
    { when: 'an OID of one arc', written: () => der.oid('1') },
    { when: 'an OID with a leading zero', written: () => der.oid('1.02') },
    { when: 'a second arc of 40 under 1', written: () => der.oid('1.40') },
    { when: 'a first arc of 3', written: () => der.oid('3.1') },
    { when: 'a negative number', written: () => der.integer(-1) },
    { when: 'a fraction', written: () => der.integer(0.5) },
    { when: 'an integer without octets', written: () => der.integer(new Uint8Array(0)) },
    { when: 'an asterisk in a printable string', written: () => der.printableString('*') },
    { when: 'an umlaut in an IA5 string', written: () => der.ia5String('ä') },
    { when: 'the year 10000', written: () => der.time(unixSeconds(253_402_300_800)) },
    { when: 'the year before 0', written: () => der.time(unixSeconds(-62_167_219_201)) },
  ])('does not write $when', ({ written }) => {
    expect(written).toThrow()
  })

  it('writes every OID so that it reads back', () => {
    const arc = fc.bigInt({ min: 0n, max: 2n ** 140n })
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2), fc.nat(39), fc.array(arc), (first, second, rest) => {
        const dotted = [first, second, ...rest].join('.')
        expect(readAll(der.oid(dotted), (reader) => reader.oid())).toBe(dotted)
      }),
    )
    fc.assert(
      fc.property(arc, (second) => {
        expect(readAll(der.oid(`2.${second}`), (reader) => reader.oid())).toBe(`2.${second}`)
      }),
    )
  })

  it('writes every value so that it reads back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array(), fc.string(), instant, (n, octets, text, at) => {
        const written = der.sequence(
          der.integer(n),
          der.octetString(octets),
          der.bitString(octets),
          der.utf8String(text.toWellFormed()),
          der.time(unixSeconds(at)),
        )
        const read = readAll(written, (reader) =>
          reader.sequence((inner) => ({
            n: BigInt(`0x0${hexOf(inner.unsignedInteger())}`),
            octets: hexOf(inner.octetString()),
            bits: hexOf(inner.bitStringOctets()),
            text: inner.text(),
            at: inner.time(),
          })),
        )
        const hex = hexOf(octets)
        expect(read).toEqual({
          n: BigInt(n),
          octets: hex,
          bits: hex,
          text: text.toWellFormed(),
          at,
        })
      }),
    )
  })

  it('writes named bits so that they read back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(20)), (bits) => {
        const read = readAll(der.namedBits(...bits), (reader) => reader.namedBits())
        expect(read).toEqual(bits.toSorted((a, b) => a - b))
      }),
    )
  })
})
