import { describe, expect, it } from '@jest/globals'
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  ia5Octets,
  integer,
  namedBits,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  setOf,
  tlv,
  trueValue,
  utf8String,
} from '../../src/core/der-writer.js'
import type { RefusalCode } from '../../src/core/refusal.js'
import { asksOnlyFor } from '../../src/csr/requested-names.js'
import { MAX_CSR_BYTES } from '../../src/csr/parse-csr.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'
import {
  altNames,
  attribute,
  attributeValue,
  basicConstraints,
  CHALLENGE_PASSWORD,
  commonName,
  csr,
  dns,
  extension,
  EXTENSION_REQUEST,
  extensionRequest,
  info,
  keyUsage,
  signInfo,
  spkiOf,
  p256,
  subject,
  uri,
} from '../csr/make-csr.js'

/**
 * Every CSR here is signed by its own key over the very octets that are wrong: what refuses it is
 * the check of its row, not the signature.
 */
const codeOf = (der: Uint8Array): string => {
  const verified = verifyCsr(der)
  return verified.ok ? 'ok' : verified.refusal.code
}

const SAN = '2.5.29.17'
const falseValue = tlv(0x01, Uint8Array.of(0))
const withExtensions = (...extensions: readonly Uint8Array[]): Uint8Array =>
  csr({ attributes: [extensionRequest(...extensions)] })
const withNames = (...names: readonly Uint8Array[]): Uint8Array =>
  withExtensions(altNames(...names))
const named = (...rdns: readonly Uint8Array[]): Uint8Array => csr({ subject: sequence(...rdns) })

/** The same value with its length in one octet more than it takes. */
function longForm(value: Uint8Array): Uint8Array {
  const length = value[1]!
  return length < 0x80
    ? Uint8Array.of(value[0]!, 0x81, ...value.subarray(1))
    : Uint8Array.of(value[0]!, length + 1, 0, ...value.subarray(2))
}

function indefinite(value: Uint8Array): Uint8Array {
  const headerLength = value[1]! < 0x80 ? 2 : 2 + (value[1]! & 0x7f)
  return Uint8Array.of(value[0]!, 0x80, ...value.subarray(headerLength), 0, 0)
}

function nested(tag: number, levels: number): Uint8Array {
  let value = nullValue()
  for (let level = 0; level < levels; level++) value = tlv(tag, value)
  return value
}

