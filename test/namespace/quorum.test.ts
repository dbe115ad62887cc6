import { describe, expect, it } from '@jest/globals'
import { days, hours, minutes, plus, type Seconds } from '../../src/core/time.js'
import { count } from '../../src/namespace/ballot.js'
import { DraftLog } from '../../src/namespace/draft-log.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import { decide } from '../../src/namespace/decide.js'
import { commitRecord, deliberationRecord } from '../../src/namespace/log-record.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { proposalId, readProposal } from '../../src/namespace/statements.js'
import { takeEffect } from '../../src/namespace/take-effect.js'
import { T0 } from '../support/fake-clock.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { type GivenGroup, givenGroup, threeVoters } from './given-group.js'
import { codeOf, givenIndex, owner, valueOf } from './given-index.js'
import { handSigned } from './given-proposal.js'
import { replaysTheSame } from './replays-the-same.js'

const entry = { op: 'entry.create', alias: 'payments/api', owner } as const

describe('a solo index', () => {
  it('becomes a group by one proposal, which its founder and the new voters approve', async () => {
    const given = await givenGroup()
    const { group } = given.index.state.root
    expect(given.index.state.solo).toBe(false)
    expect(group?.rev).toBe(2)
    expect(group?.voters.map(({ id }) => id)).toEqual(['ann', 'bob', 'cyd'])
    await replaysTheSame(given)
  })

  it('stays solo until the new voters have agreed', async () => {
    const given = await givenIndex()
    const voters = [new TestVoter('ann'), new TestVoter('bob'), new TestVoter('cyd')] as const
    const made = valueOf(
      await given.index.change({
        op: 'group.set',
        alias: '',
        group: threeVoters(given, [...voters]),
      }),
    )
    if (made.kind !== 'waits') throw new Error('committed')
    const proposal = valueOf(await given.index.proposal(made.proposal))
    expect(proposal.open?.sides?.present.outcome).toBe('passed')
    expect(proposal.open?.sides?.second?.outcome).toBe('undecided')
    // The installation has said yes; those who would decide find it in their inbox.
    expect(proposal.open?.awaits).toEqual(['ann', 'bob', 'cyd'])
    valueOf(await given.index.submit([voters[0].vote(proposal, 'approve', given.clock.now())]))
    expect(given.index.state.solo).toBe(true)
    valueOf(await given.index.submit([voters[1].vote(proposal, 'approve', given.clock.now())]))
    expect(given.index.state.solo).toBe(false)
  })
})

