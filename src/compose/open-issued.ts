import { ok, type Result } from '../core/result.js'
import {
  settleIssuanceLog,
  type VerifiedIssuance,
  verifyIssuanceLog,
} from '../issuance/issuance-log.js'
import type { OwnIssuanceLog } from '../issuance/ports.js'
import type { Pace } from '../namespace/ports.js'
import type { ServedLog } from '../server/operations/served-log.js'
import type { TreeHead } from '../tlog/verify-proof.js'
import { signedAt } from './signed-head-file.js'
import { openSignedLog, type SigningDeps } from './signed-log.js'

/** The issuance log of the process that writes it. */
export interface Issued {
  readonly served: ServedLog
  /** Resolves when everything that was recorded before is covered, or could not be. */
  readonly settled: () => Promise<void>
  readonly verify: (pace: Pace, from?: TreeHead) => Promise<Result<VerifiedIssuance>>
}

/** The log must go on from what was signed, before anything is signed. */
export async function openIssued(
  deps: Omit<SigningDeps, 'log' | 'tree'> & { readonly cosigned: () => Promise<void> },
  log: OwnIssuanceLog,
): Promise<Result<Issued>> {
  const signing = await openSignedLog({ ...deps, log: 'issuance', tree: log.tree })
  if (!signing.ok) return signing
  const { key, publisher, before } = signing.value
  const sound = await settleIssuanceLog(log, before)
  if (!sound.ok) return sound
  const settled = (): Promise<void> => {
    publisher.publish()
    return publisher.settled()
  }
  const served: ServedLog = {
    name: 'issuance',
    key,
    tree: log.tree,
    read: (from, limit) => log.read(from, limit),
    settled: async () => {
      await settled()
      await deps.cosigned()
    },
    cosigned: deps.cosigned,
    signedAt: () => signedAt(deps.dataDir, 'issuance'),
  }
  return ok({
    served,
    settled,
    verify: (pace, from) => verifyIssuanceLog(log, before, pace, from),
  })
}
