import 'reflect-metadata'
import { webcrypto, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectKeyIdentifierExtension,
  AuthorityKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { describe, expect, it } from '@jest/globals'
import { checkHierarchy } from '../../src/ca/check-hierarchy.js'
import { keyIdentifierOf } from '../../src/ca/x509/key-identifier.js'
import { certificateDer, type CertificateDer } from '../../src/core/der.js'
import * as der from '../../src/core/der-writer.js'
import { days, plus, type UnixSeconds } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'
import { givenHierarchy } from './given-authorities.js'

type Pair = webcrypto.CryptoKeyPair
type Hash = 'SHA-1' | 'SHA-256' | 'SHA-512'

/** One certificate of a made hierarchy; what is left out is as it should be. */
interface Made {
  readonly subject: string | Name
  readonly issuer: string | Name
  readonly keys: Pair
  readonly by: Pair
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly hash: Hash
  readonly extensions: readonly Extension[]
  readonly version: 1 | 3
}

const subtle = webcrypto.subtle
const ec = (namedCurve: string): Promise<Pair> =>
  subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify'])
const rsa = (name: string, modulusLength: number, hash: Hash): Promise<Pair> =>
  subtle.generateKey({ name, modulusLength, publicExponent: Uint8Array.of(1, 0, 1), hash }, true, [
    'sign',
    'verify',
  ])

const keys = { anchor: await ec('P-256'), middle: await ec('P-256'), issuer: await ec('P-256') }
const spkiOf = async ({ publicKey }: Pair): Promise<Uint8Array> =>
  new Uint8Array(await subtle.exportKey('spki', publicKey))

const keyId = async (pair: Pair): Promise<string> =>
  Buffer.from(keyIdentifierOf(await spkiOf(pair))).toString('hex')
const basicConstraints = (pathLength?: number): Extension =>
  new BasicConstraintsExtension(true, pathLength, true)
const keyUsage = (flags: KeyUsageFlags): Extension => new KeyUsagesExtension(flags, true)
const CA_USAGE = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
const skid = async (pair: Pair): Promise<Extension> =>
  new SubjectKeyIdentifierExtension(await keyId(pair))
const akid = async (pair: Pair): Promise<Extension> =>
  new AuthorityKeyIdentifierExtension(await keyId(pair))
const usages = (...oids: string[]): Extension => new ExtendedKeyUsageExtension(oids)
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const ANY = '2.5.29.37.0'

const constraint = (n: 0 | 1, subtree: Uint8Array): Extension =>
  new Extension(
    '2.5.29.30',
    true,
    Uint8Array.from(der.sequence(der.contextConstructed(n, der.sequence(subtree)))).buffer,
  )
/** The same text as `CN=anchor`, in a UTF8String where that has a PrintableString. */
const utf8Name = new Name([{ CN: [{ utf8String: 'anchor' }] }])

const uri = der.contextPrimitive(6, der.ia5Octets('acme.example'))
const dns = der.contextPrimitive(2, der.ia5Octets('acme.example'))
const directory = der.contextConstructed(4, der.sequence())

const signing = ({ privateKey }: Pair, hash: Hash): { name: string } =>
  Object.assign({ name: privateKey.algorithm.name, hash }, { saltLength: 32 })

async function usual(pair: Pair, by: Pair): Promise<Extension[]> {
  return [basicConstraints(), keyUsage(CA_USAGE), await skid(pair), await akid(by)]
}

async function make(
  made: Partial<Made> & Pick<Made, 'subject' | 'issuer' | 'keys' | 'by'>,
): Promise<CertificateDer> {
  const certificate = await X509CertificateGenerator.create(
    {
      subject: made.subject,
      issuer: made.issuer,
      serialNumber: '4a',
      notBefore: new Date((made.notBefore ?? T0 - 60) * 1000),
      notAfter: new Date((made.notAfter ?? T0 + 90 * 86_400) * 1000),
      publicKey: made.keys.publicKey,
      signingKey: made.by.privateKey,
      signingAlgorithm: signing(made.by, made.hash ?? 'SHA-256'),
      extensions: [...(made.extensions ?? (await usual(made.keys, made.by)))],
    },
    webcrypto,
  )
  return certificateDer(new Uint8Array(certificate.rawData))
}

const anchorOf = (other: Partial<Made> = {}): Promise<CertificateDer> =>
  make({ subject: 'CN=anchor', issuer: 'CN=anchor', keys: keys.anchor, by: keys.anchor, ...other })
const middleOf = (other: Partial<Made> = {}): Promise<CertificateDer> =>
  make({ subject: 'CN=middle', issuer: 'CN=anchor', keys: keys.middle, by: keys.anchor, ...other })
const issuerOf = (other: Partial<Made> = {}): Promise<CertificateDer> =>
  make({ subject: 'CN=issuer', issuer: 'CN=anchor', keys: keys.issuer, by: keys.anchor, ...other })
const lowIssuerOf = (other: Partial<Made> = {}): Promise<CertificateDer> =>
  issuerOf({ issuer: 'CN=middle', by: keys.middle, ...other })

const check = async (
  certificates: readonly CertificateDer[],
  key: Pair = keys.issuer,
): Promise<ReturnType<typeof checkHierarchy>> =>
  checkHierarchy({ certificates, keySpki: await spkiOf(key), now: T0 })

const versionOne = certificateDer(
  new X509Certificate(readFileSync(new URL('../fixtures/ca/c.pem', import.meta.url))).raw,
)

describe('checkHierarchy', () => {
  it.each([
    { when: 'issuer and trust anchor', chain: async () => [await issuerOf(), await anchorOf()] },
    {
      when: 'an intermediate between them',
      chain: async () => [await lowIssuerOf(), await middleOf(), await anchorOf()],
    },
    {
      when: 'path lengths that just suffice',
      chain: async () => [
        await lowIssuerOf({
          extensions: [basicConstraints(0), keyUsage(CA_USAGE), await skid(keys.issuer)],
        }),
        await middleOf({
          extensions: [basicConstraints(1), keyUsage(CA_USAGE), await skid(keys.middle)],
        }),
        await anchorOf({
          extensions: [basicConstraints(2), keyUsage(CA_USAGE), await skid(keys.anchor)],
        }),
      ],
    },
    {
      when: 'usages for servers and clients',
      chain: async () => [
        await issuerOf({
          extensions: [
            ...(await usual(keys.issuer, keys.anchor)),
            usages(SERVER_AUTH, CLIENT_AUTH),
          ],
        }),
        await anchorOf(),
      ],
    },
  ])('takes $when', async ({ chain }) => {
    expect(await check(await chain())).toMatchObject({ ok: true, value: { warnings: [] } })
  })

  it('takes what Capstan makes itself, without a warning', async () => {
    const { certificate, anchor, signer } = await givenHierarchy()
    const given = { certificates: [certificate, anchor], keySpki: signer.spki, now: T0 }
    expect(checkHierarchy(given)).toMatchObject({ ok: true, value: { warnings: [] } })
  })

  const withUsual = async (...more: Extension[]): Promise<Extension[]> => [
    ...(await usual(keys.issuer, keys.anchor)),
    ...more,
  ]

  it.each<{ when: string; says: RegExp; chain: () => Promise<CertificateDer[]>; key?: Pair }>([
    {
      when: 'only one certificate',
      says: /issuer and the certificates above/,
      chain: async () => [await anchorOf()],
    },
    {
      when: 'more certificates than any chain (CVE-2018-16875)',
      says: /issuer and the certificates above/,
      chain: async () => Array.from({ length: 7 }, await always(anchorOf())),
    },
    {
      when: 'the wrong order',
      says: /not a trust anchor/,
      chain: async () => [await anchorOf(), await issuerOf()],
      key: keys.anchor,
    },
    {
      when: 'no trust anchor',
      says: /not a trust anchor/,
      chain: async () => [await lowIssuerOf(), await middleOf()],
    },
    {
      when: 'a missing link',
      says: /was not issued by/,
      chain: async () => [await lowIssuerOf(), await anchorOf()],
    },
    {
      when: 'a name that differs in its string type only',
      says: /was not issued by/,
      chain: async () => [
        await issuerOf(),
        await anchorOf({ subject: utf8Name, issuer: utf8Name }),
      ],
    },
    {
      when: 'another key of that name',
      says: /another key of the same name/,
      chain: async () => [await issuerOf(), await anchorOf({ keys: keys.middle, by: keys.middle })],
    },
    {
      when: 'a signature by another key',
      says: /was not signed by/,
      chain: async () => [
        await issuerOf({ by: keys.middle, extensions: await usual(keys.issuer, keys.anchor) }),
        await anchorOf(),
      ],
    },
    {
      when: 'a trust anchor that another key signed',
      says: /not signed by its own key/,
      chain: async () => [
        await issuerOf(),
        await anchorOf({ by: keys.middle, extensions: await usual(keys.anchor, keys.anchor) }),
      ],
    },
    {
      when: 'a leaf as issuer',
      says: /not a CA certificate/,
      chain: async () => [
        await issuerOf({
          extensions: [new BasicConstraintsExtension(false), await skid(keys.issuer)],
        }),
        await anchorOf(),
      ],
    },
    {
      when: 'an issuer without basicConstraints',
      says: /not a CA certificate/,
      chain: async () => [
        await issuerOf({ extensions: [keyUsage(CA_USAGE), await skid(keys.issuer)] }),
        await anchorOf(),
      ],
    },
    {
      when: 'an issuer that may not sign certificates',
      says: /may not sign certificates/,
      chain: async () => [
        await issuerOf({
          extensions: [
            basicConstraints(),
            keyUsage(KeyUsageFlags.digitalSignature),
            await skid(keys.issuer),
          ],
        }),
        await anchorOf(),
      ],
    },
    {
      when: 'a path length that does not suffice',
      says: /as many CAs below it/,
      chain: async () => [
        await lowIssuerOf(),
        await middleOf({
          extensions: [basicConstraints(0), keyUsage(CA_USAGE), await skid(keys.middle)],
        }),
        await anchorOf(),
      ],
    },
    {
      when: 'an anchor whose path length does not suffice',
      says: /as many CAs below it/,
      chain: async () => [
        await issuerOf(),
        await anchorOf({
          extensions: [basicConstraints(0), keyUsage(CA_USAGE), await skid(keys.anchor)],
        }),
      ],
    },
    {
      when: 'an unknown critical extension',
      says: /critical extension/,
      chain: async () => [
        await issuerOf({
          extensions: await withUsual(new Extension('1.2.3.4', true, Uint8Array.of(5, 0).buffer)),
        }),
        await anchorOf(),
      ],
    },
    {
      when: 'usages for servers only',
      says: /does not allow clientAuth/,
      chain: async () => [
        await issuerOf({ extensions: await withUsual(usages(SERVER_AUTH)) }),
        await anchorOf(),
      ],
    },
    {
      when: 'usages for code signing',
      says: /does not allow serverAuth and clientAuth/,
      chain: async () => [
        await issuerOf({ extensions: await withUsual(usages('1.3.6.1.5.5.7.3.3')) }),
        await anchorOf(),
      ],
    },
    {
      when: 'a permitted URI (CVE-2025-58187)',
      says: /rustls reject every leaf/,
      chain: async () => [
        await issuerOf({ extensions: await withUsual(constraint(0, uri)) }),
        await anchorOf(),
      ],
    },
    {
      when: 'an excluded URI',
      says: /rustls reject every leaf/,
      chain: async () => [
        await issuerOf({ extensions: await withUsual(constraint(1, uri)) }),
        await anchorOf(),
      ],
    },
    {
      when: 'a permitted directoryName',
      says: /rustls reject every leaf/,
      chain: async () => [
        await issuerOf({ extensions: await withUsual(constraint(0, directory)) }),
        await anchorOf(),
      ],
    },
    {
      when: 'two certificates of one subject',
      says: /same subject/,
      chain: async () => [
        await issuerOf({
          subject: 'CN=anchor',
          extensions: [basicConstraints(), keyUsage(CA_USAGE), await skid(keys.issuer)],
        }),
        await anchorOf(),
      ],
    },
    {
      when: 'an issuer without a key identifier',
      says: /subjectKeyIdentifier/,
      chain: async () => [
        await issuerOf({ extensions: [basicConstraints(), keyUsage(CA_USAGE)] }),
        await anchorOf(),
      ],
    },
    {
      when: 'SHA-1',
      says: /a signature that verifiers/,
      chain: async () => [await issuerOf({ hash: 'SHA-1' }), await anchorOf()],
    },
    {
      when: 'an issuer that is not valid yet',
      says: /issuer .* not valid yet/,
      chain: async () => [await issuerOf({ notBefore: plus(T0, days(1)) }), await anchorOf()],
    },
    {
      when: 'an issuer that is expired',
      says: /issuer .* is expired/,
      chain: async () => [await issuerOf({ notAfter: plus(T0, days(-1)) }), await anchorOf()],
    },
    {
      when: 'a trust anchor that is expired',
      says: /trust anchor .* is expired/,
      chain: async () => [await issuerOf(), await anchorOf({ notAfter: plus(T0, days(-1)) })],
    },
    {
      when: 'a key that is not the issuer’s',
      says: /the key does not belong/,
      chain: async () => [await issuerOf(), await anchorOf()],
      key: keys.middle,
    },
  ])('names $when', async ({ chain, says, key }) => {
    const checked = await check(await chain(), key)
    expect(checked).toMatchObject({ ok: false, refusal: { code: 'ca.bad-hierarchy' } })
    if (checked.ok) throw new Error('taken')
    // The code is the same for all: the sentence is what this function is for.
    expect(checked.refusal.detail).toMatch(says)
    expect(checked.refusal.wanted && checked.refusal.found && checked.refusal.next).toBeTruthy()
  })

  it('names a certificate of version 1', async () => {
    const found = await check([await issuerOf(), versionOne])
    expect(found).toMatchObject({
      ok: false,
      refusal: { code: 'ca.bad-hierarchy', found: 'version 1' },
    })
  })

  it.each([
    {
      when: 'RSA of 1024 bits',
      pair: () => rsa('RSASSA-PKCS1-v1_5', 1024, 'SHA-256'),
      found: 'RSA of 1024 bits',
    },
    {
      when: 'RSA-PSS signatures',
      pair: () => rsa('RSA-PSS', 2048, 'SHA-256'),
      found: /1\.2\.840\.113549\.1\.1\.10|rsa-pss/,
    },
  ])(
    'refuses a trust anchor with $when',
    async ({ pair, found }) => {
      const anchorKeys = await pair()
      const anchor = await anchorOf({ keys: anchorKeys, by: anchorKeys })
      const checked = await check([await issuerOf({ by: anchorKeys }), anchor])
      if (checked.ok) throw new Error('taken')
      expect(checked.refusal.found).toMatch(found)
    },
    60_000,
  )

  it.each<{ when: string; warns: RegExp; chain: () => Promise<CertificateDer[]> }>([
    {
      when: 'an issuer that outlives its anchor',
      warns: /outlives/,
      chain: async () => [await issuerOf({ notAfter: plus(T0, days(100)) }), await anchorOf()],
    },
    {
      when: 'an issuer that may not sign CRLs',
      warns: /CRL/,
      chain: async () => [
        await issuerOf({
          extensions: [
            basicConstraints(),
            keyUsage(KeyUsageFlags.keyCertSign),
            await skid(keys.issuer),
          ],
        }),
        await anchorOf(),
      ],
    },
    {
      when: 'an issuer without key usage',
      warns: /no keyUsage/,
      chain: async () => [
        await issuerOf({ extensions: [basicConstraints(), await skid(keys.issuer)] }),
        await anchorOf(),
      ],
    },
    {
      when: 'anyExtendedKeyUsage',
      warns: /anyExtendedKeyUsage/,
      chain: async () => [
        await issuerOf({ extensions: await withUsual(usages(ANY)) }),
        await anchorOf(),
      ],
    },
    {
      when: 'a self-signature with SHA-1',
      warns: /SHA-1/,
      chain: async () => [await issuerOf(), await anchorOf({ hash: 'SHA-1' })],
    },
  ])('takes $when, and says so', async ({ chain, warns }) => {
    const checked = await check(await chain())
    if (!checked.ok) throw new Error(checked.refusal.detail)
    expect(checked.value.warnings.join('\n')).toMatch(warns)
  })

  it('takes a P-521 trust anchor, and says who may not', async () => {
    const p521 = await ec('P-521')
    const anchor = await anchorOf({ keys: p521, by: p521, hash: 'SHA-512' })
    const checked = await check([await issuerOf({ by: p521, hash: 'SHA-512' }), anchor])
    if (!checked.ok) throw new Error(checked.refusal.detail)
    expect(checked.value.warnings.join()).toMatch(/P-521/)
  })

  it('ends with the first of the chain', async () => {
    const soon = plus(T0, days(5))
    const checked = await check([await issuerOf(), await anchorOf({ notAfter: soon })])
    expect(checked).toMatchObject({ ok: true, value: { notAfter: soon } })
  })

  it('reports the DNS regions that leaves are held to', async () => {
    const checked = await check([
      await issuerOf({ extensions: await withUsual(constraint(0, dns)) }),
      await anchorOf(),
    ])
    expect(checked).toMatchObject({
      ok: true,
      value: { dnsConstraints: [{ permitted: ['acme.example'], excluded: [] }] },
    })
  })

  it('refuses bytes that are no certificate', async () => {
    const junk = certificateDer(Uint8Array.of(0x30, 0))
    expect(await check([junk, await anchorOf()])).toMatchObject({
      ok: false,
      refusal: { code: 'ca.certificate-malformed' },
    })
  })
})

async function always<T>(value: Promise<T>): Promise<() => T> {
  const settled = await value
  return () => settled
}
