import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { SerialNumber } from '../../src/core/serial.js'
import { days, hours, plus, seconds, unixSeconds } from '../../src/core/time.js'
import type { LedgerEntry, LedgerRow, Spend } from '../../src/issuance/ports.js'
import type { IssuingStore } from '../../src/store/open-store.js'
import { T0 } from '../support/fake-clock.js'
import { challenge, leaf, newEntry, type OpenStore, plain, token } from './given-store.js'

const spendToken = ({ id }: { readonly id: string }): Spend => ({ kind: 'join-token', id })
const spendChallenge = ({ id }: { readonly id: string }): Spend => ({ kind: 'challenge', id })
const serials = (rows: readonly LedgerRow[]): string[] => rows.map(({ serial }) => serial)

async function record(store: IssuingStore, ...entries: readonly LedgerEntry[]): Promise<void> {
  for (const entry of entries) {
    expect(await store.ledger.append(entry, [])).toEqual({ ok: true, value: undefined })
  }
}

/** Neither the leaf nor a trace of it. */
async function expectNothingOf(store: IssuingStore, entry: LedgerEntry): Promise<void> {
  expect(await store.ledger.find(entry.serial)).toBeUndefined()
  expect(await store.ledger.find(entry.serial, entry.notAfter)).toBeUndefined()
  expect(await store.ledger.list({ entry: entry.entry!, limit: 10 })).toEqual([])
  expect(await store.ledger.lastNotAfter(entry.entry!)).toBeUndefined()
}

/** What every `IssuanceLedger` keeps to. */
export function issuanceLedgerContract(name: string, open: OpenStore): void {
  describe(`IssuanceLedger: ${name}`, () => {
    appending(open)
    spending(open)
    looking(open)
    revoking(open)
    pruning(open)

    it('counts the CRLs of an issuer 1, 2, 3, each issuer for itself, and on after reopening', async () => {
      const { store, reopen } = await open()
      expect(await store.ledger.nextCrlNumber('aa')).toBe(1)
      expect(await store.ledger.nextCrlNumber('aa')).toBe(2)
      expect(await store.ledger.nextCrlNumber('bb')).toBe(1)
      const again = await reopen()
      expect(await again.ledger.nextCrlNumber('aa')).toBe(3)
      expect(await again.ledger.nextCrlNumber('bb')).toBe(2)
    })

    it('gives callers at the same moment a CRL number each', async () => {
      const { store } = await open()
      const numbers = await Promise.all(
        Array.from({ length: 20 }, () => store.ledger.nextCrlNumber('aa')),
      )
      expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
    })

    it('probes a store that works, again and again', async () => {
      const { store } = await open()
      await store.ledger.probe()
      await expect(store.ledger.probe()).resolves.toBeUndefined()
    })
  })
}

