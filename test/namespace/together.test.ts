import { describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../src/core/time.js'
import type { Alias } from '../../src/core/alias.js'
import { DraftLog } from '../../src/namespace/draft-log.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import { verifyRecord } from '../../src/namespace/fold-record.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { deliberationRecord } from '../../src/namespace/log-record.js'
import type { Part } from '../../src/namespace/operation.js'
import { replay } from '../../src/namespace/replay.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { groupOf, TestVoter } from '../support/voters.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { clusterFacts, codeOf, k8s, owner, valueOf } from './given-index.js'
import { replaysTheSame } from './replays-the-same.js'

/** A cluster, an entry that is bound to it, and one that is made and suspended at once. */
const document = {
  apiVersion: 'capstan/v1',
  scopes: [{ alias: 'payments', envelope: { maxTtl: 3600 } }],
  clusters: [{ alias: 'prod', ...clusterFacts('prod') }],
  entries: [
    { alias: 'payments/api', owner, bindings: [k8s('prod', 'payments', 'api')] },
    { alias: 'payments/old', owner, state: 'suspended' },
  ],
}

async function applied(given: GivenGroup, wanted: unknown): Promise<readonly string[]> {
  const made = valueOf(await given.index.apply(wanted))
  return made.map((one) => (one.kind === 'waits' ? one.proposal : `made ${one.change.op}`))
}

/** Several changes that a voter signs by hand, as the root's own. */
async function bundled(
  given: GivenGroup,
  by: TestVoter,
  changes: readonly Part[],
): Promise<ProposalView> {
  const { alias, uid, rev, head, group } = given.index.state.root
  const statement = {
    v: 1,
    index: given.index.state.index,
    op: 'changes',
    subject: { alias, uid },
    body: { changes },
    base: { rev, head },
    scope: { uid, rev: group?.rev },
    author: { kind: 'voter', id: by.id },
    created: given.now(),
    expires: plus(given.now(), hours(48)),
    nonce: 'b'.repeat(32),
  }
  const envelope = by.envelope(payloadTypes.proposal, statement)
  return valueOf(await given.index.submit([envelope])).proposal
}

/** A guard that nobody reaches, and a change below it. */
function poison(given: GivenGroup): readonly Part[] {
  const { alias, uid, rev, head } = given.scope('payments')
  const guard = { id: 'most', effect: 'minThreshold', least: { sensitive: 1_000_000 } } as const
  return [
    { op: 'guard.set', subject: { alias, uid }, body: { guard }, base: { rev, head } },
    {
      op: 'entry.create',
      subject: { alias: `${alias}/x` as Alias },
      body: { owner, envelope: {}, bindings: [], labels: {} },
      base: null,
    },
  ] as unknown as readonly Part[]
}

describe('changes of which one is in the way of another', () => {
  it('are not made, and their votes are kept (attack 71)', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'payments' })
    const proposal = await bundled(given, given.ann, poison(given))
    await given.votes(given.ann, proposal)
    const after = await given.votes(given.bob, proposal)
    expect(after.changes).toEqual([])
    expect(after.proposal.standing).toBe('due')
    expect(given.scope('payments').guards).toBeUndefined()
    await replaysTheSame(given)
  })

  it('keep nothing else from taking effect when their time comes', async () => {
    const timelock = { sensitive: hours(1), structural: hours(1) }
    const given = await givenGroup({ timelock }, { op: 'scope.create', alias: 'payments' })
    const stuck = await bundled(given, given.ann, poison(given))
    const other = await given.proposed({ op: 'entry.create', alias: 'shop/web', owner })
    for (const proposal of [stuck, other]) {
      await given.votes(given.ann, proposal)
      await given.votes(given.bob, proposal)
    }
    given.clock.set(plus(given.now(), hours(1)))
    expect((await given.index.settle()).map(({ alias }) => alias)).toEqual(['shop/web'])
    expect((await given.proposal(stuck.id)).standing).toBe('due')
    expect(given.scope('payments').guards).toBeUndefined()
    await replaysTheSame(given)
  })
})

