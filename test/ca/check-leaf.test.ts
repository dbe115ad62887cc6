import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { certificateFacts, type CertificateFacts } from '../../src/ca/certificate-facts.js'
import { checkLeaf } from '../../src/ca/check-leaf.js'
import { leafEncoder, wrapCertificate } from '../../src/ca/encode-leaf.js'
import type { LeafPlan } from '../../src/ca/leaf.js'
import { planLeaf } from '../../src/ca/plan-leaf.js'
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

  it.each<{ when: string; other: (plan: LeafPlan) => LeafPlan }>([
    { when: 'another serial', other: (p) => ({ ...p, serial: nextSerial() }) },
    { when: 'another key', other: (p) => ({ ...p, spki: newSpki('P-256') }) },
    { when: 'a second more', other: (p) => ({ ...p, notAfter: plus(p.notAfter, seconds(1)) }) },
    {
      when: 'an earlier start',
      other: (p) => ({ ...p, notBefore: plus(p.notBefore, seconds(-1)) }),
    },
    { when: 'another subject', other: (p) => ({ ...p, subjectUid: 'e2' as Uid }) },
    { when: 'no subject', other: ({ subjectUid: _, ...rest }) => rest },
    { when: 'names in another order', other: (p) => ({ ...p, names: p.names.toReversed() }) },
    { when: 'a name less', other: (p) => ({ ...p, names: p.names.slice(1) }) },
    {
      when: 'a name of another kind',
      other: (p) => withName(p, { kind: 'uri', value: 'a.example' }),
    },
    { when: 'another name', other: (p) => withName(p, { kind: 'dns', value: 'b.example' }) },
    { when: 'usages in another order', other: (p) => ({ ...p, usages: p.usages.toReversed() }) },
    { when: 'a usage less', other: (p) => ({ ...p, usages: ['serverAuth'] }) },
    { when: 'another identity', other: (p) => ({ ...p, identity: '{"alias":"b"}' }) },
    { when: 'no identity', other: ({ identity: _, ...rest }) => rest },
  ])('throws when the plan said $when', ({ other }) => {
    expect(() => checkLeaf(leaf, other(plan), issuer, ALGORITHM)).toThrow()
  })

  it('throws when the leaf outlives its issuer, though it was planned so', async () => {
    const late = { ...plan, notAfter: plus(given.issuer.notAfter, seconds(1)) }
    await expect(given.issuer.signLeaf(late)).rejects.toThrow('validity')
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

  it.each<{ when: string; of: (leaf: Uint8Array) => Uint8Array }>([
    { when: 'it is cut short', of: (whole) => whole.subarray(0, whole.length - 1) },
    { when: 'an octet follows it', of: (whole) => Buffer.concat([whole, Buffer.of(0)]) },
    { when: 'nothing is left of it', of: () => new Uint8Array(0) },
  ])('throws when $when', ({ of }) => {
    expect(() => checkLeaf(certificateDer(of(leaf)), plan, issuer, ALGORITHM)).toThrow()
  })
})

function withName(plan: LeafPlan, name: LeafPlan['names'][number]): LeafPlan {
  return { ...plan, names: [name, ...plan.names.slice(1)] }
}
