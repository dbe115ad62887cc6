import type { Database } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'
import { certificateDer } from '../../core/der.js'
import { ok, refuse } from '../../core/result.js'
import type { SerialNumber } from '../../core/serial.js'
import { unixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { IssuanceLedger, LedgerRow, RevocationReason } from '../../issuance/ports.js'
import type { Command, Outcome } from './commands.js'
import { reading, readingTogether } from './open-database.js'
import { dayOf, partitionTable } from './partition.js'
import type { WriteQueue } from './write-queue.js'

interface LeafRow {
  serial: string
  issuer_id: string
  entry: string | null
  alias: string
  rev: number
  binding: string | null
  issued_at: number
  not_before: number
  not_after: number
  certificate: Buffer
  evidence: string
  parent_serial: string | null
  request_id: string
  revoked_at: number | null
  reason: string | null
}

const columns = `l.serial, l.issuer_id, l.entry, l.alias, l.rev, l.binding, l.issued_at, l.not_before,
  l.not_after, l.certificate, l.evidence, l.parent_serial, l.request_id, r.revoked_at, r.reason`
const from = (day: number): string =>
  `FROM ${partitionTable(day)} l LEFT JOIN revocation r ON r.serial = l.serial`

export function sqliteLedger(database: Database, queue: WriteQueue): IssuanceLedger {
  const partitions = database.prepare<[], { day: number }>(
    'SELECT day FROM ledger_partition ORDER BY day DESC',
  )
  const lastNotAfter = database.prepare<[string], { last_not_after: number }>(
    'SELECT last_not_after FROM entry_issuance WHERE entry = ?',
  )
  const revokedSerials = database.prepare<[string, number], { serial: string; not_after: number }>(
    `SELECT serial, not_after FROM revocation WHERE issuer_id = ? AND not_after >= ?
     ORDER BY revoked_at, serial`,
  )
  const revokedCount = database.prepare<[number], { n: number }>(
    'SELECT count(*) AS n FROM revocation WHERE not_after >= ?',
  )
  const days = (): number[] => partitions.all().map(({ day }) => day)

  function findIn(candidates: readonly number[], serial: string): LedgerRow | undefined {
    for (const day of candidates) {
      const row = database
        .prepare<[string], LeafRow>(`SELECT ${columns} ${from(day)} WHERE l.serial = ?`)
        .get(serial)
      if (row) return rowOf(row)
    }
    return undefined
  }

  return {
    async append(entry, spends) {
      const outcome = await queue.submit({ op: 'append', entry, spends })
      if (outcome.kind !== 'spent') {
        countOf(outcome)
        return ok()
      }
      return outcome.spend === 'join-token'
        ? refuse('evidence.not-accepted', 'the join token is not valid')
        : refuse('challenge.spent', 'the challenge was used already')
    },
    find: (serial, notAfter) =>
      readingTogether(database, () => {
        const all = days()
        if (notAfter === undefined) return findIn(all, serial)
        return findIn(all.includes(dayOf(notAfter)) ? [dayOf(notAfter)] : [], serial)
      }),
    list: ({ entry, liveAt, limit }) =>
      readingTogether(database, () => {
        const rows: LedgerRow[] = []
        for (const day of days()) {
          if (liveAt !== undefined && day < dayOf(liveAt)) continue
          // Said only where it is meant: beside an OR, SQLite would look at every row of the day.
          const ofEntry = entry === undefined ? '' : 'l.entry = @entry AND'
          const found = database
            .prepare<unknown[], LeafRow>(
              `SELECT ${columns} ${from(day)}
               WHERE ${ofEntry} l.not_after >= @liveAt
               ORDER BY l.issued_at DESC, l.id DESC LIMIT @limit`,
            )
            .all({ ...(entry !== undefined && { entry }), liveAt: liveAt ?? 0, limit })
          rows.push(...found.map(rowOf))
        }
        return rows.sort((a, b) => b.issuedAt - a.issuedAt).slice(0, limit)
      }),
    countLive: (now) =>
      readingTogether(database, () => {
        let live = 0
        for (const day of days()) {
          if (day < dayOf(now)) continue
          // Whoever ends on a later day is live: counting rows needs no look at their dates.
          const dates = day === dayOf(now) ? 'WHERE not_after >= ?' : 'WHERE ? >= 0'
          live +=
            database
              .prepare<[number], { n: number }>(
                `SELECT count(*) AS n FROM ${partitionTable(day)} ${dates}`,
              )
              .get(now)?.n ?? 0
        }
        return live - (revokedCount.get(now)?.n ?? 0)
      }),
    lastNotAfter: (entry) =>
      reading(() => {
        const row = lastNotAfter.get(entry)
        return row && unixSeconds(row.last_not_after)
      }),
    revoke: (serials, revocation) => count(queue, { op: 'revoke', serials, revocation }),
    revoked: (issuerId, now) =>
      readingTogether(database, () =>
        revokedSerials.all(issuerId, now).flatMap(({ serial, not_after: notAfter }) => {
          const row = findIn([dayOf(unixSeconds(notAfter))], serial)
          return row ? [row] : []
        }),
      ),
    nextCrlNumber: (issuerId) => count(queue, { op: 'next-crl-number', issuerId }),
    prune: (before) => count(queue, { op: 'prune', before }),
    async probe() {
      await count(queue, { op: 'probe' })
    },
  }
}

/** Submits a command that cannot be refused, and answers its count. */
export async function count(queue: WriteQueue, command: Command): Promise<number> {
  return countOf(await queue.submit(command))
}

function countOf(outcome: Outcome): number {
  if (outcome.kind === 'done') return outcome.count
  throw new DependencyError(
    'store',
    outcome.kind === 'failed' ? outcome.message : 'unexpected answer',
  )
}

function rowOf(row: LeafRow): LedgerRow {
  return {
    serial: row.serial as SerialNumber,
    issuerId: row.issuer_id,
    entry: row.entry as Uid | null,
    alias: row.alias,
    rev: row.rev,
    binding: row.binding,
    issuedAt: unixSeconds(row.issued_at),
    notBefore: unixSeconds(row.not_before),
    notAfter: unixSeconds(row.not_after),
    certificate: certificateDer(row.certificate),
    evidence: row.evidence,
    parentSerial: row.parent_serial as SerialNumber | null,
    requestId: row.request_id,
    revocation:
      row.revoked_at === null
        ? null
        : { at: unixSeconds(row.revoked_at), reason: row.reason as RevocationReason },
  }
}
