import type { TrustDomain } from '../../src/core/names.js'
import { hours, minutes, plus } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { brakeBy } from '../namespace/given-brake.js'
import { owner, valueOf } from '../namespace/given-index.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeIssuedUntil } from '../support/issued-until.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { countedRandom } from '../support/random.js'
import { SeededVoter, type Signatures } from '../support/seeded-voter.js'
import { groupOf } from '../support/voters.js'

export interface GovernedLog {
  readonly index: LiveIndex
  readonly store: MemoryIndexStore
  readonly clock: FakeClock
  readonly local: SeededVoter
  /** Ann and Cyd sign with Ed25519, Bob with ES256. */
  readonly people: readonly [ann: SeededVoter, bob: SeededVoter, cyd: SeededVoter]
}

/** A log that is the same each time: its octets, and with \`kept\` its signatures. */
export async function governedLog(kept: Signatures): Promise<GovernedLog> {
  const clock = new FakeClock()
  const store = new MemoryIndexStore()
  const local = new SeededVoter('local')
  const ann = new SeededVoter('ann')
  const bob = new SeededVoter('bob', 'ES256', kept)
  const cyd = new SeededVoter('cyd')
  const random = countedRandom('governed log')
  const deps = { store, voter: local.signer, clock, random, issued: new FakeIssuedUntil() }
  const about = { trustDomain: 'acme.example' as TrustDomain, controller: 'platform' }
  const index = valueOf(await LiveIndex.create(deps, about))
  const change = async (request: ChangeRequest): Promise<ProposalView | undefined> => {
    clock.advance(minutes(1))
    const made = valueOf(await index.change(request))
    return made.kind === 'waits' ? valueOf(await index.proposal(made.proposal)) : undefined
  }
  const agreed = async (request: ChangeRequest, ...by: readonly SeededVoter[]): Promise<void> => {
    const proposal = await change(request)
    if (!proposal) throw new Error('nobody was asked')
    for (const voter of by) {
      clock.advance(minutes(1))
      valueOf(await index.submit([voter.vote(proposal, 'approve', clock.now())]))
    }
  }
  await change({ op: 'entry.create', alias: 'shop/web', owner })
  const voters = [ann, bob, cyd].map((voter) => voter.voter(index.state.index, clock.now()))
  const [founder] = index.state.root.group?.voters ?? []
  const group = groupOf(voters, {
    timelock: { structural: hours(1) },
    brake: { ttl: hours(24), perWeek: 3 },
    proposers: [{ id: 'local', controller: founder!.controller, keys: founder!.keys }],
  })
  await agreed({ op: 'group.set', alias: '', group }, ann, bob)
  await agreed({ op: 'entry.create', alias: 'pay/api', owner, reason: 'new' }, ann, bob)
  await agreed(
    {
      op: 'rule.attach',
      alias: 'pay/api',
      rule: { id: 'web', callers: ['shop/web'], ports: [8080] },
      ticket: 'T-1',
    },
    bob,
    cyd,
  )
  await agreed({ op: 'scope.create', alias: 'pay' }, ann, cyd)
  clock.advance(hours(1))
  await index.settle()
  clock.advance(minutes(1))
  const at = clock.now()
  const target = { alias: 'shop/web' }
  const braking = { at, ttl: hours(2), expires: plus(at, hours(1)), nonce: '7'.repeat(32) }
  valueOf(await index.submitBrake(brakeBy(index.state, [bob], target, braking)))
  await agreed({ op: 'entry.suspend', alias: 'shop/web' }, cyd)
  const last = await change({ op: 'entry.create', alias: 'shop/db', owner })
  const both = (['approve', 'reject'] as const).map((say) => ann.vote(last!, say, clock.now()))
  valueOf(await index.submit(both.slice(0, 1)))
  valueOf(await index.submit(both))
  return { index, store, clock, local, people: [ann, bob, cyd] }
}