describe('a proposal in a group', () => {
  it('changes nothing until the votes of two are there, and then takes effect at once', async () => {
    const given = await givenGroup()
    const { index, ann, bob } = given
    const proposal = await given.proposed({ ...entry, reason: 'new service', ticket: 'T-1' })
    expect(proposal.standing).toBe('open')
    expect(proposal.open?.awaits).toEqual(['ann', 'bob', 'cyd'])
    expect(index.state.entryCount).toBe(0)
    const first = await given.votes(ann, proposal)
    expect(first.changes).toEqual([])
    expect(index.state.entryCount).toBe(0)
    const second = await given.votes(bob, proposal)
    expect(second.changes[0]).toMatchObject({ op: 'entry.create', alias: 'payments/api', rev: 1 })
    expect(second.proposal.standing).toBe('committed')
    expect(given.entry('payments/api').state).toBe('active')
    expect(index.proposals()).toEqual([])
    const [item] = valueOf(await index.history(given.entry('payments/api').alias))
    expect(item).toMatchObject({ op: 'entry.create', reason: 'new service', ticket: 'T-1' })
    await replaysTheSame(given)
  })

  it('is over when it cannot pass any more', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    expect((await given.votes(given.ann, proposal, 'reject')).proposal.standing).toBe('open')
    expect((await given.votes(given.bob, proposal, 'reject')).proposal.standing).toBe('rejected')
    expect(await given.codeOfVote(given.cyd, proposal)).toBe('namespace.closed')
    expect(given.index.proposals()).toEqual([])
    await replaysTheSame(given)
  })

  it('may be voted about otherwise as long as it waits', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    await given.votes(given.ann, proposal, 'reject')
    await given.votes(given.ann, proposal, 'approve', { seq: 2 })
    expect(await given.codeOfVote(given.ann, proposal, 'reject', { seq: 2 })).toBe(
      'namespace.duplicate',
    )
    const after = await given.votes(given.bob, proposal)
    expect(after.proposal.standing).toBe('committed')
  })

  it('goes stale with its subject, and with every change of its group', async () => {
    const given = await givenGroup()
    await given.agreed(entry)
    const one = await given.proposed({ op: 'entry.suspend', alias: 'payments/api' })
    const two = await given.proposed({
      op: 'entry.update',
      alias: 'payments/api',
      labels: { tier: '1' },
    })
    const elsewhere = await given.proposed({ op: 'entry.create', alias: 'shop/web', owner })
    await given.votes(given.ann, two)
    await given.votes(given.bob, two)
    expect((await given.proposal(one.id)).standing).toBe('stale')
    expect(await given.codeOfVote(given.ann, one)).toBe('namespace.closed')
    expect((await given.proposal(elsewhere.id)).standing).toBe('open')
    const { ann, bob, cyd } = given
    const group = threeVoters(given, [ann, bob, cyd])
    await given.agreed({ op: 'group.set', alias: '', group })
    expect((await given.proposal(elsewhere.id)).standing).toBe('stale')
    expect(await given.codeOfVote(given.ann, elsewhere)).toBe('namespace.closed')
    await replaysTheSame(given)
  })

  it('expires by the time of the log', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    await given.votes(given.ann, proposal)
    given.clock.set(plus(given.now(), days(8)))
    expect((await given.proposal(proposal.id)).standing).toBe('expired')
    expect(await given.codeOfVote(given.bob, proposal)).toBe('namespace.closed')
    await given.proposed({ op: 'entry.create', alias: 'shop/web', owner })
    expect((await given.proposal(proposal.id)).closed).toBeDefined()
    await replaysTheSame(given)
  })

  it('is withdrawn by its author, and by nobody else', async () => {
    const given = await givenGroup()
    const { index, ann, bob } = given
    const local = await given.proposed(entry)
    const withdrawal = (by: TestVoter, proposal = local.digest) =>
      by.envelope(payloadTypes.withdrawal, {
        v: 1,
        index: index.state.index,
        proposal,
        author: { kind: 'voter', id: by.id },
        at: given.now(),
      })
    expect(codeOf(await index.submit([withdrawal(ann)]))).toBe('namespace.bad-signature')
    const { proposal } = local
    const own = ann.envelope(payloadTypes.proposal, {
      ...proposal,
      author: { kind: 'voter', id: 'ann' },
    })
    const made = valueOf(await index.submit([own])).proposal
    expect(codeOf(await index.submit([withdrawal(bob, made.digest)]))).toBe(
      'namespace.bad-signature',
    )
    expect(valueOf(await index.submit([withdrawal(ann, made.digest)])).proposal.standing).toBe(
      'withdrawn',
    )
    expect((await given.proposal(local.id)).standing).toBe('open')
    await replaysTheSame(given)
  })

  it('is not withdrawn once it is over by itself: what is over stays as it ended', async () => {
    const given = await givenGroup({}, { op: 'entry.create', alias: 'shop/web', owner })
    const { index, ann, cyd } = given
    const { alias, uid } = given.entry('shop/web')
    const suspension = { op: 'entry.suspend', subject: { alias, uid }, body: {} } as const
    const opened = async () => {
      const envelope = handSigned(index.state, ann, suspension, { at: given.now() })
      return valueOf(await index.submit([envelope])).proposal
    }
    const withdrawal = (digest: string) =>
      ann.envelope(payloadTypes.withdrawal, {
        v: 1,
        index: index.state.index,
        proposal: digest,
        author: { kind: 'voter', id: 'ann' },
        at: given.now(),
      })
    const expired = await opened()
    given.clock.set(plus(given.now(), days(8)))
    expect((await given.proposal(expired.id)).standing).toBe('expired')
    expect(codeOf(await index.submit([withdrawal(expired.digest)]))).toBe('namespace.closed')
    expect((await given.proposal(expired.id)).standing).toBe('expired')
    const stale = await opened()
    await given.votes(cyd, await given.proposed({ op: 'entry.suspend', alias: 'shop/web' }))
    expect(codeOf(await index.submit([withdrawal(stale.digest)]))).toBe('namespace.closed')
    expect((await given.proposal(stale.id)).standing).toBe('stale')
    await replaysTheSame(given)
  })

  it('waits for its timelock, and may be vetoed in that time', async () => {
    const wait = hours(24)
    const given = await givenGroup({ timelock: { structural: wait } })
    const { index } = given
    const scope = { op: 'scope.create', alias: 'payments' } as const
    const one = await given.proposed(scope)
    await given.votes(given.ann, one)
    const after = await given.votes(given.bob, one)
    expect(after.changes).toEqual([])
    expect(after.proposal.standing).toBe('scheduled')
    expect(after.proposal.open?.due).toBe(plus(given.now(), wait))
    given.clock.set(plus(given.now(), (wait - 1) as Seconds))
    expect(await index.settle()).toEqual([])
    given.clock.set(plus(given.now(), 1 as Seconds))
    expect((await index.settle()).map(({ op }) => op)).toEqual(['scope.create'])
    expect(index.state.scopeByAlias(given.scope('payments').alias)).toBeDefined()

    const two = await given.proposed({ op: 'scope.create', alias: 'shop' })
    await given.votes(given.ann, two)
    await given.votes(given.bob, two)
    expect((await given.votes(given.cyd, two, 'reject')).proposal.standing).toBe('vetoed')
    given.clock.set(plus(given.now(), wait))
    expect(await index.settle()).toEqual([])
    await replaysTheSame(given)
  })

  it('goes stale when something else takes its alias', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'payments' })
    const create = await given.proposed(entry)
    const scope = await given.proposed({ op: 'scope.create', alias: 'payments/api' })
    await given.votes(given.bob, scope)
    await given.votes(given.cyd, scope)
    expect((await given.proposal(create.id)).standing).toBe('stale')
  })

  it('waits on where something is in its way, with its votes', async () => {
    const device = { kind: 'edge', attestor: 'tpm', device: 'd1' } as const
    const given = await givenGroup()
    const one = await given.proposed({ ...entry, bindings: [device] })
    await given.agreed({ op: 'entry.create', alias: 'shop/web', owner, bindings: [device] })
    await given.votes(given.ann, one)
    const after = await given.votes(given.bob, one)
    expect(after.changes).toEqual([])
    expect(after.proposal.standing).toBe('due')
    expect(await given.index.settle()).toEqual([])
    await replaysTheSame(given)
  })
})

