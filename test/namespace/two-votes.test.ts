import { describe, expect, it } from '@jest/globals'
import type { Decision } from '../../src/namespace/ballot.js'
import { DraftLog } from '../../src/namespace/draft-log.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import { equivocationOf, evidenceRecord } from '../../src/namespace/fold-evidence.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { objectDigest } from '../../src/namespace/state.js'
import { TestVoter } from '../support/voters.js'
import { threeVoters, type GivenGroup, givenGroup } from './given-group.js'
import { codeOf, givenIndex, owner, valueOf } from './given-index.js'
import { replaysTheSame } from './replays-the-same.js'

const entry = { op: 'entry.create', alias: 'payments/api', owner } as const
const rival = { ...entry, owner: { controller: 'somebody-else' } }

interface Said {
  readonly by?: TestVoter
  readonly about?: ProposalView
  readonly decision?: Decision
  readonly seq?: number
}

/** What two votes prove, by the code and what is wanted instead. */
async function proves(given: GivenGroup, ...said: readonly (Said | Uint8Array)[]): Promise<string> {
  const votes = said.map((one) => (one instanceof Uint8Array ? one : voteOf(given, one)))
  const result = await given.index.submit(votes)
  return result.ok
    ? `suspended: ${result.value.suspended ?? 'nobody'}`
    : `${result.refusal.code}: ${result.refusal.wanted ?? ''}`
}

const voteOf = (
  given: GivenGroup,
  { by = given.ann, about, decision, seq = 1 }: Said,
): Uint8Array => by.vote(about!, decision ?? 'approve', given.now(), { seq })

const nothing = (wanted: string): string => `namespace.malformed: ${wanted}`
const noContradiction = nothing('votes that contradict each other')
const notWaiting = nothing('two votes about proposals that wait for votes')
const notOne = nothing('two votes that one active voter of the group signed')

describe('two votes about one proposal', () => {
  it.each<[Decision, number, Decision, number, boolean]>([
    ['approve', 1, 'reject', 1, true],
    ['reject', 1, 'abstain', 1, true],
    ['abstain', 3, 'approve', 3, true],
    ['approve', 1, 'approve', 1, false],
    ['approve', 1, 'reject', 2, false],
    ['approve', 2, 'reject', 1, false],
  ])('%s (%d) and %s (%d) are proof: %s', async (first, a, second, b, isProof) => {
    const given = await givenGroup()
    const about = await given.proposed(entry)
    const votes = [
      { about, decision: first, seq: a },
      { about, decision: second, seq: b },
    ]
    expect(await proves(given, ...votes)).toBe(isProof ? 'suspended: ann' : noContradiction)
    await replaysTheSame(given)
  })

  it('are of one voter', async () => {
    const given = await givenGroup()
    const about = await given.proposed(entry)
    const [yes, no] = [{ about }, { about, decision: 'reject' as const }]
    expect(await proves(given, yes, { ...no, by: given.bob })).toBe(notOne)
    expect(await proves(given, { ...yes, by: given.bob }, no)).toBe(notOne)
    const zoe = new TestVoter('zoe')
    expect(await proves(given, { ...yes, by: zoe }, { ...no, by: zoe })).toBe(notOne)
    const mallory = new TestVoter('ann')
    expect(await proves(given, yes, { ...no, by: mallory })).toBe(notOne)
    expect(await proves(given, { ...yes, by: mallory }, no)).toBe(notOne)
    expect(await proves(given, yes, no)).toBe('suspended: ann')
    // Who is suspended has no vote that could prove anything.
    const next = await given.proposed(entry)
    const again = { about: next, decision: 'reject' as const }
    expect(await proves(given, { about: next }, again)).toBe(notOne)
  })

  it('are votes about it as it was opened', async () => {
    const given = await givenGroup()
    const about = await given.proposed(entry)
    const no = { about, decision: 'reject' as const }
    const other = given.ann.envelope(payloadTypes.withdrawal, {})
    expect(await proves(given, no, other)).toBe(notWaiting)
    expect(await proves(given, other, no)).toBe(notWaiting)
    expect(await proves(given, no, { about: { ...about, digest: 'a'.repeat(64) } })).toBe(
      notWaiting,
    )
    const elsewhere = { ...about, open: { ...about.open!, head: 'a'.repeat(64) } }
    expect(await proves(given, { about: elsewhere }, no)).toBe(notWaiting)
    await given.votes(given.bob, about, 'reject')
    await given.votes(given.cyd, about, 'reject')
    expect(await proves(given, { about }, no)).toBe(notWaiting)
  })

  it('are two', async () => {
    const given = await givenGroup()
    const about = await given.proposed(entry)
    const votes = (['approve', 'reject', 'abstain'] as const).map((decision) =>
      open(voteOf(given, { about, decision }))!,
    )
    const { state } = given.index
    for (const some of [[], votes.slice(1, 2), votes]) {
      expect(codeOf(equivocationOf(state, some, given.now()))).toBe('namespace.malformed')
    }
    expect(codeOf(equivocationOf(state, votes.slice(1), given.now()))).toBe('ok')
  })
})

