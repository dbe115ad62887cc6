import { hours, plus } from '../../src/core/time.js'
import { decide, responsibleFor, subjectOf } from '../../src/namespace/decide.js'
import { open, payloadTypes, seal } from '../../src/namespace/dsse.js'
import { commitRecord, type LogRecord } from '../../src/namespace/log-record.js'
import type { Operation } from '../../src/namespace/operation.js'
import {
  type Proposal,
  slotOf,
  statementType,
  votePredicate,
} from '../../src/namespace/statements.js'
import type { TestVoter } from '../support/voters.js'
import type { GivenIndex } from './given-index.js'
import { readsOf } from './given-proposal.js'

interface Written {
  readonly record: LogRecord
  readonly envelopes: readonly Uint8Array[]
}

/** A change as whoever holds the log and its voter's key would write it, asking nobody. */
export async function writtenRecord(
  given: GivenIndex,
  { op, subject, body: said }: Operation,
  others: readonly TestVoter[] = [],
): Promise<Written> {
  const { state } = given.index
  const { voter, clock } = given.deps
  const at = clock.now()
  const { uid, group } = responsibleFor(state, { op, subject })
  const before = subjectOf(state, { subject })
  const proposal: Proposal = {
    ...{ v: 1, index: state.index, op, subject, body: said, scope: { uid, rev: group.rev } },
    base: before ? { rev: before.rev, head: before.head } : null,
    author: { kind: 'voter', id: 'local' },
    reads: readsOf(state, [subject.alias]),
    ...{ created: at, expires: plus(at, hours(1)), nonce: 'a'.repeat(32) },
  }
  const sealed = await seal(payloadTypes.proposal, proposal, voter)
  const approval = (id: string) => ({
    ...{ _type: statementType, predicateType: votePredicate },
    subject: [{ name: 'pr', digest: { sha256: sealed.digest } }],
    predicate: {
      ...{ index: state.index, scope: proposal.scope, slot: slotOf(proposal), voter: id, seq: 1 },
      ...{ decision: 'approve', cast: at, log: { size: state.size, head: state.head } },
    },
  })
  const own = await seal(payloadTypes.vote, approval('local'), voter)
  const votes = [
    own.envelope,
    ...others.map((one) => one.envelope(payloadTypes.vote, approval(one.id))),
  ]
  const decided = decide(state, proposal, sealed.digest, { at, issuedUntil: null })
  const record = commitRecord(state, {
    ...{ at, before, prop: sealed.digest, group: proposal.scope },
    put: decided.ok ? decided.value.effect.put : state.root,
    changeClass: decided.ok ? decided.value.changeClass : 'sensitive',
    votes: votes.map((vote) => open(vote)!.digest),
  })
  return { record, envelopes: [sealed.envelope, ...votes] }
}
