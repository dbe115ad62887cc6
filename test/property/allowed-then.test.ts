import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { AttestedFacts } from '../../src/attestation/facts.js'
import { hours, seconds } from '../../src/core/time.js'
import type { Issued } from '../../src/issuance/issue-leaf.js'
import {
  type AuditedCertificates,
  auditCertificates,
} from '../../src/monitor/audit-certificates.js'
import { GivenCapstan } from '../monitor/given-capstan.js'
import { alias, valueOf } from '../namespace/given-index.js'
import { steps } from './given-changes.js'
import { memorySerialScratch } from '../support/memory-serial-scratch.js'

/** All that the entry of this name may show, and the renewal of each certificate that it has. */
function factsAbout({ index }: GivenCapstan, name: string, issued: readonly Issued[]) {
  const entry = index.state.entryByAlias(alias(name))
  if (!entry) return []
  const facts: AttestedFacts[] = [{ kind: 'join-token', entry: entry.uid, tokenId: 't' }]
  for (const binding of entry.bindings) {
    if (binding.kind !== 'k8s') continue
    const { cluster, namespace, serviceAccount } = binding
    const account = { cluster, namespace, serviceAccount, serviceAccountUid: 'u' }
    facts.push({ kind: 'k8s', ...account, checked: 'online' })
  }
  for (const { record } of issued.slice(-3)) {
    if (record.entry === null) continue
    const parent = { parentSerial: record.serial, parentNotAfter: record.notAfter }
    facts.push({ kind: 'renewal', entry: record.entry, binding: record.binding, ...parent })
  }
  return facts
}

async function audited({ store, clock }: GivenCapstan): Promise<AuditedCertificates> {
  const { size } = await store.issuanceLog.tree.head()
  return valueOf(
    await auditCertificates({
      log: store.index,
      scratch: () => store.index.scratch(),
      serials: memorySerialScratch,
      indexSize: store.index.records.length,
      issued: size,
      read: (from, limit) => store.issuanceLog.read(from, limit),
      ...{ clock, pace: () => undefined },
    }),
  )
}

describe('whatever is decided meanwhile', () => {
  it('every certificate that is issued was allowed by the index of its moment', async () => {
    let total = 0
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 40 }), async (taken) => {
        const given = await GivenCapstan.founded()
        const issued: Issued[] = [await given.mustIssue()]
        for (const step of taken) {
          if (step.kind === 'wait') {
            given.clock.advance(hours(step.count))
            continue
          }
          if (step.kind === 'change') await given.index.change(step.request)
          const name = step.kind === 'change' ? step.request.alias : step.name
          for (const facts of factsAbout(given, name, issued)) {
            const made = await given.issue(facts, { ttl: seconds(60 + issued.length) })
            if (made.ok) issued.push(made.value)
          }
        }
        total += issued.length
        expect(await audited(given)).toEqual({
          checked: issued.length,
          gone: 0,
          alarms: 0,
          first: [],
        })
      }),
      { numRuns: 60 },
    )
    // Otherwise it would say nothing.
    expect(total).toBeGreaterThan(200)
  })
})
