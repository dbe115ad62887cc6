import { namespaceOperations } from '../../src/server/operations/namespace.js'
import { policyOperations } from '../../src/server/operations/policies.js'
import { proposingOperations } from '../../src/server/operations/proposing.js'
import { questionOperations } from '../../src/server/operations/questions.js'
import type { GivenIndex } from '../namespace/given-index.js'
import { asked, noLedger } from '../namespace/questions/asked.js'
import { logSigner } from '../support/note-signers.js'
import { ScriptedServer } from './fake-world.js'

/** A server that answers about an index in memory, and changes it. */
export function servedIndex(given: GivenIndex): ScriptedServer {
  const { index, clock } = given
  return new ScriptedServer({
    ...namespaceOperations({
      index,
      clock,
      logKey: logSigner('acme.example/index').key,
      longWork: { progress: () => undefined, end: () => undefined },
      checkCluster: () => Promise.resolve([]),
    }),
    ...policyOperations({ index, clock }),
    ...proposingOperations(index),
    ...questionOperations({ index, questions: asked(given), ledger: noLedger }),
  })
}
