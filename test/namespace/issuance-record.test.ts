import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Alias } from '../../src/core/alias.js'
import type { SerialNumber } from '../../src/core/serial.js'
import { unixSeconds } from '../../src/core/time.js'
import { policyDigestOf } from '../../src/namespace/policy-digest.js'
import { leafHash } from '../../src/tlog/hash.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import { certificateDer } from '../../src/core/der.js'
import { sha256Hex, type Uid } from '../../src/core/uid.js'
import {
  issuanceRecordOf,
  MAX_ISSUANCE_RECORD_OCTETS,
  parseIssuanceRecord,
  type RecordedLeaf,
} from '../../src/namespace/issuance-record.js'
import { leaf } from '../contract/given-store.js'
import { codeOf, valueOf } from './given-index.js'

const ofNobody = { entry: null, binding: null, rev: 0, policyDigest: null, indexSize: null }

/** By the canonicalizer that everything signed goes through, which the writer of records does not use. */
const asCanonical = (from: RecordedLeaf): string =>
  canonicalize({
    v: 1,
    serial: from.serial,
    entry: from.entry,
    rev: from.rev,
    binding: from.binding,
    notAfter: from.notAfter,
    certificate: sha256Hex(from.certificate),
    attestation: sha256Hex(from.evidence),
    policyDigest: from.policyDigest,
    size: from.indexSize,
  })

const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString()

describe('a record of the issuance log', () => {
  it('is canonical JSON of what the ledger holds, and is read as it was', () => {
    for (const from of [leaf(), leaf({ binding: null }), leaf(ofNobody)]) {
      const octets = issuanceRecordOf(from)
      expect(textOf(octets)).toBe(asCanonical(from))
      expect(octets.length).toBeLessThan(MAX_ISSUANCE_RECORD_OCTETS)
      const { serial, entry, rev, binding, notAfter, policyDigest, indexSize } = from
      expect(valueOf(parseIssuanceRecord(octets))).toEqual({
        ...{ v: 1, serial, entry, rev, binding, notAfter, policyDigest, size: indexSize },
        certificate: sha256Hex(from.certificate),
        attestation: sha256Hex(from.evidence),
      })
    }
  })

  it('is as docs/format-issuance-log.md has it, with its leaf and the policy digest', () => {
    const policyDigest = policyDigestOf({ envelope: { mayCall: ['shop' as Alias] }, rules: [] }, [
      { envelope: { maxTtl: 86_400 } },
    ])
    const octets = issuanceRecordOf({
      ...leaf({ evidence: '{"kind":"self"}', rev: 3, binding: 'bk7vq2m4x3a2c', policyDigest }),
      ...{ serial: '4f0c3a9e5b7d1f2846a0c8e2b4d6f081' as SerialNumber, indexSize: 19 },
      ...{ entry: 'euv4k2mfw3txpz7o5cq6dlbn2ygjh3ae' as Uid, notAfter: unixSeconds(1_795_305_600) },
      certificate: certificateDer(Buffer.from('certificate')),
    })
    const page = readFileSync(
      join(import.meta.dirname, '../../docs/format-issuance-log.md'),
      'utf8',
    )
    const hash = Buffer.from(leafHash(octets)).toString('hex')
    expect(page).toContain(`\n${textOf(octets)}\nleaf ${hash}\n`)
    expect(page).toContain(`policyDigest = ${policyDigest}\n`)
  })

  it('is canonical JSON whatever the texts in it are', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, fc.uint8Array(), fc.nat(), (binding, evidence, der, notAfter) => {
        const from = leaf({ binding, evidence, certificate: certificateDer(der) })
        const whole = { ...from, notAfter } as unknown as RecordedLeaf
        expect(textOf(issuanceRecordOf(whole))).toBe(asCanonical(whole))
      }),
    )
  })

  const good = JSON.parse(textOf(issuanceRecordOf(leaf()))) as Record<string, unknown>
  it.each([
    ['another version', { v: 2 }],
    ['one member more', { more: 1 }],
    ['one member less', { rev: undefined }],
    ['a digest in capitals', { certificate: 'AB'.repeat(32) }],
    ['a short digest', { attestation: 'ab'.repeat(31) }],
    ['a digest that is no text', { policyDigest: 7 }],
    ['a serial number in capitals', { serial: 'AB'.repeat(16) }],
    ['a serial number of another length', { serial: 'ab'.repeat(15) }],
    ['the uid of a scope', { entry: `s${'a'.repeat(31)}` }],
    ['a binding that is no id of one', { binding: 'prod/shop/web' }],
    ['a time before 1970', { notAfter: -1 }],
    ['a size that is no number', { size: '7' }],
    ['a revision of 0', { rev: 0 }],
    ['an entry, and no policy', { policyDigest: null }],
    ['an entry, and no size', { size: null }],
    [
      'nobody, and a binding',
      { ...good, ...ofNobody, indexSize: undefined, size: null, binding: good['binding'] },
    ],
    ['nobody, and a size', { ...good, ...ofNobody, indexSize: undefined, size: 5 }],
  ])('is refused with %s', (_, change) => {
    const members = Object.entries({ ...good, ...change }).filter(
      ([, value]) => value !== undefined,
    )
    const octets = Buffer.from(canonicalize(Object.fromEntries(members)))
    expect(codeOf(parseIssuanceRecord(octets))).toBe('tlog.malformed')
  })

  it('is refused in another spelling, and where it is anything else', () => {
    const text = canonicalize(good)
    expect(codeOf(parseIssuanceRecord(Buffer.from(text)))).toBe('ok')
    const others = [
      ` ${text}`,
      `${text}\n`,
      text.replace('"rev":', '"rev": '),
      '[]',
      'null',
      '1',
      '',
    ]
    const unsorted = JSON.stringify({ v: 1, ...good })
    for (const other of [...others, unsorted, text.replace('}', ',"v":1}'), text.slice(0, -1)]) {
      expect(codeOf(parseIssuanceRecord(Buffer.from(other)))).toBe('tlog.malformed')
    }
    const long = Buffer.from(canonicalize({ ...good, binding: 'b'.repeat(2000) }))
    expect(codeOf(parseIssuanceRecord(long))).toBe('tlog.malformed')
  })

  it('is never an exception for octets of anybody', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        expect(codeOf(parseIssuanceRecord(octets))).toBe('tlog.malformed')
      }),
    )
  })
})
