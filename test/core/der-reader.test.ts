import { describe, expect, it } from '@jest/globals'
import { DerError, type DerReader, readDer } from '../../src/core/der-reader.js'
import { contextConstructedTag, contextPrimitiveTag, tags } from '../../src/core/der-tags.js'
import { tlv } from '../../src/core/der-writer.js'

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const read = <T>(der: string, parse: (reader: DerReader) => T): T | DerError =>
  readDer(hex(der), 1000, parse)

/** As JSON would show it, so that byte arrays compare by content. */
const shown = (value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value

type Parse = (reader: DerReader) => unknown
const any: Parse = (reader) => reader.any()
const sequence: Parse = (reader) => reader.sequence((inner) => inner.any())
const integer: Parse = (reader) => reader.integer()
const small: Parse = (reader) => reader.smallInteger()
const unsigned: Parse = (reader) => reader.unsignedInteger()
const boolean: Parse = (reader) => reader.boolean()
const bits: Parse = (reader) => reader.bitStringOctets()
const fraction: Parse = (reader) => reader.bitString()
const named: Parse = (reader) => reader.namedBits()
const oid: Parse = (reader) => reader.oid()
const text: Parse = (reader) => reader.text()
const time: Parse = (reader) => reader.time()
const none: Parse = (reader) => reader.null()

describe('DerReader reads', () => {
  it.each<{ when: string; der: string; parse: Parse; value: unknown }>([
    { when: 'a sequence of one', der: '3003 020100', parse: sequence, value: '020100' },
    {
      when: 'a length of 128 octets',
      der: `048180${'00'.repeat(128)}`,
      parse: (r) => r.octetString().length,
      value: 128,
    },
    {
      when: 'a length of 256 octets',
      der: `04820100${'00'.repeat(256)}`,
      parse: (r) => r.octetString().length,
      value: 256,
    },
    { when: 'zero', der: '020100', parse: integer, value: '00' },
    { when: 'a negative integer as it stands', der: '0201ff', parse: integer, value: 'ff' },
    { when: 'a sign octet that is needed', der: '02020080', parse: integer, value: '0080' },
    { when: 'the largest small integer', der: '02047fffffff', parse: small, value: 0x7fffffff },
    {
      when: 'an unsigned integer without its sign octet',
      der: '02020080',
      parse: unsigned,
      value: '80',
    },
    { when: 'true', der: '0101ff', parse: boolean, value: true },
    { when: 'false', der: '010100', parse: boolean, value: false },
    { when: 'an empty bit string', der: '030100', parse: bits, value: '' },
    { when: 'whole octets of bits', der: '030200a5', parse: bits, value: 'a5' },
    { when: 'named bits', der: '0303 07 0680', parse: named, value: [5, 6, 8] },
    { when: 'no named bits', der: '030100', parse: named, value: [] },
    { when: 'null', der: '0500', parse: none, value: undefined },
    { when: 'an OID', der: '0608 2a8648ce3d030107', parse: oid, value: '1.2.840.10045.3.1.7' },
    { when: 'an OID of one octet', der: '060100', parse: oid, value: '0.0' },
    { when: 'UTF-8', der: '0c03 e282ac', parse: text, value: '€' },
    { when: 'a printable string', der: '1303 412d39', parse: text, value: 'A-9' },
    { when: 'an IA5 string', der: '1603 614062', parse: text, value: 'a@b' },
    {
      when: 'the last UTCTime',
      der: tlvHex(tags.utcTime, '491231235959Z'),
      parse: time,
      value: 2524607999,
    },
    {
      when: 'the first UTCTime',
      der: tlvHex(tags.utcTime, '500101000000Z'),
      parse: time,
      value: -631152000,
    },
    {
      when: 'the first GeneralizedTime after it',
      der: tlvHex(tags.generalizedTime, '20500101000000Z'),
      parse: time,
      value: 2524608000,
    },
    {
      when: 'the end of time',
      der: tlvHex(tags.generalizedTime, '99991231235959Z'),
      parse: time,
      value: 253402300799,
    },
    {
      when: 'anything, nested',
      der: '30 06 a0 04 a1 02 80 00',
      parse: any,
      value: '3006a004a1028000',
    },
  ])('$when', ({ der, parse, value }) => {
    expect(shown(read(der, parse))).toEqual(value)
  })
})

describe('DerReader refuses', () => {
  it.each<{ when: string; der: string; parse: Parse }>([
    { when: 'nothing at all', der: '', parse: any },
    { when: 'half a header', der: '30', parse: any },
    { when: 'another tag than asked for', der: '310302 0100', parse: sequence },
    { when: 'octets after the value', der: '020100 00', parse: integer },
    { when: 'octets after the last inner value', der: '3004 020100 00', parse: sequence },
    { when: 'a value longer than its parent', der: '3003 020200', parse: sequence },
    {
      when: 'a value that reaches into its parent’s sibling',
      der: '3006 3001 0201 0000',
      parse: (r) => r.sequence((s) => [s.sequence((i) => i.any()), s.any()]),
    },
    { when: 'an indefinite length', der: '3080 0201000000', parse: any },
    { when: 'a reserved length', der: '30ff 020100', parse: any },
    { when: 'a length in five octets', der: '308500000000 03020100', parse: any },
    { when: 'a length cut short', der: '3082 01', parse: any },
    { when: 'a long form that fits the short one', der: '308103 020100', parse: any },
    { when: 'a long form with a leading zero', der: `04820080${'00'.repeat(128)}`, parse: any },
    { when: 'a length of 4 GiB', der: '0484ffffffff 00', parse: any },
    { when: 'a tag number above 30', der: '1f01 00', parse: any },
    { when: 'a context tag number above 30', der: 'bf00', parse: any },
    { when: 'end-of-contents octets', der: '0000', parse: any },
    { when: 'a constructed string', der: '2405 0403 616263', parse: any },
    { when: 'a primitive sequence', der: '1000', parse: any },
    { when: 'an empty integer', der: '0200', parse: integer },
    { when: 'an integer with a needless zero', der: '0202007f', parse: integer },
    { when: 'an integer with a needless sign', der: '0202ffff', parse: integer },
    { when: 'a negative small integer', der: '0201ff', parse: small },
    { when: 'a small integer of 2^31', der: '02050080000000', parse: small },
    { when: 'a negative unsigned integer', der: '0201ff', parse: unsigned },
    { when: 'true spelled 01', der: '010101', parse: boolean },
    { when: 'a boolean of two octets', der: '0102ffff', parse: boolean },
    { when: 'an empty boolean', der: '0100', parse: boolean },
    { when: 'null with content', der: '050100', parse: none },
    { when: 'bits without a count', der: '0300', parse: fraction },
    { when: 'eight unused bits', der: '03020800', parse: fraction },
    { when: 'unused bits of nothing', der: '030101', parse: fraction },
    { when: 'unused bits that are set', der: '0302 07 ff', parse: fraction },
    { when: 'a fraction of an octet where octets are wanted', der: '0302 04 f0', parse: bits },
    { when: 'named bits with trailing zeros', der: '0302 00 a0', parse: named },
    { when: 'named bits with a trailing octet', der: '0303 07 0600', parse: named },
    { when: 'an empty OID', der: '0600', parse: oid },
    { when: 'an OID arc with a leading zero', der: '0603 2a8001', parse: oid },
    { when: 'an OID cut inside an arc', der: '0602 2a86', parse: oid },
    { when: 'UTF-8 that is not', der: '0c02 c0af', parse: text },
    { when: 'a surrogate in UTF-8', der: '0c03 eda080', parse: text },
    { when: 'an asterisk in a printable string', der: '1301 2a', parse: text },
    { when: 'a NUL in a printable string', der: '1301 00', parse: text },
    { when: 'Latin-1 in an IA5 string', der: '1601 e9', parse: text },
    { when: 'a teletex string', der: '1401 61', parse: text },
    { when: 'a BMP string', der: '1e02 0061', parse: text },
    { when: 'UTCTime without seconds', der: tlvHex(tags.utcTime, '4912312359Z'), parse: time },
    { when: 'UTCTime with an offset', der: tlvHex(tags.utcTime, '491231235959+0000'), parse: time },
    {
      when: 'GeneralizedTime with a fraction',
      der: tlvHex(tags.generalizedTime, '20500101000000.5Z'),
      parse: time,
    },
    {
      when: 'GeneralizedTime for a year of UTCTime',
      der: tlvHex(tags.generalizedTime, '20490101000000Z'),
      parse: time,
    },
    { when: 'the 30th of February', der: tlvHex(tags.utcTime, '490230000000Z'), parse: time },
    { when: 'the 13th month', der: tlvHex(tags.utcTime, '491301000000Z'), parse: time },
    { when: 'hour 24', der: tlvHex(tags.utcTime, '490101240000Z'), parse: time },
    { when: 'a leap second', der: tlvHex(tags.utcTime, '481231235960Z'), parse: time },
  ])('$when', ({ der, parse }) => {
    expect(read(der, parse)).toBeInstanceOf(DerError)
  })

  it('more octets than the bound, before it looks at them', () => {
    const tooMany = tlv(tags.octetString, new Uint8Array(999))
    expect(
      readDer(tooMany, 1000, () => {
        throw new Error('looked')
      }),
    ).toBeInstanceOf(DerError)
  })
})

describe('DerReader', () => {
  it('reads 31 levels, and not 33 (CVE-2025-66031)', () => {
    const nest = (levels: number): Uint8Array => {
      let der = tlv(tags.null)
      for (let i = 0; i < levels; i++) der = tlv(tags.sequence, der)
      return der
    }
    expect(readDer(nest(31), 1000, any)).not.toBeInstanceOf(DerError)
    expect(readDer(nest(32), 1000, any)).not.toBeInstanceOf(DerError)
    expect(readDer(nest(33), 1000, any)).toBeInstanceOf(DerError)
  })

  it('does not stop a function’s own exception', () => {
    const thrown = new TypeError('a bug')
    expect(() =>
      read('0500', () => {
        throw thrown
      }),
    ).toThrow(thrown)
  })

  it('gives views of the input, the exact octets of what was read among them', () => {
    const der = hex('3006 020101 020102')
    const seen = readDer(der, 100, (reader) =>
      reader.sequence((inner) => {
        inner.any()
        const from = inner.offset
        const second = inner.integer()
        return { second, whole: inner.since(from) }
      }),
    )
    if (seen instanceof DerError) throw seen
    expect(shown(seen.whole)).toBe('020102')
    expect(seen.second.buffer).toBe(der.buffer)
  })

  it('says what comes next without reading it', () => {
    const seen = read('a000', (reader) => {
      const before = [reader.peekTag(), reader.more]
      reader.constructed(contextConstructedTag(0), () => undefined)
      return [...before, reader.peekTag(), reader.more]
    })
    expect(seen).toEqual([0xa0, true, -1, false])
    expect(contextPrimitiveTag(2)).toBe(0x82)
  })

  it.each<{ when: string; der: string; dotted: string }>([
    {
      when: 'the arc of a UUID',
      der: '0614 69 83ffffffffffffffffffffffffffffffffff7f',
      dotted: '2.25.340282366920938463463374607431768211455',
    },
    {
      when: '2^32 + 19 as what it is',
      der: '0607 551d 90 80 80 80 13',
      dotted: '2.5.29.4294967315',
    },
    {
      when: '2^53 + 1 exactly',
      der: '0609 2a 90 80 80 80 80 80 80 01',
      dotted: '1.2.9007199254740993',
    },
    { when: 'a first arc above 2.47', der: '0602 8837', dotted: '2.999' },
    { when: 'a large first arc', der: '0606 90 80 80 80 55 03', dotted: '2.4294967301.3' },
  ])('keeps $when', ({ der, dotted }) => {
    expect(read(der, oid)).toBe(dotted)
  })
})

function tlvHex(tag: number, ascii: string): string {
  return Buffer.from(tlv(tag, Buffer.from(ascii))).toString('hex')
}
