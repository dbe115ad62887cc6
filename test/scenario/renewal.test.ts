import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { readDer } from '../../src/core/der-reader.js'
import { bitString, integer, sequence } from '../../src/core/der-writer.js'
import { planLeaf } from '../../src/ca/plan-leaf.js'
import { certificateDer, type SpkiDer } from '../../src/core/der.js'
import { parsePem } from '../../src/core/pem.js'
import { serialFromRandom } from '../../src/core/serial.js'
import { hours, minutes, seconds } from '../../src/core/time.js'
import { systemRandom } from '../../src/system.js'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { p256, spkiOf } from '../csr/make-csr.js'
import {
  codeOf,
  context,
  givenInstallation,
  type Installation,
  valueOf,
  web,
} from './given-installation.js'

const vectors = join(import.meta.dirname, '../fixtures/ca')
const pemFile = (name: string): Uint8Array => {
  const [block] = parsePem(readFileSync(join(vectors, name), 'utf8')) ?? []
  if (!block) throw new Error(`${name} holds no PEM block`)
  return block.der
}

let given: Installation
let other: Installation

beforeAll(async () => {
  given = await givenInstallation()
  other = await givenInstallation()
})
afterAll(async () => {
  await given[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

describe('renewal with the current certificate', () => {
  it('gives the same entry its names again, by the binding that the first one came by', async () => {
    const first = valueOf(await given.issueToPod())
    const renewed = valueOf(await given.renew(first.leaf))
    expect(renewed.names).toEqual(first.names)
    expect(renewed.record).toMatchObject({
      entry: first.record.entry,
      binding: first.record.binding,
      parentSerial: first.record.serial,
    })
    const again = valueOf(await given.renew(renewed.leaf))
    expect(again.record.parentSerial).toBe(renewed.record.serial)
  })

  it('is refused once the certificate is revoked, and for its whole entry (CVE-2026-40264)', async () => {
    const { leaf, record } = valueOf(await given.issueToPod())
    const { operations } = given.instance
    const target = { kind: 'serial', serial: record.serial } as const
    valueOf(await operations.revoke(target, 'keyCompromise', context()))
    expect(codeOf(await given.renew(leaf))).toBe('renewal.revoked')
    const next = valueOf(await given.issueToPod())
    valueOf(await operations.revoke({ kind: 'entry', alias: web }, 'superseded', context()))
    expect(codeOf(await given.renew(next.leaf))).toBe('renewal.revoked')
  })

  it('is refused once its binding is gone (CVE-2026-39388)', async () => {
    await given.change({
      op: 'binding.add',
      alias: web,
      binding: { kind: 'k8s', cluster: 'prod', namespace: 'shop', serviceAccount: 'web2' },
    })
    const { leaf } = valueOf(await given.issueToPod('web2'))
    await given.change({ op: 'binding.remove', alias: web, binding: 'prod/shop/web2' })
    expect(codeOf(await given.renew(leaf))).toBe('grant.not-admitted')
  })

  it('is refused while the entry is suspended', async () => {
    const { leaf } = valueOf(await given.issueToPod())
    await given.change({ op: 'entry.suspend', alias: web })
    expect(codeOf(await given.renew(leaf))).toBe('grant.not-active')
    await given.change({ op: 'entry.reactivate', alias: web })
    expect((await given.renew(leaf)).ok).toBe(true)
  })
})

describe('an expired certificate', () => {
  it('renews only within the grace of its entry', async () => {
    const { leaf, record } = valueOf(await given.issueToPod())
    given.clock.set(record.notAfter)
    expect((await given.renew(leaf)).ok).toBe(true)
    given.clock.advance(seconds(1))
    expect(codeOf(await given.renew(leaf))).toBe('renewal.expired')
    await given.change({ op: 'envelope.set', alias: web, envelope: { graceAfterExpiry: 3600 } })
    expect((await given.renew(leaf)).ok).toBe(true)
    given.clock.advance(hours(1))
    expect(codeOf(await given.renew(leaf))).toBe('renewal.expired')
    await given.change({ op: 'envelope.set', alias: web, envelope: { graceAfterExpiry: 0 } })
  })

  // Node says CERT_HAS_EXPIRED for all of these, as it would for an expired certificate of ours.
  it.each(['c.pem', 'rc.pem', 'sc.pem'])(
    'of another CA is not ours, whatever the grace is: %s',
    async (name) => {
      await given.change({
        op: 'envelope.set',
        alias: web,
        envelope: { graceAfterExpiry: 7_776_000 },
      })
      expect(codeOf(await given.renew(certificateDer(pemFile(name))))).toBe('renewal.not-ours')
    },
  )
})

describe('a certificate that is not ours', () => {
  it('of another installation of the same trust domain is refused', async () => {
    other.clock.set(given.clock.now())
    const { leaf } = valueOf(await other.issueToPod())
    expect(codeOf(await given.renew(leaf))).toBe('renewal.not-ours')
  })

  it('signed by our issuer, but never recorded, is refused', async () => {
    const now = given.clock.now()
    const issuer = valueOf(given.instance.authority().issuer(now))
    const entry = valueOf(await given.issueToPod()).record.entry
    const plan = planLeaf({
      serial: serialFromRandom(systemRandom(16)),
      spki: spkiOf(p256) as SpkiDer,
      ...(entry !== null && { subjectUid: entry }),
      names: [{ kind: 'uri', value: 'spiffe://test.example/shop/web' }],
      usages: ['clientAuth'],
      maxTtl: minutes(10),
      issuer,
      now,
    })
    expect(codeOf(await given.renew(await issuer.signLeaf(plan)))).toBe('renewal.not-in-ledger')
  })

  it('is refused with one octet of its signature changed', async () => {
    const { leaf } = valueOf(await given.issueToPod())
    const changed = Uint8Array.from(leaf)
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1
    expect(codeOf(await given.renew(certificateDer(changed)))).toBe('renewal.not-ours')
  })

  // Who revokes by fingerprint lets this through.
  it('is refused with the other half of its ECDSA signature, which verifies just as well (CVE-2026-25793)', async () => {
    const { leaf } = valueOf(await given.issueToPod())
    const twin = withTwinSignature(leaf)
    const issuer = given.instance.authority().issuers[0]
    const key = new X509Certificate(issuer?.certificate ?? new Uint8Array(0)).publicKey
    expect(new X509Certificate(twin).verify(key)).toBe(true)
    expect(codeOf(await given.renew(certificateDer(twin)))).toBe('renewal.not-in-ledger')
  })

  it('is refused when it is the issuer, or the trust anchor', async () => {
    for (const { certificate } of given.instance.authority().all) {
      expect(codeOf(await given.renew(certificate))).toBe('renewal.not-ours')
    }
  })
})

/** The order of P-256. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

function withTwinSignature(leaf: Uint8Array): Uint8Array {
  const { signedBytes, signatureAlgorithmDer, signature } = valueOf(certificateFacts(leaf))
  const [r, s] = readDer(signature, 100, (reader) =>
    reader.sequence((inner) => [inner.integer(), inner.integer()] as const),
  ) as readonly [Uint8Array, Uint8Array]
  const other = (N - BigInt(`0x${Buffer.from(s).toString('hex')}`)).toString(16).padStart(64, '0')
  const twin = sequence(integer(r), integer(Buffer.from(other, 'hex')))
  return sequence(signedBytes, signatureAlgorithmDer, bitString(twin))
}

describe('the reader routes', () => {
  it('open to an active entry with the capability, and to nobody else', async () => {
    const { operations } = given.instance
    const { leaf } = valueOf(await given.issueToPod())
    expect(codeOf(await operations.holderOf(leaf, 'reader'))).toBe('request.forbidden')
    await given.change({ op: 'envelope.set', alias: web, envelope: { capabilities: ['reader'] } })
    expect(await operations.holderOf(leaf, 'reader')).toEqual({
      ok: true,
      value: { alias: 'shop/web' },
    })
    await given.change({ op: 'entry.suspend', alias: web })
    expect(codeOf(await operations.holderOf(leaf, 'reader'))).toBe('grant.not-active')
    await given.change({ op: 'entry.reactivate', alias: web })
    given.clock.advance(hours(25))
    expect(codeOf(await operations.holderOf(leaf, 'reader'))).toBe('renewal.expired')
  })
})
