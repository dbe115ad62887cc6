import { open, payloadTypes } from '../../../src/namespace/dsse.js'
import type { AnyRecord } from '../../../src/namespace/log-record.js'
import type { StoredRecord } from '../../../src/namespace/ports.js'
import { statementIn } from './restated.js'

/** Operation of the proposal that is committed; of other records their kind. */
export const whatOf = (record: AnyRecord, operations: ReadonlyMap<string, string>): string =>
  record.kind === 'commit' ? operations.get(record.prop)! : record.kind

/** Of each proposal, by its digest. */
export function operationsOf(records: readonly StoredRecord[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const envelope of records.flatMap(({ envelopes }) => envelopes)) {
    const opened = open(envelope)
    if (opened?.payloadType !== payloadTypes.proposal) continue
    const { op } = statementIn(envelope) as { readonly op: string }
    found.set(opened.digest, op)
  }
  return found
}
