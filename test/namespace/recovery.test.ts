import { describe, expect, it } from '@jest/globals'
import { type Alias, ROOT } from '../../src/core/alias.js'
import { days, hours, minus, plus, seconds } from '../../src/core/time.js'
import { DraftLog } from '../../src/namespace/draft-log.js'
import { open } from '../../src/namespace/dsse.js'
import { commitRecord } from '../../src/namespace/log-record.js'
import { FINISH_WITHIN, TO_DECIDE } from '../../src/namespace/recovery/recovery.js'
import type {
  CancellationStatement,
  RecoveryStatement,
} from '../../src/namespace/recovery/recovery-statements.js'
import { canonicalState } from '../../src/namespace/state.js'
import { Auditor } from '../support/auditor.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { brakeBy } from './given-brake.js'
import { groupBelow } from './given-group.js'
import { replaysTheSame } from './replays-the-same.js'
import { codeOf, givenIndex, owner, valueOf } from './given-index.js'
import {
  brake,
  cancellationBy,
  DELAY,
  digestIn,
  type GivenRecovery,
  givenRecovery,
  newGroup,
  recoveryBy,
  recoveryStatement,
  Safe,
  signedRecovery,
} from './given-recovery.js'

const starts = (
  given: GivenRecovery,
  by: readonly TestVoter[] = [given.safe.r1, given.safe.r2],
  more: Partial<RecoveryStatement> = {},
) => given.index.submitRecovery(recoveryBy(given, by, more))

const cancels = (
  given: GivenRecovery,
  by: readonly TestVoter[],
  more: Partial<CancellationStatement> = {},
) => given.index.submitRecovery(cancellationBy(given, by, more))

const finishes = (given: GivenRecovery) => given.index.finishRecovery(ROOT)

const votersOf = (given: GivenRecovery) => given.index.state.root.group?.voters.map(({ id }) => id)

