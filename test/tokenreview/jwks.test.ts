import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { BadKeySet, parseJwks } from '../../src/tokenreview/jwks.js'
import { TokenSigner, without } from '../support/service-account-token.js'

const rsa = new TokenSigner('RS256', 'rsa').jwk
const p256 = new TokenSigner('ES256', 'p256').jwk

describe('parseJwks', () => {
  it('keeps every key of an algorithm that Kubernetes signs with', () => {
    const p384 = new TokenSigner('ES384', 'p384').jwk
    const p521 = new TokenSigner('ES512', 'p521').jwk
    const keys = parseJwks({ keys: [rsa, p256, p384, p521] })
    expect([...keys].map(([kid, { algorithm }]) => [kid, algorithm])).toEqual([
      ['rsa', 'RS256'],
      ['p256', 'ES256'],
      ['p384', 'ES384'],
      ['p521', 'ES512'],
    ])
  })

  it('takes the algorithm from the key when the set names none', () => {
    const bare = without(p256, 'alg', 'use')
    expect(parseJwks({ keys: [bare] }).get('p256')?.algorithm).toBe('ES256')
  })

  it('takes an RSA key that names no algorithm, and one of 8192 bits', () => {
    const bare = without(rsa, 'alg', 'use')
    expect(parseJwks({ keys: [bare] }).get('rsa')?.algorithm).toBe('RS256')
    expect(parseJwks({ keys: [{ ...rsa, n: modulus(8192) }] }).size).toBe(1)
  })

  it('takes 64 keys', () => {
    const keys = Array.from({ length: 64 }, (_, i) => ({ ...p256, kid: `k${i}` }))
    expect(parseJwks({ keys }).size).toBe(64)
  })

  it.each([
    { when: 'it is for encryption', jwk: { ...rsa, use: 'enc' } },
    { when: 'its operations do not hold verify', jwk: { ...rsa, key_ops: ['encrypt'] } },
    { when: 'its algorithm is another', jwk: { ...rsa, alg: 'PS256' } },
    { when: 'its type is unknown', jwk: { kty: 'AKP', kid: 'pq', alg: 'ML-DSA-44', pub: 'AA' } },
    { when: 'it is an Edwards key', jwk: edwards() },
  ])('leaves a key out when $when', ({ jwk }) => {
    expect([...parseJwks({ keys: [jwk, p256] }).keys()]).toEqual(['p256'])
  })

  it('takes an empty set for what it says: no token is good', () => {
    expect(parseJwks({ keys: [] }).size).toBe(0)
  })

  it.each([
    { when: 'it is no object', set: [rsa] },
    { when: 'it has no keys', set: {} },
    { when: 'its keys are no array', set: { keys: { rsa } } },
    { when: 'a key is no object', set: { keys: ['rsa'] } },
    { when: 'a key is null', set: { keys: [null] } },
    { when: 'a kid is empty', set: { keys: [{ ...rsa, kid: '' }] } },
    { when: 'a key has no kid', set: { keys: [{ ...rsa, kid: undefined }] } },
    { when: 'two keys share a kid', set: { keys: [rsa, { ...p256, kid: 'rsa' }] } },
    {
      when: 'a secret key is beside a public one',
      set: { keys: [p256, { kty: 'oct', kid: 'k', k: 'AAAA', alg: 'HS256' }] },
    },
    { when: 'a secret key has no value', set: { keys: [{ kty: 'oct', kid: 'k' }] } },
    { when: 'a private key is published', set: { keys: [privateKey()] } },
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map((member) => ({
      when: `a key has the private member ${member}`,
      set: { keys: [{ ...rsa, [member]: 'AQAB' }] },
    })),
    {
      when: 'an RSA key has 8193 bits',
      set: { keys: [{ ...rsa, n: modulus(8193) }] },
    },
    { when: 'an RSA modulus is missing', set: { keys: [{ ...rsa, n: undefined }] } },
    { when: 'an RSA exponent is a number', set: { keys: [{ ...rsa, e: 65_537 }] } },
    {
      when: 'an RSA key has 1024 bits',
      set: { keys: [new TokenSigner('RS256', 'weak', 1024).jwk] },
    },
    { when: 'an RSA exponent is 3', set: { keys: [{ ...rsa, e: 'Aw' }] } },
    { when: 'an RSA exponent is 1', set: { keys: [{ ...rsa, e: 'AQ' }] } },
    {
      when: 'an RSA modulus is padded base64',
      set: { keys: [{ ...rsa, n: `${String(rsa.n)}==` }] },
    },
    { when: "an EC algorithm is not its curve's", set: { keys: [{ ...p256, alg: 'ES384' }] } },
    { when: 'an EC point is not on its curve', set: { keys: [{ ...p256, y: p256.x }] } },
    { when: 'an EC coordinate is short', set: { keys: [{ ...p256, x: 'AAAA' }] } },
    {
      when: 'an EC coordinate has a zero before it',
      set: { keys: [{ ...p256, x: zeroBefore() }] },
    },
    { when: 'an EC coordinate is missing', set: { keys: [{ ...p256, y: undefined }] } },
    { when: 'a curve is secp256k1', set: { keys: [{ ...p256, crv: 'secp256k1', alg: 'ES256K' }] } },
    {
      when: 'a curve is named like a member of every object',
      set: { keys: [{ ...p256, crv: 'constructor' }] },
    },
    {
      when: 'there are 65 keys',
      set: { keys: Array.from({ length: 65 }, (_, i) => ({ ...p256, kid: `k${i}` })) },
    },
  ])('refuses the whole set when $when', ({ set }) => {
    expect(() => parseJwks(JSON.parse(JSON.stringify(set)))).toThrow(BadKeySet)
  })
})

/** A number of so many bits, of which nobody knows the factors. */
function modulus(bits: number): string {
  const octets = Buffer.alloc(Math.ceil(bits / 8), 0xa5)
  octets[0] = bits % 8 === 0 ? 0xa5 : 2 ** (bits % 8) - 1
  return octets.toString('base64url')
}

function zeroBefore(): string {
  const x = Buffer.from(String(p256.x), 'base64url')
  return Buffer.concat([Buffer.of(0), x]).toString('base64url')
}

function privateKey(): object {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...key.export({ format: 'jwk' }), kid: 'private' }
}

function edwards(): object {
  const { publicKey } = generateKeyPairSync('ed25519')
  return { ...publicKey.export({ format: 'jwk' }), kid: 'ed', alg: 'EdDSA' }
}
