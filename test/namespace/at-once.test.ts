import { describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../src/core/time.js'
import { decide, responsibleFor, subjectOf } from '../../src/namespace/decide.js'
import { DraftLog } from '../../src/namespace/draft-log.js'
import { open, payloadTypes, seal } from '../../src/namespace/dsse.js'
import { commitRecord } from '../../src/namespace/log-record.js'
import type { GroupTerms, Operation } from '../../src/namespace/operation.js'
import {
  type Proposal,
  slotOf,
  statementType,
  votePredicate,
} from '../../src/namespace/statements.js'
import { TestVoter } from '../support/voters.js'
import { alias, codeOf, type GivenIndex, givenIndex, owner, valueOf } from './given-index.js'
import { readsOf } from './given-proposal.js'

const body = { owner, envelope: {}, bindings: [], labels: {} }
const creation = (name: string): Operation =>
  ({ op: 'entry.create', subject: { alias: alias(name) }, body }) as unknown as Operation

/** A change as whoever holds the log and its voter's key would write it, asking nobody. */
async function written(
  given: GivenIndex,
  { op, subject, body: said }: Operation,
  others: readonly TestVoter[] = [],
): Promise<string> {
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
  return codeOf(new DraftLog(given.store.state).add(record, [sealed.envelope, ...votes]))
}

describe('a change that is written into the log of one voter', () => {
  it('is one when it is what its voter may decide', async () => {
    const given = await givenIndex()
    expect(await written(given, creation('payments/api'))).toBe('ok')
  })

  it('is none below a guard that wants more people', async () => {
    const guard = { id: 'two', effect: 'minControllers', least: { sensitive: 2 } } as const
    const given = await givenIndex(
      { op: 'scope.create', alias: 'payments' },
      { op: 'guard.set', alias: 'payments', guard },
    )
    expect(await written(given, creation('payments/api'))).toBe('namespace.guard-forbids')
    expect(await written(given, creation('shop/api'))).toBe('ok')
  })

  it('is none that could not be made', async () => {
    const given = await givenIndex({ op: 'entry.create', alias: 'payments/api', owner })
    const { uid, alias: name } = given.entry('payments/api')
    const subject = { alias: name, uid }
    const change = (op: string) => ({ op, subject, body: {} }) as unknown as Operation
    expect(await written(given, change('entry.suspend'))).toBe('ok')
    expect(await written(given, change('entry.reactivate'))).toBe('namespace.wrong-state')
  })

  it('has no vote of who is braked beside that of who decides', async () => {
    const given = await givenIndex()
    const { index, at, root } = given.index.state
    const ann = new TestVoter('ann')
    const each = (least: number, most: number) => ({
      ...{ narrowing: least, routine: most, sensitive: most, structural: most, emergency: least },
    })
    const group: GroupTerms = {
      solo: true,
      voters: [{ ...root.group!.voters[0]!, weight: 100 }, ann.voter(index, at, 10)],
      threshold: each(1, 60),
      minControllers: each(1, 1),
    }
    valueOf(await given.index.change({ op: 'group.set', alias: '', group }))
    expect(await written(given, creation('payments/api'), [ann])).toBe('ok')
    valueOf(await given.index.brake({ alias: '', voter: 'ann', ttl: 3600 }))
    expect(await written(given, creation('payments/api'), [ann])).toBe('namespace.bad-signature')
    expect(await written(given, creation('payments/api'))).toBe('ok')
  })
})
