import { describe, expect, it } from '@jest/globals'
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Signer } from '../../src/ca/ports.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { openFileVault } from '../../src/keys/file-vault.js'
import { freshFolder, kekOf, random, SealedFile, vaultIn } from './given-keys.js'

const message = Buffer.from('to be signed')

async function signs(signer: Signer | undefined): Promise<boolean> {
  if (!signer) return false
  const key = createPublicKey({ key: Buffer.from(signer.spki), format: 'der', type: 'spki' })
  const hash = signer.algorithm === 'ecdsa-with-SHA384' ? 'sha384' : 'sha256'
  const signature = await signer.sign(message)
  return verify(signer.algorithm === 'Ed25519' ? undefined : hash, message, key, signature)
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('a vault', () => {
  it.each(['P-256', 'P-384', 'Ed25519'] as const)(
    'opens, in another process, the %s key that it made',
    async (kind) => {
      const directory = freshFolder()
      const { ref, signer } = await (await vaultIn(directory)).create(kind, 'issuer')
      const again = await (await vaultIn(directory)).open(ref)
      expect(again?.spki).toEqual(signer.spki)
      expect(await signs(signer)).toBe(true)
      expect(await signs(again)).toBe(true)
    },
  )

  it.each([
    { kind: 'RSA', make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey },
    { kind: 'P-256', make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
  ])('keeps a $kind key that is brought to it', async ({ make }) => {
    const directory = freshFolder()
    const key = make()
    const pkcs8 = key.export({ format: 'der', type: 'pkcs8' })
    const { ref } = await (await vaultIn(directory)).adopt(pkcs8, 'brought')
    const opened = await (await vaultIn(directory)).open(ref)
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
    expect(opened?.spki).toEqual(spki)
    expect(await signs(opened)).toBe(true)
  })

  it.each([
    { what: 'no key', pkcs8: () => Buffer.from('hello') },
    {
      what: 'a key that signs no certificates',
      pkcs8: () =>
        generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' }),
    },
  ])('does not keep $what', async ({ pkcs8 }) => {
    const directory = freshFolder()
    const vault = await vaultIn(directory)
    const adopting = vault.adopt(pkcs8(), 'x')
    await expect(adopting).rejects.toThrow(TypeError)
    await expect(adopting).rejects.toThrow('not a private key that can sign certificates')
    expect(readdirSync(directory)).toEqual([])
  })

  it('writes one file for its owner alone, and nothing of the key in the clear', async () => {
    const directory = join(freshFolder(), 'keys')
    const pkcs8 = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' })
    const { ref } = await (await vaultIn(directory)).adopt(pkcs8, 'issuer')
    expect(readdirSync(directory)).toEqual([`${ref}.key.json`])
    const path = join(directory, `${ref}.key.json`)
    expect({ directory: modeOf(directory), file: modeOf(path) }).toEqual({
      directory: '700',
      file: '600',
    })
    const seed = pkcs8.subarray(-32)
    const said = Object.values(new SealedFile(directory, ref).read()).map((value) =>
      Buffer.from(String(value), 'base64'),
    )
    expect(said.some((octets) => octets.includes(seed))).toBe(false)
    expect(readFileSync(path).includes(seed.toString('hex'))).toBe(false)
  })

  it('seals each time with another IV', async () => {
    const directory = freshFolder()
    const vault = await vaultIn(directory)
    const pkcs8 = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' })
    const file = new SealedFile(directory, (await vault.adopt(pkcs8, 'x')).ref)
    const before = file.read()
    await vault.adopt(pkcs8, 'x')
    expect(file.read()['iv']).not.toBe(before['iv'])
    expect(file.read()['ct']).not.toBe(before['ct'])
  })

  it.each([
    ...['0123456789abcdef', '', '../secret', '0123456789ABCDEF', '0123456789abcde'],
    ...['../0123456789abcdef', '0123456789abcdef/../../secret'],
  ])('has no key %j', async (ref) => {
    const directory = join(freshFolder(), 'keys')
    const vault = await vaultIn(directory)
    for (const name of ['secret', '0123456789abcdef']) {
      writeFileSync(join(directory, '..', `${name}.key.json`), '{}', { mode: 0o600 })
    }
    expect(await vault.open(ref)).toBeUndefined()
  })

  it('leaves files of other names alone', async () => {
    const directory = freshFolder()
    const names = ['README', 'backup.key.json', '.0123456789abcdef.key.json.00']
    for (const name of names) writeFileSync(join(directory, name), 'x', { mode: 0o600 })
    chmodSync(join(directory, 'README'), 0o666)
    await vaultIn(directory)
    expect(readdirSync(directory)).toEqual([...names].sort())
  })
})

describe('another key-encryption key', () => {
  it('is refused at the start in one sentence that names the key and says no secret', async () => {
    const directory = freshFolder()
    const { ref } = await (await vaultIn(directory, kekOf(1))).create('P-256', 'issuer of 2026')
    const opened = await openFileVault({ directory, kek: kekOf(2), random })
    expect(opened).toMatchObject({
      ok: false,
      refusal: {
        code: 'keys.wrong-kek',
        detail: `the key-encryption key does not open the sealed key ${ref} (issuer of 2026)`,
      },
    })
    expect(JSON.stringify(opened)).not.toContain('01'.repeat(8))
  })

  it('is refused though it opens all the keys but one', async () => {
    const directory = freshFolder()
    await (await vaultIn(directory, kekOf(1))).create('P-256', 'old')
    const elsewhere = freshFolder()
    const { ref } = await (await vaultIn(elsewhere, kekOf(2))).create('P-256', 'new')
    const { path } = new SealedFile(elsewhere, ref)
    writeFileSync(join(directory, `${ref}.key.json`), readFileSync(path), { mode: 0o600 })
    const opened = await openFileVault({ directory, kek: kekOf(1), random })
    expect(opened).toMatchObject({ ok: false, refusal: { code: 'keys.wrong-kek' } })
  })

  it('is told from the right one when the files changed after the start', async () => {
    const directory = freshFolder()
    const vault = await vaultIn(directory, kekOf(1))
    const { ref } = await (await vaultIn(directory, kekOf(2))).create('P-256', 'x').catch(() => {
      throw new Error('an empty vault takes any key-encryption key')
    })
    await expect(vault.open(ref)).rejects.toThrow(DependencyError)
    await expect(vault.open(ref)).rejects.toThrow(/key-encryption key does not open/)
  })
})

describe('permissions', () => {
  it.each([0o770, 0o707, 0o722])('a directory of mode %o is refused', async (mode) => {
    const directory = join(freshFolder(), 'keys')
    mkdirSync(directory)
    chmodSync(directory, mode)
    expect(await openFileVault({ directory, kek: kekOf(1), random })).toMatchObject({
      ok: false,
      refusal: {
        code: 'keys.unsafe-permissions',
        detail: `others may write to ${directory}`,
        found: `0${mode.toString(8)}`,
        next: `chmod go-w ${directory}`,
      },
    })
  })

  it.each([0o620, 0o602])('a sealed key of mode %o is refused', async (mode) => {
    const directory = freshFolder()
    const { ref } = await (await vaultIn(directory)).create('P-256', 'x')
    const { path } = new SealedFile(directory, ref)
    chmodSync(path, mode)
    expect(await openFileVault({ directory, kek: kekOf(7), random })).toMatchObject({
      ok: false,
      refusal: { code: 'keys.unsafe-permissions', detail: `others may write to ${path}` },
    })
  })

  it('a sealed key that others may read is accepted, for it is sealed', async () => {
    const directory = freshFolder()
    const { ref } = await (await vaultIn(directory)).create('P-256', 'x')
    chmodSync(new SealedFile(directory, ref).path, 0o644)
    expect(await (await vaultIn(directory)).open(ref)).toBeDefined()
  })
})

describe('a directory that cannot be used', () => {
  it('is a broken dependency that names it', async () => {
    const path = join(freshFolder(), 'file')
    writeFileSync(path, '')
    const opening = openFileVault({ directory: path, kek: kekOf(1), random })
    await expect(opening).rejects.toThrow(DependencyError)
    await expect(opening).rejects.toThrow(path)
  })

  it('is one too when it is gone, or a key in it cannot be read, after the start', async () => {
    const directory = join(freshFolder(), 'keys')
    const vault = await vaultIn(directory)
    const ref = '0123456789abcdef'
    mkdirSync(join(directory, `${ref}.key.json`))
    await expect(vault.open(ref)).rejects.toThrow(DependencyError)
    rmSync(join(directory, `${ref}.key.json`), { recursive: true })
    writeFileSync(join(directory, `${ref}.key.json`), '{}', { mode: 0o600 })
    await expect(vault.open(ref)).rejects.toThrow(DependencyError)
    rmSync(directory, { recursive: true })
    await expect(vault.create('P-256', 'x')).rejects.toThrow(DependencyError)
  })
})
