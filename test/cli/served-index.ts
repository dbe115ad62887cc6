import { PastQuestions } from '../../src/namespace/questions/past-questions.js'
import { bundleOperations } from '../../src/server/operations/bundles.js'
import { emergencyOperations } from '../../src/server/operations/emergencies.js'
import { logOperations } from '../../src/server/operations/logs.js'
import { namespaceOperations } from '../../src/server/operations/namespace.js'
import { pastOperations } from '../../src/server/operations/past.js'
import { policyOperations } from '../../src/server/operations/policies.js'
import { proposingOperations } from '../../src/server/operations/proposing.js'
import { questionOperations } from '../../src/server/operations/questions.js'
import { recoveryOperations } from '../../src/server/operations/recoveries.js'
import type { ServedLog } from '../../src/server/operations/served-log.js'
import { CheckpointPublisher } from '../../src/tlog/publish-checkpoints.js'
import type { GivenIndex } from '../namespace/given-index.js'
import { asked, noLedger } from '../namespace/questions/asked.js'
import { logSigner } from '../support/note-signers.js'
import { ScriptedServer } from './fake-world.js'

/** A server that answers about an index in memory, changes it, and shows its log. */
export function servedIndex(given: GivenIndex): ScriptedServer {
  const { index, clock, store } = given
  const signer = logSigner('acme.example/index')
  const publisher = new CheckpointPublisher({
    ...{ tree: store.tree, signer, remember: () => Promise.resolve() },
    failed: (error) => {
      throw error
    },
  })
  const log: ServedLog = {
    ...{ name: 'index', key: signer.key, tree: store.tree },
    read: (from, limit) => store.readRecords(from, limit),
    settled: () => {
      publisher.publish()
      return publisher.settled()
    },
  }
  const pace = () => undefined
  const longWork = { progress: () => undefined, end: () => undefined }
  return new ScriptedServer({
    ...namespaceOperations({
      ...{ index, clock, longWork, logKey: signer.key },
      checkCluster: () => Promise.resolve([]),
    }),
    ...emergencyOperations(index),
    ...recoveryOperations(index),
    ...policyOperations({ index, log, clock }),
    ...proposingOperations(index),
    ...questionOperations({ index, questions: asked(given), ledger: noLedger }),
    ...pastOperations({ past: new PastQuestions(store, pace), log: store, clock, longWork }),
    ...logOperations(log, store),
    ...bundleOperations({ index, log, records: store, pace: () => undefined }),
  })
}