describe('a change that somebody writes into the log', () => {
  /** As whoever holds the log would: without asking whether its time has come. */
  async function written(given: GivenGroup, id: string, at = given.now()): Promise<string> {
    const draft = new DraftLog(given.store.state)
    const row = draft.state.tables.proposals.get(id)
    if (row?.kind !== 'pending') throw new Error('it does not wait')
    const freeze = () => Promise.resolve(undefined)
    return codeOf(await takeEffect(draft, row, { at, freeze }))
  }

  it('is refused before its votes are there', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    await given.votes(given.ann, proposal)
    expect(await written(given, proposal.id)).toBe('namespace.no-quorum')
  })

  it('is refused before its time (attack 16)', async () => {
    const given = await givenGroup({ timelock: { sensitive: hours(1) } })
    const proposal = await given.proposed(entry)
    await given.votes(given.ann, proposal)
    await given.votes(given.bob, proposal)
    expect(await written(given, proposal.id)).toBe('namespace.timelock')
    expect(await written(given, proposal.id, plus(given.now(), hours(1)))).toBe('ok')
  })

  it('is refused with its votes beside it, past timelock and veto', async () => {
    const given = await givenGroup({ timelock: { sensitive: hours(1) } })
    const { store, index, ann, bob } = given
    const { proposal: asked } = await given.proposed(entry)
    const own = ann.envelope(payloadTypes.proposal, {
      ...asked,
      author: { kind: 'voter', id: 'ann' },
    })
    const { digest } = open(own)!
    const statement = readProposal(open(own)!)!
    const draft = new DraftLog(store.state)
    const at = given.now()
    const decided = valueOf(decide(draft.state, statement, digest, { at, issuedUntil: null }))
    const view = {
      id: proposalId(digest),
      digest,
      record: 0,
      proposal: statement,
      open: { head: '' },
    }
    const log = { size: index.state.size, head: index.state.head }
    const votes = [ann, bob].map((voter) =>
      voter.vote(view as unknown as ProposalView, 'approve', at, { log }),
    )
    const record = commitRecord(draft.state, {
      at,
      before: undefined,
      put: decided.effect.put,
      changeClass: decided.changeClass,
      group: statement.scope,
      prop: digest,
      votes: votes.map((vote) => open(vote)!.digest),
    })
    expect(codeOf(draft.add(record, [own, ...votes]))).toBe('namespace.bad-signature')
  })

  it('is refused when its votes came too late (attack 15)', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    await given.votes(given.ann, proposal)
    given.clock.set(plus(given.now(), days(8)))
    expect(await given.codeOfVote(given.bob, proposal)).toBe('namespace.closed')
    // The time of a record is not before that of the record before it, nor of the vote in it.
    const { store, index } = given
    const envelope = given.bob.vote(proposal, 'approve', given.now())
    const draft = new DraftLog(store.state)
    const record = deliberationRecord(index.state, {
      kind: 'vote',
      at: index.state.at,
      subject: proposal.proposal!.subject,
      prop: proposal.digest,
      says: open(envelope)!.digest,
    })
    expect(codeOf(draft.add(record, [envelope]))).toBe('namespace.expired')
  })
})

