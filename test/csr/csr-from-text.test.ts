import { describe, expect, it } from '@jest/globals'
import { renderPem } from '../../src/core/pem.js'
import { csrFromText } from '../../src/csr/csr-from-text.js'
import { MAX_CSR_BYTES } from '../../src/csr/parse-csr.js'
import { csr } from './make-csr.js'

const der = csr()
const pem = renderPem('CERTIFICATE REQUEST', der)
const base64 = Buffer.from(der).toString('base64')

describe('csrFromText reads', () => {
  it.each<{ when: string; text: string }>([
    { when: 'PEM', text: pem },
    { when: 'the older label', text: renderPem('NEW CERTIFICATE REQUEST', der) },
    { when: 'white space around PEM', text: `\n\n  ${pem}\r\n\t` },
    { when: 'CR LF', text: pem.replaceAll('\n', '\r\n') },
    { when: 'base64', text: base64 },
    { when: 'base64 in lines', text: `${base64.replaceAll(/.{76}/g, '$&\r\n')}\n` },
  ])('$when', ({ text }) => {
    const read = csrFromText(text)
    expect(read.ok && Uint8Array.from(read.value)).toEqual(der)
  })

  it('the largest CSR there may be', () => {
    expect(csrFromText(renderPem('CERTIFICATE REQUEST', new Uint8Array(MAX_CSR_BYTES))).ok).toBe(
      true,
    )
  })
})

it('csrFromText looks at texts of twice the largest CSR, and at no longer ones', () => {
  const longest = 'A'.repeat(2 * MAX_CSR_BYTES)
  expect(csrFromText(longest).ok).toBe(true)
  expect(csrFromText(`${longest}\n`)).toMatchObject({ refusal: { code: 'csr.too-large' } })
})

describe('csrFromText refuses', () => {
  it.each<{ when: string; text: string }>([
    { when: 'nothing', text: '' },
    { when: 'white space', text: ' \n' },
    { when: 'two blocks', text: pem + pem },
    { when: 'a certificate', text: renderPem('CERTIFICATE', der) },
    { when: 'a private key', text: renderPem('PRIVATE KEY', der) },
    { when: 'a key beside the CSR', text: pem + renderPem('PRIVATE KEY', der) },
    { when: 'the text of openssl before it', text: `Certificate Request:\n    Data:\n${pem}` },
    { when: 'words after it', text: `${pem}thanks` },
    { when: 'a header', text: pem.replace('\n', '\nComment: hello\n\n') },
    { when: 'no END', text: pem.slice(0, -20) },
    {
      when: 'base64url',
      text: Buffer.from(der.map((octet) => octet | 0xf8)).toString('base64url'),
    },
    {
      when: 'base64 without its padding',
      text: Buffer.from(der.subarray(0, 10)).toString('base64').replace('==', ''),
    },
    { when: 'base64 with its unused bits set', text: 'MH==' },
    { when: 'hexadecimal of odd length', text: Buffer.from(der).toString('hex').slice(1) },
    { when: 'DER itself', text: Buffer.from(der).toString('latin1') },
    { when: 'JSON', text: JSON.stringify({ csr: base64 }) },
    { when: 'a data URL', text: `data:application/pkcs10;base64,${base64}` },
    { when: 'nothing but BEGIN lines', text: '-----BEGIN CERTIFICATE REQUEST-----\n'.repeat(900) },
    { when: 'nothing but dashes', text: '-'.repeat(32_000) },
    {
      when: 'nothing but spaces before a letter that does not fit',
      text: `${' '.repeat(32_000)}!`,
    },
  ])('$when', ({ text }) => {
    expect(csrFromText(text)).toMatchObject({ ok: false, refusal: { code: 'csr.malformed' } })
  })

  it.each<{ when: string; text: string }>([
    { when: 'BEGIN lines', text: '-----BEGIN CERTIFICATE REQUEST-----\n'.repeat(30_000) },
    { when: 'base64', text: 'A'.repeat(1_000_000) },
    { when: 'white space', text: ' '.repeat(1_000_000) },
  ])('a megabyte of $when for its size alone', ({ text }) => {
    expect(csrFromText(text)).toMatchObject({ ok: false, refusal: { code: 'csr.too-large' } })
  })
})
