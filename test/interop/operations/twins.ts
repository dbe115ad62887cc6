import { verifyRecord, applyRecord } from '../../../src/namespace/fold-record.js'
import { FoldedState } from '../../../src/namespace/folded-state.js'
import { isDeliberation } from '../../../src/namespace/log-record.js'
import type { StoredRecord } from '../../../src/namespace/ports.js'
import { valueOf } from '../../namespace/given-index.js'
import type { GivenLog } from './given-log.js'
import { kindTwins } from './kind-twins.js'
import { operationsOf, whatOf } from './of.js'
import { operationTwins } from './operation-twins.js'
import { recordOf, says } from './restated.js'
import type { Forged, TwinVector } from './shapes.js'
import { storedOf } from './stored.js'

/** Logs of which everything before is good, and the last record is not, each with the refusal it gets. */
export function twins(given: GivenLog, states: readonly FoldedState[]): readonly TwinVector[] {
  const { records } = given.store
  const forged = [...otherStates(records), ...operationTwins(given), ...kindTwins(given)]
  return forged.map((twin) => {
    const state = new FoldedState(states[twin.from])
    const written = twin.records.map((one, at) => storedOf(one, twin.from + at))
    for (const stored of written.slice(0, -1)) {
      applyRecord(state, valueOf(verifyRecord(state, stored)))
    }
    const judged = verifyRecord(state, written.at(-1)!)
    if (judged.ok) throw new Error(`${twin.of}, ${twin.what}: is taken`)
    return { ...twin, code: judged.refusal.code }
  })
}

/** Of each operation, and each kind that changes an object, the first: it says another state after. */
function otherStates(records: readonly StoredRecord[]): readonly Forged[] {
  const operations = operationsOf(records)
  const seen = new Set<string>()
  return records.flatMap((stored): Forged[] => {
    const record = recordOf(stored)
    const of = whatOf(record, operations)
    if (isDeliberation(record) || seen.has(of)) return []
    seen.add(of)
    const after = `${record.after.startsWith('0') ? '1' : '0'}${record.after.slice(1)}`
    return [
      { of, what: 'another state after', from: record.seq, records: [says(stored, { after })] },
    ]
  })
}