describe('a recovery', () => {
  it('gives a scope other voters after its delay, and not a second before (attack 37)', async () => {
    const given = await givenRecovery()
    const before = given.index.state.root.group?.rev ?? 0
    const view = valueOf(await starts(given))
    expect(view).toMatchObject({
      scope: { alias: '' },
      standing: 'waiting',
      holders: ['r1', 'r2'],
      from: before,
      due: view.since + DELAY,
    })
    expect(votersOf(given)).toEqual(['ann', 'bob', 'cyd'])
    given.clock.set(plus(view.due, seconds(-1)))
    expect(codeOf(await finishes(given))).toBe('namespace.timelock')
    given.clock.set(view.due)
    expect(valueOf(await finishes(given))).toMatchObject({ standing: 'finished' })
    expect(votersOf(given)).toEqual(['dan', 'eve', 'fay'])
    expect(given.index.state.root.group?.rev).toBe(before + 1)
    // Which set was used stays to be seen, and it stays the set.
    expect(given.index.state.root.recovery).toMatchObject({ from: before, holders: ['r1', 'r2'] })
    expect(given.index.state.root.group?.recovery?.holders.map(({ id }) => id)).toEqual([
      'r1',
      'r2',
      'r3',
    ])
    await replaysTheSame(given)
    // And those who are there now decide.
    const waits = await given.proposed({ op: 'entry.create', alias: 'web', owner })
    await given.votes(given.dan, waits)
    expect((await given.votes(given.eve, waits)).changes).toHaveLength(1)
    expect(await given.codeOfVote(given.ann, await given.proposed(suspends))).toBe(
      'namespace.no-vote',
    )
  })

  const suspends = { op: 'entry.suspend', alias: 'web' } as const

  it('goes by the log: a record of before its time does not belong there, whoever writes it (attack 37)', async () => {
    const given = await givenRecovery()
    const signed = recoveryBy(given, [given.safe.r1, given.safe.r2])
    const { due } = valueOf(await given.index.submitRecovery(signed))
    const { state } = given.index
    const draft = new DraftLog(state.source)
    const root = state.root
    const put = {
      ...root,
      group: {
        ...newGroup(given),
        recovery: root.group?.recovery,
        rev: (root.group?.rev ?? 0) + 1,
      },
      rev: root.rev + 1,
      recovery: { ...root.recovery, finished: plus(due, seconds(-1)) },
    }
    const record = commitRecord(state, {
      kind: 'recovery-finish',
      at: plus(due, seconds(-1)),
      before: root,
      put: put as never,
      changeClass: 'structural',
      group: { uid: root.uid, rev: root.group?.rev ?? 0 },
      prop: digestIn(signed[0]),
      votes: [],
    })
    expect(codeOf(draft.add(record, signed))).toBe('namespace.timelock')
  })

  it('is stopped by any one voter who is left, and the set waits then (attack 171, attack 172)', async () => {
    const given = await givenRecovery()
    valueOf(await starts(given))
    given.clock.set(plus(given.now(), hours(70)))
    const stopped = valueOf(await cancels(given, [given.cyd]))
    const again = plus(given.now(), TO_DECIDE)
    expect(stopped).toMatchObject({ standing: 'cancelled', cancelled: { again } })
    given.clock.set(plus(given.now(), hours(3)))
    expect(codeOf(await finishes(given))).toBe('namespace.closed')
    expect(votersOf(given)).toEqual(['ann', 'bob', 'cyd'])
    given.clock.set(plus(again, seconds(-1)))
    expect(codeOf(await starts(given))).toBe('namespace.timelock')
    given.clock.set(again)
    expect(codeOf(await starts(given))).toBe('ok')
    await replaysTheSame(given)
  })

  it('gives those who stopped it as long as their timelocks take, and seven days', async () => {
    const given = await givenRecovery()
    const { rev: _rev, ...group } = given.index.state.root.group!
    const timelock = { structural: days(20) }
    await given.agreed({ op: 'group.set', alias: '', group: { ...group, timelock } })
    valueOf(await starts(given))
    const { cancelled } = valueOf(await cancels(given, [given.ann]))
    expect(cancelled?.again).toBe(given.now() + days(20) + TO_DECIDE)
  })

  it('is not stopped by who may not: strangers, holders, too few for a brake (attack 173)', async () => {
    const given = await givenRecovery({
      threshold: {
        ...{ narrowing: 100, routine: 200, sensitive: 200, structural: 200 },
        emergency: 200,
      },
    })
    valueOf(await starts(given))
    for (const by of [given.dan, given.safe.r3]) {
      expect(codeOf(await cancels(given, [by]))).toBe('namespace.no-vote')
    }
    expect(codeOf(await cancels(given, [given.ann]))).toBe('namespace.no-quorum')
    const forged = cancellationBy(given, [new TestVoter('ann'), given.bob])
    expect(codeOf(await given.index.submitRecovery(forged))).toBe('namespace.bad-signature')
    expect(codeOf(await cancels(given, [given.ann, given.bob]))).toBe('ok')
  })

  it('is stopped by one voter where the group has agreed on no brake, and by a braked one too', async () => {
    const given = await givenRecovery()
    const { rev: _rev, brake: _brake, ...without } = given.index.state.root.group!
    await given.agreed({ op: 'group.set', alias: '', group: without })
    valueOf(await starts(given))
    expect(codeOf(await cancels(given, [given.bob]))).toBe('ok')
    const braked = await givenRecovery()
    const both = [braked.ann, braked.bob]
    const on = brakeBy(braked.index.state, both, { alias: '', voter: 'cyd' }, { at: braked.now() })
    valueOf(await braked.index.submitBrake(on))
    valueOf(await starts(braked))
    expect(codeOf(await cancels(braked, [braked.cyd]))).toBe('ok')
  })

  it('is one at a time, and lapses when nobody finishes it', async () => {
    const given = await givenRecovery()
    const { due } = valueOf(await starts(given))
    expect(codeOf(await starts(given, [given.safe.r2, given.safe.r3]))).toBe(
      'namespace.wrong-state',
    )
    given.clock.set(plus(due, FINISH_WITHIN))
    expect(codeOf(await finishes(given))).toBe('namespace.closed')
    expect(await given.index.recoveries()).toMatchObject([{ standing: 'lapsed' }])
    expect(codeOf(await cancels(given, [given.ann]))).toBe('namespace.closed')
    expect(codeOf(await starts(given))).toBe('ok')
    await replaysTheSame(given)
  })

  it('ends when those who decide set another group meanwhile (attack 174)', async () => {
    const given = await givenRecovery()
    const { due } = valueOf(await starts(given))
    const { rev: _rev, ...group } = given.index.state.root.group!
    await given.agreed({ op: 'group.set', alias: '', group })
    expect(given.index.state.root.recovery).toBeUndefined()
    given.clock.set(due)
    expect(codeOf(await finishes(given))).toBe('namespace.closed')
    expect(votersOf(given)).toEqual(['ann', 'bob', 'cyd'])
    await replaysTheSame(given)
  })

  it('goes on when something else of the scope changes: what was signed is what becomes true', async () => {
    const given = await givenRecovery()
    const { due } = valueOf(await starts(given))
    const guard = { id: 'g', effect: 'maxTtl', maxTtl: 3600 } as const
    await given.votes(given.ann, await given.proposed({ op: 'guard.set', alias: '', guard }))
    given.clock.set(due)
    expect(codeOf(await finishes(given))).toBe('ok')
    expect(given.index.state.root.guards).toHaveLength(1)
    await replaysTheSame(given)
  })

  it('touches its own scope alone, and of it the group', async () => {
    const given = await givenRecovery(
      {},
      { op: 'scope.create', alias: 'shop' },
      { op: 'entry.create', alias: 'shop/web', owner },
    )
    const below = [new TestVoter('mal'), new TestVoter('nia'), new TestVoter('oli')]
    await groupBelow(given, 'shop', below)
    const { state } = given.index
    const [shop, web, root] = [given.scope('shop'), given.entry('shop/web'), state.root]
    const { due } = valueOf(await starts(given))
    given.clock.set(due)
    valueOf(await finishes(given))
    expect(given.scope('shop')).toEqual(shop)
    expect(given.entry('shop/web')).toEqual(web)
    const { group: _was, recovery: _mark, rev: _rev, head: _head, ...rest } = root
    expect(given.index.state.root).toMatchObject(rest)
  })

  it('makes what voters were asked about stale, as any change of their scope does', async () => {
    const given = await givenRecovery()
    const waits = await given.proposed({ op: 'entry.create', alias: 'web', owner })
    const { due } = valueOf(await starts(given))
    given.clock.set(due)
    valueOf(await finishes(given))
    expect((await given.proposal(waits.id)).standing).toBe('stale')
  })

  it('takes no brake off a key that stays', async () => {
    const given = await givenRecovery()
    const both = [given.ann, given.bob]
    const group = newGroup(given)
    const cyd = given.index.state.root.group!.voters.find(({ id }) => id === 'cyd')!
    const voters = [...group.voters.slice(0, 2), cyd]
    const { due } = valueOf(await starts(given, undefined, { group: { ...group, voters } }))
    given.clock.set(plus(due, seconds(-60)))
    const on = brakeBy(given.index.state, both, { alias: '', voter: 'cyd' }, { at: given.now() })
    valueOf(await given.index.submitBrake(on))
    given.clock.set(due)
    valueOf(await finishes(given))
    expect(votersOf(given)).toEqual(['dan', 'eve', 'cyd'])
    expect(given.index.state.root.group!.voters[2]!.brake).toEqual({
      until: due + hours(2) - 60,
    })
    await replaysTheSame(given)
  })

  /** Three of whom one is ann, by another name. */
  const keepsAnn = (given: GivenRecovery, more: Partial<RecoveryStatement['group']> = {}) => {
    const { index, at } = given.index.state
    const { controller } = given.ann
    const keys = [given.ann.key(index, at, { id: 'ann-2', controller })]
    const { voters, ...group } = newGroup(given)
    const ann = { ...voters[0]!, id: 'ann-2', controller, keys }
    return { group: { ...group, ...more, voters: [ann, ...voters.slice(1)] } }
  }

  /** Yes and no under one number. */
  const saysBoth = async (given: GivenRecovery) => {
    const said = await given.proposed({ op: 'entry.create', alias: 'web', owner })
    const votes = (['approve', 'reject'] as const).map((how) => {
      return given.ann.vote(said, how, given.now())
    })
    return codeOf(await given.index.submit(votes))
  }

  const statuses = (given: GivenRecovery) =>
    given.index.state.root.group?.voters.map(({ id, status }) => `${id} ${status}`)

  it('lets nobody vote again whom evidence suspended, whatever that leaves (attack 179)', async () => {
    const given = await givenRecovery()
    const { due } = valueOf(await starts(given, undefined, keepsAnn(given)))
    expect(await saysBoth(given)).toBe('ok')
    given.clock.set(due)
    expect(codeOf(await finishes(given))).toBe('ok')
    expect(statuses(given)).toEqual(['ann-2 suspended', 'eve active', 'fay active'])
    await replaysTheSame(given)
    const auditor = new Auditor()
    for (const record of given.store.records) auditor.hear(record)
    const { uid, group } = given.index.state.root
    expect(auditor.groupOf(uid)).toMatchObject({ voters: group?.voters })
  })

  it('is not started for a group that could not decide without those who are suspended', async () => {
    const given = await givenRecovery()
    expect(await saysBoth(given)).toBe('ok')
    const named = await starts(given, undefined, keepsAnn(given))
    expect(codeOf(named)).toBe('namespace.group-invalid')
    const said = keepsAnn(given, { acceptsSinglePointOfLoss: true })
    const { due } = valueOf(await starts(given, undefined, said))
    given.clock.set(due)
    valueOf(await finishes(given))
    expect(statuses(given)).toEqual(['ann-2 suspended', 'eve active', 'fay active'])
    await replaysTheSame(given)
  })
})

