import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { certificateFacts, type CertificateFacts } from '../../src/ca/certificate-facts.js'
import { checkLeaf } from '../../src/ca/check-leaf.js'
import { leafEncoder, wrapCertificate } from '../../src/ca/encode-leaf.js'
import type { LeafPlan } from '../../src/ca/leaf.js'
import { planLeaf } from '../../src/ca/plan-leaf.js'
import { nullValue, tlv } from '../../src/core/der-writer.js'
import { certificateDer, type CertificateDer } from '../../src/core/der.js'
import { hours, plus, seconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { T0 } from '../support/fake-clock.js'
import {
  givenHierarchy,
  newSpki,
  nextSerial,
  type TestHierarchy,
  valueOf,
} from './given-authorities.js'

const ALGORITHM = 'ecdsa-with-SHA256'

describe('checkLeaf', () => {
  let given: TestHierarchy
  let issuer: CertificateFacts
  let plan: LeafPlan
  let leaf: CertificateDer

  beforeAll(async () => {
    given = await givenHierarchy()
    issuer = valueOf(certificateFacts(given.certificate))
    plan = planLeaf({
      serial: nextSerial(),
      spki: newSpki('P-256'),
      subjectUid: 'eaaaabbbbccccddddeeeeffffgggghhh' as Uid,
      names: [
        { kind: 'dns', value: 'a.example' },
        { kind: 'uri', value: 'spiffe://acme.example/a' },
        { kind: 'ip', value: '2001:DB8::0:1' },
      ],
      usages: ['serverAuth', 'clientAuth'],
      identity: '{"alias":"a"}',
      maxTtl: hours(24),
      issuer: given.issuer,
      now: T0,
    })
    leaf = await given.issuer.signLeaf(plan)
  })

  it('takes what was planned', () => {
    expect(() => checkLeaf(leaf, plan, issuer, ALGORITHM)).not.toThrow()
  })

  it.each<{ when: string; field: string; other: (plan: LeafPlan) => LeafPlan }>([
    { when: 'another serial', field: 'serial', other: (p) => ({ ...p, serial: nextSerial() }) },
    { when: 'another key', field: 'spki', other: (p) => ({ ...p, spki: newSpki('P-256') }) },
    {
      when: 'a second more',
      field: 'notAfter',
      other: (p) => ({ ...p, notAfter: plus(p.notAfter, seconds(1)) }),
    },
    {
      when: 'an earlier start',
      field: 'notBefore',
      other: (p) => ({ ...p, notBefore: plus(p.notBefore, seconds(-1)) }),
    },
    {
      when: 'another subject',
      field: 'subject',
      other: (p) => ({ ...p, subjectUid: 'e2' as Uid }),
    },
    { when: 'no subject', field: 'subject', other: ({ subjectUid: _, ...rest }) => rest },
    {
      when: 'names in another order',
      field: 'subjectAltName',
      other: (p) => ({ ...p, names: p.names.toReversed() }),
    },
    {
      when: 'a name less',
      field: 'subjectAltName',
      other: (p) => ({ ...p, names: p.names.slice(1) }),
    },
    {
      when: 'a name of another kind',
      field: 'subjectAltName',
      other: (p) => withName(p, { kind: 'uri', value: 'a.example' }),
    },
    {
      when: 'a name less at the end',
      field: 'subjectAltName',
      other: (p) => ({ ...p, names: p.names.slice(0, -1) }),
    },
    {
      when: 'another name',
      field: 'subjectAltName',
      other: (p) => withName(p, { kind: 'dns', value: 'b.example' }),
    },
    {
      when: 'usages in another order',
      field: 'extendedKeyUsage',
      other: (p) => ({ ...p, usages: p.usages.toReversed() }),
    },
    {
      when: 'a usage less',
      field: 'extendedKeyUsage',
      other: (p) => ({ ...p, usages: ['serverAuth'] }),
    },
    {
      when: 'another identity',
      field: 'identity',
      other: (p) => ({ ...p, identity: '{"alias":"b"}' }),
    },
    { when: 'no identity', field: 'extensions', other: ({ identity: _, ...rest }) => rest },
  ])('throws when the plan said $when, and names the field', ({ field, other }) => {
    expect(() => checkLeaf(leaf, other(plan), issuer, ALGORITHM)).toThrow(differsIn(field))
  })

  it.each<{ where: string; path: readonly number[]; field: string }>([
    { where: 'the certificate', path: [], field: 'signature' },
    { where: 'what is signed', path: [0], field: 'extensions' },
    { where: 'the version', path: [0, 0], field: 'version' },
    { where: 'the validity', path: [0, 4], field: 'notAfter' },
    { where: 'the subject', path: [0, 5], field: 'subject' },
    { where: 'its one SET', path: [0, 5, 0], field: 'subject' },
    { where: 'its one attribute', path: [0, 5, 0, 0], field: 'subject' },
    { where: 'the [3] of the extensions', path: [0, 7], field: 'extensions' },
    { where: 'the extensions', path: [0, 7, 0], field: 'extensions' },
    ...extension(0, 'keyUsage', [0, 2]),
    ...extension(1, 'extendedKeyUsage', [1, 1], [1, 1, 0]),
    ...extension(2, 'subjectAltName', [2, 1], [2, 1, 0], [2, 1, 0, 0], [2, 1, 0, 2]),
    ...extension(3, 'authorityKeyIdentifier', [3, 1], [3, 1, 0], [3, 1, 0, 0]),
    ...extension(4, 'subjectKeyIdentifier', [4, 1], [4, 1, 0]),
    ...extension(5, 'identity', [5, 1], [5, 1, 0]),
    { where: 'the second algorithm', path: [1], field: 'signatureAlgorithm' },
  ])('throws when there is something more in $where', ({ path, field }) => {
    const more = certificateDer(grown(leaf, path))
    expect(() => checkLeaf(more, plan, issuer, ALGORITHM)).toThrow(differsIn(field))
  })

  it('throws when the leaf outlives its issuer, though it was planned so', async () => {
    const late = { ...plan, notAfter: plus(given.issuer.notAfter, seconds(1)) }
    await expect(given.issuer.signLeaf(late)).rejects.toThrow('validity')
  })

  it('throws when it begins before its issuer, though it was planned so', async () => {
    const early = { ...plan, notBefore: plus(given.issuer.notBefore, seconds(-1)) }
    await expect(given.issuer.signLeaf(early)).rejects.toThrow('validity')
  })

  it('takes a leaf that begins and ends with its issuer', async () => {
    const { notBefore, notAfter } = given.issuer
    await expect(given.issuer.signLeaf({ ...plan, notBefore, notAfter })).resolves.toBeDefined()
  })

  it('throws when it names another issuer or another key of that name', async () => {
    const other = await givenHierarchy()
    expect(() =>
      checkLeaf(leaf, plan, valueOf(certificateFacts(other.certificate)), ALGORITHM),
    ).toThrow('issuer')
    const { subjectKeyId } = valueOf(certificateFacts(other.certificate))
    expect(() =>
      checkLeaf(leaf, plan, { ...issuer, ...(subjectKeyId && { subjectKeyId }) }, ALGORITHM),
    ).toThrow('authorityKeyIdentifier')
  })

  it('throws when it is said to be signed in another way', () => {
    const encode = leafEncoder({
      signatureAlgorithm: 'ecdsa-with-SHA384',
      name: issuer.subject,
      keyId: issuer.subjectKeyId!,
    })
    const other = wrapCertificate(encode(plan), 'ecdsa-with-SHA384', new Uint8Array(70))
    expect(() => checkLeaf(other, plan, issuer, ALGORITHM)).toThrow('signatureAlgorithm')
  })

  it('throws for every single octet that is different, the signature itself apart', () => {
    const { signature } = valueOf(certificateFacts(leaf))
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: leaf.length - signature.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const mutant = Uint8Array.from(leaf)
          mutant[at] = mutant[at]! ^ flip
          expect(() => checkLeaf(certificateDer(mutant), plan, issuer, ALGORITHM)).toThrow()
        },
      ),
      { numRuns: 2000 },
    )
  })

  it.each<{ when: string; field: string; of: (leaf: Uint8Array) => Uint8Array }>([
    {
      when: 'what is signed is longer than the certificate',
      field: 'the length of what is signed',
      of: (whole) => Uint8Array.from(whole, (octet, at) => (at === 6 ? 0xff : octet)),
    },
    {
      when: 'it is cut short',
      field: 'its length',
      of: (whole) => whole.subarray(0, whole.length - 1),
    },
    {
      when: 'an octet follows it',
      field: 'its length',
      of: (whole) => Buffer.concat([whole, Buffer.of(0)]),
    },
    { when: 'nothing is left of it', field: 'its length', of: () => new Uint8Array(0) },
  ])('throws when $when', ({ field, of }) => {
    expect(() => checkLeaf(certificateDer(of(leaf)), plan, issuer, ALGORITHM)).toThrow(
      differsIn(field),
    )
  })
})

