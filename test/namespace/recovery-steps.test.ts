import { describe, expect, it } from '@jest/globals'
import { type Alias, ROOT } from '../../src/core/alias.js'
import { days, hours, plus, seconds } from '../../src/core/time.js'
import { open, type Opened, payloadTypes } from '../../src/namespace/dsse.js'
import { readRecord } from '../../src/namespace/log-record.js'
import {
  finishingOf,
  recoveryRecord,
  startingOf,
  verifyRecovery,
} from '../../src/namespace/recovery/fold-recovery.js'
import { TO_DECIDE } from '../../src/namespace/recovery/recovery.js'
import type {
  CancellationStatement,
  RecoveryStatement,
} from '../../src/namespace/recovery/recovery-statements.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { codeOf, valueOf } from './given-index.js'
import {
  cancellationBy,
  type GivenRecovery,
  givenRecovery,
  newGroup,
  recoveryBy,
  recoveryStatement,
  Safe,
  signedRecovery,
} from './given-recovery.js'
import { replaysTheSame } from './replays-the-same.js'

const starts = (
  given: GivenRecovery,
  more: Partial<RecoveryStatement> = {},
  by: readonly TestVoter[] = [given.safe.r1, given.safe.r2],
) => given.index.submitRecovery(recoveryBy(given, by, more))

const cancels = (
  given: GivenRecovery,
  more: Partial<CancellationStatement> = {},
  by: readonly TestVoter[] = [given.ann],
) => given.index.submitRecovery(cancellationBy(given, by, more))

const opened = (envelopes: readonly Uint8Array[]): readonly Opened[] =>
  envelopes.map((one) => open(one)!)

const other = 'b'.repeat(64)
const lost = { alias: ROOT, uid: `s${'a'.repeat(31)}` as RecoveryStatement['subject']['uid'] }

/** A scope with three voters and a recovery set of its own, and a statement of its set. */
async function shopOf(given: GivenRecovery) {
  const { index, at } = given.index.state
  const voters = [new TestVoter('mal'), new TestVoter('nia'), new TestVoter('oli')] as const
  const recovery = given.safe.set(index, at)
  const group = groupOf(
    voters.map((one) => one.voter(index, at)),
    { recovery },
  )
  const set = await given.proposed({ op: 'group.set', alias: 'shop', group })
  for (const voter of [given.ann, given.bob, ...voters.slice(0, 2)]) await given.votes(voter, set)
  const statement = (): Partial<RecoveryStatement> => {
    const { alias, uid, rev, head, group: now } = given.scope('shop')
    const { proposers: _none, ...terms } = newGroup(given)
    return { subject: { alias, uid }, base: { rev, head }, from: now?.rev ?? 0, group: terms }
  }
  return { voters, statement }
}

describe('a recovery is started', () => {
  it('about the scope as it is alone: its revision, its head, its group, its name', async () => {
    const given = await givenRecovery({}, { op: 'scope.create', alias: 'shop' })
    const { rev, head, group } = given.index.state.root
    const code = async (more: Partial<RecoveryStatement>) => codeOf(await starts(given, more))
    expect(await code({ base: { rev: rev + 1, head } })).toBe('namespace.stale-base')
    expect(await code({ base: { rev, head: other } })).toBe('namespace.stale-base')
    expect(await code({ from: group!.rev + 1 })).toBe('namespace.stale-base')
    expect(await starts(given, { subject: lost })).toMatchObject({
      refusal: { code: 'namespace.unknown', detail: 'there is no such scope' },
    })
    const shop = given.scope('shop')
    await given.votes(given.ann, await given.proposed({ op: 'scope.retire', alias: 'shop' }))
    const subject = { alias: shop.alias, uid: shop.uid }
    expect(await code({ subject })).toBe('namespace.unknown')
    expect(await code({})).toBe('ok')
  })

  it('by envelopes, of which each is one, and no more than there may be signers', async () => {
    const given = await givenRecovery()
    const submits = async (all: readonly Uint8Array[]) =>
      codeOf(await given.index.submitRecovery(all))
    const good = recoveryBy(given, [given.safe.r1, given.safe.r2])
    const none = Buffer.from('{}')
    const canonical = 'namespace.bad-canonical'
    for (const all of [[], [none], [...good, none], [none, ...good]]) {
      expect(await submits(all)).toBe(canonical)
    }
    expect(await submits(Array.from({ length: 33 }, () => good[0]!))).toBe(canonical)
    expect(await submits([given.ann.envelope(payloadTypes.vote, {})])).toBe('namespace.malformed')
    expect(await submits([given.ann.envelope(payloadTypes.cancellation, {})])).toBe(
      'namespace.malformed',
    )
    expect(await submits(good)).toBe('ok')
  })

  it('by as many of the set as it says, who are told of by name', async () => {
    const given = await givenRecovery()
    const { r1, r2, r3 } = given.safe
    expect(await starts(given, {}, [given.ann, r1])).toMatchObject({
      refusal: { code: 'namespace.no-vote', wanted: 'r1, r2, r3', found: 'ann' },
    })
    const { rev: _rev, recovery, ...group } = given.index.state.root.group!
    const all = { ...group, recovery: { ...recovery!, threshold: 3 } }
    await given.agreed({ op: 'group.set', alias: '', group: all })
    expect(await starts(given, {}, [r2, r1])).toMatchObject({
      refusal: { code: 'namespace.no-quorum', wanted: '3 of 3', found: 'r1, r2' },
    })
    expect(codeOf(await starts(given, {}, [r1, r2, r3]))).toBe('ok')
  })

  it('for a scope that has named a set, else it is said how one is named', async () => {
    const given = await givenRecovery({}, { op: 'scope.create', alias: 'shop' })
    const { statement } = await shopOf(given)
    for (const [alias, name] of [
      ['', '/'],
      ['shop', 'shop'],
    ] as const) {
      const scope = alias === '' ? given.index.state.root : given.scope(alias)
      const { rev: _rev, ...group } = scope.group!
      const set = await given.proposed({
        ...{ op: 'group.set', alias, group: { ...group, recovery: null } },
        ...(alias === 'shop' && { intervene: true }),
      })
      await given.votes(given.ann, set)
      await given.votes(given.bob, set)
      const more = alias === '' ? {} : statement()
      expect(await starts(given, more)).toMatchObject({
        refusal: {
          code: 'namespace.no-recovery',
          next: `capstan group set ${name} --recovery FILE`,
        },
      })
    }
  })
})

