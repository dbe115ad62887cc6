import { days, hours, minutes, plus, type Seconds, seconds } from '../../../src/core/time.js'
import { ROOT } from '../../../src/core/alias.js'
import { payloadTypes } from '../../../src/namespace/dsse.js'
import type { InvocationStatement } from '../../../src/namespace/emergency/emergency-statements.js'
import type { GroupTerms } from '../../../src/namespace/operation.js'
import type { RecoveryStatement } from '../../../src/namespace/recovery/recovery-statements.js'
import { brakeBy, type Target } from '../../namespace/given-brake.js'
import { cancellationStatement } from '../../namespace/given-recovery.js'
import { owner, valueOf } from '../../namespace/given-index.js'
import { groupOf } from '../../support/voters.js'
import type { GivenLog, Name } from './given-log.js'

/** What only a group has: votes, brakes, grants, several changes together, recoveries. */
export async function actTogether(given: GivenLog): Promise<void> {
  await takesOver(given)
  await deliberates(given)
  await brakes(given)
  await usesGrants(given)
  await given.proposed({ op: 'entry.update', alias: 'shop/web', labels: { a: 'b' } })
  await isEvident(given)
  await recovers(given)
}

/** Three voters, of whom two decide, take over from the one that there was. */
async function takesOver(given: GivenLog): Promise<void> {
  const { state } = given.index
  const [founder] = state.root.group!.voters
  const at = given.now()
  const voters = given.voters('ann', 'bob', 'cyd').map((one) => one.voter(state.index, at))
  const [h1] = given.voters('h1')
  const { id, controller } = h1!
  const group: GroupTerms = groupOf(voters, {
    timelock: { structural: hours(1) },
    brake: { ttl: hours(12), perWeek: 10 },
    proposers: [{ id: 'local', controller: founder!.controller, keys: founder!.keys }],
    recovery: {
      holders: given.voters('r1', 'r2', 'r3').map((one) => one.holder(state.index, at)),
      threshold: 2,
      delay: hours(72),
    },
    emergency: {
      holders: [{ id, controller, keys: [h1!.key(state.index, at, h1, 'emergency')] }],
      grants: [
        {
          name: 'oncall',
          acts: ['allow', 'reactivate'],
          under: 'shop' as never,
          who: ['ann', 'h1'],
          threshold: 2,
          longest: hours(2),
          coolDown: hours(1),
          uses: 5,
        },
      ],
    },
  })
  await given.agreed({ op: 'group.set', alias: '', group }, 'ann', 'bob')
}

async function deliberates(given: GivenLog): Promise<void> {
  const { index, clock } = given
  const [bob] = given.voters('bob')
  await given.agreed({ op: 'entry.create', alias: 'shop/cart', owner }, 'ann', 'bob')
  const dropped = await given.proposed({ op: 'entry.suspend', alias: 'till' })
  clock.advance(minutes(1))
  valueOf(await index.withdraw(dropped.id))
  const refused = await given.proposed({ op: 'entry.create', alias: 'shop/mine', owner })
  for (const voter of given.voters('bob', 'cyd')) {
    clock.advance(minutes(1))
    valueOf(await index.submit([voter.vote(refused, 'reject', given.now())]))
  }
  const together = await index.apply({
    apiVersion: 'capstan/v1',
    scopes: [{ alias: 'shop/new' }],
    entries: [
      { alias: 'shop/new/api', owner },
      { alias: 'shop/web', owner, labels: { tier: '3' } },
    ],
  })
  const [made] = valueOf(together)
  if (made?.kind !== 'waits') throw new Error('several changes were made at once')
  const proposal = valueOf(await index.proposal(made.proposal))
  for (const voter of given.voters('ann', 'cyd')) {
    clock.advance(minutes(1))
    valueOf(await index.submit([voter.vote(proposal, 'approve', given.now())]))
  }
  clock.advance(hours(1))
  await index.settle()
  await given.agreed(
    {
      op: 'rule.attach',
      alias: 'shop/cart',
      rule: { id: 'web', callers: ['shop/web'], ports: [80] },
    },
    'cyd',
    bob!.id as Name,
  )
}

async function brake(given: GivenLog, by: readonly Name[], target: Target): Promise<void> {
  given.clock.advance(minutes(1))
  const at = given.now()
  const more = { at, nonce: given.nonce(), reason: 'looks wrong' }
  const signed = brakeBy(given.index.state, given.voters(...by), target, more)
  valueOf(await given.index.submitBrake(signed))
}

