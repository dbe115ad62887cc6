import { describe, expect, it } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import {
  algorithmOf,
  ED25519_PARAMS,
  type KeyAttributes,
  P256_PARAMS,
  publicKeyOf,
} from '../../../src/keys/pkcs11/public-key.js'

const kind = (number: number, size = 8): Buffer => {
  const octets = Buffer.alloc(size)
  octets[0] = number
  return octets
}

const ecdsa: KeyAttributes = {
  keyType: kind(0x03),
  ecParams: P256_PARAMS,
  ecPoint: Buffer.from(p256.getPublicKey(p256.utils.randomSecretKey(), false)),
}
const edwards: KeyAttributes = {
  keyType: kind(0x40),
  ecParams: ED25519_PARAMS,
  ecPoint: Buffer.from(ed25519.getPublicKey(ed25519.utils.randomSecretKey())),
}

describe('the kind of a key on a token', () => {
  it('is told by its type and its curve together', () => {
    expect([algorithmOf(ecdsa), algorithmOf(edwards)]).toEqual(['ES256', 'Ed25519'])
  })

  it('is read from a CK_ULONG of 32 bits too, as a module on Windows has it', () => {
    expect(algorithmOf({ ...ecdsa, keyType: kind(0x03, 4) })).toBe('ES256')
    expect(algorithmOf({ ...edwards, keyType: kind(0x40, 4) })).toBe('Ed25519')
  })

  it.each<[string, KeyAttributes]>([
    ['says no type', { ...ecdsa, keyType: undefined }],
    ['says half a type', { ...ecdsa, keyType: kind(0x03, 3) }],
    ['says an empty type', { ...ecdsa, keyType: Buffer.alloc(0) }],
    ['says no curve', { ...ecdsa, ecParams: undefined }],
    ['says no Edwards curve', { ...edwards, ecParams: undefined }],
    ['is of another type with the curve P-256', { ...ecdsa, keyType: kind(0x00) }],
    ['is of the Edwards type with the curve P-256', { ...ecdsa, keyType: kind(0x40) }],
    ['is of another type with the curve Ed25519', { ...edwards, keyType: kind(0x00) }],
    ['is of the type of ECDSA with the curve Ed25519', { ...edwards, keyType: kind(0x03) }],
    ['is X25519', { ...edwards, keyType: kind(0x41) }],
  ])('is none to vote with where it %s', (_, attributes) => {
    expect(algorithmOf(attributes)).toBeUndefined()
    expect(publicKeyOf(attributes)).toBeUndefined()
  })

  it.each([
    ['P-256', ecdsa, [0x04, 0x41]],
    ['Ed25519', edwards, [0x04, 0x20]],
    ['Ed25519 as BIT STRING', edwards, [0x03, 0x21, 0x00]],
  ] as const)('of %s has its point, and nothing behind it', (_, attributes, header) => {
    const { ecPoint = Buffer.alloc(0) } = attributes
    const shown = (...rest: readonly number[]) =>
      publicKeyOf({ ...attributes, ecPoint: Buffer.from([...header, ...ecPoint, ...rest]) })
    expect(shown()).toEqual(publicKeyOf(attributes))
    expect(shown()).toBeDefined()
    expect(shown(0)).toBeUndefined()
  })

  it('does not make a public key of nothing', () => {
    expect(publicKeyOf({ ...ecdsa, ecPoint: undefined })).toBeUndefined()
    expect(publicKeyOf({ ...edwards, ecPoint: undefined })).toBeUndefined()
  })
})
