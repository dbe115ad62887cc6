import type { Result } from '../core/result.js'
import { applyRecord, type Verified, verifyRecord } from './fold-record.js'
import { FoldedState } from './folded-state.js'
import { type AnyRecord, encodeRecord } from './log-record.js'
import type { StoredRecord } from './ports.js'
import type { StateSource } from './state-tables.js'

/** Records that may be appended to a log, and the state that they come to. Nothing is written. */
export class DraftLog {
  readonly state: FoldedState
  readonly records: StoredRecord[] = []
  readonly verified: Verified[] = []

  constructor(base: StateSource) {
    this.state = new FoldedState(base)
  }

  /** Adds a record with the envelopes beside it, if it belongs there. */
  add(record: AnyRecord, envelopes: readonly Uint8Array[]): Result<Verified> {
    const stored = { seq: this.state.size, bytes: encodeRecord(record), envelopes }
    const verified = verifyRecord(this.state, stored)
    if (!verified.ok) return verified
    applyRecord(this.state, verified.value)
    this.records.push(stored)
    this.verified.push(verified.value)
    return verified
  }

  /** Adds what another draft added to this one's state, as it is now: nothing is verified again. */
  adopt({ records, verified }: DraftLog): void {
    for (const one of verified) applyRecord(this.state, one)
    this.records.push(...records)
    this.verified.push(...verified)
  }
}

/** What this process writes it can read: anything else is a bug, and must not reach the log. */
export function mustAdd(
  draft: DraftLog,
  record: AnyRecord,
  envelopes: readonly Uint8Array[],
): void {
  const added = draft.add(record, envelopes)
  if (!added.ok) throw new Error(`own record refused: ${added.refusal.detail}`)
}
