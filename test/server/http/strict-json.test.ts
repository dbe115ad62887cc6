import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseStrictJson } from '../../../src/server/http/strict-json.js'

const parse = (text: string | Uint8Array): unknown => {
  const parsed = parseStrictJson(Buffer.from(text))
  return parsed.ok ? { value: parsed.value } : parsed.refusal.code
}

describe('parseStrictJson', () => {
  it('reads what JSON.stringify writes, as JSON.parse does', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6, noUnicodeString: false }),
        fc.nat(4),
        (value, indent) => {
          const text = JSON.stringify(value, undefined, indent)
          fc.pre(!text.includes('__proto__') && text.isWellFormed() && !text.includes('\\ud'))
          expect(parse(text)).toEqual({ value: JSON.parse(text) as unknown })
        },
      ),
    )
  })

  it('answers any octets with a value or a refusal, and accepts nothing that JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('{}[]":,\\a1 u0')) }), (text) => {
        const parsed = parse(text)
        if (parsed === 'request.malformed') return
        expect(parsed).toEqual({ value: JSON.parse(text) as unknown })
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    { when: 'a key twice', text: '{"a":1,"a":2}' },
    { when: 'a key twice, the second with an escape', text: '{"a":1,"\\u0061":2}' },
    { when: 'a key twice further down', text: '[{"b":{"a":1, "c":[] , "a" :2}}]' },
    { when: 'a key twice around an object', text: '{"a":{"b":1},"a":2}' },
    { when: 'a key twice around an array', text: '{"a":["b"],"a":2}' },
    { when: 'an escaped quote before the second', text: '{"a":"\\"","a":2}' },
    { when: 'an escaped backslash before the second', text: '{"a":"\\\\","a":2}' },
    { when: '__proto__', text: '{"__proto__":{"admin":true}}' },
    { when: '__proto__ with an escape', text: '{"\\u005f_proto__":{}}' },
    { when: 'half a surrogate pair', text: '{"a":"\\ud800"}' },
    { when: 'half a surrogate pair in a key', text: '{"\\udc00":1}' },
    { when: 'a byte order mark', text: '\ufeff{}' },
    { when: 'nothing', text: '' },
    { when: 'a comment', text: '{/*a*/}' },
    { when: 'a comma too many', text: '{"a":1,}' },
    { when: 'two values', text: '{}{}' },
    { when: 'an open string', text: '{"a' },
    { when: 'an open escape', text: '{"a\\"' },
    { when: 'NaN', text: 'NaN' },
    { when: '33 levels', text: '['.repeat(33) + ']'.repeat(33) },
    { when: 'not UTF-8', text: Uint8Array.of(0x22, 0xff, 0x22) },
    { when: 'overlong UTF-8', text: Uint8Array.of(0x22, 0xc0, 0xaf, 0x22) },
  ])('refuses $when', ({ text }) => {
    expect(parse(text)).toBe('request.malformed')
  })

  it.each([
    { when: 'equal keys in different objects', text: '[{"a":1},{"a":2},{"b":{"a":1}}]' },
    { when: 'a value that looks like keys', text: '{"a":"x\\",\\"a\\":1","b":"{\\"b\\":"}' },
    { when: 'a value equal to a key', text: '{"a":"a","b":["a","a"]}' },
    { when: 'a whole surrogate pair', text: '{"a":"\\ud83d\\ude00"}' },
    { when: '32 levels', text: '['.repeat(32) + ']'.repeat(32) },
  ])('reads $when', ({ text }) => {
    expect(parse(text)).toEqual({ value: JSON.parse(text) as unknown })
  })

  it.each([
    { when: 'one long string', text: `{"a":"${'x'.repeat(8_000_000)}"}`, fine: true },
    { when: 'nothing but backslashes', text: `{"a":"${'\\\\'.repeat(4_000_000)}"}`, fine: true },
    {
      when: 'nothing but escaped quotes, never closed',
      text: '"' + '\\"'.repeat(4_000_000),
      fine: false,
    },
    { when: 'nothing but brackets', text: '['.repeat(8_000_000), fine: false },
  ])('gets through 8 MB of $when', ({ text, fine }) => {
    expect(parse(text) !== 'request.malformed').toBe(fine)
  })
})
