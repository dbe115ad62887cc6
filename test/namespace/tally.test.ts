import { describe, expect, it } from '@jest/globals'
import { plus, type Seconds } from '../../src/core/time.js'
import { type Opened, open, payloadTypes } from '../../src/namespace/dsse.js'
import type { Group } from '../../src/namespace/group.js'
import type { LogRecord } from '../../src/namespace/log-record.js'
import {
  type Proposal,
  slotOf,
  statementType,
  type Vote,
  votePredicate,
} from '../../src/namespace/statements.js'
import { tally } from '../../src/namespace/tally.js'
import { T0 } from '../support/fake-clock.js'
import { groupOf, TestVoter } from '../support/voters.js'

const INDEX = 'a'.repeat(64)
const [ann, bob] = [new TestVoter('ann'), new TestVoter('bob', 'ES256')]
const group: Group = { ...groupOf([ann, bob].map((one) => one.voter(INDEX, T0))), rev: 4 }
const scope = { uid: `s${'a'.repeat(31)}`, rev: 4 }
const proposal = {
  ...{ v: 1, index: INDEX, op: 'entry.rename', body: {}, nonce: 'f'.repeat(32), scope },
  subject: { alias: 'shop/web', uid: `e${'b'.repeat(31)}` },
  base: { rev: 3, head: 'c'.repeat(64) },
} as unknown as Proposal
const record = {
  ...{ seq: 9, chain: 'd'.repeat(64), prop: 'e'.repeat(64), ts: plus(T0, 60 as Seconds) },
  issuedUntil: T0,
} as unknown as LogRecord

const approval: Vote['predicate'] = {
  ...{ index: INDEX, scope: proposal.scope, slot: slotOf(proposal), voter: 'ann', seq: 1 },
  ...{ decision: 'approve', cast: T0, issuedUntil: T0 },
  log: { size: record.seq, head: record.chain! },
}

function vote(
  by: TestVoter,
  predicate: Partial<Vote['predicate']> = {},
  sha256 = record.prop,
): Opened {
  const envelope = by.envelope(payloadTypes.vote, {
    ...{ _type: statementType, predicateType: votePredicate },
    subject: [{ name: 'pr', digest: { sha256 } }],
    predicate: { ...approval, voter: by.id, ...predicate },
  })
  return open(envelope)!
}

const tallied = (...votes: readonly Opened[]) => tally({ proposal, record }, votes, group)

describe('votes beside the record that they decide', () => {
  it('count once for each voter, up to the latest of them', () => {
    const later = plus(T0, 7 as Seconds)
    expect(tallied(vote(ann))).toEqual({ voters: new Set(['ann']), latest: T0 })
    for (const votes of [
      [vote(ann), vote(bob, { cast: later })],
      [vote(bob, { cast: later }), vote(ann)],
    ]) {
      expect(tallied(...votes)).toEqual({ voters: new Set(['ann', 'bob']), latest: later })
    }
    expect(tallied()).toEqual({ voters: new Set(), latest: 0 })
  })

  it.each<[string, Partial<Vote['predicate']>]>([
    ['that reject it', { decision: 'reject' }],
    ['that take a vote back', { decision: 'abstain' }],
    ['for another index', { index: 'b'.repeat(64) }],
    ['for another scope', { scope: { ...proposal.scope, uid: proposal.subject.uid! } }],
    ['for another revision of the group', { scope: { ...proposal.scope, rev: 5 } }],
    ['for another subject', { slot: { ...approval.slot, id: scope.uid } }],
    ['for another revision of the subject', { slot: { ...approval.slot, rev: 4 } }],
    ['for an earlier record', { log: { ...approval.log, size: 8 } }],
    ['for a later record', { log: { ...approval.log, size: 10 } }],
    ['for another history', { log: { ...approval.log, head: 'e'.repeat(64) } }],
    ['with another end of what was issued', { issuedUntil: plus(T0, 1 as Seconds) }],
    ['with no end of what was issued', { issuedUntil: null }],
    ['in the name of another voter', { voter: 'bob' }],
    ['in the name of a stranger', { voter: 'zoe' }],
  ])('are none %s', (_, change) => {
    expect(tallied(vote(ann, change))).toBeUndefined()
    expect(tallied(vote(bob), vote(ann, change))).toBeUndefined()
  })

  it('are none about another proposal, and none of a key that has not begun', () => {
    expect(tallied(vote(ann, {}, 'f'.repeat(64)))).toBeUndefined()
    const early = { ...record, ts: (T0 - 1) as typeof T0 }
    expect(tally({ proposal, record: early }, [vote(ann)], group)).toBeUndefined()
  })

  it('are none twice, and nothing but votes', () => {
    expect(tallied(vote(ann), vote(ann))).toBeUndefined()
    expect(tallied(vote(ann), vote(ann, { seq: 2 }))).toBeUndefined()
    const other = open(ann.envelope(payloadTypes.withdrawal, {}))!
    expect(tallied(vote(bob), other)).toBeUndefined()
  })
})
