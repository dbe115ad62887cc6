import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { ShownIndex } from '../../src/monitor/ports.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { openShownIndex } from '../../src/store/open-shown-index.js'
import { anEntry, change, contentOf, newUid } from '../contract/given-tables.js'

let home = ''
let shown: ShownIndex

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'capstan-shown-index-'))
  shown = openShownIndex(join(home, 'log'))
})
afterEach(async () => {
  await shown[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

const record = (seq: number): StoredRecord => ({
  seq,
  bytes: Buffer.from(`record ${seq}`),
  envelopes: [Buffer.from([0, 255, seq]), Buffer.from('')],
})

describe('an index log that was shown', () => {
  it('is read as it was put, in its order', async () => {
    await shown.add([record(0), record(1)])
    await shown.add([record(2)])
    await shown.add([])
    expect(await shown.size()).toBe(3)
    const read = await shown.read(1, 9)
    expect(read.map(({ seq }) => seq)).toEqual([1, 2])
    expect(read.map(({ bytes, envelopes }) => [bytes, envelopes])).toEqual(
      [record(1), record(2)].map(({ bytes, envelopes }) => [bytes, envelopes]),
    )
    expect(await shown.read(3, 1)).toEqual([])
  })

  it('has no gap, and no record twice', async () => {
    await shown.add([record(0)])
    await expect(shown.add([record(0)])).rejects.toThrow(DependencyError)
    await expect(shown.add([record(2)])).rejects.toThrow(DependencyError)
    await expect(shown.add([record(1), record(3)])).rejects.toThrow(DependencyError)
  })

  it('has tables of its own, and of as many moments as are asked about', async () => {
    const uid = newUid()
    const rows = [{ table: 'entries', key: uid, value: anEntry(uid) }] as const
    await shown.advance(change(0, 2, rows))
    expect(shown.state.meta.size).toBe(2)
    expect(shown.state.tables.entries.get(uid)).toEqual(anEntry(uid))
    await using then = shown.scratch()
    await using before = shown.scratch()
    await then.advance(change(0, 1))
    expect([shown, then, before].map(({ state }) => state.meta.size)).toEqual([2, 1, 0])
    expect(contentOf(then.state)).not.toEqual(contentOf(shown.state))
  })

  it('leaves nothing behind', async () => {
    await shown.add([record(0)])
    await shown.scratch()[Symbol.asyncDispose]()
    await shown[Symbol.asyncDispose]()
    expect(readdirSync(home)).toEqual([])
    shown = openShownIndex(join(home, 'log'))
  })

  it("is the world's fault where there is no room for it", () => {
    expect(() => openShownIndex(join(home, 'none', 'log'))).toThrow(DependencyError)
  })
})
