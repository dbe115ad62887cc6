import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import * as pkijs from 'pkijs'
import { signCrl } from '../../src/ca/crl.js'
import { type AuthorityPlan, encodeAuthority } from '../../src/ca/encode-authority.js'
import { leafEncoder, wrapCertificate } from '../../src/ca/encode-leaf.js'
import type { Signer } from '../../src/ca/ports.js'
import { time } from '../../src/core/der-writer.js'
import type { SpkiDer } from '../../src/core/der.js'
import { parseSerial } from '../../src/core/serial.js'
import { unixSeconds } from '../../src/core/time.js'
import { keyPair, newSigner, spkiOf } from '../ca/given-authorities.js'
import {
  authorityByPkijs,
  crlByPeculiar,
  crlByPkijs,
  leafByPeculiar,
  leafByPkijs,
  rawCrlByPeculiar,
  signedPart,
} from '../support/certificate-oracles.js'
import {
  authorityPlans,
  crlNumbers,
  issuerNames,
  leafIssuers,
  leafPlans,
  revokedLeaves,
  signatureAlgorithms,
  validities,
} from '../support/certificate-plans.js'
import { encoderDifferences } from '../support/encoder-differences.js'

const kinds = ['P-256', 'P-384', 'Ed25519', 'RSA-3072'] as const

let spkis: readonly SpkiDer[] = []
let signers: readonly Signer[] = []

beforeAll(() => {
  spkis = kinds.map((kind) => spkiOf(keyPair(kind).publicKey))
  signers = kinds.map((kind) => newSigner(kind))
})

const which = fc.nat(kinds.length - 1)
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

describe.each([
  { oracle: 'pkijs', encode: leafByPkijs, numRuns: 120 },
  { oracle: '@peculiar/x509', encode: leafByPeculiar, numRuns: 20 },
])('a leaf, and the same plan by $oracle', ({ encode, numRuns }) => {
  it('are the same octets', async () => {
    await fc.assert(
      fc.asyncProperty(leafPlans, leafIssuers, which, async (plan, issuer, key) => {
        const whole = { ...plan, spki: spkis[key]! }
        expect(hex(leafEncoder(issuer)(whole))).toBe(hex(await encode(whole, issuer)))
      }),
      { numRuns },
    )
  })
})

describe('a leaf whose identity extension has a size near where lengths get an octet longer', () => {
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at)
  const sizes = [...range(96, 130), ...range(224, 258), ...range(65_508, 65_538)]

  it('is the same octets by pkijs, for each size', () => {
    const [plan] = fc.sample(leafPlans, { numRuns: 1, seed: 1 })
    const [issuer] = fc.sample(leafIssuers, { numRuns: 1, seed: 1 })
    for (const size of sizes) {
      const whole = { ...plan!, spki: spkis[0]!, identity: 'x'.repeat(size) }
      expect(hex(leafEncoder(issuer!)(whole))).toBe(hex(leafByPkijs(whole, issuer!)))
    }
  })
})

describe('a CA certificate, and the same plan by pkijs', () => {
  it('are the same octets', async () => {
    const algorithms = fc.constantFrom(...signatureAlgorithms)
    await fc.assert(
      fc.asyncProperty(authorityPlans, algorithms, which, async (plan, algorithm, key) => {
        const whole: AuthorityPlan = { ...plan, spki: spkis[key]! }
        const ours = await encodeAuthority(whole, algorithm)
        expect(hex(ours)).toBe(hex(authorityByPkijs(whole, algorithm)))
      }),
      { numRuns: 40 },
    )
  })
})

describe.each([
  { oracle: 'pkijs', encode: crlByPkijs, numRuns: 20 },
  { oracle: '@peculiar/x509', encode: crlByPeculiar, numRuns: 10 },
])('a CRL, and the same plan by $oracle', ({ encode, numRuns }) => {
  it('are the same octets', async () => {
    const crls = fc.record({
      number: crlNumbers,
      dates: validities.filter(({ notBefore, notAfter }) => notBefore < notAfter),
      revoked: revokedLeaves,
    })
    await fc.assert(
      fc.asyncProperty(authorityPlans, which, crls, async (authority, key, { dates, ...rest }) => {
        const signer = signers[key]!
        const { algorithm, spki } = signer
        const tbs = await encodeAuthority({ ...authority, spki }, algorithm)
        const certificate = wrapCertificate(tbs, algorithm, new Uint8Array(64))
        const plan = { ...rest, thisUpdate: dates.notBefore, nextUpdate: dates.notAfter }
        const ours = await signCrl(plan, { certificate, signer })
        const issuer = { name: authority.subject, keyId: authority.subjectKeyId, algorithm }
        expect(hex(signedPart(ours))).toBe(hex(await encode(plan, issuer)))
      }),
      { numRuns },
    )
  })
})

