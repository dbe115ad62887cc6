import type { RefusalCode } from '../../../src/core/refusal.js'
import type { StateMapTable } from '../../../src/namespace/state-map.js'
import type { WrittenRecord } from '../governance-shapes.js'

/** A row of the state map: its value in hex, or null where it is gone. */
export type RowVector = readonly [table: StateMapTable, name: string, value: string | null]

/** A record with all that follows from it and from those before it. */
export interface RecordVector extends WrittenRecord {
  /** Operation of the proposal that it is of; of what has none, the kind of the record. */
  readonly of: string
  /** Of the record: hash of its leaf, hex. */
  readonly hash: string
  /** Of what is signed in each envelope: SHA-256, hex. */
  readonly digests: readonly string[]
  /** The object that it changes as it is after it, without `head`: its SHA-256 is `after`. */
  readonly object?: unknown
  /** Rows of the state map that differ after it, by table and name. */
  readonly rows: readonly RowVector[]
  /** Root of the state map after it. */
  readonly state: string
  /** Root of the tree of all records up to it. */
  readonly tree: string
}

/** Records that take the place of those from `from` on: the last of them is refused. */
export interface TwinVector {
  /** Operation, or kind of a record, whose check refuses it. */
  readonly of: string
  readonly what: string
  readonly from: number
  readonly records: readonly WrittenRecord[]
  readonly code: RefusalCode
}

/** A twin before it is judged. */
export type Forged = Omit<TwinVector, 'code'>

export interface OperationVectors {
  readonly trustDomain: string
  /** Index id. */
  readonly index: string
  readonly records: readonly RecordVector[]
  readonly bad: readonly TwinVector[]
  /** As in `governance.json`. */
  readonly signatures: Readonly<Record<string, string>>
}
