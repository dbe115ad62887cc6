import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isDnsLabel } from '../../src/core/alias.js'
import { base32, isUid, sha256, sha256Hex, uidFromDigest } from '../../src/core/uid.js'

describe('base32', () => {
  it.each([
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ])('writes %j as RFC 4648 section 10 does', (text, expected) => {
    expect(base32(Buffer.from(text))).toBe(expected)
  })

  it('keeps every bit', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const bits = Array.from(base32(octets), (character) =>
          'abcdefghijklmnopqrstuvwxyz234567'.indexOf(character).toString(2).padStart(5, '0'),
        ).join('')
        const expected = Array.from(octets, (octet) => octet.toString(2).padStart(8, '0')).join('')
        expect(bits.slice(0, expected.length)).toBe(expected)
        expect(bits.slice(expected.length)).toMatch(/^0{0,4}$/)
      }),
    )
  })
})

describe('a uid', () => {
  it('is a kind letter and 155 bits of the digest, and a DNS label', () => {
    const uid = uidFromDigest('e', sha256('genesis'))
    expect(uid).toBe(`e${base32(sha256('genesis')).slice(0, 31)}`)
    expect(isUid(uid)).toBe(true)
    expect(isDnsLabel(uid)).toBe(true)
  })

  it.each([
    { when: 'another kind letter', text: `x${'a'.repeat(31)}` },
    { when: 'a digit outside base32', text: `e${'a'.repeat(30)}1` },
    { when: 'upper case', text: `e${'A'.repeat(31)}` },
    { when: 'one character less', text: `e${'a'.repeat(30)}` },
    { when: 'one character more', text: `e${'a'.repeat(32)}` },
    { when: 'a final line feed', text: `e${'a'.repeat(31)}\n` },
  ])('is none with $when', ({ text }) => {
    expect(isUid(text)).toBe(false)
  })
})

describe('sha256', () => {
  it('is SHA-256 (FIPS 180-4, "abc")', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(sha256Hex('abc')).toBe(expected)
    expect(Buffer.from(sha256(Buffer.from('abc'))).toString('hex')).toBe(expected)
  })
})
