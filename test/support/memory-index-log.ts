import type { IndexLog, StoredRecord } from '../../src/namespace/ports.js'

/** An index log that a test can look into, and spoil. */
export class MemoryIndexLog implements IndexLog {
  records: readonly StoredRecord[]

  constructor(records: readonly StoredRecord[] = []) {
    this.records = records
  }

  read(from: number, limit: number): Promise<readonly StoredRecord[]> {
    return Promise.resolve(this.records.slice(from, from + limit))
  }

  append(expectedSize: number, records: readonly StoredRecord[]): Promise<boolean> {
    if (expectedSize !== this.records.length) return Promise.resolve(false)
    this.records = [...this.records, ...records]
    return Promise.resolve(true)
  }
}
