import { describe, expect, it } from '@jest/globals'
import {
  auditCertificates,
  type AuditedCertificates,
} from '../../src/monitor/audit-certificates.js'
import { CertificatesThen } from '../../src/monitor/certificates-then.js'
import type { ShownCertificate } from '../../src/monitor/ports.js'
import { memorySerialScratch } from '../support/memory-serial-scratch.js'
import { valueOf } from '../namespace/given-index.js'
import { forge } from './forged.js'
import { GivenCapstan } from './given-capstan.js'

async function audited(
  { store, clock }: GivenCapstan,
  edit: (shown: readonly ShownCertificate[]) => readonly ShownCertificate[] = (shown) => shown,
): Promise<AuditedCertificates> {
  const { size } = await store.issuanceLog.tree.head()
  const all = edit(await store.issuanceLog.read(0, size))
  return valueOf(
    await auditCertificates({
      log: store.index,
      scratch: () => store.index.scratch(),
      serials: memorySerialScratch,
      indexSize: store.index.records.length,
      issued: size,
      read: (from, limit) =>
        Promise.resolve(all.filter(({ seq }) => seq >= from && seq < from + limit)),
      ...{ clock, pace: () => undefined },
    }),
  )
}

describe('an audit of certificates', () => {
  it('finds one that its index does not allow', async () => {
    const given = await GivenCapstan.founded()
    const honest = await given.mustIssue()
    await forge(given, honest, { record: { policyDigest: 'a'.repeat(64) } })
    const { checked, gone, alarms, first } = await audited(given)
    expect({ checked, gone, alarms }).toEqual({ checked: 2, gone: 0, alarms: 1 })
    expect(first).toMatchObject([{ code: 'not-allowed', record: 1 }])
  })

  it('asks no index about those of nobody', async () => {
    const given = await GivenCapstan.founded()
    const nobody = { entry: null, binding: null, rev: 0, policyDigest: null, indexSize: null }
    await forge(given, await given.mustIssue(), { record: nobody })
    const [, ofNobody] = await given.store.issuanceLog.read(0, 2)
    await using judge = new CertificatesThen({
      log: { read: () => Promise.reject(new Error('it was asked')) },
      scratch: () => given.store.index.scratch(),
      pace: () => undefined,
      clock: given.clock,
    })
    const { alarms } = valueOf(await judge.judge([ofNobody!], 5))
    expect(alarms).toMatchObject([{ code: 'not-allowed', reason: 'server-leaf' }])
  })

  it('finds one serial number twice, and counts what is gone', async () => {
    const given = await GivenCapstan.founded()
    for (let count = 0; count < 3; count += 1) await given.mustIssue()
    const twice = await audited(given, ([one]) => [one!, { ...one!, seq: 2 }])
    expect(twice).toMatchObject({ checked: 2, gone: 1, alarms: 1 })
    expect(twice.first).toMatchObject([{ code: 'serial-twice', record: 2 }])
    expect((await audited(given)).alarms).toBe(0)
  })
})
