import { describe, expect, it } from '@jest/globals'
import { ok, refuse } from '../../../src/core/result.js'
import { days, minus, plus, seconds, unixSeconds } from '../../../src/core/time.js'
import type { Progress } from '../../../src/namespace/ports.js'
import {
  changedBetween,
  parseMoment,
  secondOf,
  sizeAt,
  stateAt,
} from '../../../src/namespace/questions/past.js'
import { PastQuestions } from '../../../src/namespace/questions/past-questions.js'
import { codeOf, type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

const still = () => undefined

/** Five records, a day between each. */
async function given(): Promise<GivenIndex> {
  const index = await givenIndex()
  for (const name of ['a', 'b', 'c', 'd']) {
    index.clock.advance(days(1))
    await index.did({ op: 'entry.create', alias: name, owner })
  }
  return index
}

describe('a moment of the log', () => {
  it.each([
    ['1', { kind: 'size', size: 1 }],
    ['120', { kind: 'size', size: 120 }],
    ['1'.repeat(15), { kind: 'size', size: 111_111_111_111_111 }],
    ['1'.repeat(16), undefined],
    ['012', undefined],
    [' 12', undefined],
    ['12 ', undefined],
    ['2026-11-21T08:15:20Z', { kind: 'time', at: 1_795_248_920 }],
    ['2026-11-21T08:15:20.5Z', undefined],
    ['2026-11-21T08:15:20+00:00', undefined],
    ['2026-11-21T24:00:00Z', undefined],
    [' 2026-11-21T08:15:20Z', undefined],
    ['2026-11-21T08:15:20Z ', undefined],
    ['2026-11-21', undefined],
  ])('%s', (text, moment) => expect(parseMoment(text)).toEqual(moment))

  it('is looked at in its second: what was named, but not before its records, nor after now', () => {
    const [last, now] = [unixSeconds(100), unixSeconds(200)]
    const at = (second: number) =>
      secondOf({ kind: 'time', at: unixSeconds(second) }, last, now) as number
    expect([at(50), at(100), at(150), at(200), at(999)]).toEqual([100, 100, 150, 200, 200])
    expect(secondOf({ kind: 'size', size: 3 }, last, now)).toBe(100)
  })

  it('has the records that there were in that second, and is none before the first', async () => {
    const index = await given()
    const first = minus(index.clock.now(), days(4))
    const size = async (at: number) => {
      const found = await sizeAt(index.store, { kind: 'time', at: unixSeconds(at) })
      return found.ok ? found.value : found.refusal.code
    }
    expect(await size(first - 1)).toBe('namespace.unknown')
    expect(await size(first)).toBe(1)
    expect(await size(plus(first, seconds(86_399)))).toBe(1)
    expect(await size(plus(first, days(1)))).toBe(2)
    expect(await size(plus(first, days(4)))).toBe(5)
    expect(await size(plus(first, days(9)))).toBe(5)
    expect(valueOf(await sizeAt(index.store, { kind: 'size', size: 5 }))).toBe(5)
    const beyond = await sizeAt(index.store, { kind: 'size', size: 6 })
    expect(beyond).toMatchObject({
      refusal: { wanted: '1 to 5 records, or a time from its genesis on' },
    })
  })

  it('has objects that were changed since: of just these records, with word of how far it is', async () => {
    const index = await given()
    await index.did({ op: 'entry.suspend', alias: 'b' })
    const told: Progress[] = []
    const between = async (from: number, to: number) =>
      [
        ...(await changedBetween(index.store, [from, to], (progress) => {
          told.push(progress)
          return undefined
        })),
      ].map((uid) => index.index.state.entries.get(uid)?.alias ?? '/')
    expect(await between(0, 6)).toEqual(['/', 'a', 'b', 'c', 'd'])
    expect(await between(3, 6)).toEqual(['c', 'd', 'b'])
    expect(await between(2, 2)).toEqual([])
    expect(told.slice(0, 2)).toEqual([
      { work: 'read the index log', done: 6, total: 6 },
      { work: 'read the index log', done: 3, total: 3 },
    ])
    // A log that ends before is no reason to wait for more.
    expect(await between(5, 99)).toEqual(['b'])
  })
})

describe('tables of an index that was', () => {
  /** A store that knows which of its tables are still there. */
  async function counted() {
    const { store } = await given()
    let open = 0
    let most = 0
    const scratch = () => {
      const tables = store.scratch()
      open += 1
      most = Math.max(most, open)
      const dispose = async (): Promise<void> => {
        open -= 1
        await tables[Symbol.asyncDispose]()
      }
      return Object.create(tables, { [Symbol.asyncDispose]: { value: dispose } }) as typeof tables
    }
    const counting = Object.create(store, { scratch: { value: scratch } }) as typeof store
    return { store: counting, open: () => open, most: () => most }
  }

  it('are gone once the answer is there, and where the log cannot be read', async () => {
    const { store, open } = await counted()
    const state = valueOf(await stateAt(store, 3, still))
    expect([state.state.size, open()]).toEqual([3, 1])
    await state[Symbol.asyncDispose]()
    expect(open()).toBe(0)
    expect(codeOf(await stateAt(store, 99, still))).not.toBe('ok')
    expect(open()).toBe(0)
    const read = () => Promise.reject(new Error('the disk is gone'))
    const broken = Object.create(store, { read: { value: read } }) as typeof store
    await expect(stateAt(broken, 3, still)).rejects.toThrow('the disk is gone')
    expect(open()).toBe(0)
  })

  it('are none of a log that does not come to what it says', async () => {
    const { store, open } = await counted()
    const short = (from: number) =>
      Object.create(store, {
        read: {
          value: (seq: number, limit: number) =>
            store.read(seq, limit).then((all) => all.filter((_one, n) => seq + n < from)),
        },
      }) as typeof store
    const diff = (from: number, to: number, upTo: number) => {
      const moments = {
        from: { kind: 'size', size: from },
        to: { kind: 'size', size: to },
      } as const
      return new PastQuestions(short(upTo), still).diff({ ...moments, scope: '' as never })
    }
    expect(codeOf(await diff(2, 3, 3))).toBe('ok')
    expect(codeOf(await diff(2, 3, 1))).not.toBe('ok')
    expect(codeOf(await diff(2, 4, 3))).not.toBe('ok')
    const at = new PastQuestions(short(1), still).at({ kind: 'size', size: 2 }, () =>
      Promise.resolve(ok(1)),
    )
    expect(codeOf(await at)).not.toBe('ok')
    expect(open()).toBe(0)
  })

  it('are of one question at a time, and a question that fails is not in the way', async () => {
    const { store, open, most } = await counted()
    const past = new PastQuestions(store, still)
    const at = (size: number, ask: () => Promise<number>) =>
      past.at({ kind: 'size', size }, async (state) => ok([state.size, await ask()]))
    const fails = at(2, () => Promise.reject(new Error('no')))
    const all = [at(3, () => Promise.resolve(7)), at(99, () => Promise.resolve(7))]
    await expect(fails).rejects.toThrow('no')
    const [third, none] = await Promise.all(all)
    expect(valueOf(third!)).toEqual([3, 7])
    expect(codeOf(none!)).toBe('namespace.unknown')
    const no = await past.at({ kind: 'size', size: 1 }, () =>
      Promise.resolve(refuse('namespace.unknown', 'nothing there')),
    )
    expect(codeOf(no)).toBe('namespace.unknown')
    const both = { from: { kind: 'size', size: 1 }, to: { kind: 'size', size: 3 } } as const
    const found = valueOf(await past.diff({ ...both, scope: '' as never }))
    expect(found.objects.map(({ alias }) => alias)).toEqual(['a', 'b'])
    expect([open(), most()]).toEqual([0, 2])
  })
})
