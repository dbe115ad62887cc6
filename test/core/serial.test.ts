import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DerError, readDer } from '../../src/core/der-reader.js'
import { integer } from '../../src/core/der-writer.js'
import { parseSerial, serialFromRandom } from '../../src/core/serial.js'

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 })

describe('serialFromRandom', () => {
  it('makes a positive, minimal INTEGER of 16 octets from any octets', () => {
    fc.assert(
      fc.property(sixteen, (random) => {
        const serial = serialFromRandom(random)
        const octets = readDer(integer(Buffer.from(serial, 'hex')), 20, (r) => r.unsignedInteger())
        expect(octets instanceof DerError).toBe(false)
        expect(Buffer.from(octets as Uint8Array).toString('hex')).toBe(serial)
        expect(serial).toHaveLength(32)
      }),
    )
  })

  it('keeps 126 of the 128 bits', () => {
    fc.assert(
      fc.property(sixteen, (random) => {
        const octets = Buffer.from(serialFromRandom(random), 'hex')
        expect(octets.subarray(1)).toEqual(Buffer.from(random.subarray(1)))
        expect(octets[0]! & 0x3f).toBe(random[0]! & 0x3f)
      }),
    )
  })

  it('leaves the octets it was given as they were', () => {
    const random = new Uint8Array(16).fill(0xff)
    serialFromRandom(random)
    expect(random[0]).toBe(0xff)
  })

  it.each([0, 15, 17, 32])('does not take %d octets', (size) => {
    expect(() => serialFromRandom(new Uint8Array(size))).toThrow(RangeError)
  })
})

describe('parseSerial', () => {
  const serial = '4f'.repeat(16)

  it.each([
    serial,
    serial.toUpperCase(),
    `0x${serial}`,
    ` ${serial}\n`,
    serial.replaceAll(/..(?=.)/g, '$&:'),
  ])('takes %j', (text) => {
    expect(parseSerial(text)).toBe(serial)
  })

  it.each(['', '4f', `${serial}4f`, 'zz'.repeat(16), `-${serial.slice(1)}`, `0x0x${serial}`])(
    'refuses %j',
    (text) => {
      expect(parseSerial(text)).toBeUndefined()
    },
  )
})
