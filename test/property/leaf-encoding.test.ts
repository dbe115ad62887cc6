import 'reflect-metadata'
import { webcrypto, X509Certificate as NodeCertificate } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
} from '@peculiar/x509'
import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { IDENTITY_OID } from '../../src/core/identity-extension.js'
import type { LeafPlan, SubjectAltName } from '../../src/ca/leaf.js'
import { parseIpAddress } from '../../src/ca/x509/ip-address.js'
import type { SpkiDer } from '../../src/core/der.js'
import { serialFromRandom } from '../../src/core/serial.js'
import { days, unixSeconds } from '../../src/core/time.js'
import { base32, type Uid } from '../../src/core/uid.js'
import {
  givenHierarchy,
  newSpki,
  type TestHierarchy,
  type TestKey,
} from '../ca/given-authorities.js'

const issuerKeys = ['P-256', 'P-384', 'Ed25519', 'RSA-3072'] as const
const leafKeys = ['P-256', 'P-384', 'Ed25519', 'RSA-3072'] as const

/** 2040, so that leaves end on both sides of 2050, where UTCTime ends. */
const BEGIN = unixSeconds(Date.UTC(2040, 0, 1) / 1000)
const YEAR_2050 = Date.UTC(2050, 0, 1) / 1000

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
const dns = fc.array(label, { minLength: 1, maxLength: 7 }).map((labels) => labels.join('.'))
const name: fc.Arbitrary<SubjectAltName> = fc.oneof(
  dns.map((value) => ({ kind: 'dns' as const, value })),
  fc.ipV4().map((value) => ({ kind: 'ip' as const, value })),
  fc
    .ipV6()
    .filter((value) => parseIpAddress(value) !== undefined)
    .map((value) => ({ kind: 'ip' as const, value })),
)
const spiffeId = fc
  .tuple(dns, fc.array(fc.stringMatching(/^[A-Za-z0-9_-]{1,30}$/), { minLength: 1, maxLength: 8 }))
  .map(([domain, path]) => ({
    kind: 'uri' as const,
    value: `spiffe://${domain}/${path.join('/')}`,
  }))
const names = fc
  .tuple(fc.array(name, { maxLength: 5 }), fc.array(spiffeId, { maxLength: 1 }), fc.boolean())
  .map(([others, uris, uriFirst]) => (uriFirst ? [...uris, ...others] : [...others, ...uris]))
  .filter((list) => list.length > 0)
const octets = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: size, maxLength: size })
const uid = octets(20).map((digest) => `e${base32(digest).slice(0, 31)}` as Uid)
const notBefore = fc.oneof(
  fc.integer({ min: BEGIN, max: BEGIN + 3640 * 86_400 }),
  fc.integer({ min: YEAR_2050 - 90_000, max: YEAR_2050 + 90_000 }),
)

const plans = fc
  .record({
    serial: octets(16).map(serialFromRandom),
    names,
    notBefore,
    length: fc.integer({ min: 0, max: 86_520 }),
    usages: fc.constantFrom<LeafPlan['usages']>(
      ['serverAuth', 'clientAuth'],
      ['serverAuth'],
      ['clientAuth'],
    ),
    subjectUid: fc.option(uid, { nil: undefined }),
    identity: fc.option(fc.json({ depthSize: 'small' }), { nil: undefined }),
    leafKey: fc.constantFrom(...leafKeys),
  })
  .map(({ length, subjectUid, identity, leafKey, ...rest }) => ({
    leafKey,
    plan: {
      ...rest,
      notBefore: unixSeconds(rest.notBefore),
      notAfter: unixSeconds(rest.notBefore + length),
      ...(subjectUid === undefined ? {} : { subjectUid }),
      ...(identity === undefined ? {} : { identity }),
    },
  }))

