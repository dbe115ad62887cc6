import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { member, parseStrictObject } from '../../src/tokenreview/strict-json.js'

const parse = (text: string) => parseStrictObject(Buffer.from(text))

describe('parseStrictObject', () => {
  it('reads whatever object JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        // JSON has no -0.
        const text = JSON.stringify(value)
        expect(parse(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('refuses any object in which one member is written twice', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), (name, one, two) => {
        const pair = (value: unknown): string => `${JSON.stringify(name)}:${JSON.stringify(value)}`
        expect(parse(`{${pair(one)},${pair(two)}}`)).toBeUndefined()
        expect(parse(`{"in":[{${pair(one)} , ${pair(two)}}]}`)).toBeUndefined()
      }),
    )
  })

  it.each([
    { when: 'one spelling of a name is escaped', text: '{"sub":"a","s\\u0075b":"b"}' },
    { when: 'it is __proto__ that occurs twice', text: '{"__proto__":1,"__proto__":2}' },
    { when: 'it is no object', text: '["a"]' },
    { when: 'it is null', text: 'null' },
    { when: 'something follows it', text: '{"a":1}{"a":1}' },
    { when: 'a byte order mark precedes it', text: '\uFEFF{"a":1}' },
    { when: 'it is empty', text: '' },
    { when: 'a number is NaN', text: '{"exp":NaN}' },
  ])('refuses when $when', ({ text }) => {
    expect(parse(text)).toBeUndefined()
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(
      parseStrictObject(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)),
    ).toBeUndefined()
  })

  it('is not confused by quotation marks, colons and backslashes in strings', () => {
    expect(parse(String.raw`{"a":"\",\"a\":","b\\":":\\","c":["a",{"a":"a"}]}`)).toBeDefined()
  })

  it('does not overflow on deep nesting', () => {
    const depth = 4000
    expect(parse(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`)).toBeDefined()
  })

  it('finds own members only', () => {
    expect(member(parse('{}') ?? {}, 'constructor')).toBeUndefined()
    expect(member(parse('{"__proto__":1}') ?? {}, '__proto__')).toBe(1)
  })
})
