import { afterAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { signCrl } from '../../src/ca/crl.js'
import { encodeAuthority } from '../../src/ca/encode-authority.js'
import { leafEncoder, wrapCertificate } from '../../src/ca/encode-leaf.js'
import type { LeafPlan } from '../../src/ca/leaf.js'
import type { Signer } from '../../src/ca/ports.js'
import { USER_ID_DER } from '../../src/ca/x509/distinguished-name.js'
import { parseIpAddress } from '../../src/ca/x509/ip-address.js'
import { keyIdentifierOf } from '../../src/ca/x509/key-identifier.js'
import { nullValue, sequence, setOf, utf8String } from '../../src/core/der-writer.js'
import type { CertificateDer } from '../../src/core/der.js'
import { toIso, type UnixSeconds } from '../../src/core/time.js'
import { loadKey } from '../../src/keys/key-signer.js'
import { keyPair, pkcs8Of, spkiOf } from '../ca/given-authorities.js'
import { csr, signatureOids } from '../csr/make-csr.js'
import { signedPart } from '../support/certificate-oracles.js'
import {
  authorityPlans,
  crlNumbers,
  leafPlans,
  revokedLeaves,
  validities,
} from '../support/certificate-plans.js'
import { OpensslCa, type OpensslIssuer } from '../support/openssl-ca.js'

/** The same plans in every run: a process for each is too dear for more of them. */
const seed = 5280

const YEAR_2050 = Date.UTC(2050, 0, 1) / 1000

const openssl = new OpensslCa()
afterAll(() => openssl[Symbol.dispose]())

const kinds = ['P-256', 'P-384', 'Ed25519', 'RSA-3072'] as const
const keys = kinds.map((kind) => ({ kind, pair: keyPair(kind) }))
const nth = <T>(list: readonly T[], at: number): T => list[at % list.length]!

interface Ca extends OpensslIssuer {
  readonly certificate: CertificateDer
  readonly signer: Signer
  readonly name: Uint8Array
  readonly keyId: Uint8Array
}

/** CAs of every algorithm, with names of every string type. */
const cas: readonly Ca[] = await Promise.all(
  fc
    .sample(
      // OpenSSL takes an identifier of one or two octets for none.
      authorityPlans.filter(({ subjectKeyId }) => subjectKeyId.length > 2),
      { numRuns: 20, seed },
    )
    .map(async (plan, at) => {
      const pkcs8 = pkcs8Of(nth(keys, at).pair.privateKey)
      const { signer } = loadKey(pkcs8)!
      const { algorithm } = signer
      const tbs = await encodeAuthority({ ...plan, spki: signer.spki }, algorithm)
      const certificate = wrapCertificate(tbs, algorithm, await signer.sign(tbs))
      return { certificate, pkcs8, algorithm, signer, name: plan.subject, keyId: plan.subjectKeyId }
    }),
)

/** A request of the nth key for this subject: how `openssl ca` is told of both. */
function requestOf(at: number, subject: Uint8Array): Uint8Array {
  const { kind, pair: key } = nth(keys, at)
  const spki = spkiOf(key.publicKey)
  switch (kind) {
    case 'P-256':
    case 'P-384':
      return csr({ spki, subject }, { key })
    case 'Ed25519':
      return csr(
        { spki, subject },
        { key, algorithm: signatureOids.ed25519, parameters: new Uint8Array(0) },
      )
    case 'RSA-3072':
      return csr(
        { spki, subject },
        { key, algorithm: signatureOids.sha256Rsa, parameters: nullValue() },
      )
  }
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const userIdName = (uid: string): Uint8Array =>
  sequence(setOf(sequence(USER_ID_DER, utf8String(uid))))
const subjectOf = ({ subjectUid }: Pick<LeafPlan, 'subjectUid'>): Uint8Array =>
  subjectUid === undefined ? sequence() : userIdName(subjectUid)

/** The nth plan as our leaf, by the nth CA. */
function leafOf(plan: Omit<LeafPlan, 'spki'>, at: number): Uint8Array {
  const { algorithm, name, keyId } = nth(cas, at)
  const spki = spkiOf(nth(keys, at >> 2).pair.publicKey)
  return leafEncoder({ signatureAlgorithm: algorithm, name, keyId })({ ...plan, spki })
}

describe('OpenSSL, asked for the same, writes the same octets:', () => {
  it('leaves', () => {
    // A line of its configuration file has no place for quotes, escapes and line breaks.
    const plain = leafPlans.filter(
      ({ identity }) => identity === undefined || /^x+$/.test(identity),
    )
    fc.sample(plain, { numRuns: 80, seed }).forEach((plan, at) => {
      const keyId = keyIdentifierOf(spkiOf(nth(keys, at >> 2).pair.publicKey))
      const theirs = openssl.leaf(
        { ...plan, keyId },
        requestOf(at >> 2, subjectOf(plan)),
        nth(cas, at),
      )
      expect(hex(leafOf(plan, at))).toBe(hex(signedPart(theirs)))
    })
  })

  it('CA certificates', async () => {
    const plans = fc.sample(authorityPlans, { numRuns: 40, seed })
    for (const [at, plan] of plans.entries()) {
      const { algorithm, name: issuer, keyId: authorityKeyId } = nth(cas, at)
      const spki = spkiOf(nth(keys, at >> 2).pair.publicKey)
      // As our own CAs are called: OpenSSL reads the issuer's name from its certificate and copies
      // it, and judges that of a request by its own rules.
      const subject = userIdName(`Mesh issuer ${at}`)
      const whole = { ...plan, issuer, subject, authorityKeyId, spki }
      const ours = await encodeAuthority(whole, algorithm)
      const theirs = openssl.authority(plan, requestOf(at >> 2, subject), nth(cas, at))
      expect(hex(ours)).toBe(hex(signedPart(theirs)))
    }
  })

  it('CRLs', async () => {
    const plans = fc.record({ number: crlNumbers, dates: validities, revoked: revokedLeaves })
    const samples = fc.sample(
      // Its index of what is revoked holds dates in the form of UTCTime alone.
      plans.filter(
        ({ dates, revoked }) =>
          dates.notBefore < dates.notAfter && revoked.every(({ at }) => at < YEAR_2050),
      ),
      { numRuns: 40, seed },
    )
    for (const [at, { dates, number, revoked }] of samples.entries()) {
      const plan = {
        number,
        revoked: revoked.toSorted(byNumber),
        thisUpdate: dates.notBefore,
        nextUpdate: dates.notAfter,
      }
      const ours = await signCrl(plan, nth(cas, at))
      expect(hex(signedPart(ours))).toBe(hex(signedPart(openssl.crl(plan, nth(cas, at)))))
    }
  })
})

/** OpenSSL sorts them; their order means nothing (RFC 5280 section 5.1.2.6). */
function byNumber(a: { readonly serial: string }, b: { readonly serial: string }): number {
  const [one, other] = [BigInt(`0x${a.serial}`), BigInt(`0x${b.serial}`)]
  return one < other ? -1 : one > other ? 1 : 0
}

describe('OpenSSL reads in our leaves what was planned', () => {
  const plans = fc.sample(leafPlans, { numRuns: 400, seed })
  const leaves = plans.map((plan, at) =>
    wrapCertificate(leafOf(plan, at), nth(cas, at).algorithm, new Uint8Array(64)),
  )
  const texts = openssl.texts('CERTIFICATE', leaves)
  const issuers = openssl.texts(
    'CERTIFICATE',
    cas.map(({ certificate }) => certificate),
  )

  it('all of them', () => {
    expect(texts).toHaveLength(plans.length)
  })

  it('field by field', () => {
    plans.forEach((plan, at) => {
      const text = texts[at]!
      expect(valueOf(text, 'Version')).toBe('3 (0x2)')
      expect(serialOf(text)).toBe(BigInt(`0x${plan.serial}`))
      expect(valueOf(text, 'Issuer')).toBe(valueOf(nth(issuers, at), 'Subject'))
      expect(dateOf(text, 'Not Before')).toBe(toIso(plan.notBefore))
      expect(dateOf(text, 'Not After ')).toBe(toIso(plan.notAfter))
      expect(valueOf(text, 'Subject')).toBe(
        plan.subjectUid === undefined ? '' : `UID=${plan.subjectUid}`,
      )
      expect(extensionOf(text, 'X509v3 Key Usage', 'critical')).toBe('Digital Signature')
      expect(extensionOf(text, 'X509v3 Extended Key Usage')).toBe(
        plan.usages.map((usage) => purposes[usage]).join(', '),
      )
      const critical = plan.subjectUid === undefined ? 'critical' : ''
      expect(extensionOf(text, 'X509v3 Subject Alternative Name', critical)).toBe(
        plan.names.map(nameText).join(', '),
      )
      const keyId = keyIdentifierOf(spkiOf(nth(keys, at >> 2).pair.publicKey))
      expect(extensionOf(text, 'X509v3 Authority Key Identifier')).toBe(colons(nth(cas, at).keyId))
      expect(extensionOf(text, 'X509v3 Subject Key Identifier')).toBe(colons(keyId))
      expect(text.includes('1.2.840.113556.1.8000.2554.')).toBe(plan.identity !== undefined)
    })
  })
})

const purposes = {
  serverAuth: 'TLS Web Server Authentication',
  clientAuth: 'TLS Web Client Authentication',
}

const colons = (octets: Uint8Array): string =>
  hex(octets)
    .toUpperCase()
    .replaceAll(/..(?!$)/g, '$&:')

const valueOf = (text: string, label: string): string | undefined =>
  new RegExp(`^ +${label}:(.*)$`, 'm').exec(text)?.[1]?.trim()

function serialOf(text: string): bigint {
  const [, short, long = ''] = /Serial Number:(?: (\d+) \(|\n +([0-9a-f:]+)$)/m.exec(text) ?? []
  return short === undefined ? BigInt(`0x${long.replaceAll(':', '')}`) : BigInt(short)
}

/** `Nov  9 08:15:20 2026 GMT` as ISO 8601. */
function dateOf(text: string, label: string): string {
  const shown = valueOf(text, label) ?? ''
  return toIso((Date.parse(shown.replace('GMT', 'UTC')) / 1000) as UnixSeconds)
}

const extensionOf = (text: string, label: string, critical = ''): string | undefined =>
  new RegExp(`^ +${label}: ?${critical} *\n +(?:keyid:)?(.*)$`, 'm').exec(text)?.[1]

function nameText({ kind, value }: LeafPlan['names'][number]): string {
  if (kind !== 'ip') return `${{ dns: 'DNS', uri: 'URI' }[kind]}:${value}`
  const octets = parseIpAddress(value)!
  if (octets.length === 4) return `IP Address:${octets.join('.')}`
  const groups = hex(octets).match(/.{4}/g) ?? []
  return `IP Address:${groups.map((group) => Number.parseInt(group, 16).toString(16).toUpperCase()).join(':')}`
}
