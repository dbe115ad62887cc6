import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { type OpenStore, plain, record } from './given-store.js'

/** What every `IndexLog` keeps to. */
export function indexLogContract(name: string, open: OpenStore): void {
  describe(`IndexLog: ${name}`, () => {
    it('is empty at first', async () => {
      const { store } = await open()
      expect(await store.indexLog.read(0, 10)).toEqual([])
    })

    it('brings back exactly the bytes of records and envelopes, in order, also after reopening', async () => {
      const { store, reopen } = await open()
      const records = [record(0), record(1, 0), record(2, 3)]
      expect(await store.indexLog.append(0, records)).toBe(true)
      expect(plain(await store.indexLog.read(0, 10))).toEqual(plain(records))
      expect(plain(await (await reopen()).indexLog.read(0, 10))).toEqual(plain(records))
    })

    it('brings back no bytes at all, and many', async () => {
      const { store } = await open()
      const large = Uint8Array.from({ length: 300_000 }, (_, position) => position % 251)
      const records = [
        { seq: 0, bytes: new Uint8Array(0), envelopes: [new Uint8Array(0)] },
        { seq: 1, bytes: large, envelopes: [large] },
      ]
      expect(await store.indexLog.append(0, records)).toBe(true)
      expect(plain(await store.indexLog.read(0, 2))).toEqual(plain(records))
    })

    it('keeps what it was given when the caller writes over its own bytes', async () => {
      const { store } = await open()
      const given = record(0)
      const before = plain([given])
      await store.indexLog.append(0, [given])
      given.bytes.fill(0)
      given.envelopes[0]!.fill(0)
      expect(plain(await store.indexLog.read(0, 1))).toEqual(before)
    })

    it('reads in chunks, from anywhere', async () => {
      const { store } = await open()
      const records = Array.from({ length: 7 }, (_, seq) => record(seq))
      await store.indexLog.append(0, records)
      const seen = []
      for (;;) {
        const chunk = await store.indexLog.read(seen.length, 3)
        if (chunk.length === 0) break
        expect(chunk.length).toBeLessThanOrEqual(3)
        seen.push(...chunk)
      }
      expect(plain(seen)).toEqual(plain(records))
      expect(plain(await store.indexLog.read(5, 1))).toEqual(plain([records[5]]))
      expect(await store.indexLog.read(7, 3)).toEqual([])
    })

    it('writes nothing, and says so, when the log has another size', async () => {
      const { store } = await open()
      expect(await store.indexLog.append(1, [record(1)])).toBe(false)
      expect(await store.indexLog.append(0, [record(0), record(1)])).toBe(true)
      expect(await store.indexLog.append(0, [record(0)])).toBe(false)
      expect(await store.indexLog.append(1, [record(1)])).toBe(false)
      expect(await store.indexLog.append(3, [record(3)])).toBe(false)
      expect(await store.indexLog.read(0, 10)).toHaveLength(2)
      expect(await store.indexLog.append(2, [record(2)])).toBe(true)
      expect(await store.indexLog.read(0, 10)).toHaveLength(3)
    })

    it('of callers that have seen the same size lets one append', async () => {
      const { store } = await open()
      const tries = await Promise.all(
        Array.from({ length: 10 }, () => store.indexLog.append(0, [record(0), record(1)])),
      )
      expect(tries.filter((appended) => appended)).toHaveLength(1)
      expect(await store.indexLog.read(0, 10)).toHaveLength(2)
    })

    it('appends all records or none', async () => {
      const { store } = await open()
      await store.indexLog.append(0, [record(0)])
      for (const records of [[record(1), record(1)], [record(1), record(3)], [record(0)]]) {
        await expect(store.indexLog.append(1, records)).rejects.toThrow(DependencyError)
      }
      expect(await store.indexLog.read(0, 10)).toHaveLength(1)
      expect(await store.indexLog.append(1, [record(1)])).toBe(true)
    })

    it('appends no records to a log of the size that was seen', async () => {
      const { store } = await open()
      expect(await store.indexLog.append(0, [])).toBe(true)
      expect(await store.indexLog.append(1, [])).toBe(false)
    })
  })
}
