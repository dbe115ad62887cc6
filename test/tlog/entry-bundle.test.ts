import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeBundle, encodeBundle, MAX_BUNDLE_OCTETS } from '../../src/tlog/entry-bundle.js'

const entries = [Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(300, 7)]
const octets = encodeBundle(entries)

describe('an entry bundle', () => {
  it('is each entry after its length, big-endian', () => {
    expect(Buffer.from(octets.subarray(0, 7)).toString('hex')).toBe('0001610000012c')
    expect(octets.length).toBe(2 + 1 + 2 + 2 + 300)
  })

  it('is read as it is written (property)', () => {
    const given = fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: 1, maxLength: 256 })
    fc.assert(
      fc.property(given, (some) => {
        const read = decodeBundle(encodeBundle(some), some.length)
        expect(read.ok && read.value.map((entry) => Uint8Array.from(entry))).toEqual(some)
      }),
    )
  })

  it('has room for 256 of the longest entries', () => {
    const longest = Array.from({ length: 256 }, () => Buffer.alloc(65_535))
    const bundle = encodeBundle(longest)
    expect(bundle.length).toBe(MAX_BUNDLE_OCTETS)
    expect(decodeBundle(bundle, 256).ok).toBe(true)
    expect(() => encodeBundle([Buffer.alloc(65_536)])).toThrow(RangeError)
  })

  it.each([
    ['one octet after the last entry', Buffer.concat([octets, Buffer.of(0)]), 3],
    ['one entry after the last', Buffer.concat([octets, Buffer.of(0, 0)]), 3],
    ['an entry cut short', octets.subarray(0, -1), 3],
    ['a length cut short', octets.subarray(0, 4), 2],
    ['a missing entry', octets, 4],
    ['nothing', Buffer.alloc(0), 1],
  ])('is refused with %s (attack 21)', (_, bundle, count) => {
    const read = decodeBundle(bundle, count)
    expect(read.ok ? read.value : read.refusal.code).toBe('tlog.malformed')
  })
})
