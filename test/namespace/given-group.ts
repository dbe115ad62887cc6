import type { UnixSeconds } from '../../src/core/time.js'
import type { Decision } from '../../src/namespace/ballot.js'
import type { Change } from '../../src/namespace/change.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import type { Submission } from '../../src/namespace/live-index.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import type { Vote } from '../../src/namespace/statements.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { codeOf, type GivenIndex, givenIndex, valueOf } from './given-index.js'

export interface GivenGroup extends GivenIndex {
  readonly ann: TestVoter
  readonly bob: TestVoter
  readonly cyd: TestVoter
  /** Proposes by the installation's key; the proposal waits. */
  proposed(request: ChangeRequest): Promise<ProposalView>
  /** Casts a vote about it, as it is now. */
  votes(
    voter: TestVoter,
    proposal: ProposalView,
    decision?: Decision,
    predicate?: Partial<Vote['predicate']>,
  ): Promise<Submission>
  /** The code of the refusal of the same. */
  codeOfVote(
    voter: TestVoter,
    proposal: ProposalView,
    decision?: Decision,
    predicate?: Partial<Vote['predicate']>,
  ): Promise<string>
  /** Proposes it, and has Ann and Bob approve. */
  agreed(request: ChangeRequest): Promise<Change>
  now(): UnixSeconds
  proposal(id: string): Promise<ProposalView>
}

/** The group of three that an index is given, and the installation as a proposer. */
export function threeVoters(
  given: GivenIndex,
  [ann, bob, cyd]: readonly [TestVoter, TestVoter, TestVoter],
  more: Partial<GroupTerms> = {},
): GroupTerms {
  const { index, at } = given.index.state
  const local = given.index.state.root.group?.voters.find(({ id }) => id === 'local')
  const voters = [ann, bob, cyd].map((voter) => voter.voter(index, at))
  const proposers = local
    ? [{ id: 'local', controller: local.controller, keys: local.keys }]
    : (given.index.state.root.group?.proposers ?? [])
  return groupOf(voters, { proposers, ...more })
}

/** An index that began as solo, and that three voters have taken over: two of them decide. */
export async function givenGroup(
  more: Partial<GroupTerms> = {},
  ...requests: readonly ChangeRequest[]
): Promise<GivenGroup> {
  const given = await givenIndex(...requests)
  const ann = new TestVoter('ann')
  const bob = new TestVoter('bob', 'ES256')
  const cyd = new TestVoter('cyd')
  const { index, clock } = given
  const now = () => clock.now()
  const proposed = async (request: ChangeRequest): Promise<ProposalView> => {
    const made = valueOf(await index.change(request))
    if (made.kind !== 'waits') throw new Error('it was committed at once')
    return valueOf(await index.proposal(made.proposal))
  }
  const vote = (
    voter: TestVoter,
    proposal: ProposalView,
    decision: Decision = 'approve',
    predicate: Partial<Vote['predicate']> = {},
  ) => index.submit([voter.vote(proposal, decision, now(), predicate)])
  const group: GivenGroup = {
    ...given,
    ann,
    bob,
    cyd,
    now,
    proposed,
    votes: async (...about) => valueOf(await vote(...about)),
    codeOfVote: async (...about) => codeOf(await vote(...about)),
    proposal: async (id) => valueOf(await index.proposal(id)),
    async agreed(request) {
      const proposal = await proposed(request)
      await vote(ann, proposal)
      const [change] = valueOf(await vote(bob, proposal)).changes
      if (!change) throw new Error('it did not pass')
      return change
    },
  }
  const terms = threeVoters(given, [ann, bob, cyd], more)
  const made = await index.change({ op: 'group.set', alias: '', group: terms })
  const first = valueOf(made)
  if (first.kind !== 'waits') throw new Error('a group is not made without its voters')
  const proposal = await group.proposal(first.proposal)
  await group.votes(ann, proposal)
  await group.votes(bob, proposal)
  return group
}

/** Gives a scope voters of its own; `deciding` say yes to it, beside them: Ann and Bob of the root where it has none. */
export async function groupBelow(
  given: GivenGroup,
  alias: string,
  voters: readonly TestVoter[],
  deciding: readonly TestVoter[] = [given.ann, given.bob],
): Promise<void> {
  const { index, at } = given.index.state
  const group = groupOf(voters.map((voter) => voter.voter(index, at)))
  const proposal = await given.proposed({ op: 'group.set', alias, group })
  for (const voter of new Set([...deciding, ...voters])) {
    const { standing } = await given.proposal(proposal.id)
    if (standing === 'open') await given.votes(voter, proposal)
  }
  const { standing } = await given.proposal(proposal.id)
  if (standing !== 'committed') throw new Error(`the group is ${standing}`)
}
