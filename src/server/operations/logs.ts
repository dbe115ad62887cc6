import { ok } from '../../core/result.js'
import type { IndexLog } from '../../namespace/ports.js'
import { stateKey } from '../../namespace/state-map.js'
import { formatStateProof } from '../../tlog/state-proof-text.js'
import type { Operations } from '../operations.js'
import { indexPage } from './log-pages.js'
import { latestCheckpoint, nothingYet, proofOf, type ServedLog, tileOf } from './served-log.js'

type LogOperations = Pick<
  Operations,
  'checkpoint' | 'logTile' | 'logProof' | 'stateProof' | 'indexRecords'
>

/** The index log for whoever watches it. */
export function logOperations(log: ServedLog, records: Pick<IndexLog, 'read'>): LogOperations {
  const { tree } = log
  return {
    async checkpoint() {
      await log.settled()
      return latestCheckpoint(log)
    },

    logTile: (path) => tileOf(log, path),

    indexRecords: (page) => indexPage(log, records, page),

    async logProof(seq) {
      await log.settled()
      const signed = await tree.checkpoint()
      return signed ? proofOf(log, signed, seq) : nothingYet
    },

    async stateProof(table, name) {
      await log.settled()
      const proved = await tree.proveState([stateKey(table, name)])
      const [proof] = proved?.proofs ?? []
      if (!proved || !proof) return nothingYet
      const checkpoint = Buffer.from(proved.signed.note)
      return ok(formatStateProof({ about: { table, name }, proof, checkpoint }))
    },
  }
}
