import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseBase64, parsePem, renderPem } from '../../src/core/pem.js'

const one = '-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n'
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

describe('parsePem', () => {
  it.each<{ when: string; text: string; blocks: [label: string, hex: string][] }>([
    { when: 'nothing', text: '', blocks: [] },
    { when: 'white space', text: ' \r\n\t\n', blocks: [] },
    { when: 'one block', text: one, blocks: [['CERTIFICATE', '010203']] },
    {
      when: 'two blocks',
      text: one + one,
      blocks: [
        ['CERTIFICATE', '010203'],
        ['CERTIFICATE', '010203'],
      ],
    },
    {
      when: 'CR LF, and no line end at the end',
      text: one.trim().replaceAll('\n', '\r\n'),
      blocks: [['CERTIFICATE', '010203']],
    },
    {
      when: 'an indented block between blank lines',
      text: `\n\n  ${one.replaceAll('\n', '\n  ')}\n`,
      blocks: [['CERTIFICATE', '010203']],
    },
    {
      when: 'lines of any length',
      text: '-----BEGIN A B-----\nAQ\nID\nBA==\n-----END A B-----',
      blocks: [['A B', '01020304']],
    },
  ])('reads $when', ({ text, blocks }) => {
    const read = parsePem(text)?.map(({ label, der }) => [label, Buffer.from(der).toString('hex')])
    expect(read).toEqual(blocks)
  })

  it.each<{ when: string; text: string }>([
    { when: 'words before', text: `my certificate\n${one}` },
    { when: 'words after', text: `${one}end` },
    { when: 'words between', text: `${one}and\n${one}` },
    { when: 'a BEGIN without END', text: '-----BEGIN CERTIFICATE-----\nAQID\n' },
    { when: 'an END without BEGIN', text: '-----END CERTIFICATE-----\n' },
    { when: 'an END of another label', text: one.replace('END CERTIFICATE', 'END PRIVATE KEY') },
    { when: 'a block in a block', text: one.replace('AQID', one) },
    { when: 'an empty block', text: one.replace('AQID\n', '') },
    { when: 'headers', text: one.replace('AQID', 'Proc-Type: 4,ENCRYPTED\n\nAQID') },
    { when: 'a lower-case label', text: one.replaceAll('CERTIFICATE', 'certificate') },
    { when: 'a BEGIN that runs on', text: one.replace('\nAQID', 'AQID') },
    { when: 'base64 with unused bits set', text: one.replace('AQID', 'AQIDBB==') },
    { when: 'base64url', text: one.replace('AQID', '-_-_') },
    { when: 'padding in the middle', text: one.replace('AQID', 'AQ==AQID') },
    { when: 'a NUL', text: one.replace('AQID', 'AQ\0ID') },
  ])('refuses $when', ({ text }) => {
    expect(parsePem(text)).toBeUndefined()
  })

  it('reads back whatever renderPem writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (der) => {
        expect(parsePem(renderPem('X509 CRL', der))).toEqual([
          { label: 'X509 CRL', der: Buffer.from(der) },
        ])
      }),
    )
  })

  it('is done with a megabyte of BEGIN lines at the second one (CVE-2024-12401)', () => {
    expect(parsePem('-----BEGIN CERTIFICATE-----\n'.repeat(40_000))).toBeUndefined()
    expect(parsePem('-----BEGIN '.repeat(90_000))).toBeUndefined()
  })
})

describe('renderPem', () => {
  it('breaks lines at 64 characters and ends the last', () => {
    const lines = renderPem('CERTIFICATE', new Uint8Array(96)).split('\n')
    expect(lines.map((line) => line.length)).toEqual([27, 64, 64, 25, 0])
  })
})

describe('parseBase64', () => {
  it.each(['', 'A', 'AA', 'AA=', 'AB==', 'AA== ', ' AA==', 'AA-_', 'A\nA=='])(
    'refuses %j',
    (text) => {
      expect(parseBase64(text)).toBeUndefined()
    },
  )

  it('reads the one spelling', () => {
    expect(parseBase64('+/8=')).toEqual(Buffer.from(octets('fbff')))
  })
})
