import { DependencyError } from '../core/dependency-error.js'
import { ok, type Result } from '../core/result.js'
import { type Clock, CLOCK_TOLERANCE, plus, type UnixSeconds } from '../core/time.js'
import { leafClaims } from '../ca/leaf-claims.js'
import { allowedThen, serverLeafThen } from '../namespace/allowed-then.js'
import { foldOn } from '../namespace/fold-on.js'
import { FoldedState } from '../namespace/folded-state.js'
import { type IssuanceRecord, parseIssuanceRecord } from '../namespace/issuance-record.js'
import { readRecord } from '../namespace/log-record.js'
import type { IndexLog, Pace, StateStore } from '../namespace/ports.js'
import { rememberedStandings } from '../namespace/remembered-standings.js'
import { replay, STRETCH } from '../namespace/replay.js'
import type { CertificateClaims, IssuedThen, NotAllowed } from '../namespace/not-allowed.js'
import type { IndexState } from '../namespace/state.js'
import { type Alarm, alarmOf, notAllowedAlarm, unforeseen } from './alarm.js'
import type { ShownCertificate } from './ports.js'

/**
 * Certificates are recorded in about the order of the states that they were granted on: so many records
 * later than the earliest of a stretch the next one may begin.
 */
const MARGIN = 256
/** Entries whose standing is remembered while the state stays. */
const STANDINGS = 10_000

export interface CertificatesThenDeps {
  readonly log: Pick<IndexLog, 'read'>
  /** Empty tables. */
  readonly scratch: () => StateStore & AsyncDisposable
  readonly pace: Pace
  /** By which nothing is issued later than now. */
  readonly clock: Pick<Clock, 'now'>
}

export interface JudgedCertificates {
  /** In the order of the certificates. */
  readonly alarms: readonly Alarm[]
  /** Whatever comes after them in the log was recorded later than this, as far as is known. */
  readonly recordedAfter: UnixSeconds | undefined
}

interface Read {
  readonly shown: ShownCertificate
  readonly record: IssuanceRecord
  readonly claims: CertificateClaims | undefined
  readonly seenAt: UnixSeconds
  readonly recordedAfter: UnixSeconds | undefined
}

/**
 * Judges certificates by the index of their moment, which is folded again for it: a stretch of them at
 * a time, each in the state of the size that it names. What is folded is kept for the next stretch.
 */
export class CertificatesThen implements AsyncDisposable {
  private readonly deps: CertificatesThenDeps
  private readonly standingOf = rememberedStandings(STANDINGS)
  private tables: (StateStore & AsyncDisposable) | undefined

  constructor(deps: CertificatesThenDeps) {
    this.deps = deps
  }

  /**
   * Alarms about these certificates, which follow each other in the log and were recorded later than
   * `recordedAfter`; `size` is how many records the index log has. A record of the index that does not
   * hold is a refusal.
   */
  async judge(
    shown: readonly ShownCertificate[],
    size: number,
    recordedAfter?: UnixSeconds,
  ): Promise<Result<JudgedCertificates>> {
    const alarms: Alarm[] = []
    const seenAt = this.deps.clock.now()
    let after = recordedAfter
    const bySize = new Map<number, Read[]>()
    for (const one of shown) {
      const record = parseIssuanceRecord(one.bytes)
      if (!record.ok) {
        alarms.push({ ...alarmOf('bad-record', 'issuance', record.refusal), record: one.seq })
        continue
      }
      const claims = claimsOf(one)
      const read = { shown: one, record: record.value, claims, seenAt, recordedAfter: after }
      // One that begins in days to come says nothing of when the next was recorded.
      if (claims && claims.notBefore <= plus(seenAt, CLOCK_TOLERANCE)) {
        after = latest(after, claims.notBefore)
      }
      const { size: then } = record.value
      if (then !== null && then > size) {
        alarms.push(unknownSize(read, size))
        continue
      }
      if (then === null) {
        // Whatever the index was: it is not folded for them.
        const alarm = alarmAbout(read, (issued) => serverLeafThen(issued))
        if (alarm) alarms.push(alarm)
        continue
      }
      const there = bySize.get(then)
      if (there) there.push(read)
      else bySize.set(then, [read])
    }
    const judged = await this.judgeBySize(bySize, size, alarms)
    if (!judged.ok) return judged
    alarms.sort((a, b) => (a.record ?? 0) - (b.record ?? 0))
    return ok({ alarms, recordedAfter: after })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tables?.[Symbol.asyncDispose]()
    this.tables = undefined
  }

