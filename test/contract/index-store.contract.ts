import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { uidFromDigest } from '../../src/core/uid.js'
import { emptyState, type RowChange } from '../../src/namespace/state-tables.js'
import { type OpenWholeStore, plain, record } from './given-store.js'
import { anEntry, append, aScope, change, contentOf, metaAt, newUid } from './given-tables.js'

const records = (from: number, count: number) =>
  Array.from({ length: count }, (_, position) => record(from + position))

/** What every `IndexStore` keeps to. */
export function indexStoreContract(name: string, open: OpenWholeStore): void {
  const openIndex = async () => (await open()).store.index

  describe(`IndexStore, its log: ${name}`, () => {
    it('is empty at first', async () => {
      const index = await openIndex()
      expect(await index.size()).toBe(0)
      expect(await index.read(0, 10)).toEqual([])
    })

    it('brings back exactly the bytes of records and envelopes, in order, also after reopening', async () => {
      const { store, reopen } = await open()
      const some = [record(0), record(1, 0), record(2, 3)]
      expect(await append(store.index, 0, some)).toBe(true)
      expect(plain(await store.index.read(0, 10))).toEqual(plain(some))
      const again = await reopen()
      expect(plain(await again.index.read(0, 10))).toEqual(plain(some))
      expect(await again.index.size()).toBe(3)
    })

    it('brings back no bytes at all, and many', async () => {
      const index = await openIndex()
      const large = Uint8Array.from({ length: 300_000 }, (_, position) => position % 251)
      const some = [
        { seq: 0, bytes: new Uint8Array(0), envelopes: [new Uint8Array(0)] },
        { seq: 1, bytes: large, envelopes: [large] },
      ]
      expect(await append(index, 0, some)).toBe(true)
      expect(plain(await index.read(0, 2))).toEqual(plain(some))
    })

    it('keeps what it was given when the caller writes over its own bytes', async () => {
      const index = await openIndex()
      const given = record(0)
      const before = plain([given])
      await append(index, 0, [given])
      given.bytes.fill(0)
      given.envelopes[0]!.fill(0)
      expect(plain(await index.read(0, 1))).toEqual(before)
    })

    it('reads in chunks, from anywhere', async () => {
      const index = await openIndex()
      const some = records(0, 7)
      await append(index, 0, some)
      const seen = []
      for (;;) {
        const chunk = await index.read(seen.length, 3)
        if (chunk.length === 0) break
        expect(chunk.length).toBeLessThanOrEqual(3)
        seen.push(...chunk)
      }
      expect(plain(seen)).toEqual(plain(some))
      expect(plain(await index.read(5, 1))).toEqual(plain([some[5]]))
      expect(await index.read(7, 3)).toEqual([])
    })

    it('reads records without their envelopes, from anywhere', async () => {
      const index = await openIndex()
      const some = records(0, 7)
      await append(index, 0, some)
      const bare = some.map(({ seq, bytes }) => ({ seq, bytes }))
      expect(plain(await index.readRecords(0, 10))).toEqual(plain(bare))
      expect(plain(await index.readRecords(5, 1))).toEqual(plain([bare[5]]))
      expect(await index.readRecords(7, 3)).toEqual([])
    })

    it('writes nothing, and says so, when the log has another size', async () => {
      const index = await openIndex()
      expect(await append(index, 1, [record(1)])).toBe(false)
      expect(await append(index, 0, records(0, 2))).toBe(true)
      const before = contentOf(index.state)
      expect(await append(index, 0, [record(0)])).toBe(false)
      expect(await append(index, 1, [record(1)])).toBe(false)
      expect(await append(index, 3, [record(3)])).toBe(false)
      expect(await index.size()).toBe(2)
      expect(contentOf(index.state)).toEqual(before)
      expect(await append(index, 2, [record(2)])).toBe(true)
      expect(await index.size()).toBe(3)
    })

    it('of callers that have seen the same size lets one append', async () => {
      const index = await openIndex()
      const tries = await Promise.all(
        Array.from({ length: 10 }, () => append(index, 0, records(0, 2))),
      )
      expect(tries.filter((appended) => appended)).toHaveLength(1)
      expect(await index.size()).toBe(2)
    })

    it('appends all records and changes the tables, or does neither', async () => {
      const index = await openIndex()
      await append(index, 0, [record(0)])
      const before = contentOf(index.state)
      const row: RowChange = { table: 'held', key: 'alias:a', value: newUid() }
      for (const some of [[record(1), record(1)], [record(1), record(3)], [record(0)]]) {
        await expect(append(index, 1, some, [row])).rejects.toThrow(DependencyError)
      }
      for (const size of [1, 3]) {
        const other = index.append([record(1)], change(1, size, [row]))
        await expect(other).rejects.toThrow(DependencyError)
      }
      expect(await index.size()).toBe(1)
      expect(contentOf(index.state)).toEqual(before)
      expect(await append(index, 1, [record(1)], [row])).toBe(true)
    })

    it('appends no records to a log of the size that was seen', async () => {
      const index = await openIndex()
      expect(await append(index, 0, [])).toBe(true)
      expect(await append(index, 1, [])).toBe(false)
    })
  })

  describe(`IndexStore, its tables: ${name}`, () => {
    it('are empty at first', async () => {
      const index = await openIndex()
      expect(contentOf(index.state)).toEqual(contentOf(emptyState()))
    })

    it('hold what was appended, exactly, also after reopening', async () => {
      const { store, reopen } = await open()
      const [uid, scope] = [newUid(), uidFromDigest('s', new Uint8Array(32))]
      const rows: RowChange[] = [
        { table: 'entries', key: uid, value: anEntry(uid) },
        { table: 'scopes', key: scope, value: aScope(scope, 'payments') },
        { table: 'scopeAliases', key: 'payments', value: scope },
        { table: 'held', key: 'edge:tpm/ä 🂡', value: uid },
        { table: 'quarantines', key: 'name:x', value: { uid, until: 7 } },
        { table: 'history', key: `${uid} 000000000000`, value: 0 },
      ]
      expect(await append(store.index, 0, [record(0)], rows)).toBe(true)
      for (const opened of [() => store, reopen]) {
        const { state } = (await opened()).index
        expect(state.meta).toEqual(metaAt(1))
        expect(state.tables.entries.get(uid)).toEqual(anEntry(uid))
        expect(state.tables.scopes.get(scope)).toEqual(aScope(scope, 'payments'))
        expect(state.tables.scopeAliases.get('payments' as never)).toBe(scope)
        expect(state.tables.held.get('edge:tpm/ä 🂡')).toBe(uid)
        expect(state.tables.quarantines.get('name:x')).toEqual({ uid, until: 7 })
        expect(state.tables.history.get(`${uid} 000000000000`)).toBe(0)
        expect(state.tables.redirects.get('payments' as never)).toBeUndefined()
        expect(state.tables.entries.get(scope)).toBeUndefined()
      }
    })

    it('replace and drop rows', async () => {
      const { store, reopen } = await open()
      const uid = newUid()
      await append(
        store.index,
        0,
        [record(0)],
        [
          { table: 'entries', key: uid, value: anEntry(uid) },
          { table: 'held', key: 'alias:a', value: uid },
          { table: 'clusterAliases', key: 'a', value: uid },
        ],
      )
      await append(
        store.index,
        1,
        [record(1)],
        [
          { table: 'entries', key: uid, value: anEntry(uid, { rev: 2 }) },
          { table: 'held', key: 'alias:a', value: undefined },
          { table: 'held', key: 'alias:never', value: undefined },
          { table: 'clusterAliases', key: 'a', value: undefined },
        ],
      )
      for (const opened of [() => store, reopen]) {
        const { state } = (await opened()).index
        expect(state.meta.size).toBe(2)
        expect(state.tables.entries.get(uid)?.rev).toBe(2)
        expect([...state.tables.held.range()]).toEqual([])
        expect([...state.tables.clusterAliases.range()]).toEqual([])
      }
    })

    it('give ranges in the order of their keys’ octets', async () => {
      const index = await openIndex()
      const uid = newUid()
      // The last two: UTF-16 code units order them the other way round.
      const keys = ['a', 'a b', 'a!', 'a-b', 'a/b', 'a0', 'b', 'ä', '\uff5e', '🂡']
      const shuffled = [...keys].sort((x, y) => (x.length === y.length ? 1 : x.length - y.length))
      const rows = shuffled.map((key): RowChange => ({ table: 'held', key, value: uid }))
      await append(index, 0, [record(0)], rows)
      const { held } = index.state.tables
      const keysIn = (from?: string, below?: string) => [...held.range(from, below)].map(([k]) => k)
      expect(keysIn()).toEqual(keys)
      expect(keysIn('a', 'a/')).toEqual(['a', 'a b', 'a!', 'a-b'])
      expect(keysIn('a/', 'a0')).toEqual(['a/b'])
      expect(keysIn('a ')).toEqual(keys.slice(1))
      expect(keysIn('b', 'b')).toEqual([])
      expect(keysIn('\uff5e')).toEqual(['\uff5e', '🂡'])
      expect([...held.values()]).toHaveLength(keys.length)
    })

    it('give ranges of any length, all of them or their first', async () => {
      const index = await openIndex()
      const rows = Array.from({ length: 1500 }, (_, n): RowChange => {
        return { table: 'history', key: `k ${String(n).padStart(12, '0')}`, value: n }
      })
      await append(index, 0, [record(0)], rows)
      const { history } = index.state.tables
      expect([...history.values()]).toEqual(rows.map(({ value }) => value))
      expect([...history.range('k 000000000007', 'k 000000000600')]).toHaveLength(593)
      const [first] = history.range('k 000000000011')
      expect(first).toEqual(['k 000000000011', 11])
    })

    it('move as a whole, when what moves them is durable', async () => {
      const index = await openIndex()
      const uid = newUid()
      const scope = uidFromDigest('s', new Uint8Array(32))
      const rows = (rev: number): RowChange[] => [
        { table: 'entries', key: uid, value: anEntry(uid, { rev }) },
        { table: 'scopes', key: scope, value: { ...aScope(scope, 'a'), rev } },
        { table: 'history', key: 'k', value: rev },
      ]
      await append(index, 0, [record(0)], rows(1))
      const look = () => [
        index.state.tables.scopes.get(scope)?.rev,
        index.state.tables.entries.get(uid)?.rev,
        // Read anew each time, not remembered.
        [...index.state.tables.history.range()][0]?.[1],
        index.state.meta.size,
      ]
      for (let size = 1; size < 20; size += 1) {
        const done = { settled: false }
        const appending = append(index, size, [record(size)], rows(size + 1)).then(() => {
          expect(look()).toEqual(look().fill(size + 1))
          done.settled = true
        })
        while (!done.settled) {
          const seen = look()
          expect(seen).toEqual(look().fill(seen[0]))
          await new Promise((resolve) => setImmediate(resolve))
        }
        await appending
      }
    })

    it('catch up with records that are in the log, and never pass it', async () => {
      const { store, reopen } = await open()
      const { index } = store
      await append(index, 0, records(0, 3))
      for (const wrong of [change(0, 3), change(3, 4), change(2, 3)]) {
        const before = contentOf(index.state)
        await expect(index.advance(wrong)).rejects.toThrow(DependencyError)
        expect(contentOf(index.state)).toEqual(before)
      }
      await index.advance(change(3, 3, [{ table: 'history', key: 'k', value: 1 }]))
      expect((await reopen()).index.state.tables.history.get('k')).toBe(1)
    })

    it('stay in a snapshot as they were', async () => {
      const index = await openIndex()
      const row = (value: number): RowChange => ({ table: 'history', key: 'k', value })
      await append(index, 0, [record(0)], [row(1)])
      const before = contentOf(index.state)
      const snapshot = index.snapshot()
      await append(index, 1, [record(1)], [row(2)])
      expect(contentOf(snapshot)).toEqual(before)
      expect(contentOf(index.state)).not.toEqual(before)
      snapshot[Symbol.dispose]()
    })

    it('can be made a second time elsewhere, for a while', async () => {
      const index = await openIndex()
      await append(index, 0, records(0, 2))
      const before = contentOf(index.state)
      const scratch = index.scratch()
      expect(contentOf(scratch.state)).toEqual(contentOf(emptyState()))
      const rows = Array.from({ length: 1000 }, (_, n): RowChange => {
        return { table: 'history', key: `k${n}`, value: n }
      })
      await scratch.advance(change(0, 2, rows))
      await expect(scratch.advance(change(0, 2, rows))).rejects.toThrow(DependencyError)
      await scratch.advance(change(2, 9, [{ table: 'history', key: 'k7', value: undefined }]))
      expect(scratch.state.meta).toEqual(metaAt(9))
      expect([...scratch.state.tables.history.values()]).toHaveLength(999)
      expect(contentOf(index.state)).toEqual(before)
      await scratch[Symbol.asyncDispose]()
    })
  })
}
