import 'reflect-metadata'
import { webcrypto, X509Certificate as NodeCertificate } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { describe, expect, it } from '@jest/globals'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { openHierarchy } from '../../src/ca/check-hierarchy.js'
import { type AuthorityPlan, encodeAuthority } from '../../src/ca/encode-authority.js'
import { wrapCertificate } from '../../src/ca/encode-leaf.js'
import { createIssuer, createTrustAnchor, crossSign } from '../../src/ca/hierarchy.js'
import type { Signer } from '../../src/ca/ports.js'
import { describeName } from '../../src/ca/x509/distinguished-name.js'
import {
  contextConstructed,
  contextPrimitive,
  ia5Octets,
  sequence,
} from '../../src/core/der-writer.js'
import { certificateDer, type CertificateDer } from '../../src/core/der.js'
import { days, plus, seconds } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'
import { givenHierarchy, newSigner, nextSerial, valueOf } from './given-authorities.js'

describe.each(['P-256', 'P-384', 'Ed25519', 'RSA-3072'] as const)(
  'a trust anchor of %s',
  (kind) => {
    it('signs itself and its issuer, as others see it too', async () => {
      const { anchor, certificate } = await givenHierarchy({ anchorKey: kind })
      const root = new NodeCertificate(anchor)
      const issuer = new NodeCertificate(certificate)
      expect(root.verify(root.publicKey)).toBe(true)
      expect(issuer.verify(root.publicKey) && issuer.checkIssued(root) && issuer.ca).toBe(true)
      const byLibrary = new X509Certificate(Buffer.from(certificate))
      expect(
        await byLibrary.verify({
          publicKey: new X509Certificate(Buffer.from(anchor)).publicKey,
          date: new Date(T0 * 1000),
        }),
      ).toBe(true)
    }, 60_000)
  },
)

describe('createTrustAnchor', () => {
  it('lives ten years, the last second included', async () => {
    const { anchor } = await givenHierarchy()
    const facts = valueOf(certificateFacts(anchor))
    expect(facts.notBefore).toBe(T0 - 120)
    expect(facts.notAfter).toBe(T0 + 3650 * 86_400 - 1)
    expect(facts.basicConstraints).toEqual({ ca: true })
    expect(facts.extensions.map(({ oid }) => oid)).toEqual([
      ...['2.5.29.19', '2.5.29.15', '2.5.29.14', '2.5.29.35'],
    ])
  })

  it('cuts a long common name to 64 characters and keeps the id', async () => {
    const signer = newSigner()
    const anchor = await createTrustAnchor({
      signer,
      serial: nextSerial(),
      commonName: 'x'.repeat(300),
      now: T0,
    })
    const { subject } = valueOf(certificateFacts(anchor))
    expect(describeName(subject)).toMatch(/^CN=x{47} [0-9a-f]{16}$/)
  })
})

it.each([
  { commonName: '', subject: /^CN=[0-9a-f]{16}$/ },
  { commonName: `${'x'.repeat(46)}  y`, subject: /^CN=x{46} [0-9a-f]{16}$/ },
  { commonName: '  Acme  ', subject: /^CN=Acme [0-9a-f]{16}$/ },
])('createTrustAnchor writes no white space around "$commonName"', async (given) => {
  const anchor = await createTrustAnchor({
    ...{ signer: newSigner(), serial: nextSerial(), commonName: given.commonName, now: T0 },
  })
  expect(describeName(valueOf(certificateFacts(anchor)).subject)).toMatch(given.subject)
})