  private async judgeBySize(
    bySize: ReadonlyMap<number, readonly Read[]>,
    size: number,
    alarms: Alarm[],
  ): Promise<Result<undefined>> {
    const sizes = [...bySize.keys()].sort((a, b) => a - b)
    const [first, last] = [sizes[0], sizes.at(-1)]
    if (first === undefined || last === undefined) return ok()
    const { log, pace } = this.deps
    const judgeAt = (state: IndexState, replacedAt?: UnixSeconds): void => {
      for (const read of bySize.get(state.size) ?? []) {
        const alarm = alarmAbout(read, (issued) =>
          allowedThen(state, { ...issued, replacedAt }, this.standingOf),
        )
        if (alarm) alarms.push(alarm)
      }
    }
    const tables = await this.tablesBefore(first)
    const begun = await replay(log, tables, { size: Math.max(0, first - MARGIN), pace })
    if (!begun.ok) return begun
    for (;;) {
      const state = new FoldedState(tables.state)
      const folded = await foldOn(log, state, {
        size: Math.min(last, state.size + STRETCH),
        total: last,
        pace,
        before: (then, { ts }) => judgeAt(then, ts),
      })
      if (!folded.ok) return folded
      if (state.size < last) {
        await tables.advance(state.changes())
        continue
      }
      judgeAt(state, last < size ? await this.timeOf(last) : undefined)
      return ok()
    }
  }

  /** Tables that are not beyond `size`: those of the stretch before, or empty ones. */
  private async tablesBefore(size: number): Promise<StateStore> {
    if (this.tables && this.tables.state.meta.size > size) await this[Symbol.asyncDispose]()
    this.tables ??= this.deps.scratch()
    return this.tables
  }

  private async timeOf(seq: number): Promise<UnixSeconds | undefined> {
    const [next] = await this.deps.log.read(seq, 1)
    return next && readRecord(next.bytes)?.ts
  }
}

function alarmAbout(
  read: Read,
  judge: (issued: IssuedThen) => NotAllowed | undefined,
): Alarm | undefined {
  const { shown, record, claims, seenAt, recordedAfter } = read
  const { certificate: der, evidence } = shown
  try {
    const because = judge({ record, certificate: { der, claims }, evidence, seenAt, recordedAfter })
    return because && notAllowedAlarm(aboutOf(read), because)
  } catch (error) {
    if (error instanceof DependencyError) throw error
    return { ...unforeseen('issuance', error), ...aboutOf(read) }
  }
}

/** Undefined of octets that are no certificate, in whatever way. */
function claimsOf({ certificate }: ShownCertificate): CertificateClaims | undefined {
  try {
    const claims = leafClaims(certificate)
    return claims.ok ? claims.value : undefined
  } catch {
    return undefined
  }
}

/** The later one of two, of which the first may be unknown. */
export const latest = (first: UnixSeconds | undefined, second: UnixSeconds): UnixSeconds =>
  first === undefined || first < second ? second : first

const aboutOf = ({ shown, record }: Pick<Read, 'shown' | 'record'>) => ({
  record: shown.seq,
  serial: record.serial,
  ...(record.entry !== null && { entry: record.entry }),
})

const unknownSize = (read: Read, size: number): Alarm => ({
  code: 'unknown-size',
  log: 'issuance',
  detail: 'a certificate names a size of the index log that it does not have',
  ...aboutOf(read),
  wanted: `at most ${size} records`,
  found: String(read.record.size),
})
