import { describe, expect, it } from '@jest/globals'
import { p256 } from '@noble/curves/nist.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { refuse } from '../../src/core/result.js'
import { CKA, CKF, CKM, CKR } from '../../src/keys/pkcs11/constants.js'
import { publicKeyOf } from '../../src/keys/pkcs11/public-key.js'
import { pkcs11Tokens } from '../../src/keys/pkcs11/voter-tokens.js'
import { codeOf } from '../contract/voter-tokens.contract.js'
import { countedRandom } from '../support/random.js'
import { Answered } from '../support/token-objects.js'
import { expectGivenBack, given, name, octets } from './given-token.js'

describe('a token that is asked for a signature', () => {
  it('gives one, and is given back at the end, once', async () => {
    const { pkcs11, opened } = given()
    const key = await opened()
    expect(await key.sign(octets)).toHaveLength(64)
    key.close()
    key.close()
    expectGivenBack(pkcs11)
    expect(pkcs11.logins).toEqual([{ user: 1, pin: '1234' }])
  })

  it('may give the other one of the two that hold, as a key in a file may', async () => {
    const { pkcs11, opened } = given()
    const { n } = p256.Point.CURVE()
    pkcs11.signature = (low) => {
      const s = n - BigInt(`0x${low.subarray(32).toString('hex')}`)
      return Buffer.concat([
        low.subarray(0, 32),
        Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
      ])
    }
    expect(await (await opened()).sign(octets)).toHaveLength(64)
  })

  it.each([
    ['nothing', () => Buffer.alloc(0)],
    ['zeros', () => Buffer.alloc(64)],
    ['half of one', (good: Buffer) => good.subarray(0, 32)],
    ['one with something behind it', (good: Buffer) => Buffer.concat([good, Buffer.alloc(8)])],
    ['another one', (good: Buffer) => Buffer.from(good).reverse()],
  ] as const)('is not believed when it answers %s', async (_, answer) => {
    const { pkcs11, opened } = given()
    pkcs11.signature = answer
    await expect((await opened()).sign(octets)).rejects.toThrow(DependencyError)
  })

  it('is not believed about a public key that is not of the private key (attack 150)', async () => {
    const { pkcs11, opened } = given()
    const other = p256.getPublicKey(p256.utils.randomSecretKey(), false)
    pkcs11.public.set(CKA.ecPoint, Buffer.from(other))
    await expect((await opened()).sign(octets)).rejects.toThrow('no signature of the public key')
  })

  it.each(['C_SignInit', 'C_Sign'])('is unavailable where %s fails', async (call) => {
    const { pkcs11, opened } = given()
    const key = await opened()
    pkcs11.failing.set(call, new Answered('CKR_DEVICE_REMOVED', 0x32))
    await expect(key.sign(octets)).rejects.toThrow('CKR_DEVICE_REMOVED')
    await expect(key.sign(octets)).rejects.toThrow(DependencyError)
  })

  it('is given the PIN again by a key that wants it each time', async () => {
    const { pkcs11, opened, asked } = given()
    pkcs11.private.set(CKA.alwaysAuthenticate, Buffer.from([1]))
    const key = await opened()
    await key.sign(octets)
    await key.sign(octets)
    expect(pkcs11.logins.map(({ user }) => user)).toEqual([1, 2, 2])
    expect(pkcs11.logins.every(({ pin }) => pin === '1234')).toBe(true)
    expect(asked()).toBe(1)
  })
})

describe('the PIN of a token', () => {
  it.each([
    ['is locked', CKF.pinLocked],
    ['would be locked by one more wrong one (attack 151)', CKF.pinFinalTry],
  ])('is not tried where it %s', async (_, flag) => {
    const { pkcs11, tokens, ask, asked } = given()
    pkcs11.flags |= flag
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.wrong-pin')
    expect(codeOf(await tokens.create(name, 'ES256', ask))).toBe('keys.wrong-pin')
    expect([pkcs11.logins, asked()]).toEqual([[], 0])
  })

  it('is tried once where it is wrong, and the token is given back', async () => {
    const { pkcs11, tokens, ask, asked } = given('wrong')
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.wrong-pin')
    expect([pkcs11.logins.length, asked()]).toEqual([1, 1])
    expectGivenBack(pkcs11)
  })

  it.each([
    ['CKR_PIN_LOCKED', CKR.pinLocked],
    ['CKR_USER_PIN_NOT_INITIALIZED', CKR.userPinNotInitialized],
    ['CKR_FUNCTION_CANCELED', CKR.functionCanceled],
  ])('is refused where the token answers %s', async (text, code) => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.failing.set('C_Login', new Answered(text, code))
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.wrong-pin')
    expectGivenBack(pkcs11)
  })

  it('is not asked for where the token wants none, or has its own keys to type it on', async () => {
    const { pkcs11, opened, asked } = given()
    pkcs11.flags = CKF.initialized
    ;(await opened()).close()
    expect(pkcs11.logins).toEqual([])
    pkcs11.flags |= CKF.loginRequired | CKF.pinPad
    const key = await opened()
    pkcs11.private.set(CKA.alwaysAuthenticate, Buffer.from([1]))
    await key.sign(octets)
    expect(pkcs11.logins.map(({ pin }) => pin)).toEqual([undefined, undefined])
    expect(asked()).toBe(0)
  })
})

