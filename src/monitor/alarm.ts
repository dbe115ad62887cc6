import type { Refusal } from '../core/refusal.js'
import type { NotAllowed, NotAllowedReason } from '../namespace/not-allowed.js'

export type LogName = 'index' | 'issuance'

/** What a monitor alarms about. Stable: what is woken by them goes by them (docs/monitoring.md). */
export const alarmCodes = [
  'bad-checkpoint',
  'bad-signature',
  'missing-cosigners',
  'stale-checkpoint',
  'rollback',
  'fork',
  'inconsistent',
  'bad-record',
  'kept-back',
  'other-state',
  'not-allowed',
  'unknown-size',
  'serial-twice',
  'records-gone',
  'silent',
] as const
export type AlarmCode = (typeof alarmCodes)[number]

/** Something that should not be, and what shows it. */
export interface Alarm {
  readonly code: AlarmCode
  readonly log: LogName
  /** One sentence, lower case, no full stop. */
  readonly detail: string
  readonly wanted?: string
  readonly found?: string
  /** Number of the record of that log. */
  readonly record?: number
  /** Of the certificate that it is about. */
  readonly serial?: string
  readonly entry?: string
  /** Why a certificate should not have been issued. */
  readonly reason?: NotAllowedReason
}

/** Alarms that are the same have the same text. */
export const alarmKey = ({ code, log, record, serial, reason, found }: Alarm): string =>
  [code, log, record, serial, reason, found].join(' ')

/** Where a certificate is, and whose. */
export type AboutCertificate = Pick<Alarm, 'record' | 'serial' | 'entry'>

export const notAllowedAlarm = (
  about: AboutCertificate,
  { reason, wanted, found }: NotAllowed,
): Alarm => ({
  code: 'not-allowed',
  log: 'issuance',
  detail: 'a certificate was issued that the index of its moment does not allow',
  ...about,
  reason,
  ...(wanted !== undefined && { wanted }),
  ...(found !== undefined && { found }),
})

/** What was shown is such that a check of it failed in a way that none of its rules foresees. */
export const unforeseen = (log: LogName, error: unknown): Alarm => ({
  code: 'bad-record',
  log,
  detail: 'what is recorded cannot be checked',
  found: (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 300),
})

/** What a refusal says, as an alarm. */
export const alarmOf = (
  code: AlarmCode,
  log: LogName,
  { code: refused, detail, wanted, found }: Refusal,
): Alarm => ({
  code,
  log,
  detail: `${detail} (${refused})`,
  ...(wanted !== undefined && { wanted }),
  ...(found !== undefined && { found }),
})
