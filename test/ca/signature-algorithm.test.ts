import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { keyIdentifierOf } from '../../src/ca/x509/key-identifier.js'
import {
  publicKeyOf,
  signatureHolds,
  signatureSchemes,
} from '../../src/ca/x509/signature-algorithm.js'
import { DerError } from '../../src/core/der-reader.js'
import { spkiOf } from './given-authorities.js'

const message = Buffer.from('to be signed')
const pairs = {
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ed25519: generateKeyPairSync('ed25519'),
}

/** RFC 5758, RFC 8410, RFC 8017 appendix A.2.4. */
const schemes = [
  { oid: '1.2.840.10045.4.1', name: 'ecdsa-with-SHA1', hash: 'sha1', keyType: 'ec' },
  { oid: '1.2.840.10045.4.3.2', name: 'ecdsa-with-SHA256', hash: 'sha256', keyType: 'ec' },
  { oid: '1.2.840.10045.4.3.3', name: 'ecdsa-with-SHA384', hash: 'sha384', keyType: 'ec' },
  { oid: '1.2.840.10045.4.3.4', name: 'ecdsa-with-SHA512', hash: 'sha512', keyType: 'ec' },
  { oid: '1.3.101.112', name: 'Ed25519', hash: undefined, keyType: 'ed25519' },
  { oid: '1.2.840.113549.1.1.5', name: 'sha1WithRSAEncryption', hash: 'sha1', keyType: 'rsa' },
  { oid: '1.2.840.113549.1.1.11', name: 'sha256WithRSAEncryption', hash: 'sha256', keyType: 'rsa' },
  { oid: '1.2.840.113549.1.1.12', name: 'sha384WithRSAEncryption', hash: 'sha384', keyType: 'rsa' },
  { oid: '1.2.840.113549.1.1.13', name: 'sha512WithRSAEncryption', hash: 'sha512', keyType: 'rsa' },
] as const

describe('signatureHolds', () => {
  it.each(schemes)('for $name, by a key of its type alone', ({ oid, name, hash, keyType }) => {
    expect(signatureSchemes.get(oid)).toEqual({ name, hash, keyType })
    for (const [type, { privateKey, publicKey }] of Object.entries(pairs)) {
      const digest = type === 'ed25519' ? undefined : (hash ?? 'sha256')
      const signature = sign(digest, message, privateKey)
      expect(signatureHolds(oid, publicKey, message, signature)).toBe(type === keyType)
      expect(signatureHolds(oid, publicKey, Buffer.from('other'), signature)).toBe(false)
    }
  })

  it('for no scheme that is not in the table', () => {
    expect(signatureSchemes.size).toBe(schemes.length)
    const { privateKey, publicKey } = pairs.rsa
    const signature = sign('sha256', message, privateKey)
    expect(signatureHolds('1.2.840.113549.1.1.10', publicKey, message, signature)).toBe(false)
    expect(signatureHolds('', publicKey, message, signature)).toBe(false)
  })
})

describe('what is no key', () => {
  const offCurve = spkiOf(pairs.ec.publicKey)
  offCurve[offCurve.length - 1] = offCurve[offCurve.length - 1]! ^ 1

  it.each([
    { what: 'nothing', spki: new Uint8Array(0) },
    { what: 'a point off its curve', spki: offCurve },
  ])('verifies nothing: $what', ({ spki }) => {
    expect(publicKeyOf(spki)).toBeUndefined()
  })

  it('has no identifier', () => {
    expect(() => keyIdentifierOf(Uint8Array.of(0x30, 0))).toThrow(DerError)
  })
})
