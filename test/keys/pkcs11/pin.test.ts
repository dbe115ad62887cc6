import { describe, expect, it } from '@jest/globals'
import { CKA, CKF, CKR } from '../../../src/keys/pkcs11/constants.js'
import { Answered } from '../../support/token-objects.js'
import { expectGivenBack, given, name, octets, refusalOf } from '../given-token.js'

const WRONG = 'the token does not take this PIN'
const LOCKED = 'the PIN of this token is locked'
const UNSET = 'the token has no PIN that is in use'

describe('a PIN that a token does not take', () => {
  it.each([
    ['CKR_PIN_INCORRECT', CKR.pinIncorrect, WRONG],
    ['CKR_PIN_INVALID', CKR.pinInvalid, WRONG],
    ['CKR_PIN_LEN_RANGE', CKR.pinLenRange, WRONG],
    ['CKR_PIN_LOCKED', CKR.pinLocked, LOCKED],
    ['CKR_PIN_EXPIRED', CKR.pinExpired, UNSET],
    ['CKR_USER_PIN_NOT_INITIALIZED', CKR.userPinNotInitialized, UNSET],
    ['CKR_FUNCTION_CANCELED', CKR.functionCanceled, 'no PIN was given at the token'],
  ])('is refused with what to do about %s', async (text, code, detail) => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.failing.set('C_Login', new Answered(text, code))
    const refusal = refusalOf(await tokens.open(name, ask))
    expect(refusal).toMatchObject({ code: 'keys.wrong-pin', detail })
    expect(pkcs11.logins).toHaveLength(1)
    expectGivenBack(pkcs11)
  })

  it.each([
    ['is locked', CKF.pinLocked, LOCKED],
    ['has one try left', CKF.pinFinalTry, 'one more wrong PIN would lock this token'],
    ['is locked, and has no try left', CKF.pinLocked | CKF.pinFinalTry, LOCKED],
  ])('is not tried where it %s', async (_, flags, detail) => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.flags |= flags
    expect(refusalOf(await tokens.open(name, ask))).toMatchObject({ detail })
    expect(pkcs11.logins).toEqual([])
  })
})

describe('a PIN that a token takes', () => {
  it('is not kept when the token is given back', async () => {
    const { pkcs11, opened } = given()
    pkcs11.private.set(CKA.alwaysAuthenticate, Buffer.from([1]))
    const key = await opened()
    await key.sign(octets)
    // A session that stays open, as its token does not answer.
    pkcs11.failing.set('C_CloseSession', new Answered('CKR_DEVICE_ERROR', 0x30))
    pkcs11.failing.set('C_Finalize', new Answered('CKR_DEVICE_ERROR', 0x30))
    key.close()
    await expect(key.sign(octets)).rejects.toThrow('CKR_PIN_INCORRECT')
    expect(pkcs11.logins.map(({ pin }) => pin)).toEqual(['1234', '1234', undefined])
  })

  it('is said again for a signature only by a key that wants it', async () => {
    const { pkcs11, opened } = given()
    pkcs11.private.set(CKA.alwaysAuthenticate, Buffer.from([0]))
    await (await opened()).sign(octets)
    expect(pkcs11.logins).toEqual([{ user: 1, pin: '1234' }])
  })

  it('is not said again before the signature is begun', async () => {
    const { pkcs11, opened } = given()
    pkcs11.private.set(CKA.alwaysAuthenticate, Buffer.from([1]))
    const key = await opened()
    pkcs11.called.length = 0
    await key.sign(octets)
    expect(pkcs11.called).toEqual(['C_SignInit', 'C_Login', 'C_Sign'])
  })

  it('is refused for a signature as a failure of the token', async () => {
    const { pkcs11, opened } = given()
    pkcs11.private.set(CKA.alwaysAuthenticate, Buffer.from([1]))
    const key = await opened()
    pkcs11.failing.set('C_Login', new Answered('CKR_PIN_LOCKED', CKR.pinLocked))
    await expect(key.sign(octets)).rejects.toThrow('the token does not sign: CKR_PIN_LOCKED')
  })
})