describe('no recovery is started', () => {
  const cases: readonly (readonly [
    string,
    string,
    (given: GivenRecovery) => ReturnType<typeof starts>,
  ])[] = [
    [
      'by fewer than the threshold',
      'namespace.no-quorum',
      (given) => starts(given, [given.safe.r1]),
    ],
    [
      'by voters of the group',
      'namespace.no-vote',
      (given) => starts(given, [given.ann, given.bob]),
    ],
    [
      'by another set that calls itself so',
      'namespace.bad-signature',
      (given) => {
        const other = new Safe()
        return starts(given, [other.r1, other.r2])
      },
    ],
    [
      'with one key twice',
      'namespace.malformed',
      (given) => {
        const { r1 } = given.safe
        const statement = recoveryStatement(given, ['r1', 'r2'], { at: given.now() })
        return given.index.submitRecovery([
          ...signedRecovery([r1], statement),
          ...signedRecovery([r1], { ...statement, nonce: 'f'.repeat(32) }),
        ])
      },
    ],
    [
      'by one of two who are named',
      'namespace.malformed',
      (given) => {
        const statement = recoveryStatement(given, ['r1', 'r2'], { at: given.now() })
        return given.index.submitRecovery(signedRecovery([given.safe.r1], statement))
      },
    ],
    [
      'on another base',
      'namespace.stale-base',
      (given) => starts(given, undefined, { base: { rev: 1, head: 'a'.repeat(64) } }),
    ],
    [
      'from another revision of the group',
      'namespace.stale-base',
      (given) => starts(given, undefined, { from: 1 }),
    ],
    [
      'of another index',
      'namespace.wrong-index',
      (given) => starts(given, undefined, { index: 'a'.repeat(64) }),
    ],
    [
      'too late',
      'namespace.expired',
      (given) =>
        starts(given, undefined, {
          created: minus(given.now(), days(2)),
          expires: plus(given.now(), seconds(-1)),
        }),
    ],
    [
      'with statements that are good for weeks',
      'namespace.expired',
      (given) => starts(given, undefined, { expires: plus(given.now(), days(8)) }),
    ],
    [
      'for a group that is not sound',
      'namespace.group-invalid',
      (given) => {
        const group = newGroup(given)
        return starts(given, undefined, {
          group: { ...group, threshold: { ...group.threshold, routine: 100 } },
        })
      },
    ],
    [
      'for voters who never said that they want to vote',
      'namespace.group-invalid',
      (given) => {
        const group = newGroup(given)
        const [dan, ...more] = group.voters
        const keys = dan!.keys.map(({ proof: _proof, ...key }) => key)
        return starts(given, undefined, {
          group: { ...group, voters: [{ ...dan!, keys }, ...more] },
        })
      },
    ],
    [
      'for holders as voters, with the keys of the set',
      'namespace.group-invalid',
      (given) => {
        const { index, at } = given.index.state
        const { r1, r2, r3 } = given.safe
        const voters = [r1, r2, r3].map((one, n) => {
          const who = { id: `v${n}`, controller: one.controller }
          return { ...one.voter(index, at), ...who, keys: [one.key(index, at, who)] }
        })
        return starts(given, undefined, { group: { ...newGroup(given), voters } })
      },
    ],
    [
      'that changes the recovery set',
      'namespace.malformed',
      (given) => {
        const recovery = new Safe().set(given.index.state.index, given.index.state.at)
        return starts(given, undefined, { group: { ...newGroup(given), recovery } as never })
      },
    ],
    [
      'of a scope that has no such name',
      'namespace.unknown',
      (given) =>
        starts(given, undefined, {
          subject: { alias: 'web' as Alias, uid: given.index.state.root.uid },
        }),
    ],
  ]

  it.each(cases)('%s: %s (attack 175)', async (_, code, tried) => {
    const given = await givenRecovery()
    const size = given.index.state.size
    expect(codeOf(await tried(given))).toBe(code)
    expect(given.index.state.size).toBe(size)
  })

  it('of a scope below by the set of the root, nor of one that others decide about (attack 177)', async () => {
    const given = await givenRecovery({}, { op: 'scope.create', alias: 'shop' })
    const shop = given.scope('shop')
    const subject = { alias: shop.alias, uid: shop.uid }
    const about = { subject, base: { rev: shop.rev, head: shop.head }, from: 0 }
    expect(codeOf(await starts(given, undefined, about))).toBe('namespace.not-responsible')
    const below = [new TestVoter('mal'), new TestVoter('nia'), new TestVoter('oli')]
    await groupBelow(given, 'shop', below)
    const { rev, head } = given.scope('shop')
    const now = { subject, base: { rev, head }, from: 1 }
    expect(codeOf(await starts(given, undefined, now))).toBe('namespace.no-recovery')
  })

  it('again by what was signed once (attack 176)', async () => {
    const given = await givenRecovery()
    const signed = recoveryBy(given, [given.safe.r1, given.safe.r2])
    valueOf(await given.index.submitRecovery(signed))
    valueOf(await cancels(given, [given.ann]))
    given.clock.set(plus(given.now(), hours(20)))
    expect(codeOf(await given.index.submitRecovery(signed))).toBe('namespace.stale-base')
  })
})

