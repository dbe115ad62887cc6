import { ok, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { parseIssuanceRecord } from '../namespace/issuance-record.js'
import type { Pace } from '../namespace/ports.js'
import type { Alarm } from './alarm.js'
import { CertificatesThen, type CertificatesThenDeps } from './certificates-then.js'
import type { SerialScratch, ShownCertificate } from './ports.js'
import { serialTwice } from './serial-twice.js'

/** Certificates that are judged at a time. */
const STRETCH = 4096
/** Alarms that are told one by one. */
const MOST_ALARMS = 100

export interface AuditCertificatesDeps extends CertificatesThenDeps {
  /** Records of the index log. */
  readonly indexSize: number
  /** Certificates of the issuance log. */
  readonly issued: number
  /** Records of the `limit` numbers from `from` on; without those of certificates that were pruned. */
  readonly read: (from: number, limit: number) => Promise<readonly ShownCertificate[]>
  readonly serials: () => SerialScratch
  readonly pace: Pace
}

export interface AuditedCertificates {
  /** Certificates that are there, each of which was judged. */
  readonly checked: number
  /** Certificates of which only the hash is left. */
  readonly gone: number
  /** How many alarms there are. */
  readonly alarms: number
  /** The first of them. */
  readonly first: readonly Alarm[]
}

/** Was every certificate that is still there allowed by the index of its moment? No serial stands twice. */
export async function auditCertificates(
  deps: AuditCertificatesDeps,
): Promise<Result<AuditedCertificates>> {
  const { issued, indexSize, read, pace } = deps
  await using judge = new CertificatesThen(deps)
  using serials = deps.serials()
  const first: Alarm[] = []
  let [checked, alarms] = [0, 0]
  let recordedAfter: UnixSeconds | undefined
  const note = (found: readonly Alarm[]): void => {
    alarms += found.length
    first.push(...found.slice(0, Math.max(0, MOST_ALARMS - first.length)))
  }
  for (let from = 0; from < issued; from += STRETCH) {
    const shown = await read(from, Math.min(STRETCH, issued - from))
    const judged = await judge.judge(shown, indexSize, recordedAfter)
    if (!judged.ok) return judged
    recordedAfter = judged.value.recordedAfter
    note(judged.value.alarms)
    note(twice(shown, serials))
    checked += shown.length
    await pace({ work: 'check certificates', done: from + shown.length, total: issued })
  }
  return ok({ checked, gone: issued - checked, alarms, first })
}

function twice(shown: readonly ShownCertificate[], seen: SerialScratch): Alarm[] {
  const serials = shown.flatMap(({ seq, bytes }) => {
    const record = parseIssuanceRecord(bytes)
    return record.ok ? [{ serial: record.value.serial, record: seq }] : []
  })
  return seen.note(serials).map(({ serial, before, record }) => serialTwice(serial, before, record))
}
