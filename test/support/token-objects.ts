import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { CKA, CKK, CKO, CKR } from '../../src/keys/pkcs11/constants.js'
import { ED25519_PARAMS, P256_PARAMS } from '../../src/keys/pkcs11/public-key.js'

/** What a module throws: its answer, under the name that `pkcs11js` gives it. */
export class Answered extends Error {
  readonly code: number

  constructor(name: string, code: number) {
    super(`${name}:${code}`)
    this.code = code
  }
}

/** Answers of PKCS#11 2.40 to a caller that does what it may not. */
export const answers = {
  attributeTypeInvalid: new Answered('CKR_ATTRIBUTE_TYPE_INVALID', 0x12),
  keyFunctionNotPermitted: new Answered('CKR_KEY_FUNCTION_NOT_PERMITTED', 0x68),
  mechanismInvalid: new Answered('CKR_MECHANISM_INVALID', 0x70),
  operationActive: new Answered('CKR_OPERATION_ACTIVE', 0x90),
  notInitialized: new Answered('CKR_OPERATION_NOT_INITIALIZED', 0x91),
  pinIncorrect: new Answered('CKR_PIN_INCORRECT', CKR.pinIncorrect),
  sessionHandleInvalid: new Answered('CKR_SESSION_HANDLE_INVALID', 0xb3),
  sessionReadOnly: new Answered('CKR_SESSION_READ_ONLY', 0xb5),
  templateIncomplete: new Answered('CKR_TEMPLATE_INCOMPLETE', 0xd0),
  userNotLoggedIn: new Answered('CKR_USER_NOT_LOGGED_IN', 0x101),
  bufferTooSmall: new Answered('CKR_BUFFER_TOO_SMALL', 0x150),
  alreadyInitialized: new Answered('CKR_CRYPTOKI_ALREADY_INITIALIZED', 0x191),
} as const

/** Of an object: its attributes by their numbers. */
export type Values = Map<number, Buffer>

/** Of a private key: what a token tells nobody. */
export const CKA_VALUE = 0x11

/** CK_ULONG of a machine of 64 bits. */
export const ulong = (value: number): Buffer => {
  const octets = Buffer.alloc(8)
  octets.writeUInt32LE(value)
  return octets
}

/** CK_BBOOL. */
export const isOf = (values: Values, type: number): boolean => values.get(type)?.[0] === 1

export const secretOf = (key: Values): Uint8Array =>
  new Uint8Array(key.get(CKA_VALUE) ?? Buffer.alloc(0))

/** A new pair of keys, the private one first, which says no public key. */
export function madeOf(kind: 'P-256' | 'Ed25519' | 'RSA'): [Values, Values] {
  const both = bothOf(kind)
  const secret = kind === 'P-256' ? p256.utils.randomSecretKey() : ed25519.utils.randomSecretKey()
  const point =
    kind === 'P-256'
      ? Buffer.concat([Buffer.from([0x04, 0x41]), p256.getPublicKey(secret, false)])
      : Buffer.concat([Buffer.from([0x04, 0x20]), ed25519.getPublicKey(secret)])
  return [
    new Map([
      ...both,
      [CKA.class, ulong(CKO.privateKey)],
      [CKA.sign, Buffer.from([1])],
      [CKA_VALUE, Buffer.from(secret)],
    ]),
    new Map([
      ...both,
      [CKA.class, ulong(CKO.publicKey)],
      ...(kind === 'RSA' ? [] : [[CKA.ecPoint, point] as const]),
    ]),
  ]
}

function bothOf(kind: 'P-256' | 'Ed25519' | 'RSA'): readonly (readonly [number, Buffer])[] {
  switch (kind) {
    case 'P-256':
      return [
        [CKA.keyType, ulong(CKK.ec)],
        [CKA.ecParams, P256_PARAMS],
      ]
    case 'Ed25519':
      return [
        [CKA.keyType, ulong(CKK.ecEdwards)],
        [CKA.ecParams, ED25519_PARAMS],
      ]
    case 'RSA':
      return [[CKA.keyType, ulong(0)]]
  }
}