describe('a recovery is stopped', () => {
  const cases: readonly (readonly [string, string, Partial<CancellationStatement>])[] = [
    ['that is another one', 'namespace.closed', { recovery: other }],
    ['of another revision of the group', 'namespace.closed', { from: 1 }],
    ['of another index', 'namespace.wrong-index', { index: other }],
    ['as of a time to come', 'namespace.expired', { created: 4_000_000_000 as never }],
    ['in the name of more than sign', 'namespace.malformed', { voters: ['ann', 'bob'] }],
  ]
  it.each(cases)('by no statement about one %s: %s', async (_, code, more) => {
    const given = await givenRecovery()
    valueOf(await starts(given))
    expect(codeOf(await cancels(given, more))).toBe(code)
    expect(codeOf(await cancels(given))).toBe('ok')
  })

  it('where there is one, by voters who are not suspended', async () => {
    const given = await givenRecovery()
    expect(await cancels(given)).toMatchObject({
      refusal: { code: 'namespace.closed', wanted: 'a recovery of this scope' },
    })
    valueOf(await starts(given))
    const said = await given.proposed({ op: 'scope.create', alias: 'web' })
    const both = (['approve', 'reject'] as const).map((how) =>
      given.bob.vote(said, how, given.now()),
    )
    valueOf(await given.index.submit(both))
    expect(given.index.state.root.group?.voters[1]?.status).toBe('suspended')
    expect(codeOf(await cancels(given, {}, [given.bob]))).toBe('namespace.no-vote')
    expect(codeOf(await cancels(given))).toBe('ok')
  })

  it('for as long as the longest timelock takes of the groups that could take the set away', async () => {
    const given = await givenRecovery({}, { op: 'scope.create', alias: 'shop' })
    const { voters, statement } = await shopOf(given)
    const { rev: _rev, ...group } = given.index.state.root.group!
    const timelock = { structural: days(20) }
    await given.agreed({ op: 'group.set', alias: '', group: { ...group, timelock } })
    const { due } = valueOf(await starts(given, statement()))
    const { recovery, ...shop } = given.scope('shop')
    const more = {
      ...{ subject: { alias: shop.alias, uid: shop.uid } },
      ...{ recovery: recovery!.statement, from: shop.group!.rev },
    }
    const { cancelled } = valueOf(await cancels(given, more, [voters[2]]))
    expect(cancelled?.again).toBe(given.now() + days(20) + TO_DECIDE)
    expect(due).toBeLessThan(cancelled!.again)
    expect(given.scope('shop').rev).toBe(shop.rev + 1)
    await replaysTheSame(given)
  })
})

