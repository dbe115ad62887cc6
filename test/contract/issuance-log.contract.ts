import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DependencyError } from '../../src/core/dependency-error.js'
import { days, plus, seconds } from '../../src/core/time.js'
import type { LedgerEntry, Spend } from '../../src/issuance/ports.js'
import { issuanceRecordOf } from '../../src/namespace/issuance-record.js'
import type { Store } from '../../src/store/open-store.js'
import { leafHash } from '../../src/tlog/hash.js'
import { proveInclusion } from '../../src/tlog/prove.js'
import { treeRoot } from '../tlog/reference-tree.js'
import { T0 } from '../support/fake-clock.js'
import { leaf, type OpenWholeStore, plain, token } from './given-store.js'

const spend = ({ id }: { readonly id: string }): Spend => ({ kind: 'join-token', id })

/** The log is of these certificates, in this order, and of no other. */
async function expectLogOf(store: Store, logged: readonly LedgerEntry[]): Promise<void> {
  const records = logged.map(issuanceRecordOf)
  const { tree } = store.issuanceLog
  const head = await tree.head()
  const root = treeRoot(records.map(leafHash))
  expect(plain(head)).toEqual(plain({ size: logged.length, root }))
  const read = await store.issuanceLog.read(0, logged.length + 1)
  const whole = logged.map(({ certificate, evidence }, seq) => {
    return { seq, bytes: records[seq], certificate, evidence }
  })
  expect(plain(read)).toEqual(plain(whole))
  expect(plain(await store.issuanceLog.read(1, 1))).toEqual(plain(read.slice(1, 2)))
  expect(await store.issuanceLog.last()).toBe(logged.length === 0 ? undefined : logged.length - 1)
  expect(await store.issuanceLog.pruned()).toBe(0)
  for (const [seq, { serial, notAfter, issuedAt }] of logged.entries()) {
    expect((await store.ledger.find(serial, notAfter))?.seq).toBe(seq)
    expect(await store.issuanceLog.issuedAt(seq)).toBe(issuedAt)
    expect(plain((await proveInclusion(tree, head, seq)).leaf)).toBe(plain(leafHash(records[seq]!)))
  }
}

