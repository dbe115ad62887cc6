import type { Database } from 'better-sqlite3'
import type { IndexLog } from '../../namespace/ports.js'
import { count } from './ledger.js'
import { reading } from './open-database.js'
import type { WriteQueue } from './write-queue.js'

export function sqliteIndexLog(database: Database, queue: WriteQueue): IndexLog {
  const select = database.prepare<
    [number, number],
    { seq: number; record: Buffer; envelopes: string }
  >('SELECT seq, record, envelopes FROM index_log WHERE seq >= ? ORDER BY seq LIMIT ?')
  return {
    read: (first, limit) =>
      reading(() =>
        select.all(first, limit).map(({ seq, record, envelopes }) => ({
          seq,
          bytes: record,
          envelopes: (JSON.parse(envelopes) as string[]).map((text) => Buffer.from(text, 'base64')),
        })),
      ),
    append: async (expectedSize, records) =>
      (await count(queue, { op: 'append-index', expectedSize, records })) === 1,
  }
}
