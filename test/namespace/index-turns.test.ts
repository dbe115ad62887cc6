import { beforeEach, describe, expect, it } from '@jest/globals'
import { ok, refuse } from '../../src/core/result.js'
import { hours, plus } from '../../src/core/time.js'
import { DraftLog, mustAdd } from '../../src/namespace/draft-log.js'
import { IndexTurns } from '../../src/namespace/index-turns.js'
import { readRecord } from '../../src/namespace/log-record.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { canonicalState } from '../../src/namespace/state.js'
import { T0 } from '../support/fake-clock.js'
import { codeOf, type GivenIndex, givenIndex, owner, valueOf } from './given-index.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { LiveIndex } from '../../src/namespace/live-index.js'

let given: GivenIndex
/** The records that come next, written on a copy. */
let next: readonly StoredRecord[]
let told: string[]
let turns: IndexTurns

beforeEach(async () => {
  given = await givenIndex({ op: 'entry.create', alias: 'shop/web', owner })
  const { deps, store } = given
  const copy = new MemoryIndexStore(store.records)
  const other = valueOf(await LiveIndex.open({ ...deps, store: copy }))
  valueOf(await other.change({ op: 'entry.suspend', alias: 'shop/web' }))
  valueOf(await other.change({ op: 'scope.create', alias: 'payments' }))
  next = copy.records.slice(2)
  told = []
  const append = store.append.bind(store)
  store.append = (records, change) => {
    told.push(`append ${records.length}`)
    return append(records, change)
  }
  given.issued.onThaw = () => void told.push(`thaw at ${store.state.meta.size}`)
  turns = new IndexTurns({ ...deps, appended: () => void told.push('appended') }, 2)
})

const web = () => given.entry('shop/web').uid
const add = (draft: DraftLog, { bytes, envelopes }: StoredRecord) =>
  mustAdd(draft, readRecord(bytes)!, envelopes)

describe('what is drafted in a turn', () => {
  it('is written as one, told of, and only then are its entries issued to again', async () => {
    const done = await turns.write(async (draft, { freeze }) => {
      for (const record of next) add(draft, record)
      await freeze(web())
      return ok('done')
    })
    expect([valueOf(done), told]).toEqual(['done', ['append 2', 'appended', 'thaw at 4']])
    expect(given.scope('payments').state).toBe('active')
  })

  it('is not written where it is refused, nor where it is nothing', async () => {
    const refused = await turns.write(async (draft, { freeze }) => {
      add(draft, next[0]!)
      await freeze(web())
      return refuse('namespace.unknown', 'no')
    })
    expect([codeOf(refused), told]).toEqual(['namespace.unknown', ['thaw at 2']])
    expect(valueOf(await turns.write(() => Promise.resolve(ok('nothing'))))).toBe('nothing')
    expect([told, given.store.records.length]).toEqual([['thaw at 2'], 2])
  })

  it('is not written where it fails: what it froze is thawed', async () => {
    const failed = turns.write(async (_draft, { freeze }) => {
      await freeze(web())
      throw new Error('no answer')
    })
    await expect(failed).rejects.toThrow('no answer')
    expect(told).toEqual(['thaw at 2'])
  })

  it('is an error where another process wrote before, and told of all the same', async () => {
    given.store.append = () => Promise.resolve(false)
    const written = turns.write((draft) => {
      add(draft, next[0]!)
      return Promise.resolve(ok())
    })
    await expect(written).rejects.toThrow('another process')
    expect(told).toEqual(['appended'])
    // Nothing is known to have happened.
    expect(turns.stands(web(), 2, 2)).toBe(true)
  })

  it('has the time of the clock, and never one before the log', async () => {
    const times: number[] = []
    const look = () =>
      turns.write((_draft, { at }) => {
        times.push(at)
        return Promise.resolve(ok())
      })
    for (const hour of [1, -1, 0]) {
      given.clock.set(plus(T0, hours(hour)))
      await look()
    }
    expect(times).toEqual([plus(T0, hours(1)), T0, T0])
  })

  it('thaws what it froze once, however often it asked', async () => {
    await turns.write(async (_draft, { freeze }) => {
      await freeze(web())
      await freeze(web())
      return ok()
    })
    expect(told).toEqual(['thaw at 2'])
  })
})

describe('turns', () => {
  it('come one after the other, also after one that failed', async () => {
    const seen: string[] = []
    const work = (name: string, failing = false) =>
      turns.inTurn(async () => {
        seen.push(`${name} begins`)
        await Promise.resolve()
        seen.push(`${name} ends`)
        if (failing) throw new Error(name)
        return name
      })
    const all = [work('a'), work('b', true), work('c')]
    expect(await Promise.allSettled(all)).toMatchObject([
      { value: 'a' },
      { status: 'rejected' },
      { value: 'c' },
    ])
    expect(seen).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  })
})

describe('what was decided before', () => {
  const other = `e${'a'.repeat(31)}` as ReturnType<typeof web>
  const write = (record: StoredRecord) =>
    turns.write((draft) => {
      add(draft, record)
      return Promise.resolve(ok())
    })

  it('stands until its own entry changes, and for none after a scope has', async () => {
    expect([turns.stands(web(), 2, 2), turns.stands(web(), 1, 2)]).toEqual([true, false])
    await write(next[0]!)
    expect([turns.stands(web(), 2, 3), turns.stands(other, 2, 3)]).toEqual([false, true])
    expect(turns.stands(web(), 3, 3)).toBe(true)
    await write(next[1]!)
    expect([turns.stands(other, 3, 4), turns.stands(other, 4, 4)]).toEqual([false, true])
  })
})

describe('a draft', () => {
  it('does not take what its own process should not have written', () => {
    const draft = new DraftLog(given.store.state)
    const record = readRecord(next[0]!.bytes)!
    expect(() => mustAdd(draft, record, [])).toThrow('own record refused')
    expect([draft.records, draft.verified, draft.state.size]).toEqual([[], [], 2])
  })

  it('adds the records in their order, and leaves what is below as it is', () => {
    const before = canonicalState(given.index.state)
    const draft = new DraftLog(given.store.state)
    for (const record of next) add(draft, record)
    expect(draft.records.map(({ seq }) => seq)).toEqual([2, 3])
    expect(draft.records.map(({ bytes }) => Buffer.from(bytes))).toEqual(
      next.map(({ bytes }) => Buffer.from(bytes)),
    )
    expect(draft.records.map(({ envelopes }) => envelopes)).toEqual(
      next.map(({ envelopes }) => envelopes),
    )
    expect(draft.verified.map(({ record }) => record.seq)).toEqual([2, 3])
    expect(canonicalState(given.index.state)).toBe(before)
  })

  it('takes what a trial on top of it came to', () => {
    const [draft, alone] = [new DraftLog(given.store.state), new DraftLog(given.store.state)]
    for (const record of next) add(alone, record)
    add(draft, next[0]!)
    const trial = new DraftLog(draft.state)
    add(trial, next[1]!)
    expect(draft.state.size).toBe(3)
    draft.adopt(trial)
    expect(canonicalState(draft.state)).toBe(canonicalState(alone.state))
    expect([draft.records, draft.verified]).toEqual([alone.records, alone.verified])
    expect(draft.state.changes()).toEqual(alone.state.changes())
  })
})
