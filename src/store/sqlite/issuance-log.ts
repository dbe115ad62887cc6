import type { Database, Statement } from 'better-sqlite3'
import { certificateDer } from '../../core/der.js'
import type { SerialNumber } from '../../core/serial.js'
import { unixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { IssuanceLog, IssuedRecord, OwnIssuanceLog } from '../../issuance/ports.js'
import { issuanceRecordOf } from '../../namespace/issuance-record.js'
import { readTally, readUnlogged } from './issuance-tally.js'
import { sqliteLogReader, sqliteSignedTree } from './log-tree.js'
import { reading, readingTogether } from './open-database.js'
import { FIRST_LOGGED, partitionTable } from './partition.js'
import type { WriteQueue } from './write-queue.js'

interface Row {
  readonly id: number
  readonly serial: SerialNumber
  readonly entry: Uid | null
  readonly rev: number
  readonly binding: string | null
  readonly not_after: number
  readonly certificate: Buffer
  readonly evidence: string
  readonly policy_digest: Buffer | null
  readonly index_size: number | null
}

/** The issuance log over a connection that may be read-only. */
export function sqliteIssuanceLog(database: Database): IssuanceLog {
  return { tree: sqliteLogReader(database, 'issuance'), ...readingFrom(database) }
}

/** The same in the process that writes it. */
export function sqliteOwnIssuanceLog(database: Database, queue: WriteQueue): OwnIssuanceLog {
  return { tree: sqliteSignedTree(database, queue, 'issuance'), ...readingFrom(database) }
}

type Reading = Omit<IssuanceLog, 'tree'>

/** Records are in partitions by the day their certificates end: each number is in one of them. */
function readingFrom(database: Database): Reading {
  const days = database.prepare<[], number>('SELECT day FROM ledger_partition').pluck()
  const prepared = new Map<number, PartitionReads>()
  /** Prepared once for each partition that is there. */
  const partitions = (): PartitionReads[] => {
    const all = days.all()
    for (const day of prepared.keys()) if (!all.includes(day)) prepared.delete(day)
    return all.map((day) => {
      const known = prepared.get(day) ?? readsOf(database, partitionTable(day))
      prepared.set(day, known)
      return known
    })
  }
  return {
    // Numbers are dense: none of a partition's rows is read that is not in the answer.
    read: (from, limit) =>
      readingTogether(database, () => {
        const first = FIRST_LOGGED + from
        return partitions()
          .flatMap(({ range }) => range.all(first, first + limit))
          .sort((a, b) => a.id - b.id)
          .map(recordOf)
      }),
    issuedAt: (seq) =>
      readingTogether(database, () => {
        const id = FIRST_LOGGED + seq
        const [found] = partitions().flatMap(({ issuedAt }) => issuedAt.all(id))
        return found === undefined ? undefined : unixSeconds(found)
      }),
    last: () =>
      readingTogether(database, () => {
        const last = Math.max(0, ...partitions().map(({ last }) => last.get() ?? 0))
        return last < FIRST_LOGGED ? undefined : last - FIRST_LOGGED
      }),
    pruned: () => reading(() => readTally(database).pruned),
    unlogged: () => readingTogether(database, () => readUnlogged(database)),
  }
}

interface PartitionReads {
  readonly range: Statement<[number, number], Row>
  readonly issuedAt: Statement<[number], number>
  readonly last: Statement<[], number | null>
}

const readsOf = (database: Database, table: string): PartitionReads => ({
  range: database.prepare(
    `SELECT id, serial, entry, rev, binding, not_after, certificate, evidence, policy_digest,
       index_size
     FROM ${table} WHERE id >= ? AND id < ?`,
  ),
  issuedAt: database
    .prepare<[number], number>(`SELECT issued_at FROM ${table} WHERE id = ?`)
    .pluck(),
  last: database.prepare<[], number | null>(`SELECT max(id) FROM ${table}`).pluck(),
})

const recordOf = (row: Row): IssuedRecord => {
  const certificate = certificateDer(row.certificate)
  return {
    seq: row.id - FIRST_LOGGED,
    bytes: issuanceRecordOf({
      serial: row.serial,
      entry: row.entry,
      rev: row.rev,
      binding: row.binding,
      notAfter: unixSeconds(row.not_after),
      certificate,
      evidence: row.evidence,
      policyDigest: row.policy_digest?.toString('hex') ?? null,
      indexSize: row.index_size,
    }),
    certificate,
    evidence: row.evidence,
  }
}
