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
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import type { EmergencyGrant } from '../../src/namespace/emergency/emergency.js'
import { changeClasses } from '../../src/namespace/group.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import { brakeBy } from '../namespace/given-brake.js'
import { invocationBy } from '../namespace/given-emergency.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { alias, owner, valueOf } from '../namespace/given-index.js'
import { TestVoter } from '../support/voters.js'
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

/** Beside the installation, which decides alone, Ann: she may brake, and use a grant for incidents. */
async function withAnn(
  given: GivenCapstan,
): Promise<(incident: 'brake' | 'reactivate', name: string) => Promise<void>> {
  const { index, clock } = given
  const ann = new TestVoter('ann')
  const { state } = index
  const [installation] = state.root.group?.voters ?? []
  if (!installation) throw new Error('nobody decides')
  const voters = [ann.voter(state.index, state.at), { ...installation, weight: 300 }]
  const grant: EmergencyGrant = {
    ...{ name: 'oncall', acts: ['reactivate'], under: alias(''), who: ['ann'], threshold: 1 },
    ...{ longest: hours(2), coolDown: hours(1), uses: 20 },
  }
  const each = (of: number) =>
    Object.fromEntries(changeClasses.map((name) => [name, of])) as GroupTerms['threshold']
  const group: GroupTerms = {
    ...{
      solo: true,
      voters,
      threshold: { ...each(201), emergency: 100 },
      minControllers: each(1),
    },
    brake: { ttl: hours(24), perWeek: 100 },
    emergency: { grants: [grant] },
  }
  const made = valueOf(await index.change({ op: 'group.set', alias: '', group }))
  if (made.kind === 'waits') throw new Error('the installation does not decide alone')
  return async (incident, name) => {
    const entry = state.entryByAlias(alias(name))
    if (!entry) return
    if (incident === 'brake') {
      await index.submitBrake(brakeBy(state, [ann], { alias: name }, { at: clock.now() }))
      return
    }
    const told = { index, entry: () => entry, now: () => clock.now() } as unknown as GivenGroup
    const asked = { alias: name, act: 'reactivate' } as const
    await index.invokeEmergency(invocationBy(told, [ann], asked))
  }
}

const incidents = fc
  .tuple(
    fc.constantFrom('brake' as const, 'reactivate' as const),
    fc.constantFrom('shop/web', 'shop/db', 'a'),
  )
  .map(([incident, name]) => ({ kind: 'incident', incident, name }) as const)

/** Some that follow each other as they do in an incident. */
const suspended = fc
  .constantFrom('shop/web', 'shop/db')
  .map((name) => [
    { kind: 'change', request: { op: 'entry.suspend', alias: name } as ChangeRequest } as const,
    { kind: 'incident', incident: 'reactivate', name } as const,
  ])

const taken = fc.oneof(
  { weight: 8, arbitrary: steps.map((step) => [step] as const) },
  { weight: 1, arbitrary: incidents.map((step) => [step] as const) },
  { weight: 1, arbitrary: suspended },
)

describe('whatever is decided meanwhile', () => {
  it('every certificate that is issued was allowed by the index of its moment', async () => {
    let [total, helped] = [0, 0]
    await fc.assert(
      fc.asyncProperty(fc.array(taken, { minLength: 10, maxLength: 40 }), async (stepLists) => {
        const given = await GivenCapstan.founded({ op: 'entry.create', alias: 'shop/db', owner })
        const incident = await withAnn(given)
        const issued: Issued[] = [await given.mustIssue()]
        for (const step of stepLists.flat()) {
          if (step.kind === 'wait') {
            given.clock.advance(hours(step.count))
            continue
          }
          if (step.kind === 'change') await given.index.change(step.request)
          if (step.kind === 'incident') await incident(step.incident, step.name)
          const name = step.kind === 'change' ? step.request.alias : step.name
          for (const facts of factsAbout(given, name, issued)) {
            const made = await given.issue(facts, { ttl: seconds(60 + issued.length) })
            if (!made.ok) continue
            issued.push(made.value)
            const { state, emergency } = given.index.state.entryByAlias(alias(name))!
            if (state === 'suspended' && emergency) helped += 1
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
    expect(helped).toBeGreaterThan(10)
  })
})
