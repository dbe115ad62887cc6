import { describe, expect, it } from '@jest/globals'
import { createPublicKey, verify } from 'node:crypto'
import { voterSigner } from '../../src/keys/voter-signer.js'
import { freshFolder, vaultIn } from './given-keys.js'

describe('the local voter', () => {
  it('signs with the Ed25519 key of the vault, under its raw public key', async () => {
    const { signer } = await (await vaultIn(freshFolder())).create('Ed25519', 'voter')
    const voter = voterSigner(signer)
    expect(voter.publicKey).toHaveLength(32)
    const x = Buffer.from(voter.publicKey).toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    const ballot = Buffer.from('aye')
    const signature = await voter.sign(ballot)
    expect(verify(undefined, ballot, key, signature)).toBe(true)
    expect(verify(undefined, Buffer.from('nay'), key, signature)).toBe(false)
  })

  it.each(['P-256', 'P-384'] as const)('does not sign with %s', async (kind) => {
    const { signer } = await (await vaultIn(freshFolder())).create(kind, 'issuer')
    expect(() => voterSigner(signer)).toThrow('a voter signs with Ed25519')
  })

  it('does not sign with what says that it signs in another way', async () => {
    const { signer } = await (await vaultIn(freshFolder())).create('Ed25519', 'voter')
    expect(() => voterSigner({ ...signer, algorithm: 'ecdsa-with-SHA256' })).toThrow(TypeError)
  })

  it('does not take the word of a signer for the kind of its key', async () => {
    const { signer } = await (await vaultIn(freshFolder())).create('P-256', 'issuer')
    expect(() => voterSigner({ ...signer, algorithm: 'Ed25519' })).toThrow(TypeError)
  })
})
