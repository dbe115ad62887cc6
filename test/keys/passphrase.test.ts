import { beforeAll, describe, expect, it } from '@jest/globals'
import { scryptSync } from 'node:crypto'
import { openFileVault } from '../../src/keys/file-vault.js'
import { kekFromPassphrase, type KeyEncryptionKey } from '../../src/keys/key-encryption-key.js'
import { countedRandom } from '../support/random.js'
import { freshFolder, kekOf, must, random, SealedFile, vaultIn } from './given-keys.js'

const PASSPHRASE = 'correct horse battery staple'

const kekBy = (passphrase: string, seed = 'salt'): KeyEncryptionKey =>
  must(kekFromPassphrase(passphrase, countedRandom(seed)))

describe('a passphrase', () => {
  it('opens, in another process, what it sealed', async () => {
    const directory = freshFolder()
    const { ref, signer } = await (await vaultIn(directory, kekBy(PASSPHRASE))).create('P-256', 'x')
    const again = await (await vaultIn(directory, kekBy(PASSPHRASE, 'other'))).open(ref)
    expect(again?.spki).toEqual(signer.spki)
  })

  it('becomes the key that scrypt makes of it', async () => {
    const { octets, terms } = await kekBy(PASSPHRASE).forSealing()
    if (terms.kind !== 'scrypt') throw new Error('sealed by other terms')
    const salt = Buffer.from(terms.salt, 'base64')
    const { N, r, p } = terms
    expect(salt).toHaveLength(16)
    expect({ N, r, p }).toEqual({ N: 131_072, r: 8, p: 1 })
    const wanted = scryptSync(PASSPHRASE, salt, 32, { N, r, p, maxmem: 2 ** 28 })
    expect(Buffer.from(octets)).toEqual(wanted)
  })

  it('is stretched once for all the keys of one run, and with another salt in the next', async () => {
    const kek = kekBy(PASSPHRASE)
    const [first, second] = [await kek.forSealing(), await kek.forSealing()]
    expect(second.octets).toBe(first.octets)
    expect(second.terms).toEqual(first.terms)
    expect((await kekBy(PASSPHRASE, 'other').forSealing()).terms).not.toEqual(first.terms)
  })

  it('is the same in every way that Unicode writes it', async () => {
    const { terms } = await kekBy('caf\u00e9 cr\u00e8me').forSealing()
    expect(await kekBy('cafe\u0301 cre\u0300me').forOpening(terms)).toBeDefined()
    expect(await kekBy('cafe creme').forOpening(terms)).toBeUndefined()
  })

  it.each([
    { when: 'it is another one', kek: () => kekBy('incorrect horse') },
    { when: 'a key comes instead of it', kek: () => kekOf(7) },
  ])('is missed in one sentence when $when', async ({ kek }) => {
    const directory = freshFolder()
    const { ref } = await (await vaultIn(directory, kekBy(PASSPHRASE))).create('P-256', 'issuer')
    expect(await openFileVault({ directory, kek: kek(), random })).toMatchObject({
      ok: false,
      refusal: {
        code: 'keys.wrong-kek',
        detail: `the key-encryption key does not open the sealed key ${ref} (issuer)`,
        wanted: 'the passphrase that the keys were sealed with',
      },
    })
  })

  it('has eight characters at least, and means no key that was not made of it', async () => {
    const kek = must(kekFromPassphrase('eight888', random))
    const raw = { kind: 'raw', id: '0123456789abcdef' } as const
    expect(await kek.forOpening(raw)).toBeUndefined()
  })

  it.each(['', 'seven77'])('as short as %j is refused, and not quoted', (passphrase) => {
    const made = kekFromPassphrase(passphrase, random)
    expect(made).toMatchObject({
      ok: false,
      refusal: { code: 'keys.malformed', found: String(passphrase.length) },
    })
    expect(JSON.stringify(made)).not.toContain('seven77')
  })
})

describe('the terms of a key sealed by passphrase', () => {
  let directory: string
  let ref: string
  beforeAll(async () => {
    directory = freshFolder()
    ref = (await (await vaultIn(directory, kekBy(PASSPHRASE))).create('P-256', 'x')).ref
  })

  it.each([
    { what: 'more memory than there is', terms: { N: 2 ** 30 } },
    { what: 'less work', terms: { N: 2 ** 10 } },
    { what: 'a cost that is no power of two', terms: { N: 131_073 } },
    { what: 'larger blocks', terms: { r: 1024 } },
    { what: 'more lanes', terms: { p: 1_000_000 } },
    { what: 'a shorter salt', terms: { salt: 'AAAA' } },
    { what: 'another function', terms: { kind: 'pbkdf2' } },
  ])('are refused, before any work, when they ask for $what', async ({ terms }) => {
    const members = new SealedFile(directory, ref).read()
    const elsewhere = freshFolder()
    const kek = { ...(members['kek'] as object), ...terms }
    new SealedFile(elsewhere, ref).write({ ...members, kek })
    const idle: KeyEncryptionKey = {
      forSealing: () => Promise.reject(new Error('nothing is sealed here')),
      forOpening: () => Promise.reject(new Error('work was done')),
    }
    expect(await openFileVault({ directory: elsewhere, kek: idle, random })).toMatchObject({
      ok: false,
      refusal: { code: 'keys.malformed' },
    })
  })

  it.each([
    { what: 'salt', terms: { salt: Buffer.alloc(16, 1).toString('base64') } },
    { what: 'cost', terms: { N: 2 ** 18 } },
    { what: 'id', terms: { id: '0123456789abcdef' } },
  ])('do not lead to the key when their $what was changed', async ({ terms }) => {
    const kek = kekBy(PASSPHRASE)
    const { terms: made } = await kek.forSealing()
    if (made.kind !== 'scrypt') throw new Error('sealed by other terms')
    expect(await kek.forOpening(made)).toBeDefined()
    expect(await kek.forOpening({ ...made, ...terms })).toBeUndefined()
  })
})