describe('a log that holds the first of several changes', () => {
  /** What is before the second of the changes of a document, and a proposal that waited. */
  async function cut(): Promise<{ readonly given: GivenGroup; readonly store: MemoryIndexStore }> {
    const given = await givenGroup()
    const [id] = await applied(given, document)
    const proposal = await given.proposal(id!)
    await given.votes(given.ann, proposal)
    const { changes } = await given.votes(given.bob, proposal)
    const records = given.store.records.slice(0, changes[1]!.seq)
    return { given, store: new MemoryIndexStore(records) }
  }

  it('takes nothing else before the others (attack 72)', async () => {
    const { given, store } = await cut()
    await replay(store, store, { size: store.records.length, pace: () => undefined })
    const draft = new DraftLog(store.state)
    const { index, root } = draft.state
    const envelope = given.ann.envelope(payloadTypes.proposal, {
      v: 1,
      index,
      op: 'scope.create',
      subject: { alias: 'other' },
      body: { envelope: {} },
      base: null,
      scope: { uid: root.uid, rev: root.group?.rev },
      author: { kind: 'voter', id: 'ann' },
      created: given.now(),
      expires: plus(given.now(), hours(1)),
      nonce: 'c'.repeat(32),
    })
    const { digest } = open(envelope)!
    const record = deliberationRecord(draft.state, {
      kind: 'open',
      at: given.now(),
      subject: { alias: 'other' as Alias },
      prop: digest,
      says: digest,
    })
    expect(codeOf(draft.add(record, [envelope]))).toBe('namespace.bad-canonical')
    const [, next] = given.store.records.slice(store.records.length - 1)
    expect(codeOf(verifyRecord(draft.state, next!))).toBe('ok')
  })

  it('is not opened: it was cut short', async () => {
    const { given, store } = await cut()
    expect(codeOf(await LiveIndex.open({ ...given.deps, store }))).toBe('namespace.state-mismatch')
  })
})

describe('a proposal that cannot be settled for want of an answer', () => {
  it('keeps nothing else from taking effect, and is tried again', async () => {
    const timelock = { sensitive: hours(1) }
    const given = await givenGroup(
      { timelock },
      { op: 'entry.create', alias: 'shop/a', owner },
      { op: 'scope.create', alias: 'to' },
    )
    const { uid } = given.entry('shop/a')
    const move = await given.proposed({ op: 'entry.rename', alias: 'shop/a', to: 'to/a' })
    const other = await given.proposed({ op: 'entry.create', alias: 'shop/b', owner })
    for (const proposal of [move, other]) {
      await given.votes(given.ann, proposal)
      await given.votes(given.bob, proposal)
    }
    given.clock.set(plus(given.now(), hours(1)))
    given.issued.silent.add(uid)
    await expect(given.index.settle()).rejects.toThrow(AggregateError)
    expect(given.entry('shop/b').state).toBe('active')
    given.issued.silent.clear()
    expect((await given.index.settle()).map(({ alias }) => alias)).toEqual(['to/a'])
  })
})

