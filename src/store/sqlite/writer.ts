import type { Database, Statement } from 'better-sqlite3'
import type { SerialNumber } from '../../core/serial.js'
import type { LedgerEntry, Spend } from '../../issuance/ports.js'
import { unreachable } from '../../core/unreachable.js'
import type { Command, Outcome } from './commands.js'
import { cosignatureKeeper } from './cosignatures.js'
import { IndexWriter } from './index-writer.js'
import { IssuanceLogWriter } from './issuance-log-writer.js'
import { NotRecordable } from './not-recordable.js'
import { sqliteCode } from './open-database.js'
import {
  createPartition,
  dayOf,
  distinctEnds,
  FIRST_LOGGED,
  partitionTable,
  SPAN_OF_ISSUE,
  spansOf,
} from './partition.js'
import { WriterStatements } from './writer-statements.js'

/** Thrown inside a command to undo that command alone. */
class Spent extends Error {
  readonly spend: Spend['kind']

  constructor(spend: Spend['kind']) {
    super('spent')
    this.spend = spend
  }
}

/** Thrown the same way: what a leaf renews is revoked. */
class ParentRevoked extends Error {}

/** About what a batch of certificates writes. */
const ROOM_OCTETS = 262_144

/** Executes batches of commands, one transaction each. Knows nothing of threads or promises. */
export class Writer {
  private readonly database: Database
  private readonly sql: WriterStatements
  private readonly index: IndexWriter
  private readonly keepCosignature: ReturnType<typeof cosignatureKeeper>
  private readonly issued: IssuanceLogWriter
  /** Insert statements of the partitions that are there, by day. */
  private readonly inserts = new Map<number, Statement>()
  /** Has a commit failed since the last probe that did not? */
  private hasFailed = false

  constructor(database: Database) {
    this.database = database
    this.sql = new WriterStatements(database)
    this.index = new IndexWriter(database)
    this.keepCosignature = cosignatureKeeper(database)
    this.issued = new IssuanceLogWriter(database)
  }

  /**
   * All commands in one durable commit. A command that fails by itself is undone by itself; when
   * the commit fails, this throws and nothing of the batch is recorded. All leaves of a batch enter
   * the issuance log together.
   */
  commit(commands: readonly Command[]): Outcome[] {
    try {
      const outcomes = this.database.transaction(() => {
        this.issued.begin()
        const made = commands.map((command) => this.alone(command))
        this.issued.end()
        return made
      })()
      if (commands.some(({ op }) => op === 'probe')) this.fits()
      return outcomes
    } catch (error) {
      // A partition made by the lost transaction is gone with it.
      this.inserts.clear()
      this.hasFailed = true
      throw error
    }
  }

  /** What was written to see whether it fits makes room for certificates again. */
  private fits(): void {
    if (!this.hasFailed) return
    try {
      this.sql.probe.run()
      this.hasFailed = false
    } catch {
      // The commit before it is durable all the same; the next probe says what is wrong.
    }
  }

  /** What is small still fits where no certificate does: after a failure, as much as many of them. */
  private probe(): number {
    const { probe, probeRoom } = this.sql
    return (this.hasFailed ? probeRoom.run({ octets: ROOM_OCTETS }) : probe.run()).changes
  }

  private alone(command: Command): Outcome {
    try {
      if (command.op === 'revoke-entry') {
        const serials = this.database.transaction(() => this.revokeEntry(command))()
        return { kind: 'done', count: serials.length, serials }
      }
      const isOneWrite = command.op === 'append' && command.spends.length === 0
      // One statement is undone by itself; several need a savepoint around them.
      const count = isOneWrite
        ? this.append(command.entry, command.spends)
        : this.database.transaction(() => this.execute(command))()
      return { kind: 'done', count }
    } catch (error) {
      if (error instanceof Spent) return { kind: 'spent', spend: error.spend }
      if (error instanceof ParentRevoked) return { kind: 'parent-revoked' }
      if (error instanceof NotRecordable) return { kind: 'failed', message: error.message }
      const code = sqliteCode(error)
      if (code?.startsWith('SQLITE_CONSTRAINT') !== true) throw error
      // A partition made by the undone command is gone with it.
      this.inserts.clear()
      return { kind: 'failed', message: `the store refuses this record (${code})` }
    }
  }

  private execute(command: Exclude<Command, { op: 'revoke-entry' }>): number {
    const { sql } = this
    switch (command.op) {
      case 'append':
        return this.append(command.entry, command.spends)
      case 'revoke':
        return this.revoke(command.serials, command.revocation)
      case 'next-crl-number':
        return sql.nextCrlNumber.get(command.issuerId)?.number ?? 0
      case 'prune':
        return this.prune(command.before)
      case 'probe':
        return this.probe()
      case 'append-index':
        return this.index.append(command.records, command.change)
      case 'advance-index':
        return this.index.advance(command.change)
      case 'make-map':
        this.index.map.make(command.changes, command.isFirst, command.size)
        return command.changes.length
      case 'grow-tree':
        return this.index.growTree(command.limit)
      case 'sweep-map':
        return this.index.map.sweep()
      case 'keep-checkpoint':
        return command.log === 'index'
          ? this.index.keepCheckpoint(command.signed)
          : this.issued.tree.keepCheckpoint(command.signed)
      case 'keep-cosignature':
        return this.keepCosignature(command.log, command.cosignature)
      case 'create-token':
        return sql.createToken.run(command.token).changes
      case 'withdraw-token':
        return sql.withdrawToken.run(command.id).changes
      case 'create-challenge':
        return sql.createChallenge.run(command.challenge).changes
      case 'put-authorities':
        for (const { certificate, parents, keyRef, ...record } of command.records) {
          sql.putAuthority.run({
            ...record,
            certificate: Buffer.from(certificate),
            parents: JSON.stringify(parents),
            keyRef: keyRef ?? null,
          })
        }
        return command.records.length
      default:
        return unreachable(command)
    }
  }

