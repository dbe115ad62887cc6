import type { Database, Statement } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'
import { certificateDer } from '../../core/der.js'
import { ok, refuse } from '../../core/result.js'
import type { SerialNumber } from '../../core/serial.js'
import { unixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type {
  Appended,
  IssuanceLedger,
  LedgerRow,
  RecordGranted,
  RevocationReason,
} from '../../issuance/ports.js'
import type { Command, Outcome } from './commands.js'
import { readingTogether } from './open-database.js'
import {
  dayOf,
  distinctEnds,
  FIRST_LOGGED,
  partitionTable,
  SPAN_OF_ISSUE,
  spansOf,
} from './partition.js'
import type { WriteQueue } from './write-queue.js'

interface LeafRow {
  id: number
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
  policy_digest: Buffer | null
  index_size: number | null
  revoked_at: number | null
  reason: string | null
}

const columns = `l.id, l.serial, l.issuer_id, l.entry, l.alias, l.rev, l.binding, l.issued_at, l.not_before,
  l.not_after, l.certificate, l.evidence, l.parent_serial, l.request_id, l.policy_digest, l.index_size,
  r.revoked_at, r.reason`
const from = (day: number): string =>
  `FROM ${partitionTable(day)} l LEFT JOIN revocation r ON r.serial = l.serial`

/** Days whose statement is kept: of certificates that end today and tomorrow, mostly. */
const DAYS_PREPARED = 16

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

  const endingOn = new Map<number, Statement<[number, string], LeafRow>>()

  /** Preparing costs more than finding, and every renewal finds. */
  function statementOf(day: number): Statement<[number, string], LeafRow> {
    const known = endingOn.get(day)
    if (known) return known
    const made = database.prepare<[number, string], LeafRow>(
      `SELECT ${columns} ${from(day)} WHERE l.not_after = ? AND l.serial = ?`,
    )
    if (endingOn.size >= DAYS_PREPARED) endingOn.clear()
    endingOn.set(day, made)
    return made
  }

  /** By the second in which it ends: quick, however large the partition is. */
  function findEnding(notAfter: number, serial: string): LedgerRow | undefined {
    const row = statementOf(dayOf(unixSeconds(notAfter))).get(notAfter, serial)
    return row && rowOf(row)
  }

  /** Without it: one look for each second in which anything ends. */
  function findIn(day: number, serial: string): LedgerRow | undefined {
    const row = database
      .prepare<[string], LeafRow>(
        `${distinctEnds(partitionTable(day))} SELECT ${columns} FROM ends
         CROSS JOIN ${partitionTable(day)} l ON l.not_after = ends.at AND l.serial = ?
         LEFT JOIN revocation r ON r.serial = l.serial`,
      )
      .get(serial)
    return row && rowOf(row)
  }

  function lastEndOf(entry: string): number | undefined {
    for (const day of days()) {
      const table = partitionTable(day)
      const found = database
        .prepare<[string], { last: number | null }>(
          `${spansOf(table)} SELECT max(l.not_after) AS last FROM spans
           CROSS JOIN ${table} l ON ${SPAN_OF_ISSUE} = spans.span AND l.entry = ?`,
        )
        .get(entry)
      // Partitions are by the day of the end, and the latest comes first.
      if (typeof found?.last === 'number') return found.last
    }
    return lastNotAfter.get(entry)?.last_not_after
  }

  /** Rows of one partition, newest first. */
  function newest(
    day: number,
    entry: string | undefined,
    liveAt: number | undefined,
    limit: number,
  ): LeafRow[] {
    const is = liveAt === undefined ? '? = 0' : 'l.not_after >= ? AND r.serial IS NULL'
    if (entry === undefined) {
      return database
        .prepare<[number, number], LeafRow>(
          `SELECT ${columns} ${from(day)} WHERE ${is} ORDER BY l.id DESC LIMIT ?`,
        )
        .all(liveAt ?? 0, limit)
    }
    const ofSpan = database.prepare<[number, string, number, number], LeafRow>(
      `SELECT ${columns} ${from(day)} WHERE ${SPAN_OF_ISSUE} = ? AND l.entry = ? AND ${is}
       ORDER BY l.id DESC LIMIT ?`,
    )
    const rows: LeafRow[] = []
    const spans = database.prepare<[], { span: number }>(
      `${spansOf(partitionTable(day))} SELECT span FROM spans`,
    )
    for (const { span } of spans.all()) {
      if (rows.length >= limit) break
      rows.push(...ofSpan.all(span, entry, liveAt ?? 0, limit - rows.length))
    }
    return rows
  }

  return {
    async append(entry, spends) {
      return appended(await queue.submit({ op: 'append', entry, spends }))
    },
    find: (serial, notAfter) =>
      readingTogether(database, () => {
        const all = days()
        if (notAfter !== undefined) {
          return all.includes(dayOf(notAfter)) ? findEnding(notAfter, serial) : undefined
        }
        for (const day of all) {
          const row = findIn(day, serial)
          if (row) return row
        }
        return undefined
      }),
    list: ({ entry, liveAt, limit }) =>
      readingTogether(database, () => {
        const rows: LedgerRow[] = []
        for (const day of days()) {
          if (liveAt !== undefined && day < dayOf(liveAt)) continue
          rows.push(...newest(day, entry, liveAt, limit).map(rowOf))
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
      readingTogether(database, () => {
        const last = lastEndOf(entry)
        return last === undefined ? undefined : unixSeconds(last)
      }),
    revoke: (serials, revocation) => count(queue, { op: 'revoke', serials, revocation }),
    async revokeEntry(entry, revocation) {
      const outcome = await queue.submit({ op: 'revoke-entry', entry, revocation })
      countOf(outcome)
      return outcome.kind === 'done' ? (outcome.serials ?? []) : []
    },
    revoked: (issuerId, now) =>
      readingTogether(database, () =>
        revokedSerials.all(issuerId, now).flatMap(({ serial, not_after: notAfter }) => {
          const row = days().includes(dayOf(unixSeconds(notAfter)))
            ? findEnding(notAfter, serial)
            : undefined
          return row ? [row] : []
        }),
      ),
    nextCrlNumber: (issuerId) => count(queue, { op: 'next-crl-number', issuerId }),
    days: () =>
      readingTogether(database, () =>
        days()
          .map((day) => unixSeconds(day * 86_400))
          .reverse(),
      ),
    prune: (before) => count(queue, { op: 'prune', before }),
    async probe() {
      await count(queue, { op: 'probe' })
    },
  }
}

/** Over a queue whose writer knows the index. */
export function recordingGranted(queue: WriteQueue): RecordGranted {
  return async function recordGranted(entry, spends, indexSize) {
    const outcome = await queue.submit({ op: 'append', entry, spends, indexSize })
    return outcome.kind === 'stale' ? 'stale' : appended(outcome)
  }
}

function appended(outcome: Outcome): Appended {
  if (outcome.kind === 'parent-revoked') {
    return refuse('renewal.revoked', 'the certificate was revoked meanwhile', {
      next: 'enrol again with a join token or another kind of evidence',
    })
  }
  if (outcome.kind !== 'spent') {
    countOf(outcome)
    return ok()
  }
  return outcome.spend === 'join-token'
    ? refuse('evidence.not-accepted', 'the join token is not valid')
    : refuse('challenge.spent', 'the challenge was used already')
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
    policyDigest: row.policy_digest?.toString('hex') ?? null,
    indexSize: row.index_size,
    seq: row.id < FIRST_LOGGED ? null : row.id - FIRST_LOGGED,
    revocation:
      row.revoked_at === null
        ? null
        : { at: unixSeconds(row.revoked_at), reason: row.reason as RevocationReason },
  }
}