describe('a recovery is finished', () => {
  it('of the scope that is asked for, where one was started', async () => {
    const given = await givenRecovery({}, { op: 'scope.create', alias: 'shop' })
    const { statement } = await shopOf(given)
    const finishes = (alias: string) => given.index.finishRecovery(alias as Alias)
    expect(codeOf(await finishes('shop'))).toBe('namespace.closed')
    expect(await finishes('nowhere')).toMatchObject({
      refusal: { code: 'namespace.unknown', detail: 'there is no such scope' },
    })
    const { due } = valueOf(await starts(given, statement()))
    given.clock.set(due)
    expect(codeOf(await finishes(ROOT))).toBe('namespace.closed')
    expect(valueOf(await finishes('shop'))).toMatchObject({
      ...{ scope: { alias: 'shop' }, standing: 'finished', finished: due },
    })
    expect(given.scope('shop').group?.voters.map(({ id }) => id)).toEqual(['dan', 'eve', 'fay'])
    await replaysTheSame(given)
  })

  it('by what started it, signed by all who did, and by nothing else', async () => {
    const given = await givenRecovery()
    const { state } = given.index
    const { r1, r2 } = given.safe
    const said = recoveryStatement(given, ['r1', 'r2'], { at: given.now() })
    const signed = signedRecovery([r1, r2], said)
    const tried = (envelopes: readonly Uint8Array[]) =>
      finishingOf(state, opened(envelopes), given.now())
    expect(tried(signed)).toMatchObject({
      refusal: { code: 'namespace.closed', wanted: 'a recovery of this scope' },
    })
    const { due, statement } = valueOf(await given.index.submitRecovery(signed))
    given.clock.set(due)
    expect(tried(signedRecovery([r1, r2], { ...said, nonce: '0'.repeat(32) }))).toMatchObject({
      refusal: { code: 'namespace.closed', wanted: statement },
    })
    for (const some of [[], signed.slice(1), [...signed, signed[0]!]]) {
      expect(codeOf(tried(some))).toBe('namespace.malformed')
    }
    const { r2: forger } = new Safe()
    expect(codeOf(tried(signedRecovery([r1, forger], said)))).toBe('namespace.bad-signature')
    expect(codeOf(tried(signedRecovery([r1, r2], { ...said, subject: lost })))).toBe(
      'namespace.unknown',
    )
    expect(codeOf(tried(signed))).toBe('ok')
  })
  it('with everybody suspended who keeps one of the keys of somebody who is (attack 179)', async () => {
    const given = await givenRecovery()
    const { index, at } = given.index.state
    const { rev: _rev, ...terms } = given.index.state.root.group!
    const second = new TestVoter('ann').key(index, at, given.ann)
    const voters = terms.voters.map((one) =>
      one.id === 'ann' ? { ...one, keys: [...one.keys, second] } : one,
    )
    await given.agreed({ op: 'group.set', alias: '', group: { ...terms, voters } })
    const [dan, ...rest] = newGroup(given).voters
    const as = { id: 'dan', controller: 'dan@acme' }
    const keys = [given.dan.key(index, at, as), given.ann.key(index, at, as)]
    const group = { ...newGroup(given), voters: [{ ...dan!, keys }, ...rest] }
    const { due } = valueOf(await starts(given, { group }))
    const said = await given.proposed({ op: 'scope.create', alias: 'web' })
    const both = (['approve', 'reject'] as const).map((how) =>
      given.ann.vote(said, how, given.now()),
    )
    valueOf(await given.index.submit(both))
    given.clock.set(due)
    valueOf(await given.index.finishRecovery(ROOT))
    expect(given.index.state.root.group?.voters.map(({ status }) => status)).toEqual([
      ...['suspended', 'active', 'active'],
    ])
  })
})

describe('a record of a recovery', () => {
  it('changes the scope and gives up no names; another kind is no step', async () => {
    const given = await givenRecovery()
    const { state } = given.index
    const envelopes = opened(recoveryBy(given, [given.safe.r1, given.safe.r2]))
    const at = plus(given.now(), hours(1))
    const step = valueOf(startingOf(state, envelopes, at))
    const record = recoveryRecord(state, step, at)
    const outcome = { kind: 'commit', effect: { put: step.put, quarantine: [] } }
    expect(verifyRecovery(state, record, envelopes)).toEqual({ ok: true, value: outcome })
    for (const more of [{ kind: 'brake' }, { class: 'routine' }, { votes: ['a'] }] as const) {
      const changed = { ...record, ...more } as unknown as typeof record
      expect(codeOf(verifyRecovery(state, changed, envelopes))).toBe('namespace.bad-canonical')
    }
    valueOf(await given.index.submitRecovery(recoveryBy(given, [given.safe.r1, given.safe.r2])))
    given.clock.set(plus(given.now(), seconds(1)))
    valueOf(await cancels(given))
    const classes = given.store.records.slice(-2).map(({ bytes }) => readRecord(bytes))
    expect(classes).toMatchObject([{ class: 'structural' }, { class: 'emergency' }])
  })
})
