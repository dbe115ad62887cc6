import { readFileSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createIssuer } from '../../src/ca/hierarchy.js'
import { planLeaf } from '../../src/ca/plan-leaf.js'
import { type OurIssuer, pinIssuer, verifyOurs } from '../../src/ca/verify-leaf.js'
import { certificateDer, type CertificateDer } from '../../src/core/der.js'
import { hours, minus, plus, seconds, unixSeconds } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'
import {
  givenHierarchy,
  newSigner,
  newSpki,
  nextSerial,
  type TestHierarchy,
  valueOf,
} from './given-authorities.js'

const fixture = (name: string): CertificateDer =>
  certificateDer(
    new X509Certificate(readFileSync(new URL(`../fixtures/ca/${name}`, import.meta.url))).raw,
  )

async function leafOf({ issuer }: TestHierarchy): Promise<CertificateDer> {
  const plan = planLeaf({
    serial: nextSerial(),
    spki: newSpki('P-256'),
    names: [{ kind: 'dns', value: 'a.example' }],
    usages: ['clientAuth'],
    maxTtl: hours(24),
    issuer,
    now: T0,
  })
  return issuer.signLeaf(plan)
}

describe('verifyOurs', () => {
  let given: TestHierarchy
  let ours: OurIssuer
  let leaf: CertificateDer
  beforeAll(async () => {
    given = await givenHierarchy()
    ours = valueOf(pinIssuer(given.issuer.id, [given.certificate, given.anchor]))
    leaf = await leafOf(given)
  })

  it.each([
    { when: 'in its first second', at: minus(T0, seconds(120)), isOurs: true },
    { when: 'a second earlier', at: minus(T0, seconds(121)), isOurs: false },
    { when: 'in its last second', at: plus(T0, seconds(86_399)), isOurs: true },
    { when: 'a second later', at: plus(T0, seconds(86_400)), isOurs: false },
    { when: 'whenever, if dates are not asked for', at: 'ignore-expiry' as const, isOurs: true },
  ])('takes a leaf of ours $when: $isOurs', ({ at, isOurs }) => {
    expect(verifyOurs(leaf, [ours], at) !== undefined).toBe(isOurs)
  })

  it('says which issuer, and what it read', () => {
    expect(verifyOurs(leaf, [ours], T0)).toMatchObject({
      issuerId: given.issuer.id,
      notAfter: T0 + 86_399,
      facts: { subjectAltNames: [{ kind: 'dns', value: 'a.example' }] },
    })
  })

  it('finds the issuer among several, those of the same name included (CVE-2024-2048)', async () => {
    const other = await givenHierarchy()
    const another = valueOf(pinIssuer('other', [other.certificate, other.anchor]))
    const sameName: OurIssuer = { ...another, name: ours.name }
    expect(verifyOurs(leaf, [another, sameName, ours], T0)?.issuerId).toBe(given.issuer.id)
    expect(verifyOurs(leaf, [another, sameName], T0)).toBeUndefined()
  })

  it.each(['ignore-expiry' as const, T0])(
    'takes no CA certificate for a leaf (%s, CVE-2025-49825)',
    (at) => {
      // The anchor pinned as an issuer is the worst case: it did sign this issuer's certificate.
      const anchor = valueOf(pinIssuer('anchor', [given.anchor]))
      expect(verifyOurs(given.certificate, [anchor, ours], at)).toBeUndefined()
      expect(verifyOurs(given.anchor, [anchor, ours], at)).toBeUndefined()
    },
  )

  it('takes nothing in which an octet is different', () => {
    for (let at = 0; at < leaf.length; at++) {
      const mutant = Uint8Array.from(leaf)
      mutant[at] = mutant[at]! ^ 1
      expect(verifyOurs(mutant, [ours], 'ignore-expiry')).toBeUndefined()
    }
  })

  it('takes nothing from nobody', () => {
    expect(verifyOurs(leaf, [], 'ignore-expiry')).toBeUndefined()
    expect(verifyOurs(new Uint8Array(0), [ours], 'ignore-expiry')).toBeUndefined()
  })
})

describe('verifyOurs, of certificates for which TLS says CERT_HAS_EXPIRED alike', () => {
  const ca = valueOf(pinIssuer('ca', [fixture('ca.pem')]))
  const during = unixSeconds(Date.UTC(2026, 0, 1, 12) / 1000)

  it('takes the one that the CA signed, and only without regard to dates', () => {
    expect(verifyOurs(fixture('c.pem'), [ca], 'ignore-expiry')?.issuerId).toBe('ca')
    expect(verifyOurs(fixture('c.pem'), [ca], T0)).toBeUndefined()
    // The CA itself was not valid while the leaf was.
    expect(verifyOurs(fixture('c.pem'), [ca], during)).toBeUndefined()
  })

  it.each([
    { when: 'another CA of the same name', name: 'rc.pem' },
    { when: 'itself', name: 'sc.pem' },
  ])('never takes one signed by $when', ({ name }) => {
    expect(verifyOurs(fixture(name), [ca], 'ignore-expiry')).toBeUndefined()
    expect(verifyOurs(fixture(name), [ca], during)).toBeUndefined()
  })
})

describe('pinIssuer', () => {
  it('refuses a chain that does not lead to its trust anchor', async () => {
    const [given, other] = [await givenHierarchy(), await givenHierarchy()]
    expect(pinIssuer('x', [given.certificate, other.anchor])).toMatchObject({ ok: false })
    expect(pinIssuer('x', [])).toMatchObject({ ok: false })
  })

  it('refuses an anchor of the same name and another key', async () => {
    const anchorSigner = newSigner()
    const [real, fake] = [await givenHierarchy(), await givenHierarchy()]
    const certificate = await createIssuer({
      superior: { certificate: fake.anchor, signer: fake.anchorSigner },
      serial: nextSerial(),
      spki: anchorSigner.spki,
      commonName: 'x',
      now: T0,
    })
    expect(pinIssuer('x', [certificate, real.anchor])).toMatchObject({
      ok: false,
      refusal: { code: 'ca.bad-hierarchy' },
    })
  })

  it('refuses a leaf in the place of an issuer', async () => {
    const given = await givenHierarchy()
    expect(pinIssuer('x', [await leafOf(given), given.certificate, given.anchor])).toMatchObject({
      ok: false,
    })
  })
})