  private append(entry: LedgerEntry, spends: readonly Spend[]): number {
    // Here, and not only where the renewal began: it may have been revoked since.
    if (entry.parentSerial !== null && this.sql.isRevoked.get(entry.parentSerial) !== undefined) {
      throw new ParentRevoked()
    }
    for (const { kind, id } of spends) {
      const spend = kind === 'join-token' ? this.sql.spendToken : this.sql.spendChallenge
      if (spend.run({ id, at: entry.issuedAt }).changes !== 1) throw new Spent(kind)
    }
    this.insertInto(dayOf(entry.notAfter)).run([
      FIRST_LOGGED + this.issued.next(),
      entry.serial,
      entry.issuerId,
      entry.entry,
      entry.alias,
      entry.rev,
      entry.binding,
      entry.issuedAt,
      entry.notBefore,
      entry.notAfter,
      entry.certificate,
      entry.evidence,
      entry.parentSerial,
      entry.requestId,
      entry.policyDigest === null ? null : Buffer.from(entry.policyDigest, 'hex'),
      entry.indexSize,
    ])
    // Last: whatever stands in the way of the row has thrown before.
    this.issued.add(entry)
    return 1
  }

  private insertInto(day: number): Statement {
    const known = this.inserts.get(day)
    if (known) return known
    const table = partitionTable(day)
    if (this.sql.addPartition.run(day).changes === 1) this.database.exec(createPartition(table))
    const insert = this.database.prepare(
      `INSERT INTO ${table} (id, serial, issuer_id, entry, alias, rev, binding, issued_at,
         not_before, not_after, certificate, evidence, parent_serial, request_id, policy_digest,
         index_size)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.inserts.set(day, insert)
    return insert
  }

  private revoke(
    serials: readonly string[],
    { at, reason }: { readonly at: number; readonly reason: string },
  ): number {
    const days = this.sql.partitions.all().map(({ day }) => day)
    let revoked = 0
    for (const serial of serials) {
      for (const day of days) {
        const table = partitionTable(day)
        const row = this.database
          .prepare<[string], { issuer_id: string; not_after: number }>(
            `${distinctEnds(table)} SELECT l.issuer_id, l.not_after FROM ends
             CROSS JOIN ${table} l ON l.not_after = ends.at AND l.serial = ?`,
          )
          .get(serial)
        if (!row) continue
        const { issuer_id: issuerId, not_after: notAfter } = row
        revoked += this.sql.revoke.run({ serial, issuerId, notAfter, at, reason }).changes
        break
      }
    }
    return revoked
  }

  /** All that an entry holds live, as the ledger is in this commit. */
  private revokeEntry({
    entry,
    revocation: { at, reason },
  }: Extract<Command, { op: 'revoke-entry' }>): SerialNumber[] {
    return this.sql.partitions
      .all()
      .filter(({ day }) => day >= dayOf(at))
      .flatMap(({ day }) => {
        const table = partitionTable(day)
        return this.database
          .prepare<[number, string, string, number], { serial: SerialNumber }>(
            `${spansOf(table)}
             INSERT INTO revocation (serial, issuer_id, not_after, revoked_at, reason)
             SELECT l.serial, l.issuer_id, l.not_after, ?, ? FROM spans
             CROSS JOIN ${table} l ON ${SPAN_OF_ISSUE} = spans.span AND l.entry = ?
             WHERE l.not_after >= ? ON CONFLICT DO NOTHING RETURNING serial`,
          )
          .all(at, reason, entry, at)
          .map(({ serial }) => serial)
      })
  }

  private prune(before: number): number {
    let rows = 0
    for (const { day } of this.sql.partitions.all()) {
      // Only a whole day that has passed goes: its last second is before the cut.
      if ((day + 1) * 86_400 > before) continue
      const table = partitionTable(day)
      const counted = this.database
        .prepare<[number], { logged: number; earlier: number }>(
          `SELECT count(*) FILTER (WHERE is_logged) AS logged,
             count(*) FILTER (WHERE NOT is_logged) AS earlier
           FROM (SELECT id >= ? AS is_logged FROM ${table})`,
        )
        .get(FIRST_LOGGED)
      if (counted) this.issued.prune(counted)
      rows += counted ? counted.logged + counted.earlier : 0
      this.database.exec(this.sql.keepLastOf(table))
      this.database.exec(`DROP TABLE ${table}`)
      this.sql.dropPartition.run(day)
      this.inserts.delete(day)
    }
    // By the day, as the rows: a row that is still there is still known to be revoked.
    this.sql.pruneRevocations.run(Math.floor(before / 86_400) * 86_400)
    this.sql.pruneTokens.run(before)
    this.sql.pruneChallenges.run(before)
    return rows
  }
}