describe.each(issuerKeys)('a leaf signed by %s', (issuerKey) => {
  let given: TestHierarchy
  const spkis = new Map<TestKey, SpkiDer>()

  beforeAll(async () => {
    for (const kind of leafKeys) spkis.set(kind, newSpki(kind))
    const lifetime = days(11 * 365)
    given = await givenHierarchy({
      issuerKey,
      now: BEGIN,
      anchorLifetime: lifetime,
      issuerLifetime: lifetime,
    })
  }, 60_000)

  it('says to another reader exactly what was planned', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ leafKey, plan }) => {
        const whole: LeafPlan = { ...plan, spki: spkis.get(leafKey)! }
        const der = await given.issuer.signLeaf(whole)
        const read = new X509Certificate(Buffer.from(der))
        const issuer = new X509Certificate(Buffer.from(given.certificate))
        expect(read.serialNumber).toBe(whole.serial)
        expect(read.notBefore.getTime()).toBe(whole.notBefore * 1000)
        expect(read.notAfter.getTime()).toBe(whole.notAfter * 1000)
        expect(read.subject).toBe(
          whole.subjectUid === undefined ? '' : `0.9.2342.19200300.100.1.1=${whole.subjectUid}`,
        )
        expect(bytes(read.issuerName.toArrayBuffer())).toEqual(
          bytes(issuer.subjectName.toArrayBuffer()),
        )
        expect(bytes(read.publicKey.rawData)).toEqual(Buffer.from(whole.spki))
        await expectExtensions(read, whole, issuer)
        expect(
          new NodeCertificate(der).verify(new NodeCertificate(given.certificate).publicKey),
        ).toBe(true)
      }),
      { numRuns: issuerKey === 'P-256' ? 100 : 25 },
    )
  }, 120_000)
})

async function expectExtensions(
  read: X509Certificate,
  plan: LeafPlan,
  issuer: X509Certificate,
): Promise<void> {
  const isSubjectEmpty = plan.subjectUid === undefined
  expect(read.extensions.map(({ type, critical }) => `${type} ${String(critical)}`)).toEqual([
    '2.5.29.15 true',
    '2.5.29.37 false',
    `2.5.29.17 ${String(isSubjectEmpty)}`,
    '2.5.29.35 false',
    '2.5.29.14 false',
    ...(plan.identity === undefined ? [] : [`${IDENTITY_OID} false`]),
  ])
  expect(read.getExtension(KeyUsagesExtension)?.usages).toBe(KeyUsageFlags.digitalSignature)
  const usages = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' }
  expect(read.getExtension(ExtendedKeyUsageExtension)?.usages).toEqual(
    plan.usages.map((usage) => usages[usage]),
  )
  const found = read.getExtension(SubjectAlternativeNameExtension)?.names.items ?? []
  const kinds = { dns: 'dns', url: 'uri', ip: 'ip' } as Record<string, string>
  expect(found.map(({ type, value }) => [kinds[type], comparable(type, value)])).toEqual(
    plan.names.map(({ kind, value }) => [kind, comparable(kind, value)]),
  )
  const issuerKeyId = issuer.getExtension(SubjectKeyIdentifierExtension)?.keyId
  expect(read.getExtension(AuthorityKeyIdentifierExtension)?.keyId).toBe(issuerKeyId)
  const spki = new X509Certificate(read.rawData).publicKey
  const key = await webcrypto.subtle.digest('SHA-256', publicKeyOctets(spki.rawData))
  expect(read.getExtension(SubjectKeyIdentifierExtension)?.keyId).toBe(
    Buffer.from(key).toString('hex').slice(0, 40),
  )
  if (plan.identity !== undefined) {
    const [tag, ...rest] = Buffer.from(read.getExtension(IDENTITY_OID)!.value)
    expect(tag).toBe(0x0c)
    expect(Buffer.from(rest).subarray(-Buffer.byteLength(plan.identity)).toString()).toBe(
      plan.identity,
    )
  }
}

/** What the BIT STRING holds: for every key here, all that follows its header. */
function publicKeyOctets(spki: ArrayBuffer): Buffer {
  const der = Buffer.from(spki)
  const algorithmAt = der[1]! < 0x80 ? 2 : 2 + (der[1]! & 0x7f)
  let at = algorithmAt + 2 + der[algorithmAt + 1]!
  at += der[at + 1]! < 0x80 ? 2 : 2 + (der[at + 1]! & 0x7f)
  return der.subarray(at + 1)
}

const comparable = (kind: string, value: string): string =>
  kind === 'ip' ? Buffer.from(parseIpAddress(value) ?? []).toString('hex') : value

const bytes = (buffer: ArrayBuffer): Buffer => Buffer.from(buffer)
