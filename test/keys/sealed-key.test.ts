import { describe, expect, it } from '@jest/globals'
import {
  type KeyDescription,
  parseSealedKey,
  sealKey,
  unsealKey,
} from '../../src/keys/sealed-key.js'
import { random } from './given-keys.js'

const kek = new Uint8Array(32).fill(7)
const secret = Buffer.from('not really a key')
const description: KeyDescription = {
  ref: '0123456789abcdef',
  kind: 'P-256',
  label: 'issuer',
  spki: new Uint8Array([1, 2, 3]),
  kek: { kind: 'raw', id: 'fedcba9876543210' },
}

describe('what is sealed', () => {
  it('opens by the same key under the same description', () => {
    const sealed = sealKey(description, secret, kek, random)
    expect(unsealKey(sealed, kek)).toEqual(secret)
    expect(unsealKey(sealed, new Uint8Array(32).fill(8))).toBeUndefined()
  })

  it.each<{ what: string; changed: Partial<KeyDescription> }>([
    { what: 'name', changed: { ref: '0123456789abcdee' } },
    { what: 'kind', changed: { kind: 'P-384' } },
    { what: 'label', changed: { label: 'Issuer' } },
    { what: 'public key', changed: { spki: new Uint8Array([1, 2, 4]) } },
    { what: 'terms', changed: { kek: { kind: 'raw', id: 'fedcba9876543211' } } },
  ])('does not open under another $what', ({ changed }) => {
    const sealed = sealKey(description, secret, kek, random)
    expect(unsealKey({ ...sealed, ...changed }, kek)).toBeUndefined()
  })
})

describe('a file of another version', () => {
  it.each([
    [2, 'version 2'],
    ['2', 'no version'],
    [null, 'no version'],
    [{ toString: 0 }, 'no version'],
  ])('is said to be one: %j', (v, found) => {
    const read = parseSealedKey('k', Buffer.from(JSON.stringify({ v })))
    expect(read).toMatchObject({ ok: false, refusal: { code: 'keys.malformed', found } })
  })
})
