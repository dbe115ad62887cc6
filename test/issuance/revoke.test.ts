import { beforeEach, describe, expect, it } from '@jest/globals'
import { plus, seconds } from '../../src/core/time.js'
import { revokeEntry, revokeSerial } from '../../src/issuance/revoke.js'
import { T0 } from '../support/fake-clock.js'
import { api, Issued, web } from './given-issued.js'

let given: Issued
beforeEach(async () => {
  given = await Issued.open()
})

describe('revokeSerial', () => {
  it('revokes once, in whatever spelling, and the first revocation stands', async () => {
    const { serial } = await given.recorded()
    const pasted = (serial.toUpperCase().match(/../g) ?? []).join(':')
    const first = await revokeSerial(given.ledger, pasted, 'keyCompromise', T0)
    expect(first).toEqual({ ok: true, value: { revoked: 1, serials: [serial] } })
    const later = plus(T0, seconds(5))
    const second = await revokeSerial(given.ledger, serial, 'superseded', later)
    expect(second).toEqual({ ok: true, value: { revoked: 0, serials: [] } })
    const row = await given.ledger.find(serial)
    expect(row?.revocation).toEqual({ at: T0, reason: 'keyCompromise' })
  })

  it('says in 60 characters what is no serial', async () => {
    const refused = await revokeSerial(given.ledger, `\n${'x'.repeat(500)}`, 'unspecified', T0)
    expect(refused).toMatchObject({
      refusal: { code: 'request.malformed', found: JSON.stringify(`\n${'x'.repeat(59)}`) },
    })
  })

  it('says when there is no such certificate', async () => {
    const { serial } = await given.signed()
    expect(await revokeSerial(given.ledger, serial, 'unspecified', T0)).toMatchObject({
      refusal: { code: 'ledger.unknown-certificate', found: serial },
    })
  })
})

describe('revokeEntry', () => {
  it('revokes what is live of one entry, and not what is revoked or over', async () => {
    const [one, two, revoked] = [
      await given.recorded(),
      await given.recorded({ issuedAt: plus(T0, seconds(1)) }),
      await given.recorded(),
    ]
    const past = plus(T0, seconds(-1))
    const other = await given.recorded({ entry: api })
    const ended = await given.recorded({ notAfter: past })
    await revokeSerial(given.ledger, revoked.serial, 'keyCompromise', T0)
    const at = plus(T0, seconds(9))
    const done = await revokeEntry(given.ledger, web, 'superseded', at)
    expect({ ...done, serials: [...done.serials].sort() }).toEqual({
      revoked: 2,
      serials: [one.serial, two.serial].sort(),
    })
    const found = async (serial: typeof one.serial) => (await given.ledger.find(serial))?.revocation
    expect(await found(one.serial)).toEqual({ at, reason: 'superseded' })
    expect(await found(revoked.serial)).toEqual({ at: T0, reason: 'keyCompromise' })
    expect(await found(other.serial)).toBeNull()
    expect(await found(ended.serial)).toBeNull()
  })

  it('revokes nothing where nothing is live', async () => {
    expect(await revokeEntry(given.ledger, api, 'unspecified', T0)).toEqual({
      revoked: 0,
      serials: [],
    })
  })
})
