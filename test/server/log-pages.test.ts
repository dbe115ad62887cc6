import { describe, expect, it } from '@jest/globals'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { issuedPage, indexPage } from '../../src/server/operations/log-pages.js'
import type { ServedLog } from '../../src/server/operations/served-log.js'
import { leafHash } from '../../src/tlog/hash.js'
import { fromBase64 } from '../../src/tlog/note-text.js'
import { Issued } from '../issuance/given-issued.js'
import { codeOf, valueOf } from '../namespace/given-index.js'
import { MemoryLogTree } from '../support/memory-log-tree.js'
import { logSigner } from '../support/note-signers.js'

/** A log of so many entries, of which the checkpoint covers the first. */
async function served(name: ServedLog['name'], size: number): Promise<ServedLog> {
  const tree = new MemoryLogTree(() => [])
  tree.append(Array.from({ length: size }, (_, at) => leafHash(Buffer.from(String(at)))))
  if (size > 0) tree.signed = { ...(await tree.head()), note: 'a note' }
  const { key } = logSigner(`a.example/${name}`)
  const read = (): Promise<never[]> => Promise.resolve([])
  return { name, key, tree, read, settled: () => Promise.resolve() }
}

const recordsOf = (count: number, octets: number): readonly StoredRecord[] =>
  Array.from({ length: count }, (_, seq) => ({
    seq,
    bytes: Buffer.from(`record ${seq}`),
    envelopes: [Buffer.alloc(octets, seq)],
  }))
const log = (records: readonly StoredRecord[]) => ({
  read: (from: number, limit: number) => Promise.resolve(records.slice(from, from + limit)),
})

describe('a page of the index log', () => {
  it('has records with their envelopes, and what follows', async () => {
    const page = valueOf(
      await indexPage(await served('index', 300), log(recordsOf(300, 10)), { from: 7, limit: 100 }),
    )
    expect(page.next).toBe(107)
    const texts = page.records.map(({ record }) => Buffer.from(fromBase64(record)!).toString())
    expect(texts).toEqual(Array.from({ length: 100 }, (_, at) => `record ${7 + at}`))
    expect(fromBase64(page.records[3]!.envelopes[0]!)).toEqual(Buffer.alloc(10, 10))
  })

  it('has nothing that no checkpoint covers', async () => {
    const records = log(recordsOf(300, 10))
    const part = await indexPage(await served('index', 12), records, { from: 0, limit: 500 })
    expect(valueOf(part)).toMatchObject({ next: 12 })
    for (const [size, from] of [
      [12, 12],
      [0, 0],
    ] as const) {
      const page = await indexPage(await served('index', size), records, { from, limit: 1 })
      expect(codeOf(page)).toBe('request.not-found')
    }
  })

  it('is about a megabyte at most, and has one record at least', async () => {
    const log300 = await served('index', 300)
    const some = valueOf(
      await indexPage(log300, log(recordsOf(300, 60_000)), { from: 0, limit: 500 }),
    )
    expect(some.next).toBe(17)
    expect(some.records).toHaveLength(17)
    const one = valueOf(
      await indexPage(log300, log(recordsOf(300, 3_000_000)), { from: 5, limit: 500 }),
    )
    expect(one).toMatchObject({ next: 6 })
  })
})

describe('a page of the issuance log', () => {
  it('has certificates and their evidence, without those that were pruned', async () => {
    const issued = await Issued.open()
    const rows = [await issued.recorded(), await issued.recorded(), await issued.recorded()]
    const all = await issued.store.issuanceLog.read(0, 10)
    const gone = {
      read: (from: number, limit: number) =>
        Promise.resolve(all.filter(({ seq }) => seq !== 1 && seq >= from && seq < from + limit)),
    }
    const log3 = await served('issuance', 3)
    const page = valueOf(await issuedPage(log3, gone, { from: 0, limit: 500 }))
    expect(page.next).toBe(3)
    expect(page.records.map(({ seq }) => seq)).toEqual([0, 2])
    expect(fromBase64(page.records[1]!.certificate)).toEqual(Buffer.from(rows[2]!.certificate))
    expect(page.records[1]!.evidence).toBe(rows[2]!.evidence)
    expect(valueOf(await issuedPage(log3, gone, { from: 1, limit: 1 }))).toEqual({
      ...{ records: [], next: 2 },
    })
    expect(codeOf(await issuedPage(log3, gone, { from: 3, limit: 1 }))).toBe('request.not-found')
  })
})
