import { describe, expect, it } from '@jest/globals'
import { days, plus } from '../../src/core/time.js'
import type { Operation } from '../../src/namespace/operation.js'
import { TestVoter } from '../support/voters.js'
import { type GivenGroup, givenGroup, groupBelow } from './given-group.js'
import { clusterFacts, codeOf, owner, valueOf } from './given-index.js'
import { handSigned } from './given-proposal.js'
import { replaysTheSame } from './replays-the-same.js'

const entry = { op: 'entry.create', alias: 'payments/api', owner } as const

/** Payments with voters of its own, of the same revision as the root's. */
async function givenPayments(): Promise<GivenGroup & { readonly below: readonly TestVoter[] }> {
  const given = await givenGroup({}, { op: 'scope.create', alias: 'payments' }, entry)
  const below = [new TestVoter('mal'), new TestVoter('dan'), new TestVoter('eve')]
  await groupBelow(given, 'payments', below)
  await groupBelow(given, 'payments', below, [...below])
  const { root } = given.index.state
  expect(given.scope('payments').group?.rev).toBe(root.group?.rev)
  return { ...given, below }
}

const suspension = (given: GivenGroup): Operation => {
  const { uid, alias } = given.entry('payments/api')
  return { op: 'entry.suspend', subject: { uid, alias }, body: {} }
}

describe('evidence', () => {
  it('is of the group that it suspends a voter of, and of no other (attack 66)', async () => {
    const given = await givenPayments()
    const { index, ann, below } = given
    const [mal] = below
    // While payments is suspended the root decides about what is in it.
    const off = await given.proposed({ op: 'scope.suspend', alias: 'payments' })
    await given.votes(ann, off)
    const asked = handSigned(index.state, ann, suspension(given), { at: given.now() })
    const { proposal } = valueOf(await index.submit([asked]))
    const before = index.state.root.group
    const votes = (['approve', 'reject'] as const).map((decision) =>
      mal!.vote(proposal, decision, given.now()),
    )
    expect(codeOf(await index.submit(votes))).toBe('namespace.malformed')
    await given.agreed({ op: 'scope.reactivate', alias: 'payments' })
    // From now on the group that decides about the subject is mal's again, and the votes name the root's.
    expect((await given.proposal(proposal.id)).standing).toBe('stale')
    expect(codeOf(await index.submit(votes))).toBe('namespace.malformed')
    expect(index.state.root.group).toEqual(before)
    await replaysTheSame(given)
  })

  it('is about proposals that wait, not about one that has expired', async () => {
    const given = await givenGroup()
    const { index, ann } = given
    const one = await given.proposed(entry)
    const first = ann.vote(one, 'approve', given.now())
    valueOf(await index.submit([first]))
    given.clock.set(plus(given.now(), days(6)))
    const two = await given.proposed({ ...entry, owner: { controller: 'somebody-else' } })
    given.clock.set(plus(given.now(), days(2)))
    // The first is over, and nobody has said so in the log: what it held is free again.
    expect((await given.proposal(one.id)).standing).toBe('expired')
    const second = ann.vote(two, 'approve', given.now())
    expect(codeOf(await index.submit([first, second]))).toBe('namespace.malformed')
    await replaysTheSame(given)
  })

  it('is not that somebody approves a cluster and a scope of one name', async () => {
    const given = await givenGroup()
    const { index, ann } = given
    const cluster = await given.proposed({
      op: 'cluster.register',
      alias: 'prod',
      cluster: clusterFacts('prod'),
    })
    const scope = await given.proposed({ op: 'scope.create', alias: 'prod' })
    const votes = [cluster, scope].map((one) => ann.vote(one, 'approve', given.now()))
    for (const vote of votes) valueOf(await index.submit([vote]))
    expect(codeOf(await index.submit(votes))).toBe('namespace.malformed')
    expect((await given.votes(given.bob, cluster)).proposal.standing).toBe('committed')
    expect((await given.proposal(scope.id)).standing).toBe('open')
    expect((await given.votes(given.bob, scope)).proposal.standing).toBe('committed')
    await replaysTheSame(given)
  })
})
