import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeBase64Url, parseCompactJws } from '../../src/tokenreview/compact-jws.js'
import { base64Url, claims, ISSUER, TokenSigner } from '../support/service-account-token.js'
import { issuerNamed } from '../support/token-text.js'

const signer = new TokenSigner('ES256')
const token = signer.sign()

describe('parseCompactJws', () => {
  it.each(['RS256', 'ES256', 'ES384', 'ES512'] as const)('takes a %s token apart', (algorithm) => {
    const other = new TokenSigner(algorithm)
    const parsed = parseCompactJws(other.sign())
    expect(parsed).toMatchObject({ ok: true, value: { algorithm, keyId: 'key-1' } })
    if (!parsed.ok) return
    const { payload, signingInput, signature, text } = parsed.value
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(claims())
    expect(
      `${Buffer.from(signingInput).toString()}.${Buffer.from(signature).toString('base64url')}`,
    ).toBe(text)
  })

  it('drops one newline at the end, so that a token has one spelling', () => {
    expect(parseCompactJws(`${token}\n`)).toEqual(parseCompactJws(token))
  })

  it('accepts typ JWT', () => {
    const typed = signer.sign(claims(), { ...signer.header, typ: 'JWT' })
    expect(parseCompactJws(typed).ok).toBe(true)
  })

  it('accepts 8 KiB and refuses more', () => {
    const [head = '', , tail = ''] = new TokenSigner('ES256', 'key-123').sign().split('.')
    const ofLength = (length: number): string =>
      `${head}.${'A'.repeat(length - head.length - tail.length - 2)}.${tail}`
    expect(parseCompactJws(ofLength(8192)).ok).toBe(true)
    expect(parseCompactJws(`${ofLength(8192)}\n`).ok).toBe(true)
    for (const length of [8193, 8194]) {
      expect(parseCompactJws(ofLength(length))).toMatchObject({
        refusal: { code: 'token.malformed' },
      })
    }
  })

  it('accepts a key name of 1024 characters and refuses a longer one', () => {
    const named = (length: number) =>
      parseCompactJws(signer.sign(claims(), { ...signer.header, kid: 'k'.repeat(length) }))
    expect(named(1024)).toMatchObject({ value: { keyId: 'k'.repeat(1024) } })
    expect(named(1025)).toMatchObject({ refusal: { code: 'token.malformed' } })
  })

  it('accepts RSA signatures of 256 to 1024 octets', () => {
    const rsa = new TokenSigner('RS256')
    const signed = (octets: number) =>
      parseCompactJws(
        `${base64Url(rsa.header)}.${payload}.${Buffer.alloc(octets, 7).toString('base64url')}`,
      )
    for (const octets of [256, 1024]) expect(signed(octets).ok).toBe(true)
    for (const octets of [255, 1025]) {
      expect(signed(octets)).toMatchObject({ refusal: { code: 'token.malformed' } })
    }
  })

  const [header = '', payload = '', signature = ''] = token.split('.')
  const under = (changed: object | string): string =>
    `${base64Url(changed)}.${payload}.${signature}`

  it.each([
    { when: 'it is empty', text: '' },
    { when: 'there are two newlines', text: `${token}\n\n` },
    { when: 'a space precedes it', text: ` ${token}` },
    { when: 'it ends in a carriage return', text: `${token}\r` },
    { when: 'a part is padded', text: `${token}==` },
    {
      when: 'a space is inside a part',
      text: `${header}.${payload}.${signature.slice(0, 9)} ${signature.slice(9)}`,
    },
    { when: 'a part is standard base64', text: `${header}.${payload}+/.${signature}` },
    {
      when: 'unused trailing bits are set',
      text: `${header}.${payload}.${signature.slice(0, -1)}${after(signature.at(-1))}`,
    },
    { when: 'a part has an impossible length', text: `${header}.AAAAA.${signature}` },
    { when: 'there are two parts', text: `${header}.${payload}` },
    { when: 'there are four parts', text: `${token}.` },
    { when: 'there are five parts', text: `${header}.a.b.c.d` },
    { when: 'the payload is empty', text: `${header}..${signature}` },
    {
      when: 'it is JWS JSON serialization',
      text: JSON.stringify({ protected: header, payload, signature }),
    },
    { when: 'it is another token in a JSON string', text: JSON.stringify(token) },
    { when: 'the header is no JSON', text: under('alg=ES256') },
    { when: 'the header is an array', text: under(['alg', 'ES256']) },
    {
      when: 'the header names alg twice',
      text: under('{"alg":"none","kid":"key-1","alg":"ES256"}'),
    },
    { when: 'no key is named', text: under({ alg: 'ES256' }) },
    { when: 'the key name is empty', text: under({ alg: 'ES256', kid: '' }) },
    { when: 'the key name is a number', text: under({ alg: 'ES256', kid: 1 }) },
    { when: 'the signature is short', text: `${header}.${payload}.${base64Url('short')}` },
    {
      when: 'the signature is DER',
      text: `${header}.${payload}.${Buffer.alloc(70, 0x30).toString('base64url')}`,
    },
    { when: 'r is zero', text: `${header}.${payload}.${zeroed(0)}` },
    { when: 's is zero', text: `${header}.${payload}.${zeroed(32)}` },
  ])('refuses when $when', ({ text }) => {
    expect(parseCompactJws(text)).toMatchObject({ ok: false, refusal: { code: 'token.malformed' } })
    expect(issuerNamed(text)).toBeUndefined()
  })
})

it('decodeBase64Url takes the one text that octets are written as, and no other', () => {
  const characters = fc.constantFrom(...Array.from('AQgwEIMUYcks048BZaz159-_+/= '))
  const text = fc.oneof(
    fc.array(characters, { maxLength: 9 }).map((all) => all.join('')),
    fc.uint8Array({ maxLength: 9 }).map((octets) => Buffer.from(octets).toString('base64url')),
  )
  fc.assert(
    fc.property(text, (written) => {
      const octets = Buffer.from(written, 'base64url')
      const isCanonical = octets.toString('base64url') === written
      expect(decodeBase64Url(written)).toEqual(isCanonical ? octets : undefined)
    }),
    { numRuns: 2000 },
  )
})

describe('readToken', () => {
  it('reads the issuer of a well-formed token, whoever signed it', () => {
    expect(issuerNamed(token)).toBe(ISSUER)
  })

  it.each([{ iss: [ISSUER] }, { iss: '' }, { iss: undefined }, { iss: { x: 1 } }])(
    'has none for %j',
    (changed) => {
      expect(issuerNamed(signer.sign(claims(changed)))).toBeUndefined()
    },
  )

  it('has none for a payload that names one twice', () => {
    expect(issuerNamed(signer.sign(`{"iss":"a","iss":"${ISSUER}"}`))).toBeUndefined()
  })
})

/** The next letter of the alphabet: for a final character, the same octets by a lax decoder. */
function after(letter = 'A'): string {
  return String.fromCharCode(letter.charCodeAt(0) + 1)
}

function zeroed(from: number): string {
  return Buffer.alloc(64, 7)
    .fill(0, from, from + 32)
    .toString('base64url')
}
