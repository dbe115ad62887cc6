import type { StoredRecord } from '../../../src/namespace/ports.js'
import type { WrittenRecord } from '../governance-shapes.js'

/** As a store has it. */
export const storedOf = ({ record, envelopes }: WrittenRecord, seq: number): StoredRecord => ({
  seq,
  bytes: Buffer.from(record),
  envelopes: envelopes.map((one) => Buffer.from(one)),
})