describe('our own CA certificates are compared with what was planned', () => {
  /** Changes what it is to sign, as a broken or hostile device might, and signs that. */
  const tampering = (change: (tbs: Buffer) => void): Signer => {
    const signer = newSigner()
    return {
      ...signer,
      sign(bytes) {
        change(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
        return signer.sign(bytes)
      },
    }
  }

  /** Flips the lowest bit of the octet so far behind the nth occurrence. */
  const flip =
    (found: string, behind: number, nth = 0) =>
    (tbs: Buffer): void => {
      let at = -1
      for (let n = 0; n <= nth; n += 1) at = tbs.indexOf(Buffer.from(found, 'hex'), at + 1)
      if (at < 0) throw new Error(`${found} is not there`)
      tbs[at + behind] = tbs[at + behind]! ^ 1
    }

  const put =
    (found: string, other: string) =>
    (tbs: Buffer): void =>
      void Buffer.from(other, 'hex').copy(tbs, tbs.indexOf(found, 0, 'hex'))

  const [commonName, utcTime] = ['06035504030c', '170d']
  it.each<{ field: string; change: (tbs: Buffer) => void }>([
    { field: 'serial', change: flip('0210', 17) },
    { field: 'issuer', change: flip(commonName, 8) },
    { field: 'subject', change: flip(commonName, 8, 1) },
    { field: 'notBefore', change: flip(utcTime, 13) },
    { field: 'notAfter', change: flip(utcTime, 13, 1) },
    { field: 'key', change: flip('034200', 10) },
    { field: 'basicConstraints', change: put('0603551d13', '0603551d63') },
    { field: 'pathLenConstraint', change: flip('0101ff020100', 5) },
    { field: 'keyUsage', change: put('03020106', '03020204') },
    { field: 'keyUsage', change: put('0603551d0f', '0603551d63') },
    { field: 'subjectKeyIdentifier', change: flip('0603551d0e', 9) },
    { field: 'authorityKeyIdentifier', change: flip('0603551d23', 11) },
    { field: 'nameConstraints', change: flip('0603551d1e', 20) },
  ])('in their $field', async ({ field, change }) => {
    const signer = tampering((tbs) => (isArmed ? change(tbs) : undefined))
    let isArmed = false
    const given = { serial: nextSerial(), commonName: 'x', now: T0 }
    const certificate = await createTrustAnchor({ ...given, signer })
    isArmed = true
    const superior = { certificate, signer }
    const issuing = createIssuer({
      ...{ ...given, superior, spki: newSigner().spki, dnsConstraints: ['a.example'] },
    })
    await expect(issuing).rejects.toThrow(new RegExp(`differs in its ${field}$`))
  })

  it('in their signature', async () => {
    const other = newSigner()
    const signer: Signer = { ...newSigner(), sign: (bytes) => other.sign(bytes) }
    const making = createTrustAnchor({ signer, serial: nextSerial(), commonName: 'x', now: T0 })
    await expect(making).rejects.toThrow('differs in its signature')
  })
})

describe('createIssuer', () => {
  it.each([
    { when: 'its superior begins', at: -120, notBefore: -120, notAfter: -120 + 89 },
    { when: 'it was just made', at: -60, notBefore: -120, notAfter: -60 + 89 },
    { when: 'its superior ends', at: 3650 * 86_400 - 1, notBefore: 3650 * 86_400 - 121 },
  ])('stays within its superior in the second when $when', async (when) => {
    const { anchor, anchorSigner } = await givenHierarchy()
    const issuer = await createIssuer({
      superior: { certificate: anchor, signer: anchorSigner },
      ...{ serial: nextSerial(), spki: newSigner().spki, commonName: 'x' },
      ...{ now: plus(T0, seconds(when.at)), lifetime: seconds(90) },
    })
    const { notBefore, notAfter } = valueOf(certificateFacts(issuer))
    expect(notBefore).toBe(T0 + when.notBefore)
    expect(notAfter).toBe(T0 + (when.notAfter ?? when.at))
  })

  it('lives a second at least', async () => {
    const making = (lifetime: number) => givenHierarchy({ issuerLifetime: seconds(lifetime) })
    const { certificate } = await making(1)
    expect(valueOf(certificateFacts(certificate)).notAfter).toBe(T0)
    await expect(making(0)).rejects.toThrow(RangeError)
  })

  it('lives ninety days and allows no CA below it', async () => {
    const { certificate, anchor } = await givenHierarchy()
    const facts = valueOf(certificateFacts(certificate))
    expect(facts.notAfter).toBe(T0 + 90 * 86_400 - 1)
    expect(facts.basicConstraints).toEqual({ ca: true, pathLength: 0 })
    expect(facts.extensions.map(({ oid, critical }) => [oid, critical])).toEqual([
      ['2.5.29.19', true],
      ['2.5.29.15', true],
      ['2.5.29.14', false],
      ['2.5.29.35', false],
    ])
    expect(facts.authorityKeyId).toEqual(valueOf(certificateFacts(anchor)).subjectKeyId)
  })

  it('never outlives its trust anchor', async () => {
    const { certificate, anchor } = await givenHierarchy({ anchorLifetime: days(10) })
    const end = valueOf(certificateFacts(anchor)).notAfter
    expect(valueOf(certificateFacts(certificate)).notAfter).toBe(end)
  })

  it('gives every generation a subject of its own', async () => {
    const [a, b] = [await givenHierarchy(), await givenHierarchy()]
    const subjects = [a, b].flatMap(({ anchor, certificate }) =>
      [anchor, certificate].map((der) => describeName(valueOf(certificateFacts(der)).subject)),
    )
    expect(new Set(subjects).size).toBe(4)
  })

  it('writes DNS constraints that OpenSSL reads, critical', async () => {
    const { certificate } = await givenHierarchy({ dnsConstraints: ['a.example', 'b.example'] })
    const facts = valueOf(certificateFacts(certificate))
    expect(facts.nameConstraints?.permitted.map(({ value }) => value)).toEqual([
      'a.example',
      'b.example',
    ])
    expect(facts.extensions.find(({ oid }) => oid === '2.5.29.30')?.critical).toBe(true)
  })

  it.each([
    { when: 'the superior is expired', at: days(4000), by: 'its own key' },
    { when: 'the superior is not valid yet', at: days(-1), by: 'its own key' },
    { when: "the key is not the superior's", at: days(0), by: 'another key' },
  ])('throws when $when', async ({ at, by }) => {
    const { anchor, anchorSigner } = await givenHierarchy()
    const signer = by === 'another key' ? newSigner() : anchorSigner
    await expect(
      createIssuer({
        superior: { certificate: anchor, signer },
        serial: nextSerial(),
        spki: newSigner().spki,
        commonName: 'x',
        now: plus(T0, at),
      }),
    ).rejects.toThrow()
  })

  it('throws when the superior may have no CA below it', async () => {
    const { certificate, signer } = await givenHierarchy()
    await expect(
      createIssuer({
        superior: { certificate, signer },
        serial: nextSerial(),
        spki: newSigner().spki,
        commonName: 'x',
        now: T0,
      }),
    ).rejects.toThrow()
  })

  it('throws for a DNS region that is none', async () => {
    for (const name of ['*.a.example', 'a.example/b', '']) {
      await expect(givenHierarchy({ dnsConstraints: ['a.example', name] })).rejects.toThrow(
        TypeError,
      )
    }
  })

  it("throws when the new key is the superior's own", async () => {
    const { anchor, anchorSigner } = await givenHierarchy()
    await expect(
      createIssuer({
        superior: { certificate: anchor, signer: anchorSigner },
        serial: nextSerial(),
        spki: anchorSigner.spki,
        commonName: 'Test trust anchor',
        now: T0,
      }),
    ).rejects.toThrow('keys of their own')
  })
})

/** A self-signed CA whose key identifiers are of another method than ours. */
async function givenForeign(
  more: Partial<AuthorityPlan> = {},
): Promise<{ certificate: CertificateDer; signer: Signer }> {
  const signer = newSigner()
  const { anchor } = await givenHierarchy()
  const { subject, notBefore, notAfter } = valueOf(certificateFacts(anchor))
  const keyId = new Uint8Array(20).fill(9)
  const plan = {
    ...{ serial: nextSerial(), issuer: subject, subject, spki: signer.spki, notBefore, notAfter },
    ...{ subjectKeyId: keyId, authorityKeyId: keyId, permittedDns: [], ...more },
  }
  const tbs = await encodeAuthority(plan, signer.algorithm)
  const certificate = wrapCertificate(tbs, signer.algorithm, await signer.sign(tbs))
  return { certificate, signer }
}

describe('a CA that somebody brought', () => {
  it('is named by its own key identifier, below it and beside it', async () => {
    const [superior, other] = [await givenForeign(), await givenForeign()]
    const keyId = new Uint8Array(20).fill(9)
    const issuer = await createIssuer({
      ...{ superior, serial: nextSerial(), spki: newSigner().spki, commonName: 'x', now: T0 },
    })
    const bridge = await crossSign({
      ...{ superior, certificate: other.certificate, serial: nextSerial(), now: T0 },
    })
    expect(valueOf(certificateFacts(issuer)).authorityKeyId).toEqual(Buffer.from(keyId))
    expect(valueOf(certificateFacts(bridge))).toMatchObject({
      subjectKeyId: Buffer.from(keyId),
      authorityKeyId: Buffer.from(keyId),
    })
  })
})

describe('crossSign', () => {
  it('throws for a CA of the same name', async () => {
    const { anchor, anchorSigner } = await givenHierarchy()
    const superior = { certificate: anchor, signer: anchorSigner }
    await expect(
      crossSign({ superior, certificate: anchor, serial: nextSerial(), now: T0 }),
    ).rejects.toThrow('its own name')
  })

  it.each([
    { limit: 'a purpose', extension: new ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1']) },
    { limit: 'an excluded name', extension: constraints(1, contextPrimitive(2, ia5Octets('a.b'))) },
    { limit: 'a URI region', extension: constraints(0, contextPrimitive(6, ia5Octets('a.b'))) },
  ])('throws for a CA that is limited to $limit, which it would drop', async ({ extension }) => {
    const { anchor, anchorSigner } = await givenHierarchy()
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    const made = await X509CertificateGenerator.createSelfSigned(
      {
        ...{ name: 'CN=limited', serialNumber: '4a', keys },
        ...{ notBefore: new Date(T0 * 1000), notAfter: new Date((T0 + 86_400) * 1000) },
        signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
        extensions: [new BasicConstraintsExtension(true, undefined, true), extension],
      },
      webcrypto,
    )
    await expect(
      crossSign({
        superior: { certificate: anchor, signer: anchorSigner },
        certificate: certificateDer(new Uint8Array(made.rawData)),
        ...{ serial: nextSerial(), now: T0 },
      }),
    ).rejects.toThrow(/would drop|no cross-signature over/)
  })

  it('lets those who trust only the old anchor take chains of the new one', async () => {
    const [old, next] = [await givenHierarchy(), await givenHierarchy()]
    const bridge = await crossSign({
      superior: { certificate: old.anchor, signer: old.anchorSigner },
      certificate: next.anchor,
      serial: nextSerial(),
      now: plus(T0, seconds(60)),
    })
    expect(openHierarchy([next.certificate, bridge, old.anchor])).toMatchObject({ ok: true })
    const [facts, original] = [bridge, next.anchor].map((der) => valueOf(certificateFacts(der)))
    expect(facts?.subject).toEqual(original?.subject)
    expect(facts?.subjectKeyId).toEqual(original?.subjectKeyId)
    expect(facts?.notAfter).toBe(valueOf(certificateFacts(old.anchor)).notAfter)
  })

  it('keeps path length and DNS constraints', async () => {
    const [old, next] = [await givenHierarchy(), await givenHierarchy({ dnsConstraints: ['a.b'] })]
    const bridge = await crossSign({
      superior: { certificate: old.anchor, signer: old.anchorSigner },
      certificate: next.certificate,
      serial: nextSerial(),
      now: T0,
    })
    expect(valueOf(certificateFacts(bridge))).toMatchObject({
      basicConstraints: { ca: true, pathLength: 0 },
      nameConstraints: { permitted: [{ kind: 'dns', value: 'a.b' }] },
      notAfter: valueOf(certificateFacts(next.certificate)).notAfter,
    })
  })
})

/** NameConstraints with one subtree: permitted is 0, excluded is 1. */
function constraints(n: 0 | 1, subtree: Uint8Array): Extension {
  const value = sequence(contextConstructed(n, sequence(subtree)))
  return new Extension('2.5.29.30', true, Uint8Array.from(value).buffer)
}
