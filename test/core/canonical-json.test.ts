import { describe, expect, it } from '@jest/globals'
import oracle from 'canonicalize'
import fc from 'fast-check'
import { canonicalize, parseCanonical } from '../../src/core/canonical-json.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Values of the profile: RFC 8785 without floats and lone surrogates. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
    fc.array(tie('value')),
    fc
      .dictionary(
        fc.string({ unit: 'binary' }).map((key) => key.toWellFormed()),
        tie('value'),
      )
      .filter((object) => !Object.hasOwn(object, '__proto__')),
  ),
}))

describe('canonicalize', () => {
  it('writes what an independent RFC 8785 writer writes', () => {
    fc.assert(fc.property(value, (json) => expect(canonicalize(json)).toBe(oracle(json))))
  })

  it('sorts by UTF-16 code units, as RFC 8785 section 3.2.3 shows', () => {
    // The example of that section, its expected order included.
    const json = {
      '\u20ac': 1,
      '\r': 2,
      '\ufb33': 3,
      '1': 4,
      '\ud83d\ude00': 5,
      '\u0080': 6,
      '\u00f6': 7,
    }
    expect(Array.from(canonicalize(json).matchAll(/:(\d)/g), ([, n]) => n).join('')).toBe('2467153')
  })

  it.each<{ when: string; json: unknown }>([
    { when: 'a fraction', json: 0.5 },
    { when: 'NaN', json: Number.NaN },
    { when: 'infinity', json: Number.POSITIVE_INFINITY },
    { when: '2^53', json: 2 ** 53 },
    { when: 'negative zero', json: -0 },
    { when: 'undefined', json: undefined },
    { when: 'undefined as a member', json: { a: undefined } },
    { when: 'a bigint', json: 1n },
    { when: 'a function', json: () => 1 },
    { when: 'a symbol', json: Symbol('a') },
    { when: 'a lone surrogate', json: '\ud800' },
    { when: 'a lone surrogate as a key', json: { '\udc00': 1 } },
    { when: 'a date', json: new Date(0) },
    { when: 'a map', json: new Map() },
    { when: 'bytes', json: new Uint8Array(1) },
    { when: 'an object with a toJSON of its own', json: Object.create({ toJSON: () => 1 }) },
    { when: 'a __proto__ member', json: JSON.parse('{"__proto__":1}') },
  ])('throws on $when', ({ json }) => {
    expect(() => canonicalize(json)).toThrow()
  })

  it('throws on what is nested deeper than 32, a circle too', () => {
    const circle: unknown[] = []
    circle.push(circle)
    expect(() => canonicalize(circle)).toThrow(RangeError)
    expect(() => canonicalize(JSON.parse('['.repeat(34) + ']'.repeat(34)))).toThrow(RangeError)
    expect(canonicalize(JSON.parse('['.repeat(33) + ']'.repeat(33)))).toBe(
      '['.repeat(33) + ']'.repeat(33),
    )
  })
})

describe('parseCanonical', () => {
  it('reads what canonicalize writes', () => {
    fc.assert(
      fc.property(value, (json) => {
        const read = parseCanonical(bytes(canonicalize(json)), 1_000_000)
        expect(read.ok && canonicalize(read.value)).toBe(canonicalize(json))
      }),
    )
  })

  it.each<{ when: string; text: string }>([
    { when: 'a duplicate key', text: '{"a":1,"a":1}' },
    { when: 'a duplicate key in another spelling', text: String.raw`{"a":1,"\u0061":2}` },
    { when: 'keys out of order', text: '{"b":1,"a":2}' },
    { when: 'white space', text: '{"a": 1}' },
    { when: 'a final line feed', text: '{"a":1}\n' },
    { when: 'a needless escape', text: String.raw`"\/"` },
    { when: 'an escape in upper case', text: String.raw`"\u000B"` },
    { when: '1.0', text: '1.0' },
    { when: '1e2', text: '1e2' },
    { when: '-0', text: '-0' },
    { when: 'a fraction', text: '0.5' },
    { when: 'a number beyond 2^53', text: '9007199254740993' },
    { when: 'a BOM', text: '\ufeff{}' },
    { when: '__proto__', text: '{"__proto__":{"admin":true}}' },
    { when: 'an escaped lone surrogate', text: String.raw`"\ud800"` },
    { when: 'nothing', text: '' },
    { when: 'two values', text: '{}{}' },
    { when: 'a comment', text: '{}//' },
    { when: 'a tower of arrays', text: '['.repeat(30_000) + ']'.repeat(30_000) },
  ])('refuses $when', ({ text }) => {
    expect(parseCanonical(bytes(text))).toMatchObject({
      refusal: { code: 'namespace.bad-canonical' },
    })
  })

  it.each([
    { when: 'octets that are not UTF-8', octets: [0x22, 0xff, 0x22] },
    { when: 'an overlong slash', octets: [0x22, 0xc0, 0xaf, 0x22] },
    { when: 'an encoded surrogate', octets: [0x22, 0xed, 0xa0, 0x80, 0x22] },
  ])('refuses $when', ({ octets }) => {
    expect(parseCanonical(Uint8Array.from(octets)).ok).toBe(false)
  })

  it('reads nothing in any other spelling than the one it would write (property)', () => {
    const texts = fc.oneof(
      value.map((json) => canonicalize(json)),
      value.map((json) => JSON.stringify(json, undefined, 1)),
      fc.json(),
      // A character of a good one put somewhere else, or taken away.
      fc.tuple(value, fc.nat(), fc.nat(), fc.boolean()).map(([json, from, to, isKept]) => {
        const text = canonicalize(json)
        const [a, b] = [from % text.length, to % text.length]
        const rest = text.slice(0, a) + text.slice(a + 1)
        return isKept ? rest.slice(0, b) + text.charAt(a) + rest.slice(b) : rest
      }),
    )
    let taken = 0
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseCanonical(bytes(text), 1_000_000)
        if (!read.ok) return
        taken += 1
        const octets = bytes(text)
        expect(bytes(canonicalize(read.value))).toEqual(octets)
        expect(bytes(oracle(read.value) ?? '')).toEqual(octets)
      }),
      { numRuns: 1000 },
    )
    expect(taken).toBeGreaterThan(100)
  })

  it('reads up to the bound and not one octet more', () => {
    const text = JSON.stringify('a'.repeat(98))
    expect(parseCanonical(bytes(text), 100).ok).toBe(true)
    expect(parseCanonical(bytes(text), 99).ok).toBe(false)
  })
})
