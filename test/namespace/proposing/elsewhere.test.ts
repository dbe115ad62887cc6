import { beforeAll, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../../src/core/dependency-error.js'
import { seconds } from '../../../src/core/time.js'
import type { GovernedIndex } from '../../../src/namespace/governed-index.js'
import { governedElsewhere } from '../../../src/namespace/governed-elsewhere.js'
import { type GivenGroup, givenGroup } from '../given-group.js'
import { alias, codeOf, owner, valueOf } from '../given-index.js'

describe('an index that another process changes', () => {
  let given: GivenGroup
  let elsewhere: GovernedIndex
  beforeAll(async () => {
    given = await givenGroup(
      {},
      { op: 'entry.create', alias: 'pay/a', owner },
      { op: 'entry.create', alias: 'pay/b', owner },
      {
        op: 'split.set',
        alias: 'pay/a',
        split: { port: 80, backendRefs: [{ entry: 'pay/b' }] },
      },
    )
    elsewhere = governedElsewhere(given.index.state, given.store, given.clock)
  })

  it('is read here', async () => {
    const { index } = given
    expect(elsewhere.state).toBe(index.state)
    expect(codeOf(await elsewhere.proposal('none'))).toBe('namespace.unknown')
    expect(await elsewhere.history(alias('pay/a'))).toEqual(await index.history(alias('pay/a')))
    const { uid } = given.entry('pay/a')
    const first = await elsewhere.authorisation(uid, 1)
    expect(first).toBeDefined()
    expect(first).toEqual(await index.authorisation(uid, 1))
    const split = await elsewhere.splitAuthorisation(uid, 80)
    expect(split).toBeDefined()
    expect(split).toEqual(await index.splitAuthorisation(uid, 80))
    expect(await elsewhere.splitAuthorisation(uid, 81)).toEqual({})
    const asked = { uid, revisions: [1], splits: [80] }
    const decisions = await elsewhere.entryDecisions(asked)
    expect([[...decisions.revisions.keys()], [...decisions.splits.keys()]]).toEqual([[1], [80]])
    expect(decisions).toEqual(await index.entryDecisions(asked))
    expect(await elsewhere.brakes()).toEqual(await index.brakes())
    expect(await elsewhere.emergencyGrants()).toEqual(await index.emergencyGrants())
    expect(await elsewhere.formerUses()).toEqual(await index.formerUses())
    expect(await elsewhere.recoveries()).toEqual(await index.recoveries())
  })

  it('shows what waits there, by the time that it is here', async () => {
    const waits = await given.proposed({ op: 'scope.create', alias: 'one' })
    expect(elsewhere.proposals()).toEqual([waits])
    expect(valueOf(await elsewhere.proposal(waits.id))).toEqual(waits)
    given.clock.set(waits.open!.deadline)
    expect(elsewhere.proposals()).toHaveLength(1)
    given.clock.advance(seconds(1))
    expect(elsewhere.proposals()).toEqual([])
    expect(valueOf(await elsewhere.proposal(waits.id)).standing).toBe('expired')
  })

  it.each([
    ...(['change', 'plan', 'apply', 'lookAlikes', 'draft', 'submit', 'withdraw'] as const),
    ...(['brake', 'submitBrake', 'invokeEmergency', 'submitRecovery'] as const),
    ...(['cancelRecovery', 'finishRecovery', 'verify'] as const),
  ])('is not changed here: %s', (change) => {
    const asked = elsewhere as unknown as Record<string, (wanted: unknown) => unknown>
    expect(() => asked[change]?.({})).toThrow(DependencyError)
  })
})
