import 'reflect-metadata'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import * as x509 from '@peculiar/x509'
import { hours, seconds, toIso } from '../../src/core/time.js'
import {
  codeOf,
  context,
  givenInstallation,
  type Installation,
  valueOf,
  web,
} from './given-installation.js'

let given: Installation
let issuer = ''

beforeAll(async () => {
  given = await givenInstallation()
  issuer = given.instance.authority().issuers[0]?.id ?? ''
})
afterAll(() => given[Symbol.asyncDispose]())

async function crl(): Promise<x509.X509Crl> {
  const der = valueOf(await given.instance.operations.crl(issuer))
  return new x509.X509Crl(Buffer.from(der))
}

const serials = (list: x509.X509Crl): string[] =>
  list.entries.map(({ serialNumber }) => serialNumber.toLowerCase())

const numberOf = (list: x509.X509Crl): number => {
  const extension = list.extensions.find(({ type }) => type === '2.5.29.20')
  return Buffer.from(extension?.value ?? new ArrayBuffer(0)).readUInt8(2)
}

describe('the revocation list', () => {
  it('names what is revoked at once, signed by the issuer, with a number that grows', async () => {
    const empty = await crl()
    expect(empty.entries).toHaveLength(0)
    const { record } = valueOf(await given.issueToPod())
    const revoked = await given.instance.operations.revoke(
      { kind: 'serial', serial: record.serial },
      'keyCompromise',
      context(),
    )
    expect(valueOf(revoked)).toEqual({ revoked: 1, serials: [record.serial] })
    const list = await crl()
    expect(serials(list)).toEqual([record.serial])
    expect(numberOf(list)).toBe(numberOf(empty) + 1)
    const [certificate] = given.instance.authority().issuers
    const verified = await list.verify({
      publicKey: new x509.X509Certificate(Buffer.from(certificate?.certificate ?? [])).publicKey,
    })
    expect(verified).toBe(true)
    expect(list.nextUpdate?.getTime()).toBe((given.clock.now() + 86_400) * 1000)
  })

  it('is the same octets until something changes, or half its life is over', async () => {
    const first = await crl()
    expect(numberOf(await crl())).toBe(numberOf(first))
    given.clock.advance(hours(12))
    expect(numberOf(await crl())).toBe(numberOf(first) + 1)
  })

  it('is made again when the clock is set back to before it', async () => {
    const right = given.clock.now()
    given.clock.advance(hours(24))
    await crl()
    given.clock.set(right)
    expect((await crl()).thisUpdate.getTime()).toBeLessThanOrEqual(right * 1000)
  })

  it('forgets what has expired', async () => {
    const { record } = valueOf(await given.issueToPod())
    valueOf(
      await given.instance.operations.revoke(
        { kind: 'entry', alias: web },
        'superseded',
        context(),
      ),
    )
    expect(serials(await crl())).toContain(record.serial)
    given.clock.set(record.notAfter)
    given.clock.advance(seconds(1))
    expect((await crl()).entries).toHaveLength(0)
  })

  it('is there for issuers of ours only', async () => {
    expect(codeOf(await given.instance.operations.crl('0000000000000000'))).toBe(
      'request.not-found',
    )
  })

  it('keeps the first revocation of a certificate', async () => {
    const { record } = valueOf(await given.issueToPod())
    const target = { kind: 'serial', serial: record.serial } as const
    const { operations, store } = given.instance
    valueOf(await operations.revoke(target, 'keyCompromise', context()))
    const at = given.clock.now()
    given.clock.advance(seconds(10))
    expect(valueOf(await operations.revoke(target, 'unspecified', context())).revoked).toBe(0)
    const row = await store.ledger.find(record.serial)
    expect(row?.revocation).toEqual({ at, reason: 'keyCompromise' })
  })
})

describe('inspecting a certificate', () => {
  const inspect = async (der: Uint8Array) =>
    valueOf(await given.instance.operations.inspect(Buffer.from(der).toString('base64')))

  it('says whose it is, by which evidence, and that it is live', async () => {
    const { leaf, record } = valueOf(await given.issueToPod())
    expect(await inspect(leaf)).toMatchObject({
      serial: record.serial,
      issuedByUs: true,
      inLedger: true,
      matchesLedger: true,
      revoked: false,
      live: true,
      entry: { alias: 'shop/web', stateNow: 'active' },
      evidence: { kind: 'k8s', namespace: 'shop', serviceAccount: 'web' },
      identity: { alias: 'shop/web', uid: record.entry },
    })
  })

  it('says when it was revoked', async () => {
    const { leaf, record } = valueOf(await given.issueToPod())
    const { operations } = given.instance
    valueOf(
      await operations.revoke({ kind: 'serial', serial: record.serial }, 'superseded', context()),
    )
    const found = await inspect(leaf)
    expect(found).toMatchObject({ revoked: true, live: false })
    expect(found.verdict).toBe(`revoked ${toIso(given.clock.now())} (superseded)`)
  })

  it('says that a stranger is a stranger, and repeats nothing that it claims to be', async () => {
    const other = await givenInstallation()
    const { leaf } = valueOf(await other.issueToPod())
    const found = await inspect(leaf)
    expect(found).toMatchObject({ issuedByUs: false, inLedger: false, live: false, entry: null })
    expect(found).not.toHaveProperty('identity')
    await other[Symbol.asyncDispose]()
  })
})

describe('readiness', () => {
  it('ends with the issuer, says so, and nothing is issued', async () => {
    const { operations, authority } = given.instance
    expect(await operations.readiness()).toMatchObject({ ready: true })
    const [current] = authority().issuers
    if (!current) throw new Error('no issuer')
    given.clock.set(current.notAfter)
    given.clock.advance(seconds(1))
    const { ready, checks } = await operations.readiness()
    expect(ready).toBe(false)
    expect(checks.find(({ name }) => name === 'issuer')).toMatchObject({ ok: false })
    expect(codeOf(await given.issueToPod())).toBe('ca.expired')
  })
})