describe('a difference that is listed', () => {
  const plan = fc.sample(leafPlans, { numRuns: 1, seed: 1 })[0]!
  const issuer = fc.sample(leafIssuers, { numRuns: 1, seed: 1 })[0]!

  it(`is there: ${encoderDifferences.emptyName.where}`, () => {
    const name = new pkijs.RelativeDistinguishedNames({ typesAndValues: [] })
    expect(hex(new Uint8Array(name.toSchema().toBER()))).toBe('30023100')
  })

  it(`is there: ${encoderDifferences.serialZero.where}`, async () => {
    const zero = { ...plan, serial: parseSerial('0'.repeat(32))!, spki: spkis[0]! }
    expect(hex(leafEncoder(issuer)(zero))).not.toBe(hex(await leafByPeculiar(zero, issuer)))
  })

  it('leaves no trace in a length that is an octet shorter without it', async () => {
    const [early, late] = [2026, 2050].map((year) => unixSeconds(Date.UTC(year, 0, 1) / 1000))
    const serial = (first: string) => parseSerial(first.padEnd(32, '0'))!
    // 124 octets of revoked certificates; with the two empty extensions, 128.
    const revoked = [
      { serial: serial('7f01'), at: late!, reason: 'superseded' as const },
      { serial: serial('7f02'), at: early!, reason: 'unspecified' as const },
      { serial: serial('8000'), at: late!, reason: 'unspecified' as const },
    ]
    const crl = { number: 1, thisUpdate: early!, nextUpdate: late!, revoked }
    const by = { ...issuer, algorithm: issuer.signatureAlgorithm }
    expect(hex(await crlByPeculiar(crl, by))).toBe(hex(crlByPkijs(crl, by)))
  })

  it(`is there: ${encoderDifferences.noReason.where}`, async () => {
    const revoked = [{ serial: plan.serial, at: plan.notBefore, reason: 'unspecified' as const }]
    const crl = { number: 1, thisUpdate: plan.notBefore, nextUpdate: plan.notAfter, revoked }
    const by = { ...issuer, algorithm: issuer.signatureAlgorithm }
    const [raw, compared] = [await rawCrlByPeculiar(crl, by), await crlByPeculiar(crl, by)]
    expect(raw.length).toBe(compared.length + 2)
  })
})

describe('the plans that are compared', () => {
  const plans = fc.sample(leafPlans, { numRuns: 2000, seed: 5280 })
  const names = fc.sample(issuerNames, { numRuns: 500, seed: 5280 })
  const headerOf = (length: number): number =>
    length < 0x80 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 4

  it('have identity extensions on both sides of every length of a length', () => {
    const lengths = plans.flatMap(({ identity }) =>
      identity === undefined ? [] : [Buffer.byteLength(identity)],
    )
    expect(new Set(lengths.map(headerOf))).toEqual(new Set([1, 2, 3, 4]))
    for (const border of [0x80, 0x100, 0x1_0000]) {
      const near = lengths.filter((length) => Math.abs(length - border) < 6)
      expect(near.some((length) => length < border)).toBe(true)
      expect(near.some((length) => length >= border)).toBe(true)
    }
    expect(lengths.length).toBeLessThan(plans.length)
  })

  it('begin and end in both kinds of time, and at the border of the two', () => {
    const tags = plans.map(({ notBefore, notAfter }) =>
      [time(notBefore)[0], time(notAfter)[0]].join(),
    )
    expect(new Set(tags)).toEqual(new Set(['23,23', '23,24', '24,24']))
    const border = Date.UTC(2050, 0, 1) / 1000
    expect(plans.some(({ notAfter }) => notAfter === border - 1)).toBe(true)
    expect(plans.some(({ notAfter }) => notAfter === border)).toBe(true)
  })

  it('have one name and many, with and without a subject, and serial numbers of every form', () => {
    expect(plans.some((plan) => plan.names.length === 1)).toBe(true)
    expect(plans.some((plan) => plan.names.length > 60)).toBe(true)
    expect(new Set(plans.map(({ subjectUid }) => subjectUid === undefined)).size).toBe(2)
    const first = new Set(
      plans.map(({ serial }) => Math.min(2, Number.parseInt(serial.slice(0, 2), 16) >> 6)),
    )
    expect(first).toEqual(new Set([0, 1, 2]))
  })

  it('are by issuers whose names are of every string type', () => {
    const seen = new Set(names.flatMap(({ of }) => of.split(/[ ,+]+/)))
    expect([...seen].filter((type) => type !== '').toSorted()).toEqual([
      'BMPString',
      'IA5String',
      'NumericString',
      'PrintableString',
      'TeletexString',
      'UTF8String',
      'UniversalString',
    ])
    expect(names.some(({ of }) => of === '')).toBe(true)
    expect(names.some(({ of }) => of.includes(' + '))).toBe(true)
  })
})
