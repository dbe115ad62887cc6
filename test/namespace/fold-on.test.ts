import { beforeAll, describe, expect, it } from '@jest/globals'
import { toIso } from '../../src/core/time.js'
import { foldOn } from '../../src/namespace/fold-on.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { encodeRecord } from '../../src/namespace/log-record.js'
import type { Operation } from '../../src/namespace/operation.js'
import type { Progress, StoredRecord } from '../../src/namespace/ports.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { codeOf, type GivenIndex, givenIndex, owner } from './given-index.js'
import { writtenRecord } from './written-record.js'

let given: GivenGroup
let records: readonly StoredRecord[]

beforeAll(async () => {
  given = await givenGroup({}, { op: 'scope.create', alias: 'shop' })
  await given.agreed({ op: 'entry.create', alias: 'shop/web', owner })
  records = given.store.records
})

describe('folding records on a state', () => {
  it('ends where it is told to, and tells of each record before it', async () => {
    const state = new FoldedState()
    const seen: string[] = []
    const done: number[] = []
    const { store } = given
    const size = records.length
    const pace = (progress: Progress): undefined => {
      done.push(progress.done)
      expect(progress.total).toBe(size)
    }
    const told = (one: FoldedState, { seq }: { readonly seq: number }) => {
      seen.push(`${one.size} ${seq}`)
    }
    const options = { size: size - 1, total: size, pace, before: told }
    expect(codeOf(await foldOn(store, state, options))).toBe('ok')
    expect(state.size).toBe(size - 1)
    expect(seen).toEqual(records.slice(0, -1).map((_, seq) => `${seq} ${seq}`))
    expect(done).toEqual(done.map((_, position) => 8 * (position + 1)))
    expect(done).toHaveLength(Math.floor((size - 1) / 8))
    expect(codeOf(await foldOn(store, state, { ...options, size }))).toBe('ok')
    expect(state.head).toBe(given.index.state.head)
  })

  it('refuses a log that is shorter than it says', async () => {
    const log = { read: (from: number) => Promise.resolve(records.slice(from, 2)) }
    const options = { size: 4, total: 4, pace: () => undefined }
    const result = await foldOn(log, new FoldedState(), options)
    expect(result).toMatchObject({
      refusal: { code: 'namespace.state-mismatch', found: '2 records' },
    })
  })

  it('reads no more than it folds, and stops at the first record that does not belong there', async () => {
    const asked: string[] = []
    const other = records.with(2, { ...records[2]!, envelopes: [] })
    const log = {
      read: (from: number, count: number) => {
        asked.push(`${from} ${count}`)
        return Promise.resolve(other.slice(from, from + count))
      },
    }
    const state = new FoldedState()
    const options = { size: 3, total: 3, pace: () => undefined }
    expect(codeOf(await foldOn(log, state, options))).toBe('namespace.bad-canonical')
    expect([state.size, asked]).toEqual([2, ['0 3']])
    const none = await foldOn(log, new FoldedState(), { ...options, size: 0 })
    expect([codeOf(none), asked.length]).toEqual(['ok', 1])
  })
})

describe('a record that is not taken', () => {
  const folded = async (index: GivenIndex, operation: Operation) => {
    const { record, envelopes } = await writtenRecord(index, operation)
    const stored = { seq: record.seq, bytes: encodeRecord(record), envelopes }
    const log = { read: () => Promise.resolve([stored]) }
    const size = record.seq + 1
    const result = await foldOn(log, new FoldedState(index.store.state), {
      ...{ size, total: size, pace: () => undefined },
    })
    if (result.ok) throw new Error('it was taken')
    return result.refusal
  }

  it('is named with what it is, and what to do about a log from before it was refused', async () => {
    const index = await givenIndex(
      { op: 'scope.create', alias: 'shop' },
      { op: 'entry.create', alias: 'shop/web', owner },
      { op: 'scope.suspend', alias: 'shop' },
    )
    const { uid, alias } = index.entry('shop/web')
    const body = { labels: { tier: '1' } }
    const refusal = await folded(index, { op: 'entry.update', subject: { uid, alias }, body })
    expect(refusal).toMatchObject({ code: 'namespace.wrong-state', found: 'suspended' })
    const at = toIso(index.clock.now())
    expect(refusal.detail).toBe(
      `record 4 of the index log, entry.update shop/web of ${at}, does not belong there: the scope shop is suspended`,
    )
    expect(refusal.next).toContain('docs/governance.md, "Logs from before"')
  })

  it('is a matter of the backup where it never was anything else', async () => {
    const index = await givenIndex({ op: 'entry.create', alias: 'web', owner })
    const { uid, alias } = index.entry('web')
    const subject = { uid, alias }
    const refusal = await folded(index, { op: 'entry.reactivate', subject, body: {} })
    expect(refusal).toMatchObject({ code: 'namespace.wrong-state' })
    expect(refusal.detail).toContain('record 2 of the index log, entry.reactivate web of ')
    expect(refusal.next).toContain('restore the data directory')
  })
})
