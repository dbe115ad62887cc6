import type { Database } from 'better-sqlite3'
import type { IndexLog } from '../../namespace/ports.js'
import { reading } from './open-database.js'

interface RecordRow {
  readonly seq: number
  readonly record: Buffer
}
interface LogRow extends RecordRow {
  readonly envelopes: string
}

/** The log over a connection that may be read-only. */
export function sqliteIndexLog(database: Database): IndexLog {
  const size = database.prepare<[], { size: number }>(
    'SELECT coalesce(max(seq) + 1, 0) AS size FROM index_log',
  )
  const records = database.prepare<[number, number], LogRow>(
    'SELECT seq, record, envelopes FROM index_log WHERE seq >= ? ORDER BY seq LIMIT ?',
  )
  const bare = database.prepare<[number, number], RecordRow>(
    'SELECT seq, record FROM index_log WHERE seq >= ? ORDER BY seq LIMIT ?',
  )
  return {
    size: () => reading(() => size.get()?.size ?? 0),
    read: (from, limit) =>
      reading(() =>
        records.all(from, limit).map(({ seq, record, envelopes }) => ({
          seq,
          bytes: record,
          envelopes: (JSON.parse(envelopes) as string[]).map((text) => Buffer.from(text, 'base64')),
        })),
      ),
    readRecords: (from, limit) =>
      reading(() => bare.all(from, limit).map(({ seq, record }) => ({ seq, bytes: record }))),
  }
}
