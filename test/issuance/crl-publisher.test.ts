import 'reflect-metadata'
import { X509Crl } from '@peculiar/x509'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { hours, minus, plus, seconds } from '../../src/core/time.js'
import type { Authority } from '../../src/issuance/authority.js'
import { CrlPublisher } from '../../src/issuance/crl-publisher.js'
import { valueOf } from '../ca/given-authorities.js'
import { FakeClock, T0 } from '../support/fake-clock.js'
import { Issued } from './given-issued.js'

const lifetime = hours(24)
let given: Issued
let clock: FakeClock
let id: string
let isKeyHere: boolean
let isLedgerDown: boolean
let publisher: CrlPublisher

beforeEach(async () => {
  given = await Issued.open()
  clock = new FakeClock()
  isKeyHere = true
  isLedgerDown = false
  const { certificate, signer, issuer } = given.hierarchy
  id = issuer.id
  const crlSigner = (of: string) => (isKeyHere && of === id ? { certificate, signer } : undefined)
  const authority = { issuers: [{ id }, { id: 'other' }], crlSigner } as unknown as Authority
  const { ledger: held } = given
  const ledger = {
    revoked: held.revoked.bind(held),
    nextCrlNumber: (of: string) =>
      isLedgerDown ? Promise.reject(new Error('down')) : held.nextCrlNumber(of),
  }
  publisher = new CrlPublisher({
    authority: () => authority,
    ledger,
    clock,
    lifetime,
  })
})

async function published(): Promise<{ number: number; crl: X509Crl }> {
  const crl = new X509Crl(Buffer.from(valueOf(await publisher.crl(id))))
  const value = crl.extensions.find(({ type }) => type === '2.5.29.20')?.value
  return { number: value === undefined ? 0 : (new Uint8Array(value).at(-1) ?? 0), crl }
}
const number = async (): Promise<number> => (await published()).number

describe('CrlPublisher', () => {
  it('signs what is revoked, from now for one lifetime', async () => {
    const [leaf] = [await given.recorded(), await given.recorded()]
    await given.ledger.revoke([leaf.serial], { at: T0, reason: 'keyCompromise' })
    const { crl } = await published()
    expect(crl.entries.map(({ serialNumber }) => serialNumber)).toEqual([leaf.serial])
    expect(crl.thisUpdate.getTime()).toBe(T0 * 1000)
    expect(crl.nextUpdate?.getTime()).toBe((T0 + lifetime) * 1000)
  })

  it('keeps it for half its lifetime, to the second', async () => {
    expect(await number()).toBe(1)
    clock.set(plus(T0, seconds(lifetime / 2 - 1)))
    expect(await number()).toBe(1)
    clock.set(plus(T0, seconds(lifetime / 2)))
    expect(await number()).toBe(2)
  })

  it('makes a new one when something was revoked, and when the clock was set back', async () => {
    expect(await number()).toBe(1)
    publisher.changed()
    expect(await number()).toBe(2)
    clock.set(minus(clock.now(), seconds(1)))
    expect(await number()).toBe(3)
    expect(await number()).toBe(3)
  })

  it('forgets a failure', async () => {
    isLedgerDown = true
    await expect(publisher.crl(id)).rejects.toThrow('down')
    isLedgerDown = false
    expect(await number()).toBe(1)
  })

  it('has none of an issuer that is unknown, or whose key is not here', async () => {
    expect(await publisher.crl('0123456789abcdef')).toMatchObject({
      refusal: { code: 'request.not-found' },
    })
    isKeyHere = false
    expect(await publisher.crl(id)).toMatchObject({ refusal: { code: 'ca.no-issuer' } })
  })
})
