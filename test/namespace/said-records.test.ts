import { describe, expect, it } from '@jest/globals'
import { days, hours, plus, type Seconds, type UnixSeconds } from '../../src/core/time.js'
import { DraftLog } from '../../src/namespace/draft-log.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import { deliberationRecord } from '../../src/namespace/log-record.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { TestVoter } from '../support/voters.js'
import { brakeBy } from './given-brake.js'
import { type GivenGroup, givenGroup, groupBelow } from './given-group.js'
import { owner, valueOf } from './given-index.js'
import { givenTwo, signed } from './given-two-groups.js'

const creation = (name: string) => ({ op: 'entry.create', alias: name, owner }) as const
const brake = { ttl: days(1), perWeek: 5 }

/** What a log says to the record of a statement that somebody writes into it, past all that is asked first. */
function written(
  given: GivenGroup,
  kind: 'open' | 'vote' | 'withdrawal',
  { subject, prop }: { readonly subject: ProposalView['proposal']; readonly prop?: string },
  envelope: Uint8Array,
): string {
  const { digest: says } = open(envelope)!
  const about = { kind, at: given.now(), subject: subject!.subject, prop: prop ?? says, says }
  const draft = new DraftLog(given.store.state)
  const added = draft.add(deliberationRecord(draft.state, about), [envelope])
  if (!added.ok) return added.refusal.code
  const { outcome } = added.value
  if (outcome.kind !== 'deliberation') return outcome.kind
  return outcome.row.kind === 'closed' ? outcome.row.ending : 'ok'
}

const voted = (
  given: GivenGroup,
  by: TestVoter,
  about: ProposalView,
  decision: 'approve' | 'reject' | 'abstain',
  seq = 1,
): string => {
  const envelope = by.vote(about, decision, given.now(), { seq })
  return written(given, 'vote', { subject: about.proposal, prop: about.digest }, envelope)
}

const withdrawn = (
  given: GivenGroup,
  by: TestVoter,
  about: ProposalView,
  digest = about.digest,
) => {
  const statement = {
    ...{ v: 1, index: given.index.state.index, proposal: digest },
    ...{ author: { kind: 'voter', id: by.id }, at: given.now() },
  }
  const envelope = by.envelope(payloadTypes.withdrawal, statement)
  return written(given, 'withdrawal', { subject: about.proposal, prop: digest }, envelope)
}

describe('a vote that is written into the log', () => {
  it('is about a proposal that there is', async () => {
    const given = await givenGroup()
    const about = await given.proposed(creation('shop/web'))
    expect(voted(given, given.ann, about, 'approve')).toBe('ok')
    for (const digest of [
      'a'.repeat(64),
      `${about.digest.slice(0, -1)}${about.digest.endsWith('0') ? '1' : '0'}`,
    ]) {
      expect(voted(given, given.ann, { ...about, digest }, 'approve')).toBe('namespace.unknown')
    }
  })

  it('comes before its proposal is over, however that was', async () => {
    const given = await givenGroup()
    const [taken, stale, late] = [
      await given.proposed(creation('shop/a')),
      await given.proposed(creation('shop/b')),
      await given.proposed(creation('shop/c')),
    ]
    valueOf(await given.index.withdraw(taken.id))
    await given.agreed({ ...creation('shop/b'), labels: { tier: '1' } })
    expect((await given.proposal(stale.id)).standing).toBe('stale')
    given.clock.set(plus(given.now(), days(8)))
    for (const about of [taken, stale, late]) {
      for (const decision of ['approve', 'reject', 'abstain'] as const) {
        expect(voted(given, given.cyd, about, decision)).toBe('namespace.closed')
      }
    }
  })

  it('may stop what is due, and carries nothing that is', async () => {
    const given = await givenGroup({ timelock: { sensitive: hours(1) }, brake })
    const about = await given.proposed(creation('shop/web'))
    for (const voter of [given.ann, given.bob]) await given.votes(voter, about)
    given.clock.set(plus(given.now(), (hours(1) - 1) as Seconds))
    expect(voted(given, given.cyd, about, 'approve')).toBe('ok')
    given.clock.set(plus(given.now(), 1 as Seconds))
    expect(voted(given, given.cyd, about, 'approve')).toBe('namespace.closed')
    expect(voted(given, given.cyd, about, 'abstain')).toBe('namespace.closed')
    expect(voted(given, given.cyd, about, 'reject')).toBe('vetoed')
  })

  it('of whom a brake is on says no, and nothing else', async () => {
    const given = await givenGroup({ brake })
    const { index, ann, bob, cyd } = given
    const target = { alias: '', voter: 'bob' }
    const envelopes = brakeBy(index.state, [ann, cyd], target, { at: given.now() })
    const { until } = valueOf(await index.submitBrake(envelopes))
    const about = await given.proposed(creation('shop/web'))
    expect(voted(given, bob, about, 'approve')).toBe('namespace.braked')
    expect(voted(given, bob, about, 'abstain')).toBe('namespace.braked')
    expect(voted(given, bob, about, 'reject')).toBe('ok')
    expect(voted(given, ann, about, 'approve')).toBe('ok')
    given.clock.set((until - 1) as UnixSeconds)
    expect(voted(given, bob, about, 'approve')).toBe('namespace.braked')
    given.clock.set(until)
    expect(voted(given, bob, about, 'approve')).toBe('ok')
  })

  it('approves one of those that cannot both be, and its own proposal again', async () => {
    const given = await givenGroup()
    const first = await given.proposed(creation('shop/web'))
    const rival = signed(given.bob, first, { nonce: 'e'.repeat(32) })
    const second = valueOf(await given.index.submit([rival])).proposal
    await given.votes(given.ann, first)
    expect(voted(given, given.ann, second, 'approve')).toBe('namespace.equivocation')
    expect(voted(given, given.ann, second, 'reject')).toBe('ok')
    expect(voted(given, given.ann, first, 'approve', 2)).toBe('ok')
    expect(voted(given, given.ann, first, 'approve', 1)).toBe('namespace.duplicate')
    expect(voted(given, given.bob, second, 'approve')).toBe('ok')
    // What is over is no rival.
    valueOf(await given.index.withdraw(first.id))
    expect(voted(given, given.ann, second, 'approve')).toBe('ok')
  })
})

