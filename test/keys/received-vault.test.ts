import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createPublicKey, verify } from 'node:crypto'
import { rmSync } from 'node:fs'
import { DependencyError } from '../../src/core/dependency-error.js'
import { openFileVault } from '../../src/keys/file-vault.js'
import { receivedVault } from '../../src/keys/received-vault.js'
import { freshFolder, kekOf, must, random } from './given-keys.js'

describe('a vault of received keys', () => {
  let directory: string
  beforeEach(() => {
    directory = freshFolder()
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('signs as the vault that they came from, and leaves no octets behind', async () => {
    const vault = must(await openFileVault({ directory, kek: kekOf(7), random }))
    const { ref, signer } = await vault.create('P-256', 'issuer')
    const pkcs8 = await vault.unseal(ref)
    const received = await receivedVault(new Map([[ref, pkcs8!]])).open(ref)
    const bytes = Buffer.from('to be signed')
    const key = createPublicKey({ key: Buffer.from(signer.spki), format: 'der', type: 'spki' })
    expect(verify('sha256', bytes, key, await received!.sign(bytes))).toBe(true)
    expect(pkcs8!.every((octet) => octet === 0)).toBe(true)
  })

  it('has no other keys, and makes and keeps none', async () => {
    const vault = must(await openFileVault({ directory, kek: kekOf(7), random }))
    expect(await vault.unseal('00112233aabbccdd')).toBeUndefined()
    const received = receivedVault(new Map())
    expect(await received.open('00112233aabbccdd')).toBeUndefined()
    expect(() => received.create('P-256', 'x')).toThrow(DependencyError)
    expect(() => received.adopt(new Uint8Array(1), 'x')).toThrow(DependencyError)
    expect(() => receivedVault(new Map([['x', Buffer.from('half a key')]]))).toThrow(
      DependencyError,
    )
  })
})