describe('a well signed CSR is refused as malformed for', () => {
  it.each<{ when: string; der: () => Uint8Array }>([
    { when: 'version 2', der: () => csr({ version: integer(1) }) },
    { when: 'version -1', der: () => csr({ version: tlv(0x02, Uint8Array.of(0xff)) }) },
    { when: 'version 2^32', der: () => csr({ version: integer(2 ** 32) }) },
    {
      when: 'version 0 in two octets',
      der: () => csr({ version: tlv(0x02, Uint8Array.of(0, 0)) }),
    },
    { when: 'an empty version', der: () => csr({ version: tlv(0x02) }) },
    { when: 'no version', der: () => csr({ version: new Uint8Array(0) }) },

    { when: 'octets after it', der: () => Uint8Array.of(...csr(), 0) },
    { when: 'a second CSR after it', der: () => Uint8Array.of(...csr(), ...csr()) },
    { when: 'a fourth member', der: () => sequence(...members(csr()), nullValue()) },
    {
      when: 'octets after the attributes',
      der: () => signInfo(sequence(...members(info()), nullValue())),
    },
    {
      when: 'parameters after parameters',
      der: () => csr({}, { parameters: Uint8Array.of(...nullValue(), ...nullValue()) }),
    },
    { when: 'no attributes', der: () => signInfo(sequence(...members(info()).slice(0, 3))) },
    {
      when: 'attributes under another tag',
      der: () => signInfo(sequence(...members(info()).slice(0, 3), contextConstructed(1))),
    },
    {
      when: 'attributes as a primitive',
      der: () =>
        signInfo(sequence(...members(info()).slice(0, 3), contextPrimitive(0, new Uint8Array(0)))),
    },
    {
      when: 'a signature with unused bits',
      der: () => sequence(...members(csr()).slice(0, 2), tlv(0x03, Uint8Array.of(1, 0xfe))),
    },
    {
      when: 'a signature as an octet string',
      der: () => sequence(...members(csr()).slice(0, 2), octetString(new Uint8Array(70))),
    },

    { when: 'a long-form length outside', der: () => longForm(csr()) },
    { when: 'a long-form length of what is signed', der: () => signInfo(longForm(info())) },
    { when: 'a long-form length of a name', der: () => withNames(longForm(dns('a'))) },
    {
      when: 'a long-form length of an ignored attribute',
      der: () => csr({ attributes: [attribute('1.2.3', longForm(utf8String('a')))] }),
    },
    { when: 'an indefinite length outside', der: () => indefinite(csr()) },
    { when: 'an indefinite length of what is signed', der: () => signInfo(indefinite(info())) },
    {
      when: 'an indefinite length in an ignored attribute',
      der: () => csr({ attributes: [attribute('1.2.3', indefinite(sequence(nullValue())))] }),
    },
    {
      when: 'a tag in two octets',
      der: () => csr({ attributes: [attribute('1.2.3', Uint8Array.of(0x1f, 1, 0))] }),
    },
    {
      when: 'a constructed string',
      der: () => csr({ subject: subject(attributeValue('2.5.4.10', tlv(0x2c, utf8String('a')))) }),
    },

    {
      when: 'an attribute without values (CVE-2026-40097)',
      der: () => csr({ attributes: [attribute(EXTENSION_REQUEST)] }),
    },
    {
      when: 'an unknown attribute without values',
      der: () => csr({ attributes: [attribute('1.2.3')] }),
    },
    {
      when: 'an unknown attribute with two values',
      der: () => csr({ attributes: [attribute('1.2.3', nullValue(), nullValue())] }),
    },
    {
      when: 'two values of one extension request',
      der: () =>
        csr({
          attributes: [
            attribute(
              EXTENSION_REQUEST,
              sequence(altNames(dns('a'))),
              sequence(altNames(dns('b'))),
            ),
          ],
        }),
    },
    {
      when: 'two extension requests',
      der: () =>
        csr({
          attributes: [extensionRequest(altNames(dns('a'))), extensionRequest(altNames(dns('b')))],
        }),
    },
    {
      when: 'two challenge passwords',
      der: () =>
        csr({
          attributes: [
            attribute(CHALLENGE_PASSWORD, utf8String('a')),
            attribute(CHALLENGE_PASSWORD, utf8String('b')),
          ],
        }),
    },
    {
      when: 'two values of one challenge password',
      der: () =>
        csr({ attributes: [attribute(CHALLENGE_PASSWORD, utf8String('a'), utf8String('b'))] }),
    },
    {
      when: 'a challenge password that is a number',
      der: () => csr({ attributes: [attribute(CHALLENGE_PASSWORD, integer(1))] }),
    },
    {
      when: 'one unknown attribute twice',
      der: () =>
        csr({ attributes: [attribute('1.2.3', nullValue()), attribute('1.2.3', nullValue())] }),
    },
    {
      when: 'octets after an attribute’s values',
      der: () => csr({ attributes: [sequence(oid('1.2.3'), setOf(nullValue()), nullValue())] }),
    },

    { when: 'an empty extension request (CVE-2026-40097)', der: () => withExtensions() },
    {
      when: 'one extension twice',
      der: () => withExtensions(altNames(dns('a')), altNames(dns('b'))),
    },
    {
      when: 'one unknown extension twice',
      der: () => withExtensions(extension('1.2.3', nullValue()), extension('1.2.3', nullValue())),
    },
    {
      when: 'an unknown critical extension',
      der: () => withExtensions(extension('1.2.3', nullValue(), 'critical')),
    },
    {
      when: 'a critical extension that is SAN modulo 2^32',
      der: () =>
        withExtensions(extension(`2.5.29.${2n ** 32n + 17n}`, sequence(dns('a')), 'critical')),
    },
    {
      when: 'critical FALSE written out',
      der: () => withExtensions(sequence(oid(SAN), falseValue, octetString(sequence(dns('a'))))),
    },
    {
      when: 'critical spelled 01',
      der: () =>
        withExtensions(
          sequence(oid(SAN), tlv(0x01, Uint8Array.of(1)), octetString(sequence(dns('a')))),
        ),
    },
    { when: 'an extension without a value', der: () => withExtensions(sequence(oid(SAN))) },
    {
      when: 'octets after an extension’s value',
      der: () => withExtensions(sequence(oid(SAN), octetString(sequence(dns('a'))), nullValue())),
    },
    {
      when: 'an extension’s value outside an octet string',
      der: () => withExtensions(sequence(oid(SAN), sequence(dns('a')))),
    },
    {
      when: 'octets after the names',
      der: () => withExtensions(extension(SAN, Uint8Array.of(...sequence(dns('a')), 0))),
    },
    {
      when: 'an empty SAN octet string',
      der: () => withExtensions(extension(SAN, new Uint8Array(0))),
    },
    { when: 'a SAN of no names (CVE-2026-40097)', der: () => withNames() },
    { when: '33 names', der: () => withNames(...Array.from({ length: 33 }, () => dns('a'))) },
    {
      when: 'a DNS name that is not ASCII',
      der: () => withNames(contextPrimitive(2, utf8String('ä').subarray(2))),
    },
    {
      when: 'a URI that is not ASCII',
      der: () => withNames(contextPrimitive(6, Uint8Array.of(0xe9))),
    },
    { when: 'a constructed DNS name', der: () => withNames(contextConstructed(2, ia5Octets('a'))) },
    {
      when: 'a name of a kind that does not exist',
      der: () => withNames(contextPrimitive(9, ia5Octets('a'))),
    },
    { when: 'a bare IA5 string among the names', der: () => withNames(tlv(0x16, ia5Octets('a'))) },
    {
      when: 'octets after basic constraints',
      der: () => withExtensions(basicConstraints(trueValue(), integer(0), nullValue())),
    },
    { when: 'CA FALSE written out', der: () => withExtensions(basicConstraints(falseValue)) },
    {
      when: 'a key usage of octets',
      der: () => withExtensions(extension('2.5.29.15', octetString(Uint8Array.of(0x80)))),
    },
    {
      when: 'a key usage with trailing zeros',
      der: () => withExtensions(extension('2.5.29.15', bitString(Uint8Array.of(0x80)))),
    },

    { when: 'two common names', der: () => named(setOf(commonName('a')), setOf(commonName('b'))) },
    {
      when: 'two common names in one RDN',
      der: () => named(setOf(commonName('a'), commonName('b'))),
    },
    {
      when: 'a second common name behind an empty one',
      der: () => named(setOf(commonName('')), setOf(commonName('b'))),
    },
    { when: 'an empty RDN (CVE-2026-40097)', der: () => named(setOf()) },
    {
      when: 'a common name as a number',
      der: () => named(setOf(attributeValue('2.5.4.3', integer(1)))),
    },
    {
      when: 'a common name in a BMP string',
      der: () => named(setOf(attributeValue('2.5.4.3', tlv(0x1e, Uint8Array.of(0, 0x61))))),
    },
    {
      when: 'a common name in a teletex string',
      der: () => named(setOf(attributeValue('2.5.4.3', tlv(0x14, ia5Octets('a'))))),
    },
    {
      when: 'a common name in broken UTF-8',
      der: () => named(setOf(attributeValue('2.5.4.3', tlv(0x0c, Uint8Array.of(0xc0, 0xaf))))),
    },
    {
      when: 'a printable common name with an asterisk',
      der: () => named(setOf(attributeValue('2.5.4.3', tlv(0x13, ia5Octets('*.a'))))),
    },
    { when: 'a common name without a value', der: () => named(setOf(sequence(oid('2.5.4.3')))) },
    {
      when: 'two values of a common name',
      der: () => named(setOf(sequence(oid('2.5.4.3'), utf8String('a'), utf8String('b')))),
    },

    {
      when: 'a tower of 40 sequences in an attribute',
      der: () => csr({ attributes: [attribute('1.2.3', nested(0x30, 40))] }),
    },
    {
      when: 'a tower of 1,500 sequences as subject (CVE-2025-66031)',
      der: () => csr({ subject: nested(0x30, 1500) }),
    },
    { when: 'a tower of 1,500 context tags as key', der: () => csr({ spki: nested(0xa0, 1500) }) },
    { when: '16 KiB of open sequences', der: () => open(0x30, MAX_CSR_BYTES) },
    {
      when: '16 KiB of open indefinite sequences',
      der: () => alternating(0x30, 0x80, MAX_CSR_BYTES),
    },
    { when: '16 KiB of zeros', der: () => new Uint8Array(MAX_CSR_BYTES) },
    { when: 'nothing', der: () => new Uint8Array(0) },
    { when: 'half of one', der: () => csr().subarray(0, 100) },
  ])('$when', ({ der }) => {
    expect(codeOf(der())).toBe('csr.malformed')
  })
})

