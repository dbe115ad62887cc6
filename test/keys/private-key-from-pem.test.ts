import { describe, expect, it } from '@jest/globals'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { privateKeyFromPem } from '../../src/keys/private-key-from-pem.js'
import { must } from './given-keys.js'

const PASSPHRASE = 'open sesame'
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const pkcs8 = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'pkcs8' })

const locked = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const
const plainPem = ec.export({ format: 'pem', type: 'pkcs8' }).toString()
const encrypted = [
  { form: 'PKCS#8', key: ec, pem: ec.export({ format: 'pem', type: 'pkcs8', ...locked }) },
  { form: 'SEC 1', key: ec, pem: ec.export({ format: 'pem', type: 'sec1', ...locked }) },
  { form: 'PKCS#1', key: rsa, pem: rsa.export({ format: 'pem', type: 'pkcs1', ...locked }) },
].map(({ form, key, pem }) => ({ form, key, pem: pem.toString() }))

const encryptedPem = encrypted[0]?.pem ?? ''

describe('a private key in PEM', () => {
  it.each([
    { form: 'PKCS#8', key: ec, pem: plainPem },
    { form: 'SEC 1', key: ec, pem: ec.export({ format: 'pem', type: 'sec1' }).toString() },
    { form: 'PKCS#1', key: rsa, pem: rsa.export({ format: 'pem', type: 'pkcs1' }).toString() },
    {
      form: 'PKCS#8 with the line ends of Windows',
      key: ec,
      pem: plainPem.replaceAll('\n', '\r\n'),
    },
    {
      form: 'SEC 1 behind its parameters, as openssl ecparam writes it',
      key: ec,
      pem: `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${ec.export({ format: 'pem', type: 'sec1' }).toString()}`,
    },
    {
      form: 'PKCS#8 before a certificate',
      key: ec,
      pem: `${plainPem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    },
  ])('is read from $form', ({ key, pem }) => {
    expect(must(privateKeyFromPem(pem))).toEqual(pkcs8(key))
  })

  it.each(encrypted)('is read from encrypted $form with its passphrase', ({ key, pem }) => {
    expect(must(privateKeyFromPem(pem, PASSPHRASE))).toEqual(pkcs8(key))
  })

  it.each(encrypted)('is not read from encrypted $form with another passphrase', ({ pem }) => {
    const read = privateKeyFromPem(pem, 'open barley')
    expect(read).toMatchObject({
      ok: false,
      refusal: {
        code: 'keys.wrong-passphrase',
        detail: 'the passphrase does not open the private key',
      },
    })
    expect(JSON.stringify(read)).not.toContain('barley')
  })

  it.each(encrypted)('in encrypted $form is known to need a passphrase', ({ pem }) => {
    expect(privateKeyFromPem(pem)).toMatchObject({
      ok: false,
      refusal: { code: 'keys.wrong-passphrase', detail: 'the private key is encrypted' },
    })
  })

  it('with an empty passphrase is not taken for one without', () => {
    expect(privateKeyFromPem(encryptedPem, '')).toMatchObject({
      ok: false,
      refusal: { code: 'keys.wrong-passphrase' },
    })
  })

  it('that is not encrypted needs no passphrase, and does not mind one', () => {
    expect(must(privateKeyFromPem(plainPem, PASSPHRASE))).toEqual(pkcs8(ec))
  })

  it.each([
    { what: 'an empty file', pem: '', found: '0 such blocks' },
    { what: 'a certificate', pem: '-----BEGIN CERTIFICATE-----\n', found: '0 such blocks' },
    { what: 'two keys', pem: plainPem + plainPem, found: '2 such blocks' },
    { what: 'a key in the middle of a line', pem: `x ${plainPem}`, found: '0 such blocks' },
    {
      what: 'a line that goes on behind BEGIN',
      pem: plainPem.replace('KEY-----', 'KEY----- x'),
      found: '0 such blocks',
    },
    { what: 'a file without end', pem: plainPem + ' '.repeat(70_000), found: '0 such blocks' },
  ])('is not looked for in $what', ({ pem, found }) => {
    expect(privateKeyFromPem(pem)).toMatchObject({
      ok: false,
      refusal: { code: 'keys.malformed', found },
    })
  })

  it('is looked for in 65,536 characters, and in no more', () => {
    const long = (length: number) => privateKeyFromPem(plainPem.padEnd(length, '\n'))
    expect(long(65_536).ok).toBe(true)
    expect(long(65_537)).toMatchObject({ refusal: { code: 'keys.malformed' } })
  })

  it.each([0.3, 0.6, 0.9])('cut off after %d of its length does not load', (share) => {
    const pem = plainPem.slice(0, Math.floor(plainPem.length * share))
    expect(privateKeyFromPem(pem)).toMatchObject({
      ok: false,
      refusal: { code: 'keys.malformed' },
    })
  })

  it.each([
    { kind: 'RSA of 1024 bits', key: generateKeyPairSync('rsa', { modulusLength: 1024 }) },
    { kind: 'RSA-PSS', key: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }) },
    { kind: 'secp256k1', key: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }) },
    { kind: 'X25519', key: generateKeyPairSync('x25519') },
    { kind: 'Ed448', key: generateKeyPairSync('ed448') },
  ])('of kind $kind is refused: it cannot sign certificates', ({ key }) => {
    const pem = key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(privateKeyFromPem(pem)).toMatchObject({
      ok: false,
      refusal: {
        code: 'keys.malformed',
        detail: 'the private key is of a kind that cannot sign certificates',
      },
    })
  })
})