describe('two groups', () => {
  it('both decide about what moves from one to the other (attack 31)', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' }, entry)
    const others = [new TestVoter('dan'), new TestVoter('eve'), new TestVoter('fay')]
    const { index, at } = given.index.state
    const group = groupOf(others.map((voter) => voter.voter(index, at)))
    const set = await given.proposed({ op: 'group.set', alias: 'shop', group })
    for (const voter of [given.ann, given.bob, others[0]!, others[1]!])
      await given.votes(voter, set)
    expect(given.scope('shop').group?.rev).toBe(1)

    const move = await given.proposed({ op: 'entry.rename', alias: 'payments/api', to: 'shop/api' })
    await given.votes(given.ann, move)
    const half = await given.votes(given.bob, move)
    expect(half.changes).toEqual([])
    await given.votes(others[0]!, move)
    expect((await given.votes(others[1]!, move)).changes[0]?.alias).toBe('shop/api')

    // From now on they decide about it, and not those above.
    const next = await given.proposed({ op: 'entry.suspend', alias: 'shop/api' })
    expect(await given.codeOfVote(given.ann, next)).toBe('namespace.no-vote')
    expect((await given.votes(others[2]!, next)).changes[0]?.op).toBe('entry.suspend')
    await replaysTheSame(given)
  })

  it('change a group below by its own voters and the new ones, or by those above (attack 35)', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' })
    const [dan, eve, fay] = [new TestVoter('dan'), new TestVoter('eve'), new TestVoter('fay')]
    const { index, at } = given.index.state
    const group = groupOf([dan, eve, fay].map((voter) => voter.voter(index, at)))
    const set = await given.proposed({ op: 'group.set', alias: 'shop', group })
    for (const voter of [given.ann, given.bob, dan, eve]) await given.votes(voter, set)

    const gus = new TestVoter('gus')
    const without = groupOf([dan, gus, fay].map((voter) => voter.voter(index, at)))
    const own = await given.proposed({ op: 'group.set', alias: 'shop', group: without })
    // The new voters alone are not enough, whoever they are.
    await given.votes(gus, own)
    await given.votes(dan, own)
    expect((await given.proposal(own.id)).standing).toBe('open')
    expect(await given.codeOfVote(given.ann, own)).toBe('namespace.no-vote')
    expect((await given.votes(eve, own)).changes[0]?.op).toBe('group.set')

    const above = await given.proposed({ op: 'group.set', alias: 'shop', group, intervene: true })
    await given.votes(given.ann, above)
    expect(await given.codeOfVote(dan, above)).toBe('namespace.no-vote')
    expect((await given.votes(given.bob, above)).changes[0]?.op).toBe('group.set')
    expect(given.scope('shop').group?.rev).toBe(3)
    await replaysTheSame(given)
  })
})