describe('a well signed CSR is refused', () => {
  it.each<{ when: string; der: () => Uint8Array; code: RefusalCode }>([
    {
      when: 'for CA:TRUE',
      der: () => withExtensions(basicConstraints(trueValue())),
      code: 'csr.asks-for-ca',
    },
    {
      when: 'for CA:TRUE with a path length',
      der: () => withExtensions(basicConstraints(trueValue(), integer(0))),
      code: 'csr.asks-for-ca',
    },
    {
      when: 'for CA:TRUE before a harmless key usage',
      der: () => withExtensions(basicConstraints(trueValue()), keyUsage(0)),
      code: 'csr.asks-for-ca',
    },
    {
      when: 'for CA:TRUE after a harmless key usage',
      der: () => withExtensions(keyUsage(0), basicConstraints(trueValue())),
      code: 'csr.asks-for-ca',
    },
    { when: 'for keyCertSign', der: () => withExtensions(keyUsage(0, 5)), code: 'csr.asks-for-ca' },
    {
      when: 'for keyCertSign before harmless basic constraints',
      der: () => withExtensions(keyUsage(5), basicConstraints()),
      code: 'csr.asks-for-ca',
    },
    { when: 'for cRLSign', der: () => withExtensions(keyUsage(6)), code: 'csr.asks-for-ca' },
    {
      when: 'at 16 KiB and one octet',
      der: () => ofSize(MAX_CSR_BYTES + 1),
      code: 'csr.too-large',
    },
    { when: 'at 64 KiB', der: () => ofSize(65_536), code: 'csr.too-large' },
    {
      when: 'as a tower of 100,000 (CVE-2025-66031)',
      der: () => open(0x30, 100_000),
      code: 'csr.too-large',
    },
  ])('$when', ({ der, code }) => {
    expect(codeOf(der())).toBe(code)
  })
})