/** Each kind of brake, and what takes it off. */
async function brakes(given: GivenLog): Promise<void> {
  await brake(given, ['bob'], { alias: 'shop/web' })
  await given.agreed({ op: 'brake.lift', alias: 'shop/web' }, 'ann', 'cyd')
  await brake(given, ['ann'], { alias: 'shop/cart', rule: 'web' })
  await given.agreed({ op: 'brake.lift', alias: 'shop/cart', rule: 'web' }, 'bob', 'cyd')
  await brake(given, ['ann', 'bob'], { alias: '', voter: 'cyd' })
  await given.agreed({ op: 'voter.reinstate', alias: '', voter: 'cyd' }, 'ann', 'bob')
  await brake(given, ['cyd'], { alias: 'shop/new' })
  const lift = await given.proposed({ op: 'brake.lift', alias: 'shop/new' })
  for (const voter of given.voters('ann', 'bob')) {
    given.clock.advance(minutes(1))
    valueOf(await given.index.submit([voter.vote(lift, 'approve', given.now())]))
  }
  given.clock.advance(hours(1))
  await given.index.settle()
}

async function invoke(
  given: GivenLog,
  alias: string,
  asked: Pick<InvocationStatement, 'act' | 'call' | 'drill'>,
): Promise<number> {
  given.clock.advance(minutes(1))
  const { state } = given.index
  const { uid, rev, head } = given.entry(alias)
  const at = given.now()
  const statement: InvocationStatement = {
    v: 1,
    index: state.index,
    scope: { uid: state.root.uid, rev: state.root.group!.rev },
    grant: 'oncall',
    subject: { alias: alias as never, uid },
    base: { rev, head },
    ...asked,
    ttl: hours(1),
    by: ['ann', 'h1'],
    reason: 'INC-7',
    created: at,
    expires: plus(at, hours(1)),
    nonce: given.nonce(),
  }
  const number = state.size
  const envelopes = given
    .voters('ann', 'h1')
    .map((one) => one.envelope(payloadTypes.emergency, statement))
  valueOf(await given.index.invokeEmergency(envelopes))
  return number
}

async function usesGrants(given: GivenLog): Promise<void> {
  const { uid: caller } = given.entry('shop/web')
  const call = {
    caller,
    ports: [[8443, 8443]] as const,
    proto: 'http' as const,
    routes: [{ method: 'GET' as const, path: { prefix: '/refunds' } }],
  }
  await invoke(given, 'shop/cart', { act: 'allow', call, drill: true })
  const first = await invoke(given, 'shop/cart', { act: 'allow', call })
  await given.agreed({ op: 'emergency.ratify', alias: '', use: first }, 'bob', 'cyd')
  await given.agreed({ op: 'entry.suspend', alias: 'shop/web' }, 'cyd')
  given.clock.advance(hours(3))
  const second = await invoke(given, 'shop/web', { act: 'reactivate' })
  await given.agreed({ op: 'emergency.ratify', alias: '', use: second }, 'ann', 'bob')
  await given.agreed({ op: 'entry.reactivate', alias: 'shop/web' }, 'ann', 'cyd')
}

/** One who says yes and no about the same. */
async function isEvident(given: GivenLog): Promise<void> {
  const { index } = given
  const proposal = await given.proposed({ op: 'entry.create', alias: 'shop/twice', owner })
  const [ann] = given.voters('ann')
  const both = (['approve', 'reject'] as const).map((says) =>
    ann!.vote(proposal, says, given.now()),
  )
  valueOf(await index.submit(both.slice(0, 1)))
  valueOf(await index.submit(both))
}

async function startRecovery(given: GivenLog): Promise<void> {
  given.clock.advance(minutes(1))
  const { index } = given
  const { state } = index
  const { root } = state
  const at = given.now()
  const voters = given.voters('dan', 'eve', 'fay').map((one) => one.voter(state.index, at))
  const { proposers } = root.group!
  const {
    recovery: _none,
    emergency: _nor,
    ...group
  } = groupOf(voters, {
    brake: { ttl: hours(24), perWeek: 10 },
    ...(proposers && { proposers }),
  })
  const statement: RecoveryStatement = {
    v: 1,
    index: state.index,
    subject: { alias: root.alias, uid: root.uid },
    base: { rev: root.rev, head: root.head },
    from: root.group!.rev,
    group,
    holders: ['r1', 'r2'],
    created: at,
    expires: plus(at, days(1)),
    nonce: given.nonce(),
  }
  const signed = given
    .voters('r1', 'r2')
    .map((one) => one.envelope(payloadTypes.recovery, statement))
  valueOf(await index.submitRecovery(signed))
}

async function recovers(given: GivenLog): Promise<void> {
  const { index, clock } = given
  await startRecovery(given)
  clock.advance(minutes(1))
  const stop = {
    ...cancellationStatement(index.state, ['bob'], given.now()),
    nonce: given.nonce(),
  }
  const no = given.voters('bob').map((one) => one.envelope(payloadTypes.cancellation, stop))
  valueOf(await index.submitRecovery(no))
  // A week, and the longest timelock of what is structural.
  clock.advance(plusOne(days(7), hours(1)))
  await startRecovery(given)
  clock.advance(hours(72))
  valueOf(await index.finishRecovery(ROOT))
}

const plusOne = (a: Seconds, b: Seconds): Seconds => seconds(a + b)