describe('a voter who signs both', () => {
  it('is suspended by two votes of one number, whoever brings them', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const yes = given.ann.vote(proposal, 'approve', given.now())
    const no = given.ann.vote(proposal, 'reject', given.now())
    valueOf(await given.index.submit([yes]))
    const proved = valueOf(await given.index.submit([yes, no]))
    expect(proved.suspended).toBe('ann')
    const { group } = given.index.state.root
    expect(group?.voters.find(({ id }) => id === 'ann')?.status).toBe('suspended')
    expect(group?.rev).toBe(2)
    const next = await given.proposed({ op: 'entry.create', alias: 'shop/web', owner })
    expect(await given.codeOfVote(given.ann, next)).toBe('namespace.no-vote')
    await replaysTheSame(given)
  })

  it('is refused a second approval of the same slot, and suspended by both', async () => {
    const given = await givenGroup()
    const one = await given.proposed(entry)
    const two = await given.proposed({ ...entry, owner: { controller: 'somebody-else' } })
    const first = given.ann.vote(one, 'approve', given.now())
    valueOf(await given.index.submit([first]))
    expect(await given.codeOfVote(given.ann, two)).toBe('namespace.equivocation')
    const second = given.ann.vote(two, 'approve', given.now())
    expect(valueOf(await given.index.submit([first, second])).suspended).toBe('ann')
  })

  it('is not, who takes the first back before the second', async () => {
    const given = await givenGroup()
    const one = await given.proposed(entry)
    const two = await given.proposed({ ...entry, owner: { controller: 'somebody-else' } })
    const first = given.ann.vote(one, 'approve', given.now())
    valueOf(await given.index.submit([first]))
    await given.votes(given.ann, one, 'abstain', { seq: 2 })
    const second = given.ann.vote(two, 'approve', given.now())
    valueOf(await given.index.submit([second]))
    expect(codeOf(await given.index.submit([first, second]))).toBe('namespace.malformed')
    expect(codeOf(await given.index.submit([first, first]))).toBe('namespace.malformed')
  })

  it('is not, whose vote somebody else signed', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const yes = given.ann.vote(proposal, 'approve', given.now())
    const mallory = new TestVoter('ann')
    const no = mallory.vote(proposal, 'reject', given.now())
    expect(codeOf(await given.index.submit([yes, no]))).toBe('namespace.malformed')
  })
})

