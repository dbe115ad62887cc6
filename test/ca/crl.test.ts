import 'reflect-metadata'
import { X509Certificate, X509Crl, X509CrlReason } from '@peculiar/x509'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { type RevokedLeaf, signCrl } from '../../src/ca/crl.js'
import { hours, plus, seconds } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'
import { givenHierarchy, newSigner, nextSerial, type TestHierarchy } from './given-authorities.js'

const update = { number: 300, thisUpdate: T0, nextUpdate: plus(T0, hours(24)) }

describe('signCrl', () => {
  let given: TestHierarchy
  beforeAll(async () => {
    given = await givenHierarchy()
  })

  async function crlOf(revoked: readonly RevokedLeaf[]): Promise<X509Crl> {
    const { certificate, signer } = given
    return new X509Crl(Buffer.from(await signCrl({ ...update, revoked }, { certificate, signer })))
  }

  it('says to another reader what is revoked, when and why', async () => {
    const revoked: RevokedLeaf[] = [
      { serial: nextSerial(), at: T0, reason: 'keyCompromise' },
      { serial: nextSerial(), at: plus(T0, seconds(5)), reason: 'unspecified' },
      { serial: nextSerial(), at: T0, reason: 'superseded' },
      { serial: nextSerial(), at: T0, reason: 'cessationOfOperation' },
    ]
    const crl = await crlOf(revoked)
    expect(crl.thisUpdate.getTime()).toBe(T0 * 1000)
    expect(crl.nextUpdate?.getTime()).toBe(update.nextUpdate * 1000)
    const reasons = {
      unspecified: undefined,
      keyCompromise: X509CrlReason.keyCompromise,
      superseded: X509CrlReason.superseded,
      cessationOfOperation: X509CrlReason.cessationOfOperation,
    }
    expect(
      crl.entries.map(({ serialNumber, revocationDate, reason }) => [
        serialNumber,
        revocationDate.getTime(),
        reason,
      ]),
    ).toEqual(revoked.map(({ serial, at, reason }) => [serial, at * 1000, reasons[reason]]))
  })

  it('is version 2, numbered, and names the key of its issuer', async () => {
    const crl = await crlOf([])
    expect(Buffer.from(crl.rawData).toString('hex')).toContain('020101300a06082a8648ce3d040302')
    const extensions = crl.extensions.map(({ type, critical, value }) => [
      type,
      critical,
      Buffer.from(value).toString('hex'),
    ])
    expect(extensions).toEqual([
      ['2.5.29.35', false, expect.stringMatching(new RegExp(`^30168014${given.issuer.id}`))],
      ['2.5.29.20', false, '0202012c'],
    ])
  })

  it('verifies under the issuer, and names it octet for octet', async () => {
    const crl = await crlOf([])
    const issuer = new X509Certificate(Buffer.from(given.certificate))
    expect(await crl.verify({ publicKey: issuer })).toBe(true)
    expect(Buffer.from(crl.issuerName.toArrayBuffer())).toEqual(
      Buffer.from(issuer.subjectName.toArrayBuffer()),
    )
  })

  it('has no list when nothing is revoked, as it may not be empty', async () => {
    expect((await crlOf([])).entries).toEqual([])
    const { certificate, signer } = given
    const der = await signCrl({ ...update, revoked: [] }, { certificate, signer })
    // nextUpdate is followed by the extensions at once.
    expect(Buffer.from(der).toString('hex')).toMatch(/170d[0-9a-f]{26}170d[0-9a-f]{26}a0/)
  })

  it.each([
    { when: 'a key of another issuer', signer: newSigner(), nextUpdate: update.nextUpdate },
    { when: 'an end before its beginning', signer: undefined, nextUpdate: T0 },
  ])('throws for $when', async ({ signer, nextUpdate }) => {
    const by = { certificate: given.certificate, signer: signer ?? given.signer }
    await expect(signCrl({ ...update, nextUpdate, revoked: [] }, by)).rejects.toThrow()
  })

  it('throws when the key does not make signatures of its own', async () => {
    const stranger = newSigner()
    const liar = { ...given.signer, sign: (bytes: Uint8Array) => stranger.sign(bytes) }
    await expect(
      signCrl({ ...update, revoked: [] }, { certificate: given.certificate, signer: liar }),
    ).rejects.toThrow('does not verify')
  })
})
