import { describe, expect, it } from '@jest/globals'
import { CKA } from '../../../src/keys/pkcs11/constants.js'
import type { TokenKeyName } from '../../../src/namespace/ports.js'
import { codeOf } from '../../contract/voter-tokens.contract.js'
import { Answered, madeOf } from '../../support/token-objects.js'
import { expectGivenBack, given, type GivenToken, name, octets } from '../given-token.js'

const only: TokenKeyName = { module: '/m.so', token: 'voter' }
const opens = async ({ tokens, ask }: GivenToken, key: TokenKeyName): Promise<string> =>
  codeOf(await tokens.open(key, ask))

describe('a key that is opened', () => {
  it('is in a session that may not write', async () => {
    const world = given()
    const key = await world.opened()
    expect(world.pkcs11.opened).toEqual([0x04])
    key.close()
    expect(world.pkcs11.called.filter((call) => call === 'C_CloseSession')).toHaveLength(1)
    expectGivenBack(world.pkcs11)
    await expect(key.sign(octets)).rejects.toThrow('CKR_SESSION_HANDLE_INVALID')
  })

  it('may be the only one of its token, without a name', async () => {
    expect(await opens(given(), only)).toBe('ok')
  })

  it('is given back with its session where it is refused', async () => {
    const world = given()
    expect(await opens(world, { ...name, object: 'bob' })).toBe('keys.not-found')
    expect(world.pkcs11.called).toContain('C_CloseSession')
    expectGivenBack(world.pkcs11)
  })
})

describe('the public key beside a private key', () => {
  it('is the one of the same id, whatever their labels are', async () => {
    const world = given()
    const { pkcs11 } = world
    pkcs11.public.set(CKA.label, Buffer.from('public key of ann'))
    pkcs11.put(madeOf('P-256'), 'bob', [2])
    pkcs11.objects[3]?.set(CKA.label, Buffer.from('ann'))
    const key = await world.opened()
    expect(await key.sign(octets)).toHaveLength(64)
  })

  it.each([
    ['has no id', undefined],
    ['has an empty one', Buffer.alloc(0)],
  ])('is the one of the same label, where the private key %s', async (_, id) => {
    for (const key of [name, only]) {
      const world = given()
      const { pkcs11 } = world
      if (id) pkcs11.private.set(CKA.id, id)
      else pkcs11.private.delete(CKA.id)
      const [, other] = madeOf('P-256')
      other.set(CKA.label, Buffer.from('bob')).set(CKA.id, Buffer.alloc(0))
      pkcs11.objects.push(other)
      const opened = await world.tokens.open(key, world.ask)
      expect(codeOf(opened)).toBe('ok')
      if (opened.ok) expect(await opened.value.sign(octets)).toHaveLength(64)
    }
  })

  it.each([
    ['no label either', undefined],
    ['an empty label', Buffer.alloc(0)],
  ])('is not guessed where the private key has no id and %s', async (_, label) => {
    const world = given()
    for (const values of world.pkcs11.objects) {
      values.delete(CKA.id)
      if (label) values.set(CKA.label, label)
      else values.delete(CKA.label)
    }
    expect(await opens(world, only)).toBe('keys.not-found')
    expectGivenBack(world.pkcs11)
  })

  it('is none of another kind', async () => {
    const world = given()
    const [, other] = madeOf('Ed25519')
    other.set(CKA.label, Buffer.from('ann')).set(CKA.id, Buffer.from([1]))
    world.pkcs11.objects[1] = other
    expect(await opens(world, name)).toBe('keys.not-found')
  })
})

describe('a module that fails', () => {
  it.each([
    ['C_GetSlotList', 'the module answers CKR_DEVICE_ERROR'],
    ['C_OpenSession', 'the token opens no session: CKR_DEVICE_ERROR'],
    ['C_Login', 'it lets nobody in: CKR_DEVICE_ERROR'],
    ['C_FindObjectsInit', 'the token does not say what it has: CKR_DEVICE_ERROR'],
    ['C_FindObjects', 'the token does not say what it has: CKR_DEVICE_ERROR'],
  ])('says in %s what it did not do, and its answer', async (call, text) => {
    const { pkcs11, tokens, ask } = given()
    const cause = new Answered('CKR_DEVICE_ERROR', 0x30)
    pkcs11.failing.set(call, cause)
    const error: unknown = await tokens.open(name, ask).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ message: `token: ${text}`, dependency: 'token', cause })
  })

  it.each([
    ['C_GetMechanismList', 'the token does not say what it can do: CKR_DEVICE_ERROR'],
    ['C_GenerateKeyPair', 'the token makes no key: CKR_DEVICE_ERROR'],
  ])('says in %s that no key is made', async (call, text) => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.failing.set(call, new Answered('CKR_DEVICE_ERROR', 0x30))
    await expect(tokens.create({ ...name, object: 'new' }, 'ES256', ask)).rejects.toThrow(text)
    expectGivenBack(pkcs11)
  })

  it('says that it does not sign, and the next signature may be good', async () => {
    const { pkcs11, opened } = given()
    const key = await opened()
    pkcs11.failing.set('C_Sign', new Answered('CKR_FUNCTION_FAILED', 6))
    await expect(key.sign(octets)).rejects.toThrow('the token does not sign: CKR_FUNCTION_FAILED')
    pkcs11.failing.clear()
    expect(await key.sign(octets)).toHaveLength(64)
  })

  it('as it is given back keeps nobody from going on', async () => {
    const { pkcs11, opened } = given()
    for (const call of ['C_CloseSession', 'C_Finalize', 'close']) {
      pkcs11.failing.set(call, new Answered('CKR_DEVICE_REMOVED', 0x32))
    }
    const key = await opened()
    expect(() => key.close()).not.toThrow()
    expectGivenBack(pkcs11)
  })
})
