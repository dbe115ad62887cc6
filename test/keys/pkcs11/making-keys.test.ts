import { describe, expect, it } from '@jest/globals'
import { CKA, CKM, CKO } from '../../../src/keys/pkcs11/constants.js'
import type { TokenKeyName } from '../../../src/namespace/ports.js'
import type { VoterAlgorithm } from '../../../src/namespace/voter-key.js'
import { codeOf } from '../../contract/voter-tokens.contract.js'
import { ulong, type Values } from '../../support/token-objects.js'
import { expectGivenBack, given, name, octets, refusalOf } from '../given-token.js'

const fresh: TokenKeyName = { ...name, object: 'new' }

/** Which of these attributes are true, and which are false. */
const flagsOf = (values: Values | undefined): object =>
  Object.fromEntries(
    (['token', 'private', 'sensitive', 'extractable', 'sign', 'verify'] as const).flatMap(
      (type) => {
        const octet = values?.get(CKA[type])?.[0]
        return octet === undefined ? [] : [[type, octet === 1]]
      },
    ),
  )

describe.each<VoterAlgorithm>(['ES256', 'Ed25519'])('a key of %s that is made', (alg) => {
  it('stays on the token, which shows its public half to everybody', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.mechanisms = Object.values(CKM)
    const made = await tokens.create(fresh, alg, ask)
    expect(codeOf(made)).toBe('ok')
    const [, , mine, theirs] = pkcs11.objects
    expect(flagsOf(mine)).toEqual({
      ...{ token: true, private: true, sensitive: true },
      ...{ extractable: false, sign: true },
    })
    expect(mine?.get(CKA.class)).toEqual(ulong(CKO.privateKey))
    expect(flagsOf(theirs)).toEqual({ token: true, private: false, verify: true })
    for (const half of [mine, theirs]) {
      expect(half?.get(CKA.label)?.toString()).toBe('new')
      expect(half?.get(CKA.id)).toHaveLength(16)
    }
    expect(mine?.get(CKA.id)).toEqual(theirs?.get(CKA.id))
    if (made.ok) made.value.close()
    // Both are there when its session is gone.
    expect([mine?.size, theirs?.size]).not.toContain(0)
    const again = await tokens.open(fresh, ask)
    if (again.ok) expect(await again.value.sign(octets)).toHaveLength(64)
    expect(codeOf(again)).toBe('ok')
  })
})

describe('a key that is made', () => {
  it('is made in a session that may write', async () => {
    const { pkcs11, tokens, ask } = given()
    expect(codeOf(await tokens.create(fresh, 'ES256', ask))).toBe('ok')
    expect(pkcs11.opened).toEqual([0x06])
  })

  it('has the id of its name, and no label where that has none', async () => {
    const { pkcs11, tokens, ask } = given()
    const id = Buffer.from('chosen')
    const { module } = name
    expect(codeOf(await tokens.create({ module, id }, 'ES256', ask))).toBe('ok')
    for (const half of pkcs11.objects.slice(2)) {
      expect(half.get(CKA.id)?.toString()).toBe('chosen')
      expect(half.has(CKA.label)).toBe(false)
    }
  })

  it('has another id each time where nobody chose one', async () => {
    const { pkcs11, tokens, ask } = given()
    for (const object of ['one', 'two']) {
      const made = await tokens.create({ ...name, object }, 'ES256', ask)
      if (made.ok) made.value.close()
    }
    const ids = pkcs11.objects.slice(2).map((values) => values.get(CKA.id)?.toString('hex'))
    expect(new Set(ids).size).toBe(2)
  })

  it.each<[string, Partial<TokenKeyName>]>([
    ['label', { object: 'ann' }],
    ['id', { object: 'new', id: Buffer.from([1]) }],
    ['label, with another id', { object: 'ann', id: Buffer.from([9]) }],
  ])('is none of a %s that the token has', async (_, more) => {
    for (const left of ['both halves', 'the private half', 'the public half']) {
      const { pkcs11, tokens, ask } = given()
      if (left === 'the private half') pkcs11.objects.pop()
      if (left === 'the public half') pkcs11.objects.shift()
      const before = pkcs11.objects.length
      const refused = await tokens.create({ ...name, ...more }, 'ES256', ask)
      expect([left, codeOf(refused)]).toEqual([left, 'keys.exists'])
      expect(pkcs11.objects).toHaveLength(before)
      expect(pkcs11.called).not.toContain('C_GenerateKeyPair')
      expectGivenBack(pkcs11)
    }
  })

  it('needs no name where the token has other keys', async () => {
    const { tokens, ask } = given()
    expect(codeOf(await tokens.create({ module: '/m.so' }, 'ES256', ask))).toBe('ok')
  })

  it('wants both: that the token makes such keys, and that it signs with them', async () => {
    for (const mechanisms of [[CKM.ecKeyPairGen, CKM.eddsa], [CKM.ecdsa], []]) {
      const { pkcs11, tokens, ask } = given()
      pkcs11.mechanisms = mechanisms
      expect(codeOf(await tokens.create(fresh, 'ES256', ask))).toBe('keys.not-on-token')
      expect(pkcs11.called).not.toContain('C_GenerateKeyPair')
      expectGivenBack(pkcs11)
    }
  })

  it.each<[VoterAlgorithm, string]>([
    ['ES256', 'ed25519'],
    ['Ed25519', 'es256'],
  ])('of %s is refused with the other kind, where the token has none', async (alg, other) => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.mechanisms = []
    const { next } = refusalOf(await tokens.create(fresh, alg, ask))
    expect(next).toContain(`--alg ${other},`)
  })

  it('is destroyed, both halves, where its public key is not found', async () => {
    const { pkcs11, tokens, ask } = given()
    const { objects } = pkcs11
    const push = objects.push.bind(objects)
    // A module that shows no point.
    objects.push = (...pair) => {
      for (const values of pair) values.delete(CKA.ecPoint)
      return push(...pair)
    }
    expect(codeOf(await tokens.create(fresh, 'ES256', ask))).toBe('keys.not-found')
    expect(objects.slice(2).map(({ size }) => size)).toEqual([0, 0])
    expectGivenBack(pkcs11)
  })
})
