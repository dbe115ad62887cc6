import { payloadTypes } from '../../src/namespace/dsse.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import type { Proposal } from '../../src/namespace/statements.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { owner } from './given-index.js'

export interface GivenTwo extends GivenGroup {
  readonly others: readonly [TestVoter, TestVoter, TestVoter]
}

/** Three voters for the root, and three others for a scope `shop` with one entry in it. */
export async function givenTwo(more: Partial<GroupTerms> = {}): Promise<GivenTwo> {
  const given = await givenGroup(
    {},
    { op: 'scope.create', alias: 'shop' },
    { op: 'entry.create', alias: 'payments/api', owner },
  )
  const others = [new TestVoter('dan'), new TestVoter('eve'), new TestVoter('fay')] as const
  const { index, at } = given.index.state
  const group = groupOf(
    others.map((voter) => voter.voter(index, at)),
    more,
  )
  const set = await given.proposed({ op: 'group.set', alias: 'shop', group })
  for (const voter of [given.ann, given.bob, others[0], others[1]]) await given.votes(voter, set)
  return { ...given, others }
}

/** The same proposal, as a voter signs it by hand. */
export function signed(
  by: TestVoter,
  { proposal }: ProposalView,
  change: Partial<Proposal> = {},
): Uint8Array {
  const { reads: _reads, ...rest } = proposal!
  const author = { kind: 'voter', id: by.id }
  return by.envelope(payloadTypes.proposal, { ...rest, author, nonce: 'd'.repeat(32), ...change })
}