describe('a veto', () => {
  it('is of as many as stop something at once, on either side of a move', async () => {
    const threshold = {
      ...{ narrowing: 100, routine: 200, sensitive: 200, structural: 200, emergency: 200 },
    }
    const given = await givenGroup(
      { timelock: { sensitive: hours(1) }, threshold },
      { op: 'scope.create', alias: 'shop' },
      creation('payments/api'),
    )
    const others = [new TestVoter('dan'), new TestVoter('eve'), new TestVoter('fay')] as const
    await groupBelow(given, 'shop', others)
    const move = { op: 'entry.rename', alias: 'payments/api', to: 'shop/api' } as const
    const about = await given.proposed(move)
    const { ann, bob, cyd } = given
    const [dan, eve, fay] = others
    for (const voter of [ann, bob, dan, eve]) await given.votes(voter, about)
    expect((await given.proposal(about.id)).standing).toBe('scheduled')
    // Of those it leaves it takes two, of those it comes to one.
    expect(voted(given, cyd, about, 'reject')).toBe('ok')
    expect(voted(given, fay, about, 'reject')).toBe('vetoed')
    await given.votes(cyd, about, 'reject')
    expect(voted(given, ann, about, 'abstain', 2)).toBe('ok')
    expect(voted(given, ann, about, 'reject', 2)).toBe('vetoed')
  })

  it('of a change in one group is of that group alone', async () => {
    const threshold = {
      ...{ narrowing: 100, routine: 200, sensitive: 200, structural: 200, emergency: 200 },
    }
    const given = await givenGroup({ timelock: { sensitive: hours(1) }, threshold })
    const about = await given.proposed(creation('shop/web'))
    for (const voter of [given.ann, given.bob]) await given.votes(voter, about)
    expect(voted(given, given.cyd, about, 'reject')).toBe('ok')
    await given.votes(given.cyd, about, 'reject')
    expect(voted(given, given.bob, about, 'reject', 2)).toBe('vetoed')
  })
})

describe('a withdrawal that is written into the log', () => {
  it('is of a proposal that there is and that waits, by who made it', async () => {
    const given = await givenGroup()
    const model = await given.proposed(creation('shop/web'))
    const { proposal: own } = valueOf(await given.index.submit([signed(given.ann, model)]))
    expect(withdrawn(given, given.ann, own)).toBe('withdrawn')
    expect(withdrawn(given, given.bob, own)).toBe('namespace.bad-signature')
    expect(withdrawn(given, given.ann, model)).toBe('namespace.bad-signature')
    expect(withdrawn(given, given.ann, own, 'a'.repeat(64))).toBe('namespace.unknown')
    for (const voter of [given.bob, given.cyd]) await given.votes(voter, own)
    expect(withdrawn(given, given.ann, own)).toBe('namespace.closed')
  })
})

describe('a proposal that is written into the log', () => {
  it('to move something is made in view of the scope that decides too', async () => {
    const given = await givenTwo()
    const move = { op: 'entry.rename', alias: 'payments/api', to: 'shop/api' } as const
    const model = await given.proposed(move)
    const shop = given.scope('shop')
    const opens = (
      reads: readonly { readonly uid: string; readonly rev: number }[] | undefined,
    ) => {
      const envelope = signed(given.ann, model, reads && ({ reads } as never))
      return written(given, 'open', { subject: model.proposal }, envelope)
    }
    const seen = { uid: shop.uid, rev: shop.rev }
    const root = { uid: given.index.state.root.uid, rev: given.index.state.root.rev }
    expect(opens([seen])).toBe('ok')
    expect(opens([root, seen])).toBe('ok')
    expect(opens([root])).toBe('namespace.not-responsible')
    expect(opens(undefined)).toBe('namespace.not-responsible')
    expect(opens([{ ...seen, rev: seen.rev + 1 }])).toBe('namespace.stale-base')
  })

  it('within the names of one group needs no other scope in view', async () => {
    const given = await givenTwo()
    const model = await given.proposed({
      ...({ op: 'entry.rename', alias: 'payments/api', to: 'payments/web' } as const),
    })
    const envelope = signed(given.ann, model)
    expect(written(given, 'open', { subject: model.proposal }, envelope)).toBe('ok')
  })

  it('is made once, whatever became of it', async () => {
    const given = await givenGroup()
    const model = await given.proposed(creation('shop/web'))
    const envelope = signed(given.ann, model)
    const { proposal } = valueOf(await given.index.submit([envelope]))
    const again = () => written(given, 'open', { subject: proposal.proposal }, envelope)
    expect(again()).toBe('namespace.duplicate')
    expect(withdrawn(given, given.ann, proposal)).toBe('withdrawn')
  })
})
