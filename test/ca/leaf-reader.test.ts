import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LeafReader } from '../../src/ca/leaf-reader.js'
import { integer, octetString, time, tlv, utf8String } from '../../src/core/der-writer.js'
import { unixSeconds } from '../../src/core/time.js'

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const ascii = (tag: number, text: string): Uint8Array => tlv(tag, Buffer.from(text))
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18

describe('LeafReader.enter', () => {
  it.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000])(
    'reads the header of %d octets, whatever follows',
    (length) => {
      const value = octetString(new Uint8Array(length))
      const reader = new LeafReader(Buffer.concat([value, Buffer.of(5, 0)]))
      expect(reader.enter(0x04)).toBe(value.length)
      expect(reader.position).toBe(value.length - length)
      expect(new LeafReader(value).enterTo(0x04, value.length)).toBe(true)
      expect(new LeafReader(value).enterTo(0x04, value.length + 1)).toBe(false)
      expect(new LeafReader(value).enter(0x03)).toBe(-1)
      expect(new LeafReader(value.subarray(0, -1)).enter(0x04)).toBe(-1)
    },
  )

  it.each([
    { when: 'nothing is there', header: '' },
    { when: 'there is no length', header: '04' },
    { when: 'the length is indefinite', header: '04 80' },
    { when: 'the length is in one octet more than it needs', header: '04 81 7f' },
    { when: 'it is in two octets more', header: '04 82 00 7f' },
    { when: 'it is in two octets and fits in one', header: '04 82 00 ff' },
    { when: 'it is in three octets and fits in two', header: '04 83 00 ff ff' },
    { when: 'it is in four octets', header: '04 84 00 00 00 05' },
    { when: 'it is reserved', header: '04 ff' },
  ])('reads nothing when $when', ({ header }) => {
    const octets = Buffer.concat([
      bytes(header),
      header.length > 2 ? Buffer.alloc(70_000) : bytes(''),
    ])
    expect(new LeafReader(octets).enter(0x04)).toBe(-1)
  })

  it.each(['04 81', '04 82', '04 82 01', '04 83 01 00'])(
    'reads nothing when the length itself is cut off: %s',
    (header) => {
      expect(new LeafReader(bytes(header)).enter(0x04)).toBe(-1)
    },
  )
})

describe('LeafReader takes', () => {
  const reader = (octets: Uint8Array): LeafReader => new LeafReader(octets)

  it('exactly the octets that it is given, up to the last', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.uint8Array(), (expected, rest) => {
        const given = reader(Buffer.concat([expected, rest]))
        expect(given.takes(expected)).toBe(true)
        expect(given.position).toBe(expected.length)
        expect(reader(expected.subarray(0, -1)).takes(expected)).toBe(false)
        expect(reader(expected.map((octet) => octet ^ 1)).takes(expected)).toBe(false)
      }),
    )
  })

  it('the text that it is given, in a value of that tag', () => {
    const der = utf8String('é')
    expect(reader(der).takesText(0x0c, 'é')).toBe(true)
    expect(reader(der).takesText(0x0c, 'e')).toBe(false)
    expect(reader(der).takesText(0x13, 'é')).toBe(false)
    expect(reader(utf8String('')).takesText(0x0c, '')).toBe(true)
    expect(reader(bytes('')).takesText(0x0c, '')).toBe(false)
  })

  it.each(['00', '01', '7f', '80', 'ff', '7fffffff', '80000000', '4a00'])(
    'the positive INTEGER %s',
    (hex) => {
      expect(reader(integer(bytes(hex))).takesInteger(hex)).toBe(true)
      expect(reader(integer(bytes(hex))).takesInteger('4b')).toBe(false)
      expect(reader(tlv(0x04, bytes(hex))).takesInteger(hex)).toBe(false)
      expect(reader(bytes('')).takesInteger(hex)).toBe(false)
    },
  )

  it.each([
    { when: 'negative', content: '80', hex: '80' },
    { when: 'with a zero too many', content: '00 7f', hex: '7f' },
    { when: 'with two zeros too many', content: '00 00 80', hex: '80' },
  ])('no INTEGER that is $when', ({ content, hex }) => {
    expect(reader(tlv(0x02, bytes(content))).takesInteger(hex)).toBe(false)
  })
})

describe('LeafReader.time', () => {
  it('reads what is written, in every year', () => {
    const [first, last] = [Date.UTC(1950, 0) / 1000, Date.UTC(9999, 11, 31, 23, 59, 59) / 1000]
    fc.assert(
      fc.property(fc.integer({ min: 0, max: last }), (at) => {
        const reader = new LeafReader(time(unixSeconds(at)))
        expect(reader.time()).toBe(at)
        expect(reader.position).toBe(time(unixSeconds(at)).length)
      }),
    )
    expect(new LeafReader(ascii(UTC_TIME, '500101000000Z')).time()).toBe(first)
    expect(new LeafReader(ascii(UTC_TIME, '491231235959Z')).time()).toBe(
      Date.UTC(2049, 11, 31, 23, 59, 59) / 1000,
    )
    expect(new LeafReader(ascii(GENERALIZED_TIME, '20500101000000Z')).time()).toBe(
      Date.UTC(2050, 0) / 1000,
    )
    expect(new LeafReader(ascii(GENERALIZED_TIME, '19491231235959Z')).time()).toBe(first - 1)
  })

  it.each([
    { when: 'a GeneralizedTime before 2050', tag: GENERALIZED_TIME, text: '20491231235959Z' },
    { when: 'a GeneralizedTime of 1950', tag: GENERALIZED_TIME, text: '19500101000000Z' },
    { when: 'another zone', tag: UTC_TIME, text: '261121120000+' },
    { when: 'no zone', tag: UTC_TIME, text: '261121120000' },
    { when: 'no seconds', tag: UTC_TIME, text: '2611211200Z' },
    { when: 'fractions', tag: GENERALIZED_TIME, text: '20501121120000.5Z' },
    { when: 'a year of four digits in a UTCTime', tag: UTC_TIME, text: '20261121120000Z' },
    { when: 'an INTEGER', tag: 0x02, text: '261121120000Z' },
    { when: 'a year that is no number', tag: UTC_TIME, text: '2:1121120000Z' },
    { when: 'text', tag: 0x0c, text: '20501121120000Z' },
    { when: 'text without a year', tag: 0x0c, text: '1121120000Z' },
  ])('does not read $when', ({ tag, text }) => {
    expect(new LeafReader(ascii(tag, text)).time()).toBe(-1)
  })

  it.each(['26112112000:Z', '26112112000/Z', '26 121120000Z', '26-121120000Z'])(
    'makes nothing that equals a time of %s',
    (text) => {
      expect(new LeafReader(ascii(UTC_TIME, text)).time()).toBeNaN()
    },
  )

  it('does not read where nothing is', () => {
    expect(new LeafReader(bytes('')).time()).toBe(-1)
  })
})
