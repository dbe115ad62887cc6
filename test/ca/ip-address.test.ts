import { describe, expect, it } from '@jest/globals'
import { parseIpAddress, renderIpAddress } from '../../src/ca/x509/ip-address.js'

describe('an IP address', () => {
  it.each([
    { text: '10.0.0.1', octets: '0a000001' },
    { text: '255.255.255.255', octets: 'ffffffff' },
    { text: '::', octets: '0'.repeat(32) },
    { text: '::1', octets: `${'0'.repeat(31)}1` },
    { text: '2001:db8::', octets: `20010db8${'0'.repeat(24)}` },
    { text: '2001:db8::1:0:0:1', octets: '20010db8000000000001000000000001' },
    { text: '1:2:3:4:5:6:7:8', octets: '00010002000300040005000600070008' },
    { text: '1:0:3:4:5:6:7:8', octets: '00010000000300040005000600070008' },
  ])('$text is read and written as RFC 5952 has it', ({ text, octets }) => {
    expect(Buffer.from(parseIpAddress(text) ?? []).toString('hex')).toBe(octets)
    expect(renderIpAddress(Buffer.from(octets, 'hex'))).toBe(text)
  })

  it('is read in its other spellings too', () => {
    expect(parseIpAddress('2001:DB8:0:0:1::1')).toEqual(parseIpAddress('2001:db8::1:0:0:1'))
    expect(parseIpAddress('1::3:4:5:6:7:8')).toEqual(parseIpAddress('1:0:3:4:5:6:7:8'))
  })

  it.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.1 ',
    '0x0a.0.0.1',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    '::ffff:10.0.0.1',
    'fe80::1%eth0',
    '[::1]',
  ])('is not %j', (text) => {
    expect(parseIpAddress(text)).toBeUndefined()
  })

  it('has 4 or 16 octets', () => {
    expect(renderIpAddress(new Uint8Array(5))).toBeUndefined()
  })
})
