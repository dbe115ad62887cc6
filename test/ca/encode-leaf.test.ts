import { describe, expect, it } from '@jest/globals'
import { leafEncoder } from '../../src/ca/encode-leaf.js'
import { IDENTITY_OID } from '../../src/core/identity-extension.js'
import type { LeafPlan } from '../../src/ca/leaf.js'
import type { SpkiDer } from '../../src/core/der.js'
import { parseSerial } from '../../src/core/serial.js'
import { plus, minus, seconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { T0 } from '../support/fake-clock.js'

const text = (characters: string): string => Buffer.from(characters).toString('hex')

/** The generator of P-256 as a public key. */
const POINT =
  '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
  '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'
const SPKI = `3059301306072a8648ce3d020106082a8648ce3d030107034200${POINT}`
const ISSUER_NAME = `301431123010060355040313 09${text('Test CA 1')}`.replaceAll(' ', '')
const DNS = 'web.shop.serviceaccount.identity.linkerd.cluster.local'
const URI = 'spiffe://acme.example/shop/web'

const plan: LeafPlan = {
  serial: parseSerial('4102030405060708090a0b0c0d0e0f10')!,
  subjectUid: 'eaaaabbbbccccddddeeeeffffgggghhh' as Uid,
  spki: Buffer.from(SPKI, 'hex') as Uint8Array as SpkiDer,
  notBefore: minus(T0, seconds(120)),
  notAfter: plus(T0, seconds(86_399)),
  names: [
    { kind: 'dns', value: DNS },
    { kind: 'uri', value: URI },
  ],
  usages: ['serverAuth', 'clientAuth'],
  identity: '{"alias":"shop/web"}',
}

/** The profile, written out by hand. */
const golden = [
  '308201fa',
  'a003020102', // version 3
  '02104102030405060708090a0b0c0d0e0f10', // serial number
  '300506032b6570', // Ed25519
  ISSUER_NAME, // a PrintableString stays one
  `301e170d${text('261120235800Z')}170d${text('261121235959Z')}`,
  `30323130302e060a0992268993f22c640101 0c20${text('eaaaabbbbccccddddeeeeffffgggghhh')}`,
  SPKI,
  'a3820113 3082010f',
  '300e 0603551d0f 0101ff 0404 03020780', // keyUsage, critical: digitalSignature
  '301d 0603551d25 0416 3014 06082b06010505070301 06082b06010505070302', // both usages
  `3061 0603551d11 045a 3058 8236${text(DNS)} 861e${text(URI)}`,
  '301f 0603551d23 0418 3016 8014 00112233445566778899aabbccddeeff00112233',
  '301d 0603551d0e 0416 0414 698bea63dc44a344663ff1429aea10842df27b6b',
  '303b 0621 2a864886f71401be40937a83c222da0782cc3e818f6c82c71e8399da328391a308',
  `0416 0c14${text('{"alias":"shop/web"}')}`,
]
  .join('')
  .replaceAll(' ', '')

describe('leafEncoder', () => {
  const encode = leafEncoder({
    signatureAlgorithm: 'Ed25519',
    name: Buffer.from(ISSUER_NAME, 'hex'),
    keyId: Buffer.from('00112233445566778899aabbccddeeff00112233', 'hex'),
  })

  it('writes the leaf profile, octet for octet', () => {
    expect(Buffer.from(encode(plan)).toString('hex')).toBe(golden)
  })

  it('makes the names critical when the subject is empty', () => {
    const { subjectUid, ...nameless } = plan
    expect(subjectUid).toBeDefined()
    const der = Buffer.from(encode(nameless)).toString('hex')
    expect(der).toContain('0603551d110101ff')
    expect(der).toContain(`170d${text('261121235959Z')}3000${SPKI}`)
  })

  it.each([
    { when: 'the last second of 2049', at: '491231235959Z', tag: '170d', year: 2049 },
    { when: 'the first of 2050', at: '20500101000000Z', tag: '180f', year: 2050 },
  ])('writes $when as RFC 5280 has it', ({ at, tag, year }) => {
    const instant =
      Date.UTC(year, year === 2049 ? 11 : 0, year === 2049 ? 31 : 1) / 1000 +
      (year === 2049 ? 86_399 : 0)
    const der = encode({ ...plan, notAfter: plus(T0, seconds(instant - T0)) })
    expect(Buffer.from(der).toString('hex')).toContain(tag + text(at))
  })

  it('throws on an address that is none', () => {
    expect(() => encode({ ...plan, names: [{ kind: 'ip', value: '10.0.0' }] })).toThrow()
  })
})

describe('IDENTITY_OID', () => {
  it('has no arc that a verifier could find too large', () => {
    // RFC 5280 asks for 28 bits of verifiers; Go gives up above 31 and rejects the certificate.
    expect(IDENTITY_OID.split('.').every((arc) => Number(arc) < 2 ** 28)).toBe(true)
  })
})
