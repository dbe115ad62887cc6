import { DependencyError } from '../core/dependency-error.js'
import type { Clock } from '../core/time.js'
import type { ShownIndex } from '../monitor/ports.js'
import { governedElsewhere } from '../namespace/governed-elsewhere.js'
import type { Pace } from '../namespace/ports.js'
import { PastQuestions } from '../namespace/questions/past-questions.js'
import { Questions } from '../namespace/questions/questions.js'
import { StateView } from '../namespace/state-view.js'
import type { Operations } from '../server/operations.js'
import { emergencyOperations } from '../server/operations/emergencies.js'
import { namespaceOperations } from '../server/operations/namespace.js'
import { pastOperations } from '../server/operations/past.js'
import { policyOperations } from '../server/operations/policies.js'
import { questionOperations } from '../server/operations/questions.js'
import { recoveryOperations } from '../server/operations/recoveries.js'
import type { VerifierKey } from '../tlog/verifier-key.js'

interface ShownIndexParts {
  readonly shown: ShownIndex
  /** The second that questions are asked in. */
  readonly clock: Pick<Clock, 'now'>
  readonly logKey: VerifierKey
  readonly pace: Pace
}

/** What the server answers about its index, about one that was folded from a log that was shown. */
export function shownIndexOperations({ shown, clock, logKey, pace }: ShownIndexParts): Operations {
  const { meta, tables } = shown.state
  // It stays as it is.
  const snapshot = () => ({ meta, tables, [Symbol.dispose]: () => undefined })
  const index = governedElsewhere(new StateView(shown.state), shown, clock)
  const questions = new Questions({ log: shown, snapshot, clock, pace })
  const past = new PastQuestions(
    {
      snapshot,
      scratch: () => shown.scratch(),
      size: () => shown.size(),
      read: (from, limit) => shown.read(from, limit),
    },
    pace,
  )
  const longWork = { progress: () => undefined, end: () => undefined }
  const ledger = { list: notHere, lastNotAfter: notHere }
  return {
    ...notOfTheIndex,
    ...namespaceOperations({ index, clock, logKey, longWork, checkCluster: notHere }),
    ...emergencyOperations(index),
    ...recoveryOperations(index),
    ...policyOperations({ index, clock }),
    ...questionOperations({ index, questions, ledger }),
    ...pastOperations({ past, log: shown, clock, longWork }),
  }
}

function notHere(): never {
  throw new DependencyError('log', 'only the server knows this: it is not in the index log')
}

/** What the server answers from more than its index. */
const notOfTheIndex = {
  readiness: notHere,
  bundle: notHere,
  spiffeBundle: notHere,
  crl: notHere,
  checkpoint: notHere,
  logTile: notHere,
  logProof: notHere,
  stateProof: notHere,
  createChallenge: notHere,
  issue: notHere,
  renew: notHere,
  holderOf: notHere,
  status: notHere,
  entryBundle: notHere,
  certificates: notHere,
  certificate: notHere,
  inspect: notHere,
  issuanceCheckpoint: notHere,
  issuanceTile: notHere,
  issuanceProof: notHere,
  indexRecords: notHere,
  issuanceRecords: notHere,
  createToken: notHere,
  draftProposals: notHere,
  withdrawProposal: notHere,
  tokens: notHere,
  withdrawToken: notHere,
  revoke: notHere,
  verifyIssuance: notHere,
  audit: notHere,
} satisfies Partial<Operations>
