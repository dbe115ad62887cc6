import fc from 'fast-check'
import type { RevokedLeaf } from '../../src/ca/crl.js'
import type { AuthorityPlan } from '../../src/ca/encode-authority.js'
import type { LeafIssuer } from '../../src/ca/encode-leaf.js'
import type { LeafPlan, SubjectAltName } from '../../src/ca/leaf.js'
import { parseIpAddress } from '../../src/ca/x509/ip-address.js'
import { oid, sequence, setOf, tlv } from '../../src/core/der-writer.js'
import { parseSerial, serialFromRandom, type SerialNumber } from '../../src/core/serial.js'
import { unixSeconds, type UnixSeconds } from '../../src/core/time.js'
import { base32, type Uid } from '../../src/core/uid.js'

/** The whole space of plans: what a certificate or CRL of ours may be asked to say. */

/** A name in DER, and the types that its values are written in. */
export interface GivenName {
  readonly der: Uint8Array
  readonly of: string
}

export const signatureAlgorithms = [
  'ecdsa-with-SHA256',
  'ecdsa-with-SHA384',
  'Ed25519',
  'sha256WithRSAEncryption',
] as const

const octets = (minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength })

/** Where one more octet makes the length of a DER value longer by one. */
const lengthBorders = [0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] as const

/** Sizes on both sides of every border, for values that are wrapped in up to four headers. */
const borderSize = fc
  .tuple(fc.constantFrom(...lengthBorders), fc.integer({ min: -24, max: 4 }))
  .map(([border, more]) => border + more)

const serialOf = (hex: string): SerialNumber => {
  const serial = parseSerial(hex)
  if (serial === undefined) throw new Error(hex)
  return serial
}

/** As we make them, and every other number of 16 octets: leading zeros, and the sign bit set. */
const serials = fc.oneof(
  octets(16).map(serialFromRandom),
  octets(16)
    .filter((random) => random.some((octet) => octet !== 0))
    .map((random) => serialOf(Buffer.from(random).toString('hex'))),
  fc
    .constantFrom('1', '7f', '80', 'ff', '0100', '7fff', '8000', '7f'.padEnd(32, 'f'))
    .map((hex) => serialOf(hex.padStart(32, '0'))),
  fc.constantFrom('8'.padEnd(32, '0'), 'f'.repeat(32)).map(serialOf),
)

const at = (year: number, ...rest: readonly number[]): number =>
  Date.UTC(year, rest[0] ?? 0, rest[1] ?? 1, rest[2] ?? 0, rest[3] ?? 0, rest[4] ?? 0) / 1000

const BEGIN_1950 = at(1950)
const BEGIN_2050 = at(2050)
const END = at(9999, 11, 31, 23, 59, 59)

/** From 1950, where UTCTime begins, over its end in 2049, to the last second that there is. */
const instants: fc.Arbitrary<UnixSeconds> = fc
  .oneof(
    { weight: 3, arbitrary: fc.integer({ min: at(2026), max: at(2036) }) },
    fc.integer({ min: BEGIN_1950, max: END }),
    fc.integer({ min: BEGIN_2050 - 3, max: BEGIN_2050 + 2 }),
    fc.constantFrom(BEGIN_1950, at(1969, 11, 31, 23, 59, 59), at(2000, 1, 29), END),
  )
  .map(unixSeconds)

export const validities = fc.tuple(instants, instants).map(([a, b]) => ({
  notBefore: unixSeconds(Math.min(a, b)),
  notAfter: unixSeconds(Math.max(a, b)),
}))

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
const dns = fc.array(label, { minLength: 1, maxLength: 7 }).map((labels) =>
  labels
    .join('.')
    .slice(0, 253)
    .replace(/[.-]+$/, ''),
)
const uri = fc
  .tuple(dns, fc.array(fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), { minLength: 1, maxLength: 8 }))
  .map(([domain, path]) => `spiffe://${domain}/${path.join('/')}`)
const address = fc.oneof(fc.ipV4(), fc.ipV6()).filter((text) => parseIpAddress(text) !== undefined)

const altName: fc.Arbitrary<SubjectAltName> = fc.oneof(
  dns.map((value) => ({ kind: 'dns' as const, value })),
  uri.map((value) => ({ kind: 'uri' as const, value })),
  address.map((value) => ({ kind: 'ip' as const, value })),
)
/** One name as long as the border asks, so that its own length and those around it cross it. */
const longName = borderSize
  .filter((size) => size > 40 && size < 1000)
  .map((size): readonly SubjectAltName[] => [
    { kind: 'uri', value: 'spiffe://test.example/'.padEnd(size, 'a') },
  ])
const altNames = fc.oneof(
  fc.array(altName, { minLength: 1, maxLength: 4 }),
  fc.array(altName, { minLength: 30, maxLength: 64 }),
  longName,
)

const uid = octets(20).map((digest) => `e${base32(digest).slice(0, 31)}` as Uid)

