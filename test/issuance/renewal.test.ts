import { beforeEach, describe, expect, it } from '@jest/globals'
import type { RenewalFacts } from '../../src/attestation/facts.js'
import { certificateDer } from '../../src/core/der.js'
import { plus, seconds } from '../../src/core/time.js'
import { attestRenewal, withinGrace } from '../../src/issuance/renewal.js'
import { T0 } from '../support/fake-clock.js'
import { Issued, web } from './given-issued.js'

let given: Issued
beforeEach(async () => {
  given = await Issued.open()
})

describe('attestRenewal', () => {
  it('says whose certificate it is, from its first second on, whenever it has ended', async () => {
    const leaf = await given.recorded()
    const facts = {
      ...{ kind: 'renewal', entry: web, binding: 'b1', parentSerial: leaf.serial },
      parentNotAfter: leaf.notAfter,
    }
    for (const now of [leaf.notBefore, T0, plus(leaf.notAfter, seconds(1000))]) {
      expect(await attestRenewal(given, leaf.certificate, now)).toEqual({ ok: true, value: facts })
    }
  })

  it('takes no certificate before its first second', async () => {
    const leaf = await given.recorded()
    const early = plus(leaf.notBefore, seconds(-1))
    expect(await attestRenewal(given, leaf.certificate, early)).toMatchObject({
      refusal: { code: 'renewal.expired' },
    })
  })

  it('takes none of another CA, and none of the CA itself', async () => {
    const other = await (await Issued.open()).recorded()
    const own = await given.recorded({ entry: null })
    for (const { certificate } of [other, own]) {
      expect(await attestRenewal(given, certificate, T0)).toMatchObject({
        refusal: { code: 'renewal.not-ours' },
      })
    }
  })

  it('takes none that the ledger does not hold, octet for octet', async () => {
    const unknown = await given.signed()
    const [one, two] = [await given.signed(), await given.signed()]
    await given.ledger.append({ ...one, certificate: two.certificate }, [])
    const three = await given.signed()
    const longer = certificateDer(Buffer.concat([three.certificate, Buffer.of(0)]))
    await given.ledger.append({ ...three, certificate: longer }, [])
    for (const { certificate, serial } of [unknown, one, three]) {
      expect(await attestRenewal(given, certificate, T0)).toMatchObject({
        refusal: { code: 'renewal.not-in-ledger', found: `serial ${serial}` },
      })
    }
  })

  it('takes none that is revoked (CVE-2026-40264)', async () => {
    const leaf = await given.recorded()
    await given.ledger.revoke([leaf.serial], { at: T0, reason: 'superseded' })
    expect(await attestRenewal(given, leaf.certificate, T0)).toMatchObject({
      refusal: { code: 'renewal.revoked' },
    })
  })
})

describe('withinGrace', () => {
  const facts = { parentNotAfter: T0 } as RenewalFacts
  it.each([
    { grace: 0, after: 0, isGood: true },
    { grace: 0, after: 1, isGood: false },
    { grace: 60, after: 60, isGood: true },
    { grace: 60, after: 61, isGood: false },
  ])('of $grace s, $after s after the last second: $isGood', ({ grace, after, isGood }) => {
    const answer = withinGrace(facts, seconds(grace), plus(T0, seconds(after)))
    expect(answer.ok).toBe(isGood)
    const wanted = grace === 0 ? 'a certificate that is still valid' : 'at most 60 s after its end'
    if (!isGood) expect(answer).toMatchObject({ refusal: { code: 'renewal.expired', wanted } })
  })
})
