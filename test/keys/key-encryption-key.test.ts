import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DependencyError } from '../../src/core/dependency-error.js'
import { kekFromFile, kekFromOctets } from '../../src/keys/key-encryption-key.js'
import { freshFolder, kekOf, must } from './given-keys.js'

const octets = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7 + 3))

/** 32 octets in base64, in which the last two signs of the alphabet are these. */
const base64With = (signs: string): string =>
  `${octets.toString('base64').slice(0, 30)}${signs}${octets.toString('base64').slice(32)}`

describe('a key-encryption key', () => {
  it.each([
    { form: 'raw octets', content: octets },
    { form: 'hex', content: Buffer.from(octets.toString('hex')) },
    { form: 'upper-case hex', content: Buffer.from(octets.toString('hex').toUpperCase()) },
    { form: 'hex as openssl prints it', content: Buffer.from(`${octets.toString('hex')}\n`) },
    { form: 'base64', content: Buffer.from(`${octets.toString('base64')}\r\n`) },
    { form: 'base64url', content: Buffer.from(octets.toString('base64url')) },
    { form: 'base64 without padding', content: base64With('+/').replace('=', '') },
    { form: 'base64 with every sign', content: base64With('+/') },
    { form: 'base64url with every sign', content: base64With('-_') },
    { form: 'base64url without padding', content: base64With('-_').replace('=', '') },
  ])('is read from $form', async ({ content }) => {
    const sealing = await must(kekFromOctets(Buffer.from(content))).forSealing()
    const wanted = typeof content === 'string' ? Buffer.from(content, 'base64') : octets
    expect(Buffer.from(sealing.octets)).toEqual(wanted)
  })

  it('has an id that is the same in every release: sealed keys hold it', async () => {
    const { terms } = await must(kekFromOctets(octets)).forSealing()
    const id = createHmac('sha256', octets).update('capstan kek id').digest('hex').slice(0, 16)
    expect(terms).toEqual({ kind: 'raw', id })
  })

  it.each([
    { what: 'nothing', content: '' },
    { what: '31 octets', content: 'x'.repeat(31) },
    { what: '33 octets', content: 'x'.repeat(33) },
    { what: '63 hex digits', content: 'a'.repeat(63) },
    { what: '64 signs that are no hex', content: 'g'.repeat(64) },
    { what: 'a sign before hex digits', content: `x${octets.toString('hex')}` },
    { what: 'signs after hex digits', content: `${octets.toString('hex')}xx` },
    { what: 'a sign before base64', content: `!${base64With('+/')}` },
    { what: 'a sign after base64', content: `${base64With('+/')}!` },
    { what: 'a sign before base64url', content: `!${base64With('-_')}` },
    { what: 'a sign after base64url', content: `${base64With('-_')}!` },
    { what: 'a mixture of base64 and base64url', content: base64With('+_') },
    { what: 'a passphrase', content: 'correct horse battery staple' },
    { what: 'base64 with a line break in it', content: `${'A'.repeat(20)}\n${'A'.repeat(23)}=` },
  ])('is not read from $what, which is not quoted', ({ content }) => {
    const read = kekFromOctets(Buffer.from(content))
    expect(read).toMatchObject({ ok: false, refusal: { code: 'keys.malformed' } })
    if (content.length > 0) expect(JSON.stringify(read)).not.toContain(content)
  })

  it('keeps its octets when what it was read from is wiped', async () => {
    const content = Buffer.from(octets)
    const kek = must(kekFromOctets(content))
    content.fill(0)
    expect(Buffer.from((await kek.forSealing()).octets)).toEqual(octets)
  })

  it('opens by its own terms alone, and they do not give it away', async () => {
    const { terms } = await kekOf(1).forSealing()
    expect(await kekOf(1).forOpening(terms)).toEqual(new Uint8Array(32).fill(1))
    expect(await kekOf(2).forOpening(terms)).toBeUndefined()
    expect(JSON.stringify(terms)).not.toContain('0101')
    const scrypt = { kind: 'scrypt', salt: '', N: 2 ** 17, r: 8, p: 1, id: terms.id } as const
    expect(await kekOf(1).forOpening(scrypt)).toBeUndefined()
  })
})

describe('the file of a key-encryption key', () => {
  function fileOf(mode: number, content: Uint8Array = octets): string {
    const path = join(freshFolder(), 'kek')
    writeFileSync(path, content)
    chmodSync(path, mode)
    return path
  }

  it.each([0o600, 0o400, 0o440])('may have mode %o', async (mode) => {
    const kek = must(await kekFromFile(fileOf(mode)))
    expect(Buffer.from((await kek.forSealing()).octets)).toEqual(octets)
  })

  it.each([0o644, 0o604, 0o660, 0o602, 0o601, 0o777])('may not have mode %o', async (mode) => {
    const path = fileOf(mode)
    expect(await kekFromFile(path)).toMatchObject({
      ok: false,
      refusal: {
        code: 'keys.unsafe-permissions',
        found: `0${mode.toString(8)}`,
        next: `chmod 0600 ${path}`,
      },
    })
  })

  it('is refused when it was cut short', async () => {
    expect(await kekFromFile(fileOf(0o600, octets.subarray(0, 20)))).toMatchObject({
      ok: false,
      refusal: { code: 'keys.malformed' },
    })
  })

  it('is a broken dependency when it is not there', async () => {
    const path = join(freshFolder(), 'kek')
    await expect(kekFromFile(path)).rejects.toThrow(DependencyError)
    await expect(kekFromFile(path)).rejects.toThrow(path)
  })
})
