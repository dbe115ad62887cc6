import { beforeAll, describe, expect, it } from '@jest/globals'
import { days, plus, type Seconds, type UnixSeconds } from '../../src/core/time.js'
import { endings, type Pending, type ProposalRow } from '../../src/namespace/pending.js'
import {
  isUpToVoters,
  mayBeStopped,
  outcomeOf,
  secondOf,
  standingOf,
} from '../../src/namespace/standing.js'
import type { IndexState } from '../../src/namespace/state.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { owner } from './given-index.js'
import { type GivenTwo, givenTwo } from './given-two-groups.js'

let given: GivenTwo
let state: IndexState
let now: UnixSeconds
/** What waits for the root's voters: an entry suspended, and one moved to where others decide. */
let off: Pending
let move: Pending
/** And two changes together. */
let both: Pending

beforeAll(async () => {
  given = await givenTwo()
  const rowOf = async (id: string): Promise<Pending> => {
    const row = given.index.state.tables.proposals.get(id)
    if (row?.kind !== 'pending') throw new Error('it does not wait')
    return Promise.resolve(row)
  }
  const asked = [
    await given.proposed({ op: 'entry.retire', alias: 'payments/api' }),
    await given.proposed({ op: 'entry.rename', alias: 'payments/api', to: 'shop/api' }),
  ]
  const [made] = await given.index
    .apply({
      apiVersion: 'capstan/v1',
      entries: [
        { alias: 'payments/api', owner, labels: { tier: '1' } },
        { alias: 'payments/web', owner },
      ],
    })
    .then((result) => (result.ok ? result.value : []))
  if (made?.kind !== 'waits') throw new Error('it did not wait')
  ;[off, move, both] = (await Promise.all(
    [...asked.map(({ id }) => id), made.proposal].map(rowOf),
  )) as [Pending, Pending, Pending]
  state = given.index.state
  now = given.now()
})

const standing = (row: ProposalRow, at: UnixSeconds = now): string => standingOf(state, row, at)
const after = (time: UnixSeconds, by: number): UnixSeconds => plus(time, by as Seconds)
const changesOf = ({ proposal }: Pending) =>
  (proposal.body as unknown as { readonly changes: readonly { readonly base: object | null }[] })
    .changes

describe('a proposal that waits', () => {
  it('is open until it expires', () => {
    const { expires } = off.proposal
    expect([standing(off), standing(off, expires)]).toEqual(['open', 'open'])
    expect(standing(off, after(expires, 1))).toBe('expired')
  })

  it('is scheduled until its time, and due for thirty days', () => {
    const due = after(now, 3600)
    const row = { ...off, due }
    const last = plus(due, days(30))
    const times = [now, after(due, -1), due, last, after(last, 1)]
    expect(times.map((at) => standing(row, at))).toEqual([
      ...['scheduled', 'scheduled', 'due', 'due', 'expired'],
    ])
  })

  it('is stale when anything that it names is otherwise', () => {
    const { proposal } = off
    const { base, scope, subject } = proposal
    for (const other of [
      { base: null },
      { base: { ...base!, rev: base!.rev + 1 } },
      { base: { ...base!, head: 'a'.repeat(64) } },
      { scope: { ...scope, rev: scope.rev + 1 } },
      { subject: { ...subject, alias: 'payments/other' as typeof subject.alias } },
      { index: 'a'.repeat(64) },
      { reads: [{ uid: state.root.uid, rev: state.root.rev + 1 }] },
    ]) {
      expect(standing({ ...off, proposal: { ...proposal, ...other } })).toBe('stale')
    }
    const reads = [{ uid: state.root.uid, rev: state.root.rev }]
    expect(standing({ ...off, proposal: { ...proposal, reads } })).toBe('open')
  })

  it('of several changes is stale when what one of them changes is otherwise', () => {
    expect(standing(both)).toBe('open')
    const changes = changesOf(both)
    const at = changes.findIndex(({ base }) => base !== null && 'rev' in base)
    expect([at >= 0, changes.length]).toEqual([true, 2])
    const other = changes.with(at, { ...changes[at]!, base: { ...changes[at]!.base, rev: 99 } })
    const body = { changes: other } as never
    const outdated = { ...both, proposal: { ...both.proposal, body } }
    expect(standing(outdated)).toBe('stale')
    // Of which one is made already: the others follow.
    expect(standing({ ...outdated, done: 1 })).toBe('due')
  })

  it('of a move is stale when others decide where it leads than were asked', () => {
    const { second: asked, ...alone } = move
    expect(asked?.uid).toBe(given.scope('shop').uid)
    expect(standing(move)).toBe('open')
    expect(standing(alone)).toBe('stale')
    expect(standing({ ...move, second: { ...asked!, rev: asked!.rev + 1 } })).toBe('stale')
    expect(standing({ ...move, second: { ...asked!, uid: state.root.uid } })).toBe('stale')
    const body = { to: 'payments/web' } as never
    expect(standing({ ...move, proposal: { ...move.proposal, body } })).toBe('stale')
    expect(standing({ ...alone, proposal: { ...move.proposal, body } })).toBe('open')
  })

  it('is up to its voters while it is open or scheduled, and may be stopped until it is made', () => {
    const due = after(now, 3600)
    const stale = { ...off, proposal: { ...off.proposal, base: null } }
    const asked: readonly (readonly [ProposalRow, UnixSeconds, boolean, boolean])[] = [
      [off, now, true, true],
      [off, after(off.proposal.expires, 1), false, false],
      [{ ...off, due }, now, true, true],
      [{ ...off, due }, due, false, true],
      [{ ...off, due, done: 1 }, due, false, false],
      [stale, now, false, false],
      ...endings.map(
        (ending) =>
          [{ ...off, kind: 'closed', ending, ended: 9, at: now }, now, false, false] as const,
      ),
    ]
    for (const [row, at, isOpen, isStoppable] of asked) {
      expect([isUpToVoters(state, row, at), mayBeStopped(state, row, at)]).toEqual([
        ...[isOpen, isStoppable],
      ])
    }
  })

  it.each(endings)('says how it ended, whatever has changed since: %s', (ending) => {
    expect(standing({ ...off, kind: 'closed', ending, ended: 9, at: now })).toBe(ending)
  })
})