const differsIn = (field: string): RegExp => new RegExp(`not what was planned: ${field}$`)

/** Every value inside one extension, by its path below the extensions. */
function extension(
  place: number,
  field: string,
  ...inside: readonly (readonly number[])[]
): readonly { where: string; path: readonly number[]; field: string }[] {
  return [[place], ...inside].map((path) => ({
    where: `${field} at ${path.join('.')}`,
    path: [0, 7, 0, ...path],
    field,
  }))
}

/** The same DER with a NULL more at the end of one value; lengths are right again. */
function grown(der: Uint8Array, path: readonly number[]): Uint8Array {
  const [{ tag, content }] = valuesIn(der) as [Value]
  const [first, ...rest] = path
  if (first === undefined) return tlv(tag, content, nullValue())
  const parts = valuesIn(content).map(({ whole }, at) =>
    at === first ? grown(whole, rest) : whole,
  )
  return tlv(tag, ...parts)
}

interface Value {
  readonly tag: number
  readonly whole: Uint8Array
  readonly content: Uint8Array
}

function valuesIn(octets: Uint8Array): readonly Value[] {
  const values: Value[] = []
  for (let at = 0; at < octets.length;) {
    const [tag = 0, first = 0] = octets.subarray(at)
    const lengthOctets = first < 0x80 ? 0 : first & 0x7f
    const from = at + 2 + lengthOctets
    const length = first < 0x80 ? first : Buffer.from(octets).readUIntBE(at + 2, lengthOctets)
    const to = from + length
    values.push({ tag, whole: octets.subarray(at, to), content: octets.subarray(from, to) })
    at = to
  }
  return values
}

function withName(plan: LeafPlan, name: LeafPlan['names'][number]): LeafPlan {
  return { ...plan, names: [name, ...plan.names.slice(1)] }
}