describe('a well signed CSR is taken with', () => {
  it.each<{ when: string; der: () => Uint8Array }>([
    { when: 'empty attributes and an empty subject', der: () => csr() },
    { when: '16 KiB to the octet', der: () => ofSize(MAX_CSR_BYTES) },
    { when: '32 names', der: () => withNames(...Array.from({ length: 32 }, () => dns('a'))) },
    { when: 'an empty common name', der: () => named(setOf(commonName(''))) },
    {
      when: 'other subject attributes of any type',
      der: () =>
        named(
          setOf(attributeValue('2.5.4.10', tlv(0x14, Uint8Array.of(0xe9)))),
          setOf(attributeValue('2.5.4.6', printableString('DE'))),
        ),
    },
    {
      when: 'an RDN of two',
      der: () => named(setOf(attributeValue('2.5.4.10', utf8String('Acme')), commonName('a'))),
    },
    {
      when: 'an unknown extension that is not critical',
      der: () => withExtensions(extension('1.2.3', Uint8Array.of(0xff))),
    },
    {
      when: 'critical extended key usage',
      der: () =>
        withExtensions(extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1')), 'critical')),
    },
    {
      when: 'a critical subject key identifier',
      der: () =>
        withExtensions(extension('2.5.29.14', octetString(new Uint8Array(20)), 'critical')),
    },
    {
      when: 'CA:FALSE and digitalSignature',
      der: () => withExtensions(basicConstraints(), keyUsage(0)),
    },
    { when: 'an empty key usage', der: () => withExtensions(extension('2.5.29.15', namedBits())) },
    {
      when: 'attributes in another order than that of a SET OF',
      der: () =>
        csr({
          attributes: [extensionRequest(altNames(dns('a'))), attribute('1.2.3', nullValue())],
        }),
    },
    {
      when: 'an attribute whose type is extensionRequest modulo 2^32, which is none',
      der: () =>
        csr({
          attributes: [
            attribute(
              `1.2.840.113549.1.9.${2n ** 32n + 14n}`,
              sequence(basicConstraints(trueValue())),
            ),
          ],
        }),
    },
  ])('$when', ({ der }) => {
    expect(codeOf(der())).toBe('ok')
  })

  it('no name from an extension that is SAN modulo 2^32 (CVE-2025-66030)', () => {
    const der = withExtensions(
      extension(`2.5.29.${2n ** 32n + 17n}`, sequence(dns('evil.example'))),
    )
    expect(verifyCsr(der)).toMatchObject({ ok: true, value: { requested: { dns: [] } } })
  })
})

describe('a name in a SAN is one name, and never granted for what it resembles:', () => {
  const granted = [{ kind: 'dns', value: 'a.example' }] as const

  it.each<{ when: string; name: Uint8Array; seen: object }>([
    {
      when: 'a list in one name (CVE-2021-44532)',
      name: dns('a.example, DNS:evil.example'),
      seen: { dns: ['a.example, DNS:evil.example'] },
    },
    {
      when: 'a NUL',
      name: dns('a.example\0.evil.example'),
      seen: { dns: ['a.example\0.evil.example'] },
    },
    {
      when: 'a line feed',
      name: dns('a.example\nDNS:evil'),
      seen: { dns: ['a.example\nDNS:evil'] },
    },
    { when: 'a quote', name: dns('"a.example"'), seen: { dns: ['"a.example"'] } },
    { when: 'nothing', name: dns(''), seen: { dns: [''] } },
    { when: 'a wildcard', name: dns('*.example'), seen: { dns: ['*.example'] } },
    { when: 'upper case', name: dns('A.example'), seen: { dns: ['A.example'] } },
    { when: 'a trailing dot', name: dns('a.example.'), seen: { dns: ['a.example.'] } },
    { when: 'the name as URI', name: uri('a.example'), seen: { uris: ['a.example'] } },
    {
      when: 'the name as e-mail',
      name: contextPrimitive(1, ia5Octets('a.example')),
      seen: { others: ['email'] },
    },
    {
      when: 'an address',
      name: contextPrimitive(7, Uint8Array.of(127, 0, 0, 1)),
      seen: { others: ['ip'] },
    },
    {
      when: 'an address of five octets',
      name: contextPrimitive(7, new Uint8Array(5)),
      seen: { others: ['ip'] },
    },
    {
      when: 'a directory name',
      name: contextConstructed(4, subject(commonName('a.example'))),
      seen: { others: ['dirName'] },
    },
    {
      when: 'a UPN',
      name: contextConstructed(
        0,
        oid('1.3.6.1.4.1.311.20.2.3'),
        contextConstructed(0, utf8String('a.example')),
      ),
      seen: { others: ['otherName'] },
    },
    {
      when: 'a registered ID',
      name: contextPrimitive(8, oid('1.2.3').subarray(2)),
      seen: { others: ['registeredID'] },
    },
    {
      when: 'an X.400 address',
      name: contextConstructed(3, sequence()),
      seen: { others: ['x400Address'] },
    },
    {
      when: 'an EDI party',
      name: contextConstructed(5, contextConstructed(1, utf8String('a'))),
      seen: { others: ['ediPartyName'] },
    },
  ])('$when', ({ name, seen }) => {
    const verified = verifyCsr(withNames(name))
    if (!verified.ok) throw new Error(verified.refusal.detail)
    expect(verified.value.requested).toEqual({
      commonName: '',
      dns: [],
      uris: [],
      others: [],
      ...seen,
    })
    expect(asksOnlyFor(verified.value.requested, granted)).toMatchObject({
      ok: false,
      refusal: { code: 'csr.other-names' },
    })
  })

  it('all of them are compared when one of them is granted', () => {
    const verified = verifyCsr(withNames(dns('a.example'), dns('evil.example')))
    expect(verified.ok && asksOnlyFor(verified.value.requested, granted).ok).toBe(false)
  })
})

/** The values inside a SEQUENCE, as they are. */
function members(value: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = contentAt(value, 0); at < value.length;) {
    const end = contentAt(value, at) + lengthAt(value, at)
    found.push(value.subarray(at, end))
    at = end
  }
  return found
}

