import { DependencyError } from '../../core/dependency-error.js'
import { ok, type Result } from '../../core/result.js'
import type { Clock, UnixSeconds } from '../../core/time.js'
import type { VerifiedIssuance } from '../../issuance/issuance-log.js'
import type { AuditedCertificates } from '../../monitor/audit-certificates.js'
import type { Pace } from '../../namespace/ports.js'
import type { VerifiedIndex } from '../../namespace/verify-index.js'
import type { LogHead } from '../../tlog/ports.js'
import type { TreeHead } from '../../tlog/verify-proof.js'
import type { AuditJson } from '../http/audit-shapes.js'
import type { AskedAudit, Operations } from '../operations.js'
import {
  certificatesCheck,
  checkOf,
  delayCheck,
  headIn,
  headsCheck,
  saidOf,
  timeOfRecord,
} from './audit-checks.js'
import type { ServedLog } from './served-log.js'

/** What auditing needs of the process that owns the logs. */
export interface OwnedLogs {
  /** The latest head that the key of a log was asked to sign, as it is remembered beside the store. */
  readonly signed: (log: ServedLog['name']) => Promise<TreeHead | undefined>
  readonly verifyIssued: (pace: Pace, from?: TreeHead) => Promise<Result<VerifiedIssuance>>
  /** Was each of the certificates allowed then? */
  readonly certificates: (pace: Pace) => Promise<Result<AuditedCertificates>>
}

export interface AuditDeps {
  readonly log: ServedLog
  readonly issuanceLog: ServedLog
  readonly index: { verify(from?: LogHead): Promise<Result<VerifiedIndex>> }
  /** When the certificate of a number was issued; undefined for one that was pruned. */
  readonly issuedAt: (seq: number) => Promise<UnixSeconds | undefined>
  readonly clock: Pick<Clock, 'now'>
  readonly longWork: { readonly pace: Pace; end(): void }
  /** Undefined in a process that does not own them: nobody reaches this there. */
  readonly owned: OwnedLogs | undefined
}

/** Is the log honest? What is found is an answer, check by check, and no refusal. */
export function auditOperations(deps: AuditDeps): Pick<Operations, 'audit'> {
  return {
    async audit(asked) {
      if (!deps.owned) throw new DependencyError('logs', 'only the main process audits them')
      return audited(deps, deps.owned, asked).finally(() => deps.longWork.end())
    },
  }
}

async function audited(
  deps: AuditDeps,
  owned: OwnedLogs,
  { full, index, issuance }: AskedAudit,
): Promise<Result<AuditJson>> {
  const { log, issuanceLog, clock } = deps
  const fromIndex = headIn(log, index)
  if (!fromIndex.ok) return fromIndex
  const fromIssuance = headIn(issuanceLog, issuance)
  if (!fromIssuance.ok) return fromIssuance
  // A checkpoint that comes by itself in a moment is not late.
  await Promise.all([log.settled(), issuanceLog.settled()])
  const delays = [
    await delayCheck(log, timeOfRecord(log), clock.now()),
    await delayCheck(issuanceLog, deps.issuedAt, clock.now()),
  ]
  if (full) return fullAudit(deps, owned, delays, [fromIndex.value, fromIssuance.value])
  const heads = [
    await headsCheck(log, () => owned.signed('index'), fromIndex.value),
    await headsCheck(issuanceLog, () => owned.signed('issuance'), fromIssuance.value),
  ]
  const checks = [...heads, ...delays]
  return ok({ ok: checks.every((check) => check.ok), full, checks, certificates: null })
}

async function fullAudit(
  { index, longWork: { pace } }: AuditDeps,
  owned: OwnedLogs,
  delays: AuditJson['checks'],
  [fromIndex, fromIssuance]: readonly [LogHead | undefined, TreeHead | undefined],
): Promise<Result<AuditJson>> {
  const replayed = await index.verify(fromIndex)
  const compared = await owned.verifyIssued(pace, fromIssuance)
  const judged = await owned.certificates(pace)
  const checks = [
    checkOf('index-log', replayed, ({ records }) =>
      saidOf(
        `replaying ${records} records gives the tables, the tree and what was signed`,
        fromIndex,
      ),
    ),
    checkOf('issuance-log', compared, ({ size, compared: found }) =>
      saidOf(`${found} of ${size} certificates are in the ledger, each its leaf`, fromIssuance),
    ),
    ...delays,
    certificatesCheck(judged),
  ]
  const certificates = judged.ok ? judged.value : null
  return ok({ ok: checks.every((check) => check.ok), full: true, checks, certificates })
}
