import { afterAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hours } from '../../src/core/time.js'
import { applyRecord, verifyRecord } from '../../src/namespace/fold-record.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import type { StateStore } from '../../src/namespace/ports.js'
import { replay } from '../../src/namespace/replay.js'
import { StateView } from '../../src/namespace/state-view.js'
import { SqliteIndexStore } from '../../src/store/sqlite/index-store.js'
import { WriteQueue } from '../../src/store/sqlite/write-queue.js'
import { mapKey } from '../../src/tlog/map-hash.js'
import { verifyMapProof } from '../../src/tlog/map-proof.js'
import { contentOf } from '../contract/given-tables.js'
import { alias, clusterFacts, k8s, owner, trustDomain, valueOf } from '../namespace/given-index.js'
import { keyed, type StateRow, stateRows } from '../namespace/state-rows.js'
import { FakeClock } from '../support/fake-clock.js'
import { FusedWriter } from '../support/fused-writer.js'
import { FakeIssuedUntil } from '../support/issued-until.js'
import { countedRandom } from '../support/random.js'
import { SqliteStores } from '../support/sqlite-stores.js'
import { newVoter } from '../support/voter.js'
import { mapRoot } from '../tlog/reference-map.js'
import { steps } from './given-changes.js'

const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())

interface GivenTables extends AsyncDisposable {
  readonly writer: FusedWriter
  readonly store: SqliteIndexStore
  readonly clock: FakeClock
  readonly issued: FakeIssuedUntil
  readonly index: LiveIndex
}

async function givenTables(): Promise<GivenTables> {
  const path = stores.newPath()
  await stores.open(path)[Symbol.asyncDispose]()
  const writer = new FusedWriter(path)
  const store = new SqliteIndexStore(path, new WriteQueue(writer))
  const clock = new FakeClock()
  const issued = new FakeIssuedUntil()
  const deps = { store, voter: newVoter(), clock, random: countedRandom('tables'), issued }
  const index = valueOf(await LiveIndex.create(deps, { trustDomain, controller: 'platform' }))
  for (const name of ['one', 'two']) {
    valueOf(
      await index.change({ op: 'cluster.register', alias: name, cluster: clusterFacts(name) }),
    )
  }
  const bindings = [k8s('one', 'n', 's')]
  valueOf(await index.change({ op: 'entry.create', alias: 'a/b', owner, bindings }))
  return {
    ...{ writer, store, clock, issued, index },
    [Symbol.asyncDispose]: () => {
      store.close()
      return writer.close()
    },
  }
}

/** What the records of the log come to, folded one by one in memory. */
class Mirror {
  private state = new FoldedState()

  async follow(store: SqliteIndexStore): Promise<FoldedState> {
    for (const record of await store.read(this.state.size, 1000)) {
      applyRecord(this.state, valueOf(verifyRecord(this.state, record)))
    }
    return this.state
  }
}

/** Everything about the map that anybody can see. */
const mapOf = async ({ map, tree }: SqliteIndexStore) => [
  ...[map.size, map.root, map.count],
  await tree.head(),
]

/** Signs what there is, and says what it was. */
async function sign(store: SqliteIndexStore): Promise<readonly StateRow[]> {
  expect(await store.tree.keepCheckpoint({ ...(await store.tree.head()), note: 'n' })).toBe(true)
  return stateRows(new StateView(store.state))
}

/** Whatever was changed since the checkpoint, and failed. */
async function provesWhatWasSigned(store: SqliteIndexStore, rows: readonly StateRow[]) {
  const gone = ['alias', 'name', 'entry'].map((table) => mapKey(table, 'nobody'))
  const keys = [...keyed(rows).map(([key]) => key), ...gone]
  const proved = await store.tree.proveState(keys)
  const { state } = proved!.signed
  const found = proved!.proofs.map((proof, at) => valueOf(verifyMapProof(proof, state, keys[at]!)))
  expect(found.map((value) => value && Buffer.from(value).toString('hex'))).toEqual([
    ...rows.map(({ value }) => Buffer.from(value).toString('hex')),
    ...gone.map(() => undefined),
  ])
}

/** Each step, and how many rows of it are written before the store fails. */
const runs = fc.array(
  fc.tuple(steps, fc.option(fc.nat({ max: 120 }), { freq: 3, nil: undefined })),
  { minLength: 15, maxLength: 40 },
)

describe('the tables of an index under random changes', () => {
  it('hold what the log comes to after every change, and after every one that fails midway', async () => {
    const seen = { made: 0, failed: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(runs, fc.integer({ min: 1, max: 7 }), async (run, stretch) => {
        await using given = await givenTables()
        const { store, index, writer } = given
        const mirror = new Mirror()
        let signed = await sign(store)
        for (const [step, rows] of run) {
          if (step.kind === 'wait') given.clock.advance(hours(step.count))
          if (step.kind === 'issue') {
            const entry = index.state.entryByAlias(alias(step.name))
            if (entry) given.issued.until.set(entry.uid, (given.clock.now() + 80_000) as never)
          }
          if (step.kind !== 'change') continue
          const before = [contentOf(store.state), await store.size(), await mapOf(store)]
          writer.rows = rows ?? Number.POSITIVE_INFINITY
          const changed = await index.change(step.request).catch(() => 'failed' as const)
          writer.rows = Number.POSITIVE_INFINITY
          const isMade = changed !== 'failed' && changed.ok
          seen[changed === 'failed' ? 'failed' : changed.ok ? 'made' : 'refused'] += 1
          if (!isMade) {
            const now = [contentOf(store.state), await store.size(), await mapOf(store)]
            expect(now).toEqual(before)
          }
          const folded = await mirror.follow(store)
          expect(contentOf(store.state)).toEqual(contentOf(folded))
          expect((await store.tree.head()).state).toEqual(mapRoot(keyed(stateRows(folded))))
          await provesWhatWasSigned(store, signed)
          if (isMade && folded.size % 3 === 0) signed = await sign(store)
        }
        const after = contentOf(store.state)
        // As another process finds it, and as a replay makes it that is interrupted again and again.
        using snapshot = store.snapshot()
        expect(contentOf(snapshot)).toEqual(after)
        expect(snapshot.map.count).toBe(2 * stateRows(await mirror.follow(store)).length - 1)
        await using scratch = store.scratch()
        await replayInBits(store, scratch, stretch)
        expect(contentOf(scratch.state)).toEqual(after)
        expect(scratch.map.root.hash).toEqual(store.map.root.hash)
        expect([scratch.map.size, scratch.map.count]).toEqual([store.map.size, store.map.count])
      }),
      { numRuns: 40 },
    )
    // The run is worth something only when it goes every way.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10)
  }, 240_000)
})

/** Stops in the middle of every second stretch, and goes on from what the tables hold then. */
async function replayInBits(log: SqliteIndexStore, into: StateStore, stretch: number) {
  const size = await log.size()
  let told = 0
  const pace = () => {
    told += 1
    if (told % 2 === 0) throw new Error('interrupted')
    return undefined
  }
  let interruptions = 0
  while (into.state.meta.size < size) {
    const before = into.state.meta.size
    try {
      valueOf(await replay(log, into, { size, pace, stretch }))
    } catch {
      interruptions += 1
    }
    expect(into.state.meta.size).toBeGreaterThanOrEqual(before)
    if (interruptions > 100) throw new Error('it gets nowhere')
  }
}
