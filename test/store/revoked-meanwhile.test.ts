import { afterAll, describe, expect, it } from '@jest/globals'
import { days, plus, seconds } from '../../src/core/time.js'
import { revokeEntry } from '../../src/issuance/revoke.js'
import { leaf, newEntry } from '../contract/given-store.js'
import { T0 } from '../support/fake-clock.js'
import { SqliteStores } from '../support/sqlite-stores.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

describe('a renewal that is under way while what it renews is revoked', () => {
  it('is not recorded after that (attack 350)', async () => {
    const { ledger } = stores.open(stores.newPath())
    const parent = leaf()
    await ledger.append(parent, [])
    // Attested by now, and signed: what is left is to record it.
    const [, renewed] = await Promise.all([
      ledger.revoke([parent.serial], { at: T0, reason: 'keyCompromise' }),
      ledger.append(leaf({ entry: parent.entry, parentSerial: parent.serial }), []),
    ])
    expect(renewed).toMatchObject({ refusal: { code: 'renewal.revoked' } })
    expect(await ledger.list({ entry: parent.entry!, liveAt: T0, limit: 9 })).toEqual([])
  })

  it('is revoked with its entry, or not recorded (attack 351)', async () => {
    const { ledger } = stores.open(stores.newPath())
    const entry = newEntry()
    const at = plus(T0, seconds(9))
    let last = leaf({ entry, notAfter: plus(T0, days(1)) })
    await ledger.append(last, [])
    /** A stolen key renews, and its latest certificate again, as often as it may. */
    const thief = async (): Promise<number> => {
      for (let renewals = 0; ; renewals += 1) {
        const next = leaf({ entry, parentSerial: last.serial })
        if (!(await ledger.append(next, [])).ok) return renewals
        last = next
      }
    }
    const [renewals, revoked] = await Promise.all([
      thief(),
      ledger
        .append(leaf(), [])
        .then(() => ledger.append(leaf(), []))
        .then(() => revokeEntry(ledger, entry, 'keyCompromise', at)),
    ])
    expect(revoked.revoked).toBe(renewals + 1)
    expect(await ledger.list({ entry, liveAt: at, limit: 9 })).toEqual([])
  })
})