/** What every issuance log keeps to, and the ledger that it is of. */
export function issuanceLogContract(name: string, open: OpenWholeStore): void {
  describe(`IssuanceLog: ${name}`, () => {
    it('has no records at first, and no checkpoint', async () => {
      const { store } = await open()
      await expectLogOf(store, [])
      expect(await store.issuanceLog.tree.checkpoint()).toBeUndefined()
    })

    it('has each certificate once it is recorded, also after reopening', async () => {
      const { store, reopen } = await open()
      const first = [leaf(), leaf({ entry: null, alias: '', binding: null, rev: 0 })]
      for (const each of first) await store.ledger.append(each, [])
      await expectLogOf(store, first)
      const again = await reopen()
      await expectLogOf(again, first)
      const more = leaf({ notAfter: plus(T0, days(9)) })
      await again.ledger.append(more, [])
      await expectLogOf(again, [...first, more])
    })

    it('has what callers record at the same moment, each once', async () => {
      const { store } = await open()
      const all = Array.from({ length: 300 }, (_, n) => leaf({ notAfter: plus(T0, days(n % 3)) }))
      await Promise.all(all.map((each) => store.ledger.append(each, [])))
      await expectLogOf(store, all)
    })

    it('has nothing of what is not recorded', async () => {
      const { store } = await open()
      const [once, first] = [token(), leaf()]
      await store.joinTokens.create(once)
      const append = (entry: LedgerEntry, ...spends: readonly Spend[]) =>
        store.ledger.append(entry, spends).catch((error: unknown) => error)
      const answers = await Promise.all([
        append(first, spend(once)),
        append(leaf(), spend(once)),
        append(leaf({ serial: first.serial })),
        append(leaf(), spend(token())),
      ])
      expect(answers[0]).toEqual({ ok: true, value: undefined })
      expect(answers[1]).toMatchObject({ refusal: { code: 'evidence.not-accepted' } })
      expect(answers[2]).toBeInstanceOf(DependencyError)
      await expectLogOf(store, [first])
    })

    it('keeps the hashes of certificates that are pruned, and forgets the records', async () => {
      const { store } = await open()
      const [old, kept] = [leaf({ notAfter: plus(T0, seconds(60)) }), leaf()]
      await store.ledger.append(old, [])
      await store.ledger.append(kept, [])
      const { tree } = store.issuanceLog
      const before = await tree.head()
      expect(await store.ledger.prune(plus(T0, days(1)))).toBe(1)
      expect(plain(await tree.head())).toEqual(plain(before))
      const read = await store.issuanceLog.read(0, 2)
      const { certificate, evidence } = kept
      const bytes = issuanceRecordOf(kept)
      expect(plain(read)).toEqual(plain([{ seq: 1, bytes, certificate, evidence }]))
      // Numbers, not rows: there is none of number 0.
      expect(await store.issuanceLog.read(0, 1)).toEqual([])
      expect(await store.issuanceLog.last()).toBe(1)
      expect(await store.issuanceLog.issuedAt(0)).toBeUndefined()
      expect(await store.issuanceLog.pruned()).toBe(1)
      const { leaf: gone } = await proveInclusion(tree, before, 0)
      expect(plain(gone)).toBe(plain(leafHash(issuanceRecordOf(old))))
      const next = leaf()
      await store.ledger.append(next, [])
      expect((await store.ledger.find(next.serial))?.seq).toBe(2)
    })

    it('keeps a checkpoint of its own, and none of the index log', async () => {
      const { store } = await open()
      await store.ledger.append(leaf(), [])
      const { tree } = store.issuanceLog
      const head = await tree.head()
      expect(await tree.keepCheckpoint({ ...head, note: 'one' })).toBe(true)
      expect(await tree.keepCheckpoint({ ...head, note: 'again' })).toBe(false)
      expect(await tree.keepCheckpoint({ ...head, size: 2, note: 'beyond' })).toBe(false)
      expect((await tree.checkpoint())?.note).toBe('one')
      expect(await store.index.tree.checkpoint()).toBeUndefined()
    })

    it('is the ledger, whatever is recorded, refused, pruned and reopened in between', async () => {
      const step = fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({
            do: fc.constant('append' as const),
            count: fc.nat(9),
            day: fc.nat(3),
          }),
        },
        {
          weight: 2,
          arbitrary: fc.record({
            do: fc.constant('refused' as const),
            count: fc.nat(3),
            day: fc.nat(3),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({
            do: fc.constant('reopen' as const),
            count: fc.nat(0),
            day: fc.nat(0),
          }),
        },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const { store: first, reopen } = await open()
          const model: LedgerEntry[] = []
          let store: Store = first
          let isReopened = false
          for (const { do: what, count, day } of steps) {
            if (what === 'reopen') {
              if (!isReopened) store = await reopen()
              isReopened = true
              continue
            }
            const notAfter = plus(T0, days(day))
            const all = Array.from({ length: count }, () => leaf({ notAfter }))
            const spends = what === 'refused' ? [spend(token())] : []
            // Between others that are recorded: one that is refused leaves no gap.
            const between = all.map(() => leaf({ notAfter }))
            await Promise.all(
              all.flatMap((each, at) => [
                store.ledger.append(each, spends),
                store.ledger.append(between[at]!, []),
              ]),
            )
            model.push(
              ...all.flatMap((each, at) =>
                what === 'append' ? [each, between[at]!] : [between[at]!],
              ),
            )
          }
          await expectLogOf(store, model)
        }),
        { numRuns: 25 },
      )
    }, 60_000)
  })
}
