import { DependencyError } from '../../core/dependency-error.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { SerialNumber } from '../../core/serial.js'
import type { VerifiedIssuance } from '../../issuance/issuance-log.js'
import type { IssuanceLedger, IssuanceLog } from '../../issuance/ports.js'
import type { Pace } from '../../namespace/ports.js'
import { noWitnesses } from '../../tlog/policy.js'
import { toBase64 } from '../../tlog/note-text.js'
import { verifyCheckpoint } from '../../tlog/verify-checkpoint.js'
import type { TreeHead } from '../../tlog/verify-proof.js'
import type { Operations } from '../operations.js'
import { issuedPage } from './log-pages.js'
import { latestCheckpoint, nothingYet, proofOf, type ServedLog, tileOf } from './served-log.js'

type IssuanceLogOperations = Pick<
  Operations,
  'issuanceCheckpoint' | 'issuanceTile' | 'issuanceProof' | 'issuanceRecords' | 'verifyIssuance'
>

export interface IssuanceLogDeps {
  readonly log: ServedLog
  readonly issued: Pick<IssuanceLog, 'read'>
  readonly ledger: Pick<IssuanceLedger, 'find'>
  readonly longWork: { readonly pace: Pace; end(): void }
  /** Where this process owns the log. */
  readonly verify: ((pace: Pace, from?: TreeHead) => Promise<Result<VerifiedIssuance>>) | undefined
}

/** The log of certificates for whoever watches it. */
export function issuanceLogOperations(deps: IssuanceLogDeps): IssuanceLogOperations {
  const { log, issued, ledger, longWork, verify } = deps
  const { tree } = log
  return {
    async issuanceCheckpoint() {
      await log.cosigned?.()
      return latestCheckpoint(log)
    },

    issuanceTile: (path) => tileOf(log, path),

    issuanceRecords: (page) => issuedPage(log, issued, page),

    async issuanceProof(serial) {
      const row = await ledger.find(serial)
      if (!row) {
        return refuse('request.not-found', 'no such certificate was issued here', {
          found: serial,
          next: 'one that was pruned has no record any more',
        })
      }
      if (row.seq === null) {
        return refuse('request.not-found', 'it was issued before there was an issuance log', {
          found: serial,
        })
      }
      // One that was just issued need not wait for the next checkpoint to come by itself.
      const { size = 0 } = (await tree.checkpoint()) ?? {}
      await (row.seq < size ? log.cosigned?.() : log.settled())
      const signed = await tree.checkpoint()
      if (!signed) return nothingYet
      return row.seq < signed.size ? proofOf(log, signed, row.seq) : notYet(serial)
    },

    async verifyIssuance(note) {
      if (!verify) throw new DependencyError('issuance log', 'only the main process verifies it')
      const from =
        note === undefined
          ? ok(undefined)
          : verifyCheckpoint(Buffer.from(note), log.key, noWitnesses)
      if (!from.ok) return from
      const verified = await verify(longWork.pace, from.value).finally(() => longWork.end())
      if (!verified.ok) return verified
      const { size, root, compared, before } = verified.value
      return ok({ size, root: toBase64(root), compared, before, ok: true })
    },
  }
}

/** A process that signs nothing answers so for about a second. */
const notYet = (serial: SerialNumber): Result<never> =>
  refuse('request.not-found', 'no checkpoint covers this certificate yet', {
    found: serial,
    next: 'one is signed about once a second: try again in a second',
  })