describe('a document whose changes others decide about', () => {
  it('becomes one proposal, which makes all of it at once', async () => {
    const given = await givenGroup()
    const [id, ...more] = await applied(given, document)
    expect(more).toEqual([])
    const proposal = await given.proposal(id!)
    expect(proposal.proposal?.op).toBe('changes')
    expect(proposal.open?.class).toBe('structural')
    await given.votes(given.ann, proposal)
    const { changes } = await given.votes(given.bob, proposal)
    expect(changes.map(({ op, alias }) => `${op} ${alias}`)).toEqual([
      'cluster.register prod',
      'scope.create payments',
      'entry.create payments/api',
      'entry.create payments/old',
      'entry.suspend payments/old',
    ])
    expect((await given.proposal(id!)).standing).toBe('committed')
    const cluster = given.index.state.clusterByAlias('prod' as never)
    expect(given.entry('payments/api').bindings).toMatchObject([{ cluster: cluster?.uid }])
    expect(given.entry('payments/old').state).toBe('suspended')
    expect(valueOf(given.index.plan(document))).toEqual([])
    expect(await applied(given, document)).toEqual([])
    const [item] = valueOf(await given.index.history('payments/old' as never))
    expect(item).toMatchObject({ op: 'entry.create', votes: ['approve: ann, bob'] })
    await replaysTheSame(given)
  })

  it('is not proposed again while it waits, and is when it says something else', async () => {
    const given = await givenGroup()
    const [first] = await applied(given, document)
    expect(await applied(given, document)).toEqual([first])
    const other = { ...document, scopes: [{ alias: 'payments', envelope: { maxTtl: 600 } }] }
    const [second] = await applied(given, other)
    expect(second).not.toBe(first)
    expect(given.index.proposals()).toHaveLength(2)
    // They ask for the same things: only one of them can be.
    await given.votes(given.ann, await given.proposal(first!))
    expect(await given.codeOfVote(given.ann, await given.proposal(second!))).toBe(
      'namespace.equivocation',
    )
  })

  it('is the rival of one of its changes that is proposed alone (attack 69)', async () => {
    const given = await givenGroup()
    const [id] = await applied(given, document)
    const both = await given.proposal(id!)
    const alone = await given.proposed({ op: 'entry.create', alias: 'payments/old', owner })
    const votes = [both, alone].map((one) => given.ann.vote(one, 'approve', given.now()))
    valueOf(await given.index.submit([votes[0]!]))
    expect(await given.codeOfVote(given.ann, alone)).toBe('namespace.equivocation')
    for (const voter of [given.bob, given.cyd]) await given.votes(voter, alone)
    expect((await given.proposal(both.id)).standing).toBe('stale')
    await replaysTheSame(given)

    const [next] = await applied(given, document)
    const [again, cluster] = [
      await given.proposal(next!),
      await given.proposed({
        op: 'cluster.register',
        alias: 'prod',
        cluster: clusterFacts('prod'),
      }),
    ].map((one) => given.ann.vote(one, 'approve', given.now()))
    expect(valueOf(await given.index.submit([again!, cluster!])).suspended).toBe('ann')
    await replaysTheSame(given)
  })

  it('becomes a proposal of one change where it is one change', async () => {
    const given = await givenGroup()
    const [id] = await applied(given, {
      apiVersion: 'capstan/v1',
      entries: [{ alias: 'shop/web', owner }],
    })
    expect((await given.proposal(id!)).proposal?.op).toBe('entry.create')
    expect(
      await applied(given, { apiVersion: 'capstan/v1', entries: [{ alias: 'shop/web', owner }] }),
    ).toEqual([id])
  })

  it('becomes a proposal for each scope that has voters of its own', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' })
    const [dan, eve, fay] = [new TestVoter('dan'), new TestVoter('eve'), new TestVoter('fay')]
    const { index, at } = given.index.state
    const group = groupOf([dan, eve, fay].map((voter) => voter.voter(index, at)))
    const set = await given.proposed({ op: 'group.set', alias: 'shop', group })
    for (const voter of [given.ann, given.bob, dan, eve]) await given.votes(voter, set)
    const names = ['payments/api', 'payments/web', 'shop/api', 'shop/web']
    const ids = await applied(given, {
      apiVersion: 'capstan/v1',
      entries: names.map((alias) => ({ alias, owner })),
    })
    expect(ids).toHaveLength(2)
    const proposals = await Promise.all(ids.map((id) => given.proposal(id)))
    expect(proposals.map(({ open }) => open?.scope)).toEqual(['', 'shop'])
    const shop = proposals[1]!
    expect(await given.codeOfVote(given.ann, shop)).toBe('namespace.no-vote')
    await given.votes(dan, shop)
    expect((await given.votes(fay, shop)).changes).toHaveLength(2)
    await replaysTheSame(given)
  })

  it('makes nothing when something has come in the way of any of it', async () => {
    const device = { kind: 'edge', attestor: 'tpm', device: 'd1' } as const
    const given = await givenGroup()
    const [id] = await applied(given, {
      apiVersion: 'capstan/v1',
      entries: [
        { alias: 'payments/api', owner },
        { alias: 'payments/web', owner, bindings: [device] },
      ],
    })
    await given.agreed({ op: 'entry.create', alias: 'shop/web', owner, bindings: [device] })
    const proposal = await given.proposal(id!)
    await given.votes(given.ann, proposal)
    const after = await given.votes(given.bob, proposal)
    expect(after.changes).toEqual([])
    expect(after.proposal.standing).toBe('due')
    expect(given.index.state.entryByAlias('payments/api' as never)).toBeUndefined()
    await replaysTheSame(given)
  })

  it('is refused when a change says that it follows one which is about something else', async () => {
    const given = await givenGroup()
    await given.agreed({ op: 'entry.create', alias: 'payments/api', owner })
    const [id] = await applied(given, {
      apiVersion: 'capstan/v1',
      entries: [
        { alias: 'payments/web', owner },
        { alias: 'payments/api', owner, labels: { tier: '1' } },
      ],
    })
    const { proposal } = await given.proposal(id!)
    const { changes } = proposal!.body as { readonly changes: readonly Part[] }
    const at = changes.findIndex(({ op }) => op === 'entry.update')
    for (const after of [0, 1, 2]) {
      const body = {
        changes: changes.map((part, position) =>
          position === at ? { ...part, base: { after } } : part,
        ),
      }
      const forged = given.ann.envelope(payloadTypes.proposal, {
        ...proposal,
        author: { kind: 'voter', id: 'ann' },
        nonce: 'a'.repeat(32),
        body,
      })
      expect(codeOf(await given.index.submit([forged]))).toBe('namespace.stale-base')
    }
  })

  it('goes stale when what it would change has changed', async () => {
    const given = await givenGroup()
    await given.agreed({ op: 'entry.create', alias: 'payments/api', owner })
    const [id] = await applied(given, {
      apiVersion: 'capstan/v1',
      entries: [
        { alias: 'payments/api', owner, labels: { tier: '1' } },
        { alias: 'payments/web', owner },
      ],
    })
    await given.agreed({ op: 'entry.update', alias: 'payments/api', labels: { x: '1' } })
    expect((await given.proposal(id!)).standing).toBe('stale')
  })
})
