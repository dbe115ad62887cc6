import { readFileSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { describeName } from '../../src/ca/x509/distinguished-name.js'
import * as der from '../../src/core/der-writer.js'
import { contextConstructedTag, tags } from '../../src/core/der-tags.js'
import { unixSeconds } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'
import { givenHierarchy, newSpki, type TestHierarchy, valueOf } from './given-authorities.js'

const fixture = (name: string): Buffer =>
  new X509Certificate(readFileSync(new URL(`../fixtures/ca/${name}`, import.meta.url))).raw

const algorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'))
const name = der.sequence(der.tlv(tags.set, der.sequence(der.oid('2.5.4.3'), der.utf8String('x'))))
const validity = der.sequence(der.time(T0), der.time(unixSeconds(T0 + 60)))
const spki = newSpki('P-256')
const keyUsage = extension('2.5.29.15', der.namedBits(0))

/** A certificate of the given parts, whose signature is nothing. */
function certificate(parts: {
  readonly version?: Uint8Array
  readonly serial?: Uint8Array
  readonly inner?: Uint8Array
  readonly outer?: Uint8Array
  readonly validity?: Uint8Array
  readonly extensions?: readonly Uint8Array[]
  readonly more?: Uint8Array
}): Uint8Array {
  const { extensions = [keyUsage] } = parts
  return der.sequence(
    der.sequence(
      parts.version ?? der.contextConstructed(0, der.integer(2)),
      parts.serial ?? der.integer(7),
      parts.inner ?? algorithm,
      name,
      parts.validity ?? validity,
      name,
      spki,
      parts.more ?? der.tlv(contextConstructedTag(3), der.sequence(...extensions)),
    ),
    parts.outer ?? algorithm,
    der.bitString(Uint8Array.of(1, 2, 3)),
  )
}

function extension(oid: string, value: Uint8Array, ...critical: Uint8Array[]): Uint8Array {
  return der.sequence(der.oid(oid), ...critical, der.octetString(value))
}

describe('certificateFacts', () => {
  let given: TestHierarchy
  beforeAll(async () => {
    given = await givenHierarchy({ dnsConstraints: ['identity.linkerd.cluster.local'] })
  })

  it('reads a CA certificate', () => {
    const facts = valueOf(certificateFacts(given.certificate))
    expect(facts).toMatchObject({
      version: 3,
      basicConstraints: { ca: true, pathLength: 0 },
      keyUsage: ['keyCertSign', 'cRLSign'],
      nameConstraints: {
        permitted: [{ kind: 'dns', value: 'identity.linkerd.cluster.local' }],
        excluded: [],
      },
      unknownCritical: [],
    })
    expect(describeName(facts.issuer)).toMatch(/^CN=Test trust anchor [0-9a-f]{16}$/)
  })

  it('reads a certificate of version 1', () => {
    const facts = valueOf(certificateFacts(fixture('c.pem')))
    expect(facts).toMatchObject({ version: 1, serial: '01', extensions: [] })
  })

  it('keeps a critical extension that it does not know apart', () => {
    const critical = extension('1.2.3.4', der.nullValue(), der.trueValue())
    const facts = valueOf(certificateFacts(certificate({ extensions: [critical] })))
    expect(facts.unknownCritical).toEqual(['1.2.3.4'])
  })

  it.each<{ when: string; bytes: Uint8Array }>([
    { when: 'nothing', bytes: new Uint8Array(0) },
    { when: 'octets left over', bytes: Buffer.concat([certificate({}), Uint8Array.of(0)]) },
    { when: 'more than 64 KiB', bytes: new Uint8Array(70_000) },
    {
      when: 'two signature algorithms',
      bytes: certificate({ outer: der.sequence(der.oid('1.3.101.112')) }),
    },
    {
      when: 'an explicit version 1',
      bytes: certificate({ version: der.contextConstructed(0, der.integer(0)) }),
    },
    {
      when: 'version 4',
      bytes: certificate({ version: der.contextConstructed(0, der.integer(3)) }),
    },
    {
      when: 'extensions in version 2',
      bytes: certificate({ version: der.contextConstructed(0, der.integer(1)) }),
    },
    {
      when: 'a negative serial',
      bytes: certificate({ serial: der.tlv(tags.integer, Uint8Array.of(0x80)) }),
    },
    {
      when: 'a serial of 21 octets',
      bytes: certificate({ serial: der.integer(new Uint8Array(21).fill(1)) }),
    },
    {
      when: 'a date without seconds',
      bytes: certificate({
        validity: der.sequence(der.tlv(tags.utcTime, Buffer.from('2611210000Z')), der.time(T0)),
      }),
    },
    {
      when: 'unique identifiers',
      bytes: certificate({ more: der.tlv(0x81, Uint8Array.of(0, 1)) }),
    },
    {
      when: 'an empty list of extensions (CVE-2026-40097)',
      bytes: certificate({ extensions: [] }),
    },
    { when: 'an extension twice', bytes: certificate({ extensions: [keyUsage, keyUsage] }) },
    {
      when: 'a default written out',
      bytes: certificate({
        extensions: [extension('1.2.3', der.nullValue(), der.tlv(tags.boolean, Uint8Array.of(0)))],
      }),
    },
    {
      when: 'an empty extended key usage (CVE-2026-40097)',
      bytes: certificate({ extensions: [extension('2.5.29.37', der.sequence())] }),
    },
    {
      when: 'an empty list of names (CVE-2026-40097)',
      bytes: certificate({ extensions: [extension('2.5.29.17', der.sequence())] }),
    },
    {
      when: 'octets after an extension',
      bytes: certificate({
        extensions: [
          extension('2.5.29.15', Buffer.concat([der.namedBits(0), Uint8Array.of(5, 0)])),
        ],
      }),
    },
    {
      when: 'a key usage that is none',
      bytes: certificate({ extensions: [extension('2.5.29.15', der.namedBits(9))] }),
    },
    {
      when: 'an address of 5 octets',
      bytes: certificate({
        extensions: [
          extension('2.5.29.17', der.sequence(der.contextPrimitive(7, new Uint8Array(5)))),
        ],
      }),
    },
    {
      when: 'a name that is not ASCII',
      bytes: certificate({
        extensions: [
          extension('2.5.29.17', der.sequence(der.contextPrimitive(2, Buffer.from('ä')))),
        ],
      }),
    },
    {
      when: 'a thousand names',
      bytes: certificate({
        extensions: [
          extension(
            '2.5.29.17',
            der.sequence(
              ...Array.from({ length: 1000 }, () => der.contextPrimitive(2, Buffer.from('a'))),
            ),
          ),
        ],
      }),
    },
    { when: 'a depth bomb', bytes: certificate({ inner: nested(200), outer: nested(200) }) },
  ])('refuses $when', ({ bytes }) => {
    expect(certificateFacts(bytes)).toMatchObject({
      ok: false,
      refusal: { code: 'ca.certificate-malformed' },
    })
  })

  it('reads a name constraint with a minimum as malformed, as RFC 5280 has it', () => {
    const subtree = der.sequence(
      der.contextPrimitive(2, Buffer.from('a')),
      der.contextPrimitive(0, Uint8Array.of(1)),
    )
    const bytes = certificate({
      extensions: [extension('2.5.29.30', der.sequence(der.contextConstructed(0, subtree)))],
    })
    expect(certificateFacts(bytes)).toMatchObject({ ok: false })
  })

  it('answers for every mutation of a certificate', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(given.certificate.length - 1), fc.nat(255)), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.nat(given.certificate.length),
        (changes, length) => {
          const mutant = Uint8Array.from(given.certificate)
          for (const [at, octet] of changes) mutant[at] = octet
          for (const bytes of [mutant, mutant.subarray(0, length)]) {
            expect(typeof certificateFacts(bytes).ok).toBe('boolean')
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

function nested(depth: number): Uint8Array {
  let value = der.nullValue()
  for (let i = 0; i < depth; i++) value = der.sequence(value)
  return value
}

describe('describeName', () => {
  const named = (value: Uint8Array): Uint8Array =>
    der.sequence(der.tlv(tags.set, der.sequence(der.oid('2.5.4.3'), value)))

  it.each([
    { when: 'a separator in a value', value: 'a, O=evil', shown: 'CN=a\\, O\\=evil' },
    { when: 'a line break', value: 'a\nb', shown: 'CN=a\\u{a}b' },
    { when: 'an override of direction', value: 'a\u202eb', shown: 'CN=a\\u{202e}b' },
  ])('lets nothing pass for what it is not: $when', ({ value, shown }) => {
    expect(describeName(named(der.utf8String(value)))).toBe(shown)
  })

  it('shows an unusual string and a broken name in hex', () => {
    expect(describeName(named(der.tlv(0x1e, Uint8Array.of(0, 65))))).toBe('CN=#1e020041')
    expect(describeName(Uint8Array.of(0x30, 5))).toBe('#3005')
  })
})