describe('the second group of a proposal', () => {
  it('is the one that decides where an entry moves to', () => {
    const shop = given.scope('shop')
    expect(secondOf(state, move.proposal)).toEqual({ scope: shop.uid, group: shop.group })
    expect(secondOf(state, off.proposal)).toBeUndefined()
    expect(secondOf(state, both.proposal)).toBeUndefined()
  })

  it('is the one that would decide, unless those above step in', () => {
    const { index, at } = state
    const group = groupOf(['gus', 'hal', 'ida'].map((id) => new TestVoter(id).voter(index, at)))
    const { uid, alias, group: own } = given.scope('shop')
    const asked = { op: 'group.set', subject: { alias, uid }, body: { group } } as const
    const scope = (of: typeof uid) => ({ uid: of, rev: 1 })
    expect(secondOf(state, { ...asked, scope: scope(uid) })).toEqual({
      group: expect.objectContaining({ voters: group.voters, rev: own!.rev + 1 }) as unknown,
    })
    expect(secondOf(state, { ...asked, scope: scope(state.root.uid) })).toBeUndefined()
  })
})

describe('the outcome of a proposal', () => {
  const vote = (voter: TestVoter, decision: 'approve' | 'reject', side: 'present' | 'second') => ({
    ...{ voter: voter.id, decision, seq: 1, digest: '', cast: now, record: 1, in: [side] },
  })
  const outcome = (row: Pending, ...votes: readonly ReturnType<typeof vote>[]) =>
    outcomeOf(state, row, now, votes)

  it('is of every side: one that says no is enough, and all must say yes', () => {
    const { ann, bob, cyd, others } = given
    const [dan, eve] = others
    const here = [vote(ann, 'approve', 'present'), vote(bob, 'approve', 'present')]
    const there = [vote(dan, 'approve', 'second'), vote(eve, 'approve', 'second')]
    expect(outcome(off, ...here).outcome).toBe('passed')
    expect(Object.keys(outcome(off).sides)).toEqual(['present'])
    expect(outcome(move, ...here).outcome).toBe('undecided')
    expect(outcome(move, ...there).outcome).toBe('undecided')
    expect(outcome(move, ...here, ...there)).toMatchObject({
      outcome: 'passed',
      sides: { present: { yes: 200 }, second: { yes: 200 } },
    })
    const no = [vote(dan, 'reject', 'second'), vote(eve, 'reject', 'second')]
    expect(outcome(move, ...here, ...no).outcome).toBe('dead')
    const away = [vote(cyd, 'reject', 'present'), vote(bob, 'reject', 'present')]
    expect(outcome(move, ...away, ...there).outcome).toBe('dead')
  })

  it('is of the votes and the class of the proposal, where none else are named', () => {
    const votes = [vote(given.ann, 'approve', 'present')]
    const row = { ...off, votes, class: 'sensitive' as const }
    expect(outcomeOf(state, row, now).sides.present).toMatchObject({ yes: 100 })
    expect(outcomeOf(state, row, now).outcome).toBe('undecided')
    expect(outcomeOf(state, { ...row, class: 'narrowing' }, now).outcome).toBe('passed')
    expect(outcomeOf(state, row, now, votes, 'narrowing').outcome).toBe('passed')
  })
})
