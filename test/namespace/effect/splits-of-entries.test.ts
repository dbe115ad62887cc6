import { describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import type { Entry } from '../../../src/namespace/entry.js'
import { MAX_SPLITS, type TrafficSplit } from '../../../src/namespace/rule/split.js'
import type { MemoryTable } from '../../../src/namespace/table.js'
import { T0 } from '../../support/fake-clock.js'
import { type GivenIndex, givenIndex, owner } from '../given-index.js'
import { decidedIn, effectIn, nobody, refusalIn } from './given-effect.js'

const given3 = (): Promise<GivenIndex> =>
  givenIndex(
    ...['api', 'old', 'new'].map((alias) => ({ op: 'entry.create' as const, alias, owner })),
  )

const uidOf = (given: GivenIndex, name: string): Uid => given.entry(name).uid
const api = (given: GivenIndex) => ({ alias: 'api', uid: uidOf(given, 'api') })
const splitTo = (port: number, ...backends: readonly Uid[]): TrafficSplit => ({
  port,
  backendRefs: [...backends].sort().map((entry) => ({ entry, weight: 1 })),
})

/** As if they had been set one by one. */
function withSplits(given: GivenIndex, splits: readonly TrafficSplit[]): void {
  const entries = given.store.state.tables.entries as MemoryTable<Uid, Entry>
  const entry = given.entry('api')
  entries.set(entry.uid, { ...entry, splits })
}

describe('a split', () => {
  it('goes on to name a backend that is retired, and takes no other that is', async () => {
    const given = await given3()
    const [older, newer] = [uidOf(given, 'old'), uidOf(given, 'new')]
    withSplits(given, [splitTo(80, older)])
    for (const alias of ['old', 'new']) {
      given.issued.until.set(uidOf(given, alias), plus(T0, hours(1)))
      await given.did({ op: 'entry.retire', alias })
    }
    for (const at of [T0, plus(T0, hours(25))]) {
      const set = (split: TrafficSplit) =>
        effectIn(given, 'split.set', api(given), { split }, { at })
      expect(set(splitTo(80, older))).toMatchObject({ value: { changeClass: 'routine' } })
      expect(set(splitTo(80, older, newer))).toMatchObject({
        refusal: { code: 'namespace.unknown', detail: 'there is no such entry', found: 'new' },
      })
      // Of another port it is not known.
      expect(set(splitTo(81, older))).toMatchObject({ refusal: { found: 'old' } })
    }
  })

  it('may lose a backend, whatever became of the other', async () => {
    const given = await given3()
    const [older, newer] = [uidOf(given, 'old'), uidOf(given, 'new')]
    withSplits(given, [splitTo(80, older, newer)])
    await given.did({ op: 'entry.retire', alias: 'old' })
    for (const left of [older, newer]) {
      expect(effectIn(given, 'split.set', api(given), { split: splitTo(80, left) })).toMatchObject({
        value: { changeClass: 'routine' },
      })
    }
  })

  it('names nobody who never was', async () => {
    const given = await given3()
    const refused = (...backends: readonly Uid[]) =>
      refusalIn(given, 'split.set', api(given), { split: splitTo(80, ...backends) })
    expect(refused(nobody)).toMatchObject({ code: 'namespace.unknown', found: nobody })
    withSplits(given, [splitTo(80, nobody)])
    expect(refused(nobody, uidOf(given, 'new'))).toMatchObject({ found: nobody })
  })

  it('sends its traffic somewhere, to each backend once', async () => {
    const given = await given3()
    const uid = uidOf(given, 'old')
    const refused = (...backendRefs: readonly object[]) =>
      refusalIn(given, 'split.set', api(given), { split: { port: 80, backendRefs } })
    expect(refused({ entry: uid, weight: 0 })).toMatchObject({
      ...{ code: 'namespace.malformed', detail: expect.stringContaining('no weight is positive') },
    })
    expect(refused({ entry: uid, weight: 1 }, { entry: uid, port: 80, weight: 2 })).toMatchObject({
      ...{ code: 'namespace.malformed', detail: expect.stringContaining('twice') },
    })
  })

  it('is one of at most a hundred, in the order of their ports', async () => {
    const given = await given3()
    const uid = uidOf(given, 'old')
    const ports = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => splitTo(from + at, uid))
    const set = (port: number) =>
      effectIn(given, 'split.set', api(given), { split: splitTo(port, uid) })
    withSplits(given, ports(100, MAX_SPLITS - 1))
    const { put } = decidedIn(given, 'split.set', api(given), { split: splitTo(9, uid) }).effect
    expect((put as Entry).splits?.map(({ port }) => port)).toEqual([
      9,
      ...ports(100, MAX_SPLITS - 1).map(({ port }) => port),
    ])
    withSplits(given, ports(100, MAX_SPLITS))
    expect(set(9)).toMatchObject({ refusal: { code: 'namespace.malformed' } })
    expect(set(150).ok).toBe(true)
  })
})
