import { createPrivateKey, type JsonWebKey } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { loadKey } from '../../src/keys/key-signer.js'
import { keyPair, pkcs8Of } from '../ca/given-authorities.js'

/** Has the form of an RSA key of so many bits, and signs nothing: making a real one takes minutes. */
function rsaOf(bits: number): Uint8Array {
  const number = (octets: number, first = 0xa5): string => {
    const value = Buffer.alloc(octets, 0xa5)
    value[0] = first
    return value.toString('base64url')
  }
  const whole = Math.ceil(bits / 8)
  const half = number(Math.ceil(whole / 2))
  const n = number(whole, bits % 8 === 0 ? 0xa5 : 2 ** (bits % 8) - 1)
  const parts = { d: number(whole), p: half, q: half, dp: half, dq: half, qi: half }
  const key: JsonWebKey = { kty: 'RSA', n, e: 'AQAB', ...parts }
  return pkcs8Of(createPrivateKey({ key, format: 'jwk' }))
}

describe('loadKey', () => {
  it.each([
    { bits: 2047, kind: undefined },
    { bits: 2048, kind: 'RSA' },
    { bits: 8192, kind: 'RSA' },
    { bits: 8193, kind: undefined },
  ])('takes an RSA key of $bits bits for $kind', ({ bits, kind }) => {
    expect(loadKey(rsaOf(bits))?.kind).toBe(kind)
  })

  it('makes signers that are a broken dependency when their key does not sign', () => {
    const key = loadKey(pkcs8Of(keyPair('P-256').privateKey))
    expect(() => key?.signer.sign(undefined as never)).toThrow(DependencyError)
  })
})
