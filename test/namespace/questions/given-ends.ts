import { days, minutes, plus, toIso, type UnixSeconds } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { groupOf, TestVoter } from '../../support/voters.js'
import { brakeBy } from '../given-brake.js'
import { type GivenGroup, givenGroup } from '../given-group.js'
import { owner, valueOf } from '../given-index.js'

/** In so many days of the beginning, what is given ends. */
export interface GivenEnds extends GivenGroup {
  /** When all that follows was made. */
  readonly from: UnixSeconds
  readonly waiting: string
}

/**
 * An index in which Bob's only key ends in 20 days and one of Ann's two in 10; a rule of `pay/api` in 5;
 * the entry `pay/old` itself in 15; a brake on `web` in a minute; and a proposal that waits.
 */
export async function givenEnds(): Promise<GivenEnds> {
  const given = await givenGroup()
  const { ann, bob, cyd, clock, index } = given
  const from = clock.now()
  const { state } = index
  const until = (count: number) => plus(from, days(count))
  const own = [ann, bob, cyd].map((one) => one.voter(state.index, state.at))
  const second = new TestVoter('ann')
  const voters = own.map((voter) => {
    if (voter.id === 'bob') {
      return { ...voter, keys: voter.keys.map((key) => ({ ...key, until: until(20) })) }
    }
    if (voter.id !== 'ann') return voter
    const other = second.key(state.index, state.at, ann)
    return { ...voter, keys: [...voter.keys, { ...other, until: until(10) }] }
  })
  const { proposers = [] } = state.root.group ?? {}
  await given.agreed({ op: 'group.set', alias: '', group: groupOf(voters, { proposers }) })
  const rule = { ports: [80], callers: ['web/shop'] }
  const requests: readonly ChangeRequest[] = [
    { op: 'scope.create', alias: 'web' },
    { op: 'entry.create', alias: 'web/shop', owner },
    { op: 'entry.create', alias: 'pay/api', owner },
    { op: 'entry.create', alias: 'pay/old', owner, validUntil: toIso(until(15)) },
    {
      ...{ op: 'rule.attach', alias: 'pay/api' },
      rule: { ...rule, id: 'brief', until: toIso(until(5)) },
    },
    { op: 'rule.attach', alias: 'pay/api', rule: { ...rule, id: 'always' } },
  ]
  for (const request of requests) await given.agreed(request)
  const brake = brakeBy(state, [ann], { alias: 'web/shop' }, { at: given.now() })
  valueOf(await index.submitBrake(brake))
  const { id: waiting } = await given.proposed({ op: 'entry.create', alias: 'pay/new', owner })
  clock.advance(minutes(1))
  return { ...given, from, waiting }
}
