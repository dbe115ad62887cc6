import { describe, expect, it } from '@jest/globals'
import { type Alias, ROOT } from '../../src/core/alias.js'
import { days, hours, plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import { open } from '../../src/namespace/dsse.js'
import type { Group } from '../../src/namespace/group.js'
import {
  FINISH_WITHIN,
  isOpen,
  LONGEST_DELAY,
  type RecoveryMark,
  recoveryStanding,
  SHORTEST_DELAY,
  TELL_FOR,
} from '../../src/namespace/recovery/recovery.js'
import { readCancellation } from '../../src/namespace/recovery/recovery-statements.js'
import { toldRecoveries } from '../../src/namespace/recovery/recovery-view.js'
import { isSoundRecovery } from '../../src/namespace/recovery/sound-recovery.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { codeOf, valueOf } from './given-index.js'
import {
  cancellationBy,
  DELAY,
  digestIn,
  givenRecovery,
  newGroup,
  recoveryBy,
} from './given-recovery.js'

describe('a recovery is told of', () => {
  it('with all that was said, and what became of it', async () => {
    const given = await givenRecovery()
    const { alias, uid, group } = given.index.state.root
    const seq = given.index.state.size
    const said = { reason: 'two of three are gone', ticket: 'INC-7', group: newGroup(given) }
    const signed = recoveryBy(given, [given.safe.r1, given.safe.r2], said)
    const since = given.now()
    const view = {
      ...{ scope: { alias, uid }, standing: 'waiting', from: group!.rev },
      ...{ statement: digestIn(signed[0]), holders: ['r1', 'r2'], seq, since },
      ...{ due: since + DELAY, lapses: since + DELAY + FINISH_WITHIN, ...said },
    }
    expect(valueOf(await given.index.submitRecovery(signed))).toEqual(view)
    expect(await given.index.recoveries()).toEqual([view])
    given.clock.set(plus(since, DELAY))
    expect(await given.index.recoveries()).toEqual([{ ...view, standing: 'due' }])
    const finished = plus(since, DELAY)
    valueOf(await given.index.finishRecovery(ROOT))
    expect(await given.index.recoveries()).toEqual([{ ...view, standing: 'finished', finished }])
  })

  it('without what was not said; and stopped, with when there may be another', async () => {
    const given = await givenRecovery()
    const started = valueOf(
      await given.index.submitRecovery(recoveryBy(given, [given.safe.r1, given.safe.r2])),
    )
    for (const none of ['reason', 'ticket', 'cancelled', 'finished']) {
      expect(started).not.toHaveProperty(none)
    }
    const at = plus(given.now(), hours(1))
    given.clock.set(at)
    const stopped = valueOf(await given.index.submitRecovery(cancellationBy(given, [given.ann])))
    const cancelled = { at, again: plus(at, days(7)) }
    expect(stopped).toEqual({ ...started, standing: 'cancelled', cancelled })
    expect(await given.index.recoveries()).toEqual([stopped])
  })

  const mark: RecoveryMark = {
    ...{ statement: 'a'.repeat(64), record: 1, from: 1, holders: ['r1'] },
    ...{ since: 0 as UnixSeconds, due: 1000 as UnixSeconds },
  }
  const lapse = plus(mark.due, FINISH_WITHIN)
  const ended = { at: 10 as UnixSeconds, again: 20 as UnixSeconds }
  it.each([
    [0, {}, 'waiting', true],
    [999, {}, 'waiting', true],
    [1000, {}, 'due', true],
    [lapse - 1, {}, 'due', true],
    [lapse, {}, 'lapsed', false],
    [11, { cancelled: ended }, 'cancelled', false],
    [1000, { finished: 1000 as UnixSeconds }, 'finished', false],
  ] as const)('at %i, with %j: %s', (at, more, standing, isStillOpen) => {
    const one = { ...mark, ...more }
    expect(recoveryStanding(one, at as UnixSeconds)).toBe(standing)
    expect(isOpen(one, at as UnixSeconds)).toBe(isStillOpen)
  })

  it('in every status while it is open, and for thirty days after the voters are others', async () => {
    const given = await givenRecovery()
    const { state } = given.index
    const told = (at: number) => toldRecoveries(state, at as UnixSeconds).length
    expect(told(given.now())).toBe(0)
    const { due } = valueOf(
      await given.index.submitRecovery(recoveryBy(given, [given.safe.r1, given.safe.r2])),
    )
    expect([told(given.now()), told(due), told(due + FINISH_WITHIN)]).toEqual([1, 1, 0])
    given.clock.set(due)
    valueOf(await given.index.finishRecovery(ROOT))
    const [one] = toldRecoveries(state, due)
    expect(one).toMatchObject({ scope: { alias: '' }, mark: { finished: due } })
    expect([told(due + TELL_FOR - 1), told(due + TELL_FOR)]).toEqual([1, 0])
  })
})

describe('a no by the installation’s own voter', () => {
  /** The key of this installation, as a voter of the group. */
  async function ownVote(more: Partial<Group['voters'][number]> = {}) {
    const given = await givenRecovery()
    const { rev: _rev, ...group } = given.index.state.root.group!
    const { id, controller, keys } = group.proposers![0]!
    const own = { id, controller, keys, weight: 100, status: 'active' as const, ...more }
    const [ann, bob, cyd] = group.voters
    const voters = own.status === 'active' ? [ann!, bob!, own] : [ann!, bob!, cyd!, own]
    const { proposers: _none, ...rest } = { ...group, voters }
    const set = await given.proposed({ op: 'group.set', alias: '', group: rest })
    await given.votes(given.ann, set)
    await given.votes(given.bob, set)
    const signed = recoveryBy(given, [given.safe.r1, given.safe.r2])
    const { statement } = valueOf(await given.index.submitRecovery(signed))
    return { given, id, statement }
  }

  it('says which recovery it stops, why, and for an hour', async () => {
    const { given, id, statement } = await ownVote()
    const { index, root } = given.index.state
    const why = { reason: 'we are here', ticket: 'INC-8' }
    valueOf(await given.index.cancelRecovery({ alias: ROOT, ...why }))
    const [envelope] = given.store.records.at(-1)!.envelopes
    expect(readCancellation(open(envelope!)!)).toEqual({
      ...{ v: 1, index, subject: { alias: '', uid: root.uid }, recovery: statement },
      ...{ from: root.group!.rev, voters: [id], ...why },
      ...{ created: given.now(), expires: given.now() + hours(1) },
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
    })
  })

  it('is no vote of who is suspended, nor of another key; it is said how others say no', async () => {
    const { given } = await ownVote({ status: 'suspended' })
    expect(await given.index.cancelRecovery({ alias: ROOT })).toMatchObject({
      refusal: {
        ...{ code: 'namespace.no-vote', wanted: 'a voter of the scope /' },
        next: 'capstan recovery cancel / --as VOTER --key FILE',
      },
    })
    const away = await givenRecovery()
    valueOf(await away.index.submitRecovery(recoveryBy(away, [away.safe.r1, away.safe.r2])))
    expect(codeOf(await away.index.cancelRecovery({ alias: ROOT }))).toBe('namespace.no-vote')
  })

  it('is about a scope that there is, with voters and an open recovery, and can be signed', async () => {
    const { given } = await ownVote()
    const cancels = async (alias: string, reason?: string) =>
      given.index.cancelRecovery({ alias: alias as Alias, ...(reason !== undefined && { reason }) })
    expect(codeOf(await cancels('nowhere'))).toBe('namespace.unknown')
    expect(codeOf(await cancels('', '\ud800'))).toBe('namespace.malformed')
    given.clock.set(plus(given.now(), seconds(DELAY + FINISH_WITHIN)))
    expect(codeOf(await cancels(''))).toBe('namespace.closed')
    const none = await givenRecovery({}, { op: 'scope.create', alias: 'shop' })
    for (const alias of ['shop', '']) {
      expect(codeOf(await none.index.cancelRecovery({ alias: alias as Alias }))).toBe(
        'namespace.closed',
      )
    }
  })
})

describe('a recovery set is sound', () => {
  const at = 0 as UnixSeconds
  const index = 'a'.repeat(64)
  const holder = (id: string, controller = `${id}@acme`) =>
    new TestVoter(id, 'Ed25519', controller).holder(index, at)
  const group = { ...groupOf([new TestVoter('ann').voter(index, at)]), rev: 1 }

  it.each([
    [1, 1, false, undefined],
    [1, 1, true, 'ok'],
    [2, 1, true, undefined],
    [2, 2, false, 'ok'],
    [3, 1, false, undefined],
    [3, 2, false, 'ok'],
    [3, 3, false, 'ok'],
    [3, 4, false, undefined],
    [4, 2, false, undefined],
    [4, 3, false, 'ok'],
    [5, 2, true, undefined],
    [5, 3, true, 'ok'],
  ] as const)('of %i holders with a threshold of %i, solo %s: %s', (count, threshold, solo, is) => {
    const holders = Array.from({ length: count }, (_, n) => holder(`r${n}`))
    const recovery = { holders, threshold, delay: SHORTEST_DELAY }
    const sound = isSoundRecovery({ ...group, solo, recovery })
    expect(codeOf(sound)).toBe(is ?? 'namespace.group-invalid')
  })

  it('with a delay that somebody sees and lives to see, and each person once', () => {
    const holders = ['r1', 'r2', 'r3'].map((id) => holder(id))
    const of = (delay: number, all = holders) =>
      isSoundRecovery({ ...group, recovery: { holders: all, threshold: 2, delay: seconds(delay) } })
    const invalid = 'namespace.group-invalid'
    expect(codeOf(of(SHORTEST_DELAY))).toBe('ok')
    expect(codeOf(of(LONGEST_DELAY))).toBe('ok')
    expect(codeOf(of(SHORTEST_DELAY - 1))).toBe(invalid)
    expect(codeOf(of(LONGEST_DELAY + 1))).toBe(invalid)
    expect(of(DELAY, [...holders, holder('r4', 'r2@acme')])).toMatchObject({
      refusal: { code: invalid, found: 'r2@acme' },
    })
    expect(codeOf(isSoundRecovery(group))).toBe('ok')
  })
})