describe('a recovery set', () => {
  const set = async (given: GivenRecovery, recovery: unknown): Promise<string> => {
    const { rev: _rev, recovery: _was, ...group } = given.index.state.root.group!
    return given.codeFor({ op: 'group.set', alias: '', group: { ...group, recovery } })
  }

  it('needs more than half, each another person, keys that nobody votes with, and a weekend (attack 37, attack 178)', async () => {
    const given = await givenRecovery()
    const { index, at } = given.index.state
    const safe = new Safe()
    const good = safe.set(index, at)
    const invalid = 'namespace.group-invalid'
    expect(await set(given, { ...good, threshold: 1 })).toBe(invalid)
    expect(await set(given, { ...good, threshold: 4 })).toBe(invalid)
    expect(await set(given, { ...good, delay: hours(63) })).toBe('namespace.malformed')
    expect(await set(given, { ...good, delay: days(31) })).toBe('namespace.malformed')
    const twins = [safe.r1, new TestVoter('r4', 'Ed25519', 'r1@acme')]
    const holders = twins.map((one) => one.holder(index, at))
    expect(await set(given, { ...good, holders })).toBe(invalid)
    const voting = { ...given.ann.holder(index, at), id: 'r5' }
    expect(await set(given, { ...good, holders: [...good.holders.slice(1), voting] })).toBe(invalid)
    // Who wants to vote has not said that they want to recover.
    const enrolled = { id: 'r6', controller: 'r6@acme', keys: [new TestVoter('r6').key(index, at)] }
    expect(await set(given, { ...good, holders: [...good.holders.slice(1), enrolled] })).toBe(
      invalid,
    )
    expect(await set(given, good)).toBe('ok')
  })

  it('stays when a group is set without a word about it, and goes when somebody says so', async () => {
    const given = await givenRecovery()
    const { rev: _rev, recovery, ...group } = given.index.state.root.group!
    await given.agreed({ op: 'group.set', alias: '', group })
    expect(given.index.state.root.group?.recovery).toEqual(recovery)
    await given.agreed({ op: 'group.set', alias: '', group: { ...group, recovery: null } })
    expect(given.index.state.root.group?.recovery).toBeUndefined()
    expect(codeOf(await starts(given))).toBe('namespace.no-recovery')
  })

  it('is no larger than bundles can show', async () => {
    const given = await givenRecovery()
    const { proposers: _none, ...group } = newGroup(given)
    const keys = Array.from({ length: 8 }, (_, at) => new TestVoter(`k${at}`)).flatMap(
      (one) => one.voter(given.index.state.index, given.now()).keys,
    )
    const proposers = Array.from({ length: 60 }, (_, at) => ({
      id: `p${at}`,
      controller: `p${at}@acme`,
      keys,
    }))
    const large = { group: { ...group, proposers } }
    const by = [given.safe.r1, given.safe.r2, given.safe.r3]
    const refused = await starts(given, by, large)
    expect(refused).toMatchObject({
      refusal: { code: 'namespace.malformed', wanted: expect.stringContaining('262144 octets') },
    })
  })

  it('is stopped by a solo index with the key that it has', async () => {
    const { solo } = await begunOfSolo()
    const cancel = () => solo.index.cancelRecovery({ alias: ROOT, reason: 'we are here' })
    expect(valueOf(await cancel())).toMatchObject({ standing: 'cancelled' })
    expect(codeOf(await cancel())).toBe('namespace.closed')
    expect(codeOf(await solo.index.cancelRecovery({ alias: 'shop' as Alias }))).toBe(
      'namespace.unknown',
    )
    expect(codeOf(await solo.index.verify())).toBe('ok')
    const given = await givenRecovery()
    valueOf(await starts(given))
    expect(codeOf(await given.index.cancelRecovery({ alias: ROOT }))).toBe('namespace.no-vote')
  })

  it('gives a solo index another key, where its own is lost', async () => {
    const { solo, due } = await begunOfSolo()
    solo.clock.set(due)
    valueOf(await solo.index.finishRecovery(ROOT))
    expect(await solo.codeFor({ op: 'scope.create', alias: 'shop' })).not.toBe('ok')
    expect(codeOf(await solo.index.verify())).toBe('ok')
  })

  /** A solo index of which somebody is about to replace the voter. */
  async function begunOfSolo() {
    const solo = await givenIndex()
    const { index, at, root } = solo.index.state
    const { rev: _rev, ...group } = root.group!
    const safe = new Safe()
    await solo.did({
      op: 'group.set',
      alias: '',
      group: { ...group, recovery: safe.set(index, at) },
    })
    const next = new TestVoter('local')
    const { proposers: _none, ...terms } = groupOf([next.voter(index, at, 1)], {
      solo: true,
      threshold: group.threshold,
      minControllers: group.minControllers,
    })
    const given = { ...solo, safe, now: () => solo.clock.now() } as unknown as GivenRecovery
    const statement = recoveryStatement(
      { ...given, dan: next, eve: next, fay: next },
      ['r1', 'r2'],
      { at: solo.clock.now(), group: terms },
    )
    const signed = signedRecovery([safe.r1, safe.r2], statement)
    const { due } = valueOf(await solo.index.submitRecovery(signed))
    return { solo, due }
  }
})

describe('what a recovery leaves in the log', () => {
  it('says who signed it, and is an exception of its own', async () => {
    const given = await givenRecovery()
    const { due } = valueOf(await starts(given, undefined, { reason: 'two of three are gone' }))
    given.clock.set(due)
    valueOf(await finishes(given))
    const history = valueOf(await given.index.history(ROOT))
    expect(history.slice(-2)).toMatchObject([
      { op: 'recovery.start', votes: ['approve: r1, r2'], reason: 'two of three are gone' },
      { op: 'recovery.finish', votes: ['approve: r1, r2'], summary: ['voters: dan, eve, fay'] },
    ])
    const [finish] = await given.store.read(given.index.state.size - 1, 1)
    expect(finish?.envelopes.map((one) => open(one)?.digest)).toHaveLength(2)
  })

  it('is not there where there is none: states are as they always were', async () => {
    const given = await givenRecovery()
    const bare = JSON.parse(canonicalState(given.index.state)) as {
      scopes: readonly Record<string, unknown>[]
    }
    expect(bare.scopes.every((scope) => !('recovery' in scope))).toBe(true)
    expect(brake).toBeDefined()
  })
})