describe('a module', () => {
  it.each(['load', 'C_Initialize'])('that fails in %s is none', async (call) => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.failing.set(call, new Answered('CKR_GENERAL_ERROR', 5))
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.pkcs11-unavailable')
  })

  it.each(['C_GetSlotList', 'C_OpenSession', 'C_Login', 'C_FindObjectsInit', 'C_FindObjects'])(
    'that fails in %s is unavailable, and given back',
    async (call) => {
      const { pkcs11, tokens, ask } = given()
      pkcs11.failing.set(call, new Answered('CKR_DEVICE_ERROR', 0x30))
      await expect(tokens.open(name, ask)).rejects.toThrow(DependencyError)
      expectGivenBack(pkcs11)
    },
  )

  it('is not looked for where the binding is not installed', async () => {
    const none = refuse('keys.pkcs11-unavailable', 'not here')
    const tokens = pkcs11Tokens(countedRandom(), () => none)
    expect(codeOf(await tokens.open(name, given().ask))).toBe('keys.pkcs11-unavailable')
  })

  it('with a slot whose token is gone, or was never set up, has no token', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.flags = CKF.loginRequired
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.not-found')
    pkcs11.failing.set('C_GetTokenInfo', new Answered('CKR_TOKEN_NOT_PRESENT', 0xe0))
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.not-found')
  })
})

describe('a private key', () => {
  it('is not chosen among several of a label, or of an id (attack 153)', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.objects.push(new Map(pkcs11.private))
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.ambiguous')
    const byId = { module: '/m.so', id: Buffer.from([1]) }
    expect(codeOf(await tokens.open(byId, ask))).toBe('keys.ambiguous')
  })

  it('without its public key is none to vote with', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.objects.pop()
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.not-found')
    expectGivenBack(pkcs11)
  })

  it('with two public keys of its id has none', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.objects.push(pkcs11.public)
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.not-found')
  })

  it('says its public key itself, where it can', async () => {
    const { pkcs11, opened } = given()
    const point = pkcs11.public.get(CKA.ecPoint)
    if (point) pkcs11.private.set(CKA.ecPoint, point)
    pkcs11.objects.pop()
    expect(await (await opened()).sign(octets)).toHaveLength(64)
  })

  it('of another curve is refused', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.private.set(CKA.ecParams, Buffer.from('06052b81040022', 'hex'))
    expect(codeOf(await tokens.open(name, ask))).toBe('keys.malformed')
  })

  it('that is made must not be one that could leave, or could have left (attack 152)', async () => {
    const { pkcs11, tokens, ask } = given()
    const wanted = { ...name, object: 'new' }
    for (const type of [CKA.extractable, CKA.sensitive]) {
      const before = pkcs11.objects.length
      pkcs11.template = (template) =>
        template.map((one) => (one.type === type ? { type, value: type === CKA.extractable } : one))
      expect(codeOf(await tokens.create(wanted, 'ES256', ask))).toBe('keys.not-on-token')
      // What was made is gone.
      expect(pkcs11.objects.slice(before).map((one) => one.size)).toEqual([0, 0])
    }
    pkcs11.template = (template) => template
    expect(codeOf(await tokens.create(wanted, 'ES256', ask))).toBe('ok')
  })

  it('is not made of a kind that the token does not have', async () => {
    const { pkcs11, tokens, ask } = given()
    expect(codeOf(await tokens.create({ ...name, object: 'new' }, 'Ed25519', ask))).toBe(
      'keys.not-on-token',
    )
    expect(pkcs11.called).not.toContain('C_GenerateKeyPair')
    expect(CKM.eddsa).toBe(0x1057)
  })
})

describe('the public key that a token shows', () => {
  const keyType = (kind: number): Buffer => Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0])
  const p256Params = Buffer.from('06082a8648ce3d030107', 'hex')
  const point = Buffer.from(p256.getPublicKey(p256.utils.randomSecretKey(), false))
  const ed = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex')
  const header = (hex: string, rest: Buffer): Buffer =>
    Buffer.concat([Buffer.from(hex, 'hex'), rest])

  it.each([
    ['in an OCTET STRING', header('0441', point)],
    ['alone', point],
  ])('of P-256 may stand %s', (_, ecPoint) => {
    const jwk = publicKeyOf({ keyType: keyType(3), ecParams: p256Params, ecPoint })
    expect(jwk?.x).toBe(point.subarray(1, 33).toString('base64url'))
  })

  it.each([
    ['in an OCTET STRING', header('0420', ed)],
    ['in a BIT STRING', header('032100', ed)],
    ['alone', ed],
  ])('of Ed25519 may stand %s', (_, ecPoint) => {
    for (const params of ['06032b6570', '130c656477617264733235353139']) {
      const ecParams = Buffer.from(params, 'hex')
      const jwk = publicKeyOf({ keyType: keyType(0x40), ecParams, ecPoint })
      expect(jwk).toEqual({ crv: 'Ed25519', kty: 'OKP', x: ed.toString('base64url') })
    }
  })

  it.each([
    ['compressed', header('0421', header('02', point.subarray(1, 33)))],
    ['cut short', header('0441', point).subarray(0, -1)],
    ['longer', header('0441', header('00', point))],
    ['not on the curve', header('0441', Buffer.from(point).fill(1, 40))],
    ['nothing', Buffer.alloc(0)],
  ])('is refused where it is %s', (_, ecPoint) => {
    expect(publicKeyOf({ keyType: keyType(3), ecParams: p256Params, ecPoint })).toBeUndefined()
  })

  it('is refused of small order', () => {
    const ecParams = Buffer.from('06032b6570', 'hex')
    const ecPoint = header('0420', Buffer.alloc(32))
    expect(publicKeyOf({ keyType: keyType(0x40), ecParams, ecPoint })).toBeUndefined()
  })
})