/** Text of the identity extension: JSON as it will be, any text at all, and every length. */
const identity = fc.oneof(
  fc.json({ depthSize: 'small' }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  borderSize.map((size) => 'x'.repeat(size)),
  borderSize.map((size) => 'é'.repeat(Math.floor(size / 2))),
)

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

/** Everything but the key. */
export const leafPlans: fc.Arbitrary<Omit<LeafPlan, 'spki'>> = fc
  .record({
    serial: serials,
    validity: validities,
    names: altNames,
    usages: fc.constantFrom<LeafPlan['usages']>(
      ['serverAuth', 'clientAuth'],
      ['clientAuth', 'serverAuth'],
      ['serverAuth'],
      ['clientAuth'],
    ),
    subjectUid: optional(uid),
    identity: optional(identity),
  })
  .map(({ validity: dates, subjectUid, identity: text, ...rest }) => ({
    ...rest,
    ...dates,
    ...(subjectUid === undefined ? {} : { subjectUid }),
    ...(text === undefined ? {} : { identity: text }),
  }))

const ascii = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 })
const printable = fc.stringMatching(/^[A-Za-z0-9 '()+,\-./:=?]{1,64}$/)
const latin = fc
  .array(fc.integer({ min: 0x20, max: 0xff }), { minLength: 1, maxLength: 64 })
  .map((codes) => Uint8Array.from(codes))
const bmp = fc
  .array(fc.integer({ min: 0x20, max: 0xd7ff }), { minLength: 1, maxLength: 64 })
  .map((codes) => Uint8Array.from(codes.flatMap((code) => [code >> 8, code & 0xff])))
const universal = fc
  .array(fc.integer({ min: 0x20, max: 0xd7ff }), { minLength: 1, maxLength: 20 })
  .map((codes) => Uint8Array.from(codes.flatMap((code) => [0, 0, code >> 8, code & 0xff])))

const digits = fc.stringMatching(/^[0-9 ]{1,32}$/)

/** DirectoryString and IA5String (RFC 5280 section 4.1.2.4), and NumericString, which some CAs write. */
const nameValue = fc.oneof(
  digits.map((text) => ({ of: 'NumericString', der: tlv(0x12, Buffer.from(text)) })),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 64 })
    .map((text) => ({ of: 'UTF8String', der: tlv(0x0c, Buffer.from(text)) })),
  printable.map((text) => ({ of: 'PrintableString', der: tlv(0x13, Buffer.from(text)) })),
  latin.map((text) => ({ of: 'TeletexString', der: tlv(0x14, text) })),
  ascii.map((text) => ({ of: 'IA5String', der: tlv(0x16, Buffer.from(text)) })),
  universal.map((text) => ({ of: 'UniversalString', der: tlv(0x1c, text) })),
  bmp.map((text) => ({ of: 'BMPString', der: tlv(0x1e, text) })),
)
const attributeType = fc.constantFrom(
  '2.5.4.3',
  '2.5.4.5',
  '2.5.4.6',
  '2.5.4.10',
  '2.5.4.11',
  '0.9.2342.19200300.100.1.1',
  '0.9.2342.19200300.100.1.25',
  '1.2.840.113549.1.9.1',
  '1.2.3.4.5',
)
const attribute = fc
  .tuple(attributeType, nameValue)
  .map(([type, { of, der }]) => ({ of, der: sequence(oid(type), der) }))
/** Some CAs wrote the attributes of one relative name as they came, and not in the order of a SET OF. */
const relativeName = fc
  .tuple(fc.array(attribute, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([attributes, sorted]) => {
    const parts = attributes.map(({ der }) => der)
    return {
      of: attributes.map(({ of }) => of).join(' + '),
      der: sorted ? setOf(...parts) : tlv(0x31, ...parts),
    }
  })

/** Of no, one or many relative names, some of them of several attributes. */
export const issuerNames: fc.Arbitrary<GivenName> = fc
  .array(relativeName, { maxLength: 6 })
  .map((names) => ({
    der: sequence(...names.map(({ der }) => der)),
    of: names.map(({ of }) => of).join(', '),
  }))

/** Twenty octets as RFC 5280 proposes, and what other CAs have. */
const keyIds = fc.oneof(octets(20), octets(1, 64))

export const leafIssuers: fc.Arbitrary<LeafIssuer> = fc.record({
  signatureAlgorithm: fc.constantFrom(...signatureAlgorithms),
  name: issuerNames.map(({ der }) => der),
  keyId: keyIds,
})

/** Everything but the key. */
export const authorityPlans: fc.Arbitrary<Omit<AuthorityPlan, 'spki'>> = fc
  .record({
    serial: serials,
    issuer: issuerNames.map(({ der }) => der),
    subject: issuerNames.map(({ der }) => der),
    validity: validities,
    pathLength: optional(fc.constantFrom(0, 1, 2, 127, 128, 255, 256)),
    subjectKeyId: keyIds,
    authorityKeyId: keyIds,
    permittedDns: fc.oneof(fc.constant([]), fc.array(dns, { minLength: 1, maxLength: 6 })),
  })
  .map(({ validity: dates, pathLength, ...rest }) => ({
    ...rest,
    ...dates,
    ...(pathLength === undefined ? {} : { pathLength }),
  }))

const revokedLeaf: fc.Arbitrary<RevokedLeaf> = fc.record({
  serial: serials,
  at: instants,
  reason: fc.constantFrom(
    'unspecified' as const,
    'keyCompromise' as const,
    'superseded' as const,
    'cessationOfOperation' as const,
  ),
})

/** One serial number is revoked once. */
function revokedList(size: {
  readonly minLength?: number
  readonly maxLength: number
}): fc.Arbitrary<readonly RevokedLeaf[]> {
  return fc.uniqueArray(revokedLeaf, { ...size, selector: ({ serial }) => serial })
}

/** Of no, some or many certificates: 41 octets each, so that the list crosses the borders too. */
export const revokedLeaves: fc.Arbitrary<readonly RevokedLeaf[]> = fc.oneof(
  { weight: 15, arbitrary: revokedList({ maxLength: 10 }) },
  revokedList({ minLength: 1500, maxLength: 1600 }),
)

export const crlNumbers: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 2 ** 31, 2 ** 32, 2 ** 40),
)