function contentAt(value: Uint8Array, at: number): number {
  return value[at + 1]! < 0x80 ? at + 2 : at + 2 + (value[at + 1]! & 0x7f)
}

function lengthAt(value: Uint8Array, at: number): number {
  if (value[at + 1]! < 0x80) return value[at + 1]!
  return value
    .subarray(at + 2, contentAt(value, at))
    .reduce((length, octet) => length * 256 + octet, 0)
}

/** SEQUENCE headers one in the other, each with the true length of the rest. */
function open(tag: number, size: number): Uint8Array {
  const value = new Uint8Array(size)
  let at = 0
  while (size - at > 5) {
    const rest = size - at
    const header =
      rest > 0x10003
        ? [0x83, (rest - 5) >> 16, (rest - 5) >> 8, rest - 5]
        : rest > 0x103
          ? [0x82, (rest - 4) >> 8, rest - 4]
          : rest > 0x82
            ? [0x81, rest - 3]
            : [rest - 2]
    value.set([tag, ...header], at)
    at += 1 + header.length
  }
  return value
}

function alternating(first: number, second: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at % 2 === 0 ? first : second))
}

/** A good CSR of exactly this many octets; its signature is made to be 72 octets at most by trying. */
function ofSize(size: number): Uint8Array {
  const padded = (padding: number): Uint8Array =>
    csr({ attributes: [attribute('1.2.3', octetString(new Uint8Array(padding)))] })
  const overhead = padded(size - 300).length - (size - 300)
  for (;;) {
    // ECDSA signatures vary by an octet or two in length.
    const der = padded(size - overhead)
    if (der.length === size) return der
  }
}

it('these CSRs are good but for what is wrong with them', () => {
  expect(members(csr())).toHaveLength(3)
  expect(codeOf(sequence(...members(csr())))).toBe('ok')
  expect(codeOf(signInfo(sequence(...members(info()))))).toBe('ok')
  expect(verifyCsr(csr())).toMatchObject({ value: { spki: spkiOf(p256) } })
})
