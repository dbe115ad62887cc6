import { readFileSync } from 'node:fs'
import 'reflect-metadata'
import { describe, expect, it } from '@jest/globals'
import * as x509 from '@peculiar/x509'
import fc from 'fast-check'
import { tlv, utf8String } from '../../src/core/der-writer.js'
import { csrFromText } from '../../src/csr/csr-from-text.js'
import { parseCsr } from '../../src/csr/parse-csr.js'
import type { VerifiedCsr } from '../../src/csr/verified-csr.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'
import {
  altNames,
  attribute,
  basicConstraints,
  CHALLENGE_PASSWORD,
  commonName,
  dns,
  extensionRequest,
  info,
  keyUsage,
  signInfo,
  subject,
  uri,
} from '../csr/make-csr.js'

type Mutation =
  | { readonly kind: 'set'; readonly at: number; readonly octet: number }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'remove'; readonly at: number; readonly count: number }
  | { readonly kind: 'insert'; readonly at: number; readonly octets: Uint8Array }
  | { readonly kind: 'repeat'; readonly at: number; readonly count: number }
  | { readonly kind: 'swap'; readonly at: number; readonly count: number }

const at = fc.nat(400)
const count = fc.integer({ min: 1, max: 24 })
/** Identifiers, lengths and values that mean something, and any others. */
const octet = fc.oneof(
  fc.constantFrom(
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    0x0c,
    0x13,
    0x16,
    0x30,
    0x31,
    0x80,
    0x81,
    0x82,
    0x86,
    0x87,
    0xa0,
    0xa4,
    0xff,
  ),
  fc.nat(255),
)
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at, octet }),
  fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('remove' as const), at, count }),
  fc.record({
    kind: fc.constant('insert' as const),
    at,
    octets: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('repeat' as const), at, count }),
  fc.record({ kind: fc.constant('swap' as const), at, count }),
)

function mutate(octets: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  let mutated = Uint8Array.from(octets)
  for (const step of mutations) {
    const from = step.at % Math.max(1, mutated.length)
    const [head, tail] = [mutated.subarray(0, from), mutated.subarray(from)]
    switch (step.kind) {
      case 'set':
        mutated[from] = step.octet
        break
      case 'flip':
        mutated[from] = (mutated[from] ?? 0) ^ (1 << step.bit)
        break
      case 'remove':
        mutated = Uint8Array.of(...head, ...tail.subarray(step.count))
        break
      case 'insert':
        mutated = Uint8Array.of(...head, ...step.octets, ...tail)
        break
      case 'repeat':
        mutated = Uint8Array.of(...head, ...tail.subarray(0, step.count), ...tail)
        break
      case 'swap': {
        const [a, b] = [tail.subarray(0, step.count), tail.subarray(step.count, 2 * step.count)]
        mutated = Uint8Array.of(...head, ...b, ...a, ...tail.subarray(2 * step.count))
        break
      }
    }
  }
  return mutated
}

/** Reads lengths as they come and writes them again minimally: equal octets mean that they were. */
function rewritten(der: Uint8Array): Uint8Array {
  const values: Uint8Array[] = []
  for (let from = 0; from < der.length;) {
    const tag = der[from]!
    const first = der[from + 1]!
    const contentAt = from + 2 + (first < 0x80 ? 0 : first & 0x7f)
    const length =
      first < 0x80
        ? first
        : der.subarray(from + 2, contentAt).reduce((sum, digit) => sum * 256 + digit, 0)
    const content = der.subarray(contentAt, contentAt + length)
    values.push(tlv(tag, (tag & 0x20) === 0 ? content : rewritten(content)))
    from = contentAt + length
  }
  return Uint8Array.from(Buffer.concat(values))
}

interface Seen {
  readonly commonName: string[]
  readonly dns: string[]
  readonly uris: string[]
  readonly otherCount: number
  readonly spki: Uint8Array
}

/**
 * What a parser that is not ours sees in it. Undefined when it throws: it also reads extensions and
 * octet strings that we leave alone, and does not forgive what they hold.
 */
function seenByPeculiar(der: Uint8Array): Seen | undefined {
  try {
    return readByPeculiar(der)
  } catch {
    return undefined
  }
}