function appending(open: OpenStore): void {
  it('records a leaf and finds it as it was, with and without its notAfter, also after reopening', async () => {
    const { store, reopen } = await open()
    const entry = leaf()
    await record(store, entry)
    const expected = plain({ ...entry, revocation: null, seq: 0 })
    expect(plain(await store.ledger.find(entry.serial))).toEqual(expected)
    const again = await reopen()
    expect(plain(await again.ledger.find(entry.serial))).toEqual(expected)
    expect(plain(await again.ledger.find(entry.serial, entry.notAfter))).toEqual(expected)
  })

  it("records the CA's own certificate, which has no entry, no binding and no parent", async () => {
    const { store } = await open()
    const entry = leaf({ entry: null, binding: null, parentSerial: null })
    await record(store, entry)
    expect(plain(await store.ledger.find(entry.serial))).toEqual(
      plain({ ...entry, revocation: null, seq: 0 }),
    )
  })

  it('finds nothing under an unknown serial, or in the partition of another day', async () => {
    const { store } = await open()
    const entry = leaf()
    expect(await store.ledger.find(entry.serial)).toBeUndefined()
    expect(await store.ledger.find(entry.serial, entry.notAfter)).toBeUndefined()
    await record(store, entry)
    expect(await store.ledger.find(leaf().serial)).toBeUndefined()
    expect(await store.ledger.find(entry.serial, plus(entry.notAfter, days(3)))).toBeUndefined()
  })

  it('throws for a serial that exists, and overwrites nothing', async () => {
    const { store } = await open()
    const first = leaf()
    const joinToken = token()
    await record(store, first)
    await store.joinTokens.create(joinToken)
    const second = leaf({ serial: first.serial, alias: 'shop/other' })
    await expect(store.ledger.append(second, [spendToken(joinToken)])).rejects.toThrow(
      DependencyError,
    )
    expect(plain(await store.ledger.find(first.serial))).toEqual(
      plain({ ...first, revocation: null, seq: 0 }),
    )
    expect(await store.ledger.lastNotAfter(second.entry!)).toBeUndefined()
    expect((await store.joinTokens.find(joinToken.id))?.usedAt).toBeNull()
  })

  it('of two that come with one serial at the same moment records one', async () => {
    const { store } = await open()
    const first = leaf()
    const second = leaf({ serial: first.serial })
    const settled = await Promise.allSettled([
      store.ledger.append(first, []),
      store.ledger.append(second, []),
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect((await store.ledger.find(first.serial))?.entry).toBe(first.entry)
  })

  it('answers each of many at the same moment for itself', async () => {
    const { store } = await open()
    const known = leaf()
    await record(store, known)
    const good = Array.from({ length: 40 }, () => leaf())
    const settled = await Promise.allSettled([
      ...good.slice(0, 20).map((entry) => store.ledger.append(entry, [])),
      store.ledger.append(leaf({ serial: known.serial }), []),
      store.ledger.append(leaf(), [spendToken({ id: 'unknown' })]),
      ...good.slice(20).map((entry) => store.ledger.append(entry, [])),
    ])
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(settled[20]?.status).toBe('rejected')
    expect(settled[21]).toMatchObject({ status: 'fulfilled', value: { ok: false } })
    for (const { serial } of good) expect(await store.ledger.find(serial)).toBeDefined()
  })
}

function spending(open: OpenStore): void {
  it('consumes what it spends, at the moment of issuance', async () => {
    const { store, reopen } = await open()
    const [joinToken, asked] = [token(), challenge()]
    await store.joinTokens.create(joinToken)
    await store.challenges.create(asked)
    const entry = leaf({ issuedAt: plus(T0, seconds(7)) })
    const spends = [spendToken(joinToken), spendChallenge(asked)]
    expect(await store.ledger.append(entry, spends)).toEqual({ ok: true, value: undefined })
    expect((await store.joinTokens.find(joinToken.id))?.usedAt).toBe(entry.issuedAt)
    const again = await reopen()
    expect((await again.joinTokens.find(joinToken.id))?.usedAt).toBe(entry.issuedAt)
    expect(await again.challenges.find(asked.id)).toBeUndefined()
  })

  const kinds = [
    {
      kind: 'join token',
      code: 'evidence.not-accepted',
      spend: spendToken,
      give: async (store: IssuingStore, expiresAt = plus(T0, hours(1))) => {
        const given = token({ expiresAt })
        await store.joinTokens.create(given)
        return given
      },
    },
    {
      kind: 'challenge',
      code: 'challenge.spent',
      spend: spendChallenge,
      give: async (store: IssuingStore, expiresAt = plus(T0, hours(1))) => {
        const given = challenge({ expiresAt })
        await store.challenges.create(given)
        return given
      },
    },
  ] as const

  describe.each(kinds)('a $kind', ({ code, spend, give }) => {
    const refused = { ok: false, refusal: { code } }

    it('that is unknown is refused, and nothing recorded', async () => {
      const { store } = await open()
      const entry = leaf()
      expect(await store.ledger.append(entry, [spend({ id: 'unknown' })])).toMatchObject(refused)
      await expectNothingOf(store, entry)
    })

    it('that was used is refused, and nothing recorded', async () => {
      const { store, reopen } = await open()
      const given = await give(store)
      expect(await store.ledger.append(leaf(), [spend(given)])).toMatchObject({ ok: true })
      const entry = leaf()
      expect(await store.ledger.append(entry, [spend(given)])).toMatchObject(refused)
      const again = await reopen()
      expect(await again.ledger.append(entry, [spend(given)])).toMatchObject(refused)
      await expectNothingOf(again, entry)
    })

    it('that is expired when the leaf is issued is refused, and nothing recorded', async () => {
      const { store } = await open()
      const given = await give(store, T0)
      const entry = leaf({ issuedAt: T0 })
      expect(await store.ledger.append(entry, [spend(given)])).toMatchObject(refused)
      await expectNothingOf(store, entry)
    })

    it('is good until the second before it expires', async () => {
      const { store } = await open()
      const given = await give(store, plus(T0, seconds(1)))
      expect(await store.ledger.append(leaf({ issuedAt: T0 }), [spend(given)])).toMatchObject({
        ok: true,
      })
    })

    it('cannot be spent twice by one leaf', async () => {
      const { store } = await open()
      const given = await give(store)
      const entry = leaf()
      expect(await store.ledger.append(entry, [spend(given), spend(given)])).toMatchObject(refused)
      await expectNothingOf(store, entry)
      expect(await store.ledger.append(entry, [spend(given)])).toMatchObject({ ok: true })
    })

    it('of 50 that race for it serves exactly one', async () => {
      const { store } = await open()
      const given = await give(store)
      const entries = Array.from({ length: 50 }, () => leaf())
      const results = await Promise.all(
        entries.map((entry) => store.ledger.append(entry, [spend(given)])),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
      for (const [position, entry] of entries.entries()) {
        if (results[position]?.ok !== true) await expectNothingOf(store, entry)
      }
      expect(await store.ledger.list({ limit: 100 })).toHaveLength(1)
    })
  })

  it('leaves a good token unused when the challenge beside it is not, and the other way round', async () => {
    const { store } = await open()
    const [joinToken, asked] = [token(), challenge()]
    await store.joinTokens.create(joinToken)
    await store.challenges.create(asked)
    const none = { id: 'unknown' }
    for (const spends of [
      [spendToken(joinToken), spendChallenge(none)],
      [spendChallenge(asked), spendToken(none)],
    ]) {
      expect(await store.ledger.append(leaf(), spends)).toMatchObject({ ok: false })
    }
    expect((await store.joinTokens.find(joinToken.id))?.usedAt).toBeNull()
    expect(await store.challenges.find(asked.id)).toEqual(asked)
  })

  it('does not take a token for a challenge of the same id', async () => {
    const { store } = await open()
    const joinToken = token()
    await store.joinTokens.create(joinToken)
    expect(await store.ledger.append(leaf(), [spendChallenge(joinToken)])).toMatchObject({
      ok: false,
      refusal: { code: 'challenge.spent' },
    })
  })
}

function looking(open: OpenStore): void {
  /** Longer lives come first in no order at all: notAfter and issuedAt run against each other. */
  const spread = (): LedgerEntry[] =>
    [0, 1, 2, 3, 4, 5].map((hour) =>
      leaf({ issuedAt: plus(T0, hours(hour)), notAfter: plus(T0, days(6 - hour)) }),
    )

  it('lists the newest first, whenever they end', async () => {
    const { store } = await open()
    const entries = spread()
    await record(store, entries[3]!, entries[0]!, entries[5]!, entries[1]!, entries[4]!)
    const rows = await store.ledger.list({ limit: 100 })
    expect(serials(rows)).toEqual([5, 4, 3, 1, 0].map((position) => entries[position]!.serial))
  })

  it('lists the newest of one day, and of one second the last recorded', async () => {
    const { store } = await open()
    const notAfter = plus(T0, days(1))
    const [old, middle, first, last] = [
      leaf({ issuedAt: T0, notAfter }),
      leaf({ issuedAt: plus(T0, seconds(1)), notAfter }),
      leaf({ issuedAt: plus(T0, seconds(2)), notAfter }),
      leaf({ issuedAt: plus(T0, seconds(2)), notAfter }),
    ]
    await record(store, middle, first, old, last)
    const rows = await store.ledger.list({ limit: 4 })
    expect(serials(rows)).toEqual([last, first, middle, old].map(({ serial }) => serial))
  })

  it('lists no more than the limit, and those are the newest', async () => {
    const { store } = await open()
    const entries = spread()
    await record(store, ...entries)
    const rows = await store.ledger.list({ limit: 2 })
    expect(serials(rows)).toEqual([entries[5]!.serial, entries[4]!.serial])
    expect(await store.ledger.list({ limit: 0 })).toEqual([])
  })

  it('lists one entry alone, and of an unknown one nothing', async () => {
    const { store } = await open()
    const entry = newEntry()
    const [first, second] = [leaf({ entry }), leaf({ entry, issuedAt: plus(T0, days(2)) })]
    await record(store, first, leaf(), second, leaf({ entry: null }))
    const rows = await store.ledger.list({ entry, limit: 10 })
    expect(serials(rows)).toEqual([second.serial, first.serial])
    expect(plain(rows[1])).toEqual(plain({ ...first, revocation: null, seq: 0 }))
    expect(await store.ledger.list({ entry: newEntry(), limit: 10 })).toEqual([])
  })

  it('lists as live what ends at this very second, and not what ended before', async () => {
    const { store } = await open()
    const at = plus(T0, hours(12))
    const entry = newEntry()
    const [before, now, later] = [
      leaf({ entry, notAfter: plus(at, seconds(-1)) }),
      leaf({ entry, notAfter: at }),
      leaf({ notAfter: plus(at, days(3)), issuedAt: plus(T0, seconds(1)) }),
    ]
    await record(store, before, now, later, leaf({ notAfter: plus(T0, days(-2)) }))
    const live = await store.ledger.list({ liveAt: at, limit: 10 })
    expect(serials(live)).toEqual([later.serial, now.serial])
    expect(serials(await store.ledger.list({ entry, liveAt: at, limit: 10 }))).toEqual([now.serial])
  })

  it('counts what is neither expired nor revoked', async () => {
    const { store } = await open()
    const at = plus(T0, hours(12))
    expect(await store.ledger.countLive(at)).toBe(0)
    const [ended, edge, live, later] = [
      leaf({ notAfter: plus(at, seconds(-1)) }),
      leaf({ notAfter: at }),
      leaf({ notAfter: plus(at, seconds(1)) }),
      leaf({ notAfter: plus(at, days(5)) }),
    ]
    await record(store, ended, edge, live, later, leaf({ notAfter: plus(T0, days(-2)) }))
    expect(await store.ledger.countLive(at)).toBe(3)
    const revocation = { at: T0, reason: 'superseded' } as const
    await store.ledger.revoke([ended.serial, later.serial], revocation)
    expect(await store.ledger.countLive(at)).toBe(2)
    await store.ledger.revoke([edge.serial], revocation)
    expect(await store.ledger.countLive(at)).toBe(1)
    expect(await store.ledger.countLive(plus(at, days(9)))).toBe(0)
  })

  it('knows the latest notAfter of an entry, also when a later leaf ends sooner', async () => {
    const { store, reopen } = await open()
    const entry = newEntry()
    expect(await store.ledger.lastNotAfter(entry)).toBeUndefined()
    const far = plus(T0, days(3))
    await record(store, leaf({ entry }), leaf({ entry, notAfter: far }), leaf({ entry }), leaf())
    expect(await store.ledger.lastNotAfter(entry)).toBe(far)
    expect(await (await reopen()).ledger.lastNotAfter(entry)).toBe(far)
  })
}

function revoking(open: OpenStore): void {
  const compromised = { at: plus(T0, hours(1)), reason: 'keyCompromise' } as const
  const superseded = { at: plus(T0, hours(2)), reason: 'superseded' } as const

  it('revokes each once, and the first revocation stands', async () => {
    const { store, reopen } = await open()
    const [first, second, other] = [leaf(), leaf({ notAfter: plus(T0, days(9)) }), leaf()]
    await record(store, first, second, other)
    expect(await store.ledger.revoke([first.serial, leaf().serial], compromised)).toBe(1)
    expect(await store.ledger.revoke([first.serial, second.serial], superseded)).toBe(1)
    expect(await store.ledger.revoke([first.serial, second.serial], compromised)).toBe(0)
    const again = await reopen()
    expect((await again.ledger.find(first.serial))?.revocation).toEqual(compromised)
    expect((await again.ledger.find(second.serial, second.notAfter))?.revocation).toEqual(
      superseded,
    )
    expect((await again.ledger.find(other.serial))?.revocation).toBeNull()
    const listed = await again.ledger.list({ entry: first.entry!, limit: 1 })
    expect(listed[0]?.revocation).toEqual(compromised)
  })

  it('revokes a serial named twice once, and no serial at all', async () => {
    const { store } = await open()
    const entry = leaf()
    await record(store, entry)
    expect(await store.ledger.revoke([entry.serial, entry.serial], compromised)).toBe(1)
    expect(await store.ledger.revoke([], compromised)).toBe(0)
  })

  it('records nothing that renews what is revoked, not in one commit with that either', async () => {
    const { store } = await open()
    const { ledger } = store
    const [parent, other] = [leaf(), leaf()]
    await record(store, parent, other)
    const renewal = () => leaf({ parentSerial: parent.serial })
    const [before, after] = [renewal(), renewal()]
    const { size } = await store.issuanceLog.tree.head()
    const [first, revoked, second] = await Promise.all([
      ledger.append(before, []),
      ledger.revoke([parent.serial], compromised),
      ledger.append(after, []),
    ])
    expect([first.ok, revoked]).toEqual([true, 1])
    expect(second).toMatchObject({ refusal: { code: 'renewal.revoked' } })
    expect(await ledger.append(renewal(), [])).toMatchObject({
      refusal: { code: 'renewal.revoked' },
    })
    expect(await ledger.find(after.serial)).toBeUndefined()
    expect((await store.issuanceLog.tree.head()).size).toBe(size + 1)
    expect((await ledger.append(leaf({ parentSerial: other.serial }), [])).ok).toBe(true)
    expect((await ledger.append(leaf({ parentSerial: null }), [])).ok).toBe(true)
  })

  it('keeps what one renewal was to spend, where what it renews is revoked', async () => {
    const { store } = await open()
    const [parent, once] = [leaf(), challenge()]
    await record(store, parent)
    await store.challenges.create(once)
    await store.ledger.revoke([parent.serial], compromised)
    const spend = { kind: 'challenge', id: once.id } as const
    const refused = await store.ledger.append(leaf({ parentSerial: parent.serial }), [spend])
    expect(refused).toMatchObject({ refusal: { code: 'renewal.revoked' } })
    expect((await store.ledger.append(leaf(), [spend])).ok).toBe(true)
  })

  it('revokes all that an entry holds live, what is recorded until then included', async () => {
    const { store } = await open()
    const { ledger } = store
    const entry = newEntry()
    const { at } = compromised
    const [old, long, revokedBefore, ended] = [
      leaf({ entry }),
      leaf({ entry, notAfter: plus(T0, days(9)) }),
      leaf({ entry }),
      leaf({ entry, notAfter: plus(at, seconds(-1)) }),
    ]
    const edge = leaf({ entry, notAfter: at, issuedAt: plus(T0, hours(-3)) })
    const other = leaf()
    await record(store, old, long, revokedBefore, ended, edge, other)
    await ledger.revoke([revokedBefore.serial], superseded)
    const [renewed, tooLate] = [
      leaf({ entry, parentSerial: old.serial }),
      leaf({ entry, parentSerial: old.serial }),
    ]
    const [, marked, refused] = await Promise.all([
      ledger.append(renewed, []),
      ledger.revokeEntry(entry, compromised),
      ledger.append(tooLate, []),
    ])
    const all = [old, long, edge, renewed].map(({ serial }) => serial)
    expect([...marked].sort()).toEqual([...all].sort())
    expect(refused).toMatchObject({ refusal: { code: 'renewal.revoked' } })
    for (const serial of all) expect((await ledger.find(serial))?.revocation).toEqual(compromised)
    expect((await ledger.find(revokedBefore.serial))?.revocation).toEqual(superseded)
    expect((await ledger.find(ended.serial))?.revocation).toBeNull()
    expect((await ledger.find(other.serial))?.revocation).toBeNull()
    expect(await ledger.list({ entry, liveAt: at, limit: 10 })).toEqual([])
    expect(await ledger.revokeEntry(entry, superseded)).toEqual([])
  })

  it('lists as live nothing that is revoked, and as many others as are asked for', async () => {
    const { store } = await open()
    const entry = newEntry()
    const all = Array.from({ length: 4 }, (_, n) =>
      leaf({ entry, issuedAt: plus(T0, seconds(n)), notAfter: plus(T0, days(1)) }),
    )
    await record(store, ...all)
    await store.ledger.revoke([all[3]!.serial, all[1]!.serial], compromised)
    const query = { liveAt: T0, limit: 2 }
    const live = [all[2]!.serial, all[0]!.serial]
    expect(serials(await store.ledger.list({ ...query, entry }))).toEqual(live)
    expect(serials(await store.ledger.list(query))).toEqual(live)
    expect(serials(await store.ledger.list({ entry, limit: 2 }))).toEqual([
      all[3]!.serial,
      all[2]!.serial,
    ])
  })

  it('of callers at the same moment lets one revoke', async () => {
    const { store } = await open()
    const entry = leaf()
    await record(store, entry)
    const changed = await Promise.all(
      Array.from({ length: 10 }, () => store.ledger.revoke([entry.serial], compromised)),
    )
    expect(changed.sort()).toEqual([...Array.from({ length: 9 }, () => 0), 1])
  })

  it('names the revoked of one issuer, the first revoked first, without the expired', async () => {
    const { store } = await open()
    const at = plus(T0, hours(12))
    // Their serials, and the order in which they end, run against the order of revocation.
    const named = (digit: string) => ({ serial: digit.repeat(32) as SerialNumber })
    const mine = [
      leaf({ ...named('4'), notAfter: plus(at, days(4)) }),
      leaf({ ...named('5'), notAfter: plus(at, days(1)) }),
      leaf({ ...named('6'), notAfter: at }),
    ]
    const ended = leaf({ notAfter: plus(at, seconds(-1)) })
    const theirs = leaf({ issuerId: 'ffffffffffffffff' })
    await record(store, ...mine, ended, theirs, leaf())
    const later = [mine[1]!.serial, ended.serial, theirs.serial]
    await store.ledger.revoke([mine[2]!.serial], compromised)
    await store.ledger.revoke(later, superseded)
    await store.ledger.revoke([mine[0]!.serial], { ...superseded, at: plus(T0, hours(3)) })
    const rows = await store.ledger.revoked(mine[0]!.issuerId, at)
    expect(serials(rows)).toEqual([mine[2]!.serial, mine[1]!.serial, mine[0]!.serial])
    expect(plain(rows[0])).toEqual(plain({ ...mine[2]!, revocation: compromised, seq: 2 }))
    expect(serials(await store.ledger.revoked('ffffffffffffffff', T0))).toEqual([theirs.serial])
    expect(await store.ledger.revoked('0000000000000000', T0)).toEqual([])
  })
}

function pruning(open: OpenStore): void {
  const cut = plus(T0, days(3))
  const revocation = { at: T0, reason: 'superseded' } as const

  it('drops the rows of the days before, counts them, and keeps the rest', async () => {
    const { store, reopen } = await open()
    const gone = [leaf(), leaf({ notAfter: plus(cut, seconds(-1)) })]
    const kept = [leaf({ notAfter: cut }), leaf({ notAfter: plus(cut, days(2)) })]
    await record(store, ...gone, ...kept)
    await store.ledger.revoke([gone[0]!.serial, kept[0]!.serial], revocation)
    expect(await store.ledger.prune(cut)).toBe(2)
    expect(await store.ledger.prune(cut)).toBe(0)
    const again = await reopen()
    for (const { serial, notAfter } of gone) {
      expect(await again.ledger.find(serial)).toBeUndefined()
      expect(await again.ledger.find(serial, notAfter)).toBeUndefined()
    }
    expect(await again.ledger.list({ limit: 10 })).toHaveLength(2)
    expect((await again.ledger.find(kept[0]!.serial))?.revocation).toEqual(revocation)
    expect(serials(await again.ledger.revoked(kept[0]!.issuerId, T0))).toEqual([kept[0]!.serial])
    expect(await again.ledger.countLive(T0)).toBe(1)
  })

  it('says on which days its certificates end', async () => {
    const { store, reopen } = await open()
    expect(await store.ledger.days()).toEqual([])
    const midnight = unixSeconds(cut - (cut % 86_400))
    await record(
      store,
      leaf({ notAfter: plus(cut, days(2)) }),
      leaf({ notAfter: plus(midnight, seconds(5)) }),
      leaf({ notAfter: plus(midnight, seconds(9)) }),
    )
    expect(await store.ledger.days()).toEqual([midnight, plus(midnight, days(2))])
    await store.ledger.prune(plus(midnight, days(1)))
    expect(await (await reopen()).ledger.days()).toEqual([plus(midnight, days(2))])
  })

  it('remembers the latest notAfter of an entry whose rows are gone', async () => {
    const { store, reopen } = await open()
    const entry = leaf()
    await record(store, entry)
    expect(await store.ledger.prune(cut)).toBe(1)
    expect(await store.ledger.lastNotAfter(entry.entry!)).toBe(entry.notAfter)
    expect(await (await reopen()).ledger.lastNotAfter(entry.entry!)).toBe(entry.notAfter)
  })

  it('keeps the revocation of every row that it keeps, in the middle of a day too', async () => {
    const { store } = await open()
    const noon = plus(cut, hours(12))
    const entry = leaf({ notAfter: plus(cut, hours(10)) })
    await record(store, entry)
    await store.ledger.revoke([entry.serial], revocation)
    await store.ledger.prune(noon)
    // Whether the row goes now or at the end of its day is the store's affair.
    const row = await store.ledger.find(entry.serial)
    expect(row === undefined ? revocation : row.revocation).toEqual(revocation)
  })

  it('drops tokens and challenges that expired before, used or not, and no others', async () => {
    const { store } = await open()
    const [old, used, edge] = [token(), token(), token({ expiresAt: cut })]
    const [asked, later] = [challenge(), challenge({ expiresAt: cut })]
    for (const each of [old, used, edge]) await store.joinTokens.create(each)
    for (const each of [asked, later]) await store.challenges.create(each)
    await store.ledger.append(leaf({ notAfter: plus(cut, days(1)) }), [spendToken(used)])
    expect(await store.ledger.prune(cut)).toBe(0)
    expect(await store.joinTokens.list(10)).toEqual([{ ...edge, usedAt: null }])
    expect(await store.joinTokens.find(used.id)).toBeUndefined()
    expect(await store.challenges.find(asked.id)).toBeUndefined()
    expect(await store.challenges.find(later.id)).toEqual(later)
  })

  it('records again for a day that was pruned', async () => {
    const { store } = await open()
    await record(store, leaf())
    expect(await store.ledger.prune(cut)).toBe(1)
    const late = leaf()
    await record(store, late)
    expect(await store.ledger.find(late.serial)).toBeDefined()
    expect(await store.ledger.prune(cut)).toBe(1)
  })
}