describe('a vote', () => {
  it.each([
    ['for another index (attack 14)', { index: 'f'.repeat(64) }],
    ['for another scope', { scope: { uid: 's'.padEnd(32, 'a'), rev: 2 } }],
    ['for another slot', { slot: { id: 'alias:shop/web', rev: 0 } }],
    ['for another place in the log', { log: { size: 3, head: 'a'.repeat(64) } }],
    ['with something that only one voter alone may say', { issuedUntil: null }],
  ] as const)('is refused: %s', async (_, predicate) => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    expect(await given.codeOfVote(given.ann, proposal, 'approve', predicate as never)).toBe(
      'namespace.stale-base',
    )
    expect(await given.codeOfVote(given.ann, proposal)).toBe('ok')
  })

  it('is refused: for another revision of the group (attack 12)', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const scope = { uid: given.index.state.root.uid, rev: 1 }
    expect(await given.codeOfVote(given.ann, proposal, 'approve', { scope })).toBe(
      'namespace.stale-base',
    )
  })

  it('is refused: for the same proposal in another log', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const [size, head] = [proposal.record + 1, proposal.open!.head]
    for (const log of [
      { size, head: 'a'.repeat(64) },
      { size: size - 1, head },
      { size: size + 1, head },
    ]) {
      expect(await given.codeOfVote(given.ann, proposal, 'approve', { log })).toBe(
        'namespace.stale-base',
      )
    }
    expect(await given.codeOfVote(given.ann, proposal, 'approve', { log: { size, head } })).toBe(
      'ok',
    )
  })

  it('is of its time: not of the future, and not from before its proposal', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    for (const cast of [plus(given.now(), minutes(5)), (given.now() - 60) as never]) {
      expect(await given.codeOfVote(given.ann, proposal, 'approve', { cast })).toBe(
        'namespace.expired',
      )
    }
  })

  it('counts for the one who signed it, whatever name it bears (attack 8)', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    expect(await given.codeOfVote(given.ann, proposal, 'approve', { voter: 'bob' })).toBe(
      'namespace.bad-signature',
    )
    expect(await given.codeOfVote(given.ann, proposal, 'approve', { voter: 'zoe' })).toBe(
      'namespace.no-vote',
    )
    const vote = given.ann.vote(proposal, 'approve', given.now())
    const { payload, payloadType, signatures } = JSON.parse(Buffer.from(vote).toString()) as Record<
      string,
      unknown
    >
    const withMore = { payload, payloadType, signatures, keyid: 'bob' }
    const twice = { payload, payloadType, signatures: [signatures, signatures].flat(2) }
    for (const other of [withMore, twice]) {
      const bytes = Buffer.from(JSON.stringify(other))
      expect(codeOf(await given.index.submit([bytes]))).not.toBe('ok')
    }
  })

  it('is no proposal, and a proposal no vote (attack 6)', async () => {
    const given = await givenGroup()
    const proposal = await given.proposed(entry)
    const { ann, index } = given
    const vote = Buffer.from(ann.vote(proposal, 'approve', given.now())).toString()
    const asProposal = vote.replace(payloadTypes.vote, payloadTypes.proposal)
    expect(codeOf(await index.submit([Buffer.from(asProposal)]))).toBe('namespace.malformed')
    const asVote = ann.envelope(payloadTypes.vote, proposal.proposal)
    expect(codeOf(await index.submit([asVote]))).toBe('namespace.malformed')
    const asGenesis = ann.envelope(payloadTypes.genesis, {})
    expect(codeOf(await index.submit([asGenesis]))).toBe('namespace.wrong-type')
    expect(codeOf(await index.submit([Buffer.from('{}')]))).toBe('namespace.bad-canonical')
  })

  it('of the proposer alone does not carry what is sensitive (attack 29)', () => {
    // A second voter of the same person: together they have the weight. No group is sound in which
    // they have; this holds whatever the group.
    const ann = new TestVoter('ann')
    const voters = [ann, new TestVoter('eve', 'Ed25519', ann.controller), new TestVoter('cyd')]
    const one = { narrowing: 1, routine: 1, sensitive: 1, structural: 2, emergency: 1 }
    const terms = groupOf(
      voters.map((voter) => voter.voter('a'.repeat(64), T0)),
      { minControllers: one },
    )
    const outcome = (controller: string, ...approving: readonly string[]) =>
      count({ ...terms, rev: 1 }, 'present', {
        changeClass: 'sensitive',
        author: { controller },
        at: T0,
        votes: approving.map((voter, record) => {
          const vote = { voter, decision: 'approve', seq: 1, digest: '', cast: T0 } as const
          return { ...vote, record, in: ['present'] }
        }),
      }).outcome
    expect(outcome(ann.controller, 'ann', 'eve')).toBe('undecided')
    expect(outcome('somebody@acme', 'ann', 'eve')).toBe('passed')
    expect(outcome(ann.controller, 'ann', 'cyd')).toBe('passed')
  })
})