function readByPeculiar(der: Uint8Array): Seen {
  const request = new x509.Pkcs10CertificateRequest(der)
  const san = request.getExtension('2.5.29.17')
  const names = san ? new x509.SubjectAlternativeNameExtension(san.rawData).names.items : []
  const valuesOf = (type: string): string[] =>
    names.filter((name) => name.type === type).map((name) => name.value)
  return {
    commonName: request.subjectName.getField('CN').filter((name) => name !== ''),
    dns: valuesOf('dns'),
    uris: valuesOf('url'),
    otherCount: names.filter((name) => name.type !== 'dns' && name.type !== 'url').length,
    spki: new Uint8Array(request.publicKey.rawData),
  }
}

function expectSameAsOracle(der: Uint8Array, verified: VerifiedCsr): 'compared' | 'not compared' {
  expect(rewritten(der)).toEqual(der)
  const seen = seenByPeculiar(der)
  if (seen === undefined) return 'not compared'
  const { requested, spki } = verified
  expect(seen).toEqual({
    commonName: requested.commonName === '' ? [] : [requested.commonName],
    dns: requested.dns,
    uris: requested.uris,
    otherCount: requested.others.length,
    spki,
  })
  return 'compared'
}

const seed = info({
  subject: subject(commonName('web.shop.example')),
  attributes: [
    attribute(CHALLENGE_PASSWORD, utf8String('nonce')),
    extensionRequest(
      altNames(dns('web.shop.example'), uri('spiffe://acme.example/shop/web')),
      keyUsage(0),
      basicConstraints(),
    ),
  ],
})
const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 })

/** The length of the whole in an octet more than it takes: nobody comes upon that by chance. */
const longerLength: readonly Mutation[] = [
  { kind: 'set', at: 1, octet: seed[1]! + 1 },
  { kind: 'insert', at: 2, octets: Uint8Array.of(0) },
]

describe('a CSR that is mutated and signed again', () => {
  it('is refused, or is DER in which an independent parser sees the same names and key (CVE-2025-12816)', () => {
    const codes = new Map<string, number>()
    fc.assert(
      fc.property(mutations, (steps: readonly Mutation[]) => {
        const der = signInfo(mutate(seed, steps))
        const verified = verifyCsr(der)
        const code = verified.ok ? expectSameAsOracle(der, verified.value) : verified.refusal.code
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }),
      { numRuns: 4000, examples: [[longerLength]] },
    )
    // Had the mutations left nothing valid, or nothing invalid, the above would have shown nothing.
    expect(codes.get('compared')).toBeGreaterThan(50)
    expect(codes.get('csr.malformed')).toBeGreaterThan(500)
    expect(codes.get('csr.key-not-allowed')).toBeGreaterThan(10)
  })

  it('tells an independent parser the same about its names, whatever octets these are', () => {
    const text = fc.string({ unit: 'binary-ascii', maxLength: 40 })
    const names = fc.array(fc.record({ make: fc.constantFrom(dns, uri), text }), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(names, fc.string({ unit: 'grapheme', minLength: 1 }), (sans, cn) => {
        const der = signInfo(
          info({
            subject: subject(commonName(cn)),
            attributes: [extensionRequest(altNames(...sans.map((name) => name.make(name.text))))],
          }),
        )
        const verified = verifyCsr(der)
        if (!verified.ok) throw new Error(verified.refusal.detail)
        const textsOf = (make: typeof dns): string[] =>
          sans.filter((name) => name.make === make).map((name) => name.text)
        expect(verified.value.requested).toEqual({
          commonName: cn,
          dns: textsOf(dns),
          uris: textsOf(uri),
          others: [],
        })
        expect(expectSameAsOracle(der, verified.value)).toBe('compared')
      }),
    )
  })

  it('is refused when it is mutated after the signature', () => {
    const der = signInfo(seed)
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const changed = Uint8Array.from(der)
        changed[place] = changed[place]! ^ change
        expect(verifyCsr(changed).ok).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('random input', () => {
  it('never throws, as DER or as text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        expect(verifyCsr(octets).ok).toBe(false)
        csrFromText(Buffer.from(octets).toString('latin1'))
      }),
    )
  })

  it('parses every prefix of a real CSR to a refusal', () => {
    const der = readFileSync('test/fixtures/csr/clients/go-linkerd-proxy-identity.der')
    for (let length = 0; length < der.length; length++) {
      expect(parseCsr(der.subarray(0, length)).ok).toBe(false)
    }
    expect(parseCsr(der).ok).toBe(true)
  })
})