describe('two votes about two proposals', () => {
  it('are proof where both approve what cannot both be', async () => {
    const given = await givenGroup()
    const [one, two] = [await given.proposed(entry), await given.proposed(rival)]
    const elsewhere = await given.proposed({ ...entry, alias: 'shop/web' })
    for (const decision of ['reject', 'abstain'] as const) {
      expect(await proves(given, { about: one }, { about: two, decision })).toBe(noContradiction)
      expect(await proves(given, { about: one, decision }, { about: two })).toBe(noContradiction)
    }
    expect(await proves(given, { about: one }, { about: elsewhere })).toBe(noContradiction)
    expect(await proves(given, { about: two }, { about: one, seq: 7 })).toBe('suspended: ann')
    await replaysTheSame(given)
  })

  it('are none where one of them is taken back since', async () => {
    const given = await givenGroup()
    const [one, two] = [await given.proposed(entry), await given.proposed(rival)]
    const [first, second] = [{ about: one }, { about: two }]
    await given.votes(given.ann, one)
    // As it stands in the log, and a later one of the same voter that is not in it.
    await given.votes(given.ann, one, 'abstain', { seq: 2 })
    expect(await proves(given, first, second)).toBe(noContradiction)
    expect(await proves(given, second, first)).toBe(noContradiction)
    expect(await proves(given, { ...first, seq: 3 }, second)).toBe('suspended: ann')
  })

  it('are of one group', async () => {
    const given = await givenGroup({}, { op: 'scope.create', alias: 'shop' })
    const below = threeVoters(given, [given.ann, given.bob, given.cyd])
    const { proposers: _none, ...group } = below
    await given.agreed({ op: 'group.set', alias: 'shop', group })
    const [here, there] = [
      await given.proposed(entry),
      await given.proposed({ ...entry, alias: 'shop/web' }),
    ]
    const one = nothing('votes of one group of several voters')
    expect(await proves(given, { about: here }, { about: there })).toBe(one)
    expect(await proves(given, { about: there }, { about: here })).toBe(one)
  })

  it('are none against whoever decides alone', async () => {
    const given = await givenIndex()
    const people = ['ann', 'bob', 'cyd'].map((id) => new TestVoter(id)) as [
      TestVoter,
      TestVoter,
      TestVoter,
    ]
    const group = threeVoters(given, people)
    const made = valueOf(await given.index.change({ op: 'group.set', alias: '', group }))
    if (made.kind !== 'waits') throw new Error('committed')
    const about = valueOf(await given.index.proposal(made.proposal))
    const votes = (['approve', 'reject'] as const).map((decision) =>
      people[0].vote(about, decision, given.clock.now()),
    )
    expect(await given.index.submit(votes)).toMatchObject({
      refusal: { wanted: 'votes of one group of several voters' },
    })
  })
})

describe('the record of two votes', () => {
  it('suspends their voter in the group as it is, and nobody else', async () => {
    const given = await givenGroup()
    const about = await given.proposed(entry)
    const envelopes = (['approve', 'reject'] as const).map((decision) =>
      voteOf(given, { about, decision }),
    )
    const opened = envelopes.map((envelope) => open(envelope)!)
    const { state } = given.index
    const { root } = state
    const { scope, voter } = valueOf(equivocationOf(state, opened, given.now()))
    expect([voter, scope.rev, scope.group?.rev]).toEqual(['ann', root.rev + 1, root.group?.rev])
    expect(scope.group?.voters).toEqual(
      root.group?.voters.map((one) => (one.id === 'ann' ? { ...one, status: 'suspended' } : one)),
    )
    const record = evidenceRecord(state, scope, { at: given.now(), envelopes: opened })
    expect(record).toMatchObject({
      ...{ kind: 'evidence', class: 'narrowing', rev: scope.rev, prev: root.head },
      ...{ prop: opened[0]!.digest, votes: opened.map(({ digest }) => digest) },
      ...{ group: { uid: root.uid, rev: root.group!.rev }, before: objectDigest(root) },
    })
    for (const change of [
      { votes: [] },
      { prop: opened[1]!.digest },
      { class: 'routine' as const },
      { after: record.before! },
    ]) {
      expect(
        new DraftLog(given.store.state).add({ ...record, ...change }, envelopes),
      ).toMatchObject({
        refusal: { code: 'namespace.bad-canonical' },
      })
    }
    const [yes, no] = envelopes as [Uint8Array, Uint8Array]
    const draft = new DraftLog(given.store.state)
    expect(codeOf(draft.add(record, [no, yes]))).toBe('namespace.bad-canonical')
    expect(codeOf(draft.add(record, [yes]))).toBe('namespace.malformed')
    expect(codeOf(draft.add(record, envelopes))).toBe('ok')
    expect(draft.state.root.group?.voters.map(({ status }) => status)).toEqual([
      ...['suspended', 'active', 'active'],
    ])
  })
})
