import { beforeEach, describe, expect, it } from '@jest/globals'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { DependencyError } from '../../src/core/dependency-error.js'
import { openFileVault } from '../../src/keys/file-vault.js'
import { renderSealedKey, sealKey } from '../../src/keys/sealed-key.js'
import { flipped, freshFolder, kekOf, random, SealedFile, vaultIn } from './given-keys.js'

let directory: string
let ref: string
let file: SealedFile

beforeEach(async () => {
  directory = freshFolder()
  ref = (await (await vaultIn(directory)).create('P-256', 'issuer')).ref
  file = new SealedFile(directory, ref)
})

const opened = (): ReturnType<typeof openFileVault> =>
  openFileVault({ directory, kek: kekOf(7), random })

type Members = Record<string, unknown>
const change = (members: Members): void => file.write({ ...file.read(), ...members })

describe('a sealed key that was changed', () => {
  it.each<{ what: string; changed: (file: Members) => Members }>([
    { what: 'its kind', changed: () => ({ kind: 'P-384' }) },
    { what: 'its label', changed: () => ({ label: 'root' }) },
    { what: 'its public key', changed: ({ spki }) => ({ spki: flipped(spki, 40) }) },
    { what: 'its IV', changed: ({ iv }) => ({ iv: flipped(iv) }) },
    { what: 'its tag', changed: ({ tag }) => ({ tag: flipped(tag) }) },
    { what: 'the first octet of what is sealed', changed: ({ ct }) => ({ ct: flipped(ct) }) },
    { what: 'the last octet of what is sealed', changed: ({ ct }) => ({ ct: flipped(ct, 137) }) },
  ])('in $what does not open', async ({ changed }) => {
    const before = file.read()
    change(changed(before))
    expect(file.read()).not.toEqual(before)
    const vault = await vaultIn(directory)
    await expect(vault.open(ref)).rejects.toThrow(DependencyError)
    await expect(vault.open(ref)).rejects.toThrow(
      `the sealed key ${ref} was changed after it was sealed`,
    )
  })

  it.each<{ what: string; changed: (file: Members) => Members }>([
    { what: 'its version', changed: () => ({ v: 2 }) },
    { what: 'its version, to a text', changed: () => ({ v: '\u001b[2J' }) },
    { what: 'its version, to half a character', changed: () => ({ v: '\ud800' }) },
    { what: 'its version, to what has no text', changed: () => ({ v: { toString: 0 } }) },
    { what: 'its label, to half a character', changed: () => ({ label: 'a\ud800' }) },
    { what: 'its kind, to none that there is', changed: () => ({ kind: 'P-521' }) },
    { what: 'its label, to a number', changed: () => ({ label: 1 }) },
    { what: 'its public key, to no base64', changed: () => ({ spki: '***' }) },
    { what: 'its IV, to a shorter one', changed: () => ({ iv: 'AAAA' }) },
    {
      what: 'its tag, to a shorter one',
      changed: ({ tag }) => ({ tag: String(tag).slice(0, 16) }),
    },
    { what: 'what is sealed, to nothing', changed: () => ({ ct: '' }) },
    { what: 'what is sealed, to no base64', changed: () => ({ ct: 'a' }) },
    { what: 'its terms, to nothing', changed: () => ({ kek: null }) },
    {
      what: 'its terms, to an id that is none',
      changed: () => ({ kek: { kind: 'raw', id: 'x' } }),
    },
    ...['x0123456789abcdef', '0123456789abcdefx', ['0123456789abcdef']].map((id) => ({
      what: `its terms, to the id ${JSON.stringify(id)}`,
      changed: () => ({ kek: { kind: 'raw', id } }),
    })),
    {
      what: 'its terms, to another kind',
      changed: ({ kek }) => ({ kek: { ...(kek as object), kind: 'scrypt' } }),
    },
  ])('in $what is refused at the start', async ({ changed }) => {
    change(changed(file.read()))
    expect(await opened()).toMatchObject({
      ok: false,
      refusal: {
        code: 'keys.malformed',
        detail: `the sealed key ${ref} is damaged or not one of ours`,
      },
    })
  })

  it.each(['v', 'kind', 'label', 'spki', 'kek', 'iv', 'tag', 'ct'])(
    'by leaving out %s is refused at the start',
    async (name) => {
      file.write({ ...file.read(), [name]: undefined })
      expect(await opened()).toMatchObject({ ok: false, refusal: { code: 'keys.malformed' } })
    },
  )

  it('in the id of its key-encryption key is refused as sealed by another', async () => {
    change({ kek: { kind: 'raw', id: '0123456789abcdef' } })
    expect(await opened()).toMatchObject({
      ok: false,
      refusal: {
        code: 'keys.wrong-kek',
        wanted: 'the key-encryption key with id 0123456789abcdef',
      },
    })
  })

  it('by taking the place of another one does not open', async () => {
    const other = (await (await vaultIn(directory)).create('P-256', 'issuer')).ref
    writeFileSync(new SealedFile(directory, other).path, readFileSync(file.path))
    const vault = await vaultIn(directory)
    await expect(vault.open(other)).rejects.toThrow('was changed after it was sealed')
    expect(await vault.open(ref)).toBeDefined()
  })

  it('under the description of another, by somebody who has the key-encryption key', async () => {
    const vault = await vaultIn(directory)
    const { octets, terms } = await kekOf(7).forSealing()
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' })
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
    const sealAs = (key: KeyObject): void => {
      const description = { ref, kind: 'P-256', label: 'x', spki: spki(key), kek: terms } as const
      writeFileSync(file.path, renderSealedKey(sealKey(description, pkcs8, octets, random)))
    }
    sealAs(publicKey)
    expect((await vault.open(ref))?.spki).toEqual(spki(publicKey))
    sealAs(other.publicKey)
    await expect(vault.open(ref)).rejects.toThrow('was changed after it was sealed')
  })

  it('is not quoted by what is said of it', async () => {
    change({ label: { secret: 'sssh' } })
    expect(JSON.stringify(await opened())).not.toContain('sssh')
  })
})

describe('a sealed key that was cut short', () => {
  it('is refused at the start, wherever it was cut', async () => {
    const whole = readFileSync(file.path)
    // The last two octets are the closing brace and the end of the line.
    const lengths = [0, 1, 2, 40, whole.length >> 1, whole.length - 3, whole.length - 2]
    for (const length of lengths) {
      writeFileSync(file.path, whole.subarray(0, length))
      expect({ length, found: await opened() }).toMatchObject({
        length,
        found: { ok: false, refusal: { code: 'keys.malformed', found: 'no JSON object' } },
      })
    }
    writeFileSync(file.path, whole)
    expect(await opened()).toMatchObject({ ok: true })
  })

  it('is not confused with one of the largest size there may be', async () => {
    const whole = readFileSync(file.path)
    writeFileSync(file.path, Buffer.concat([whole, Buffer.alloc(32_768 - whole.length, ' ')]))
    expect(await opened()).toMatchObject({ ok: true })
  })

  it('and one that grew out of all proportion are refused alike', async () => {
    writeFileSync(file.path, Buffer.concat([readFileSync(file.path), Buffer.alloc(40_000, ' ')]))
    expect(await opened()).toMatchObject({
      ok: false,
      refusal: { code: 'keys.malformed', found: 'more than 32768 octets' },
    })
  })
})
