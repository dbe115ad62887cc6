import { DependencyError } from '../core/dependency-error.js'
import { MAX_ENVELOPE_BYTES } from '../namespace/dsse.js'
import type { LogName } from '../monitor/alarm.js'
import type { ShownLogs } from '../monitor/ports.js'
import { OtherRecords } from '../monitor/shown-records.js'
import { MAX_ENTRY_OCTETS } from '../tlog/entry-bundle.js'
import type { HeldBundle } from './held-bundle.js'

/** Octets of records and envelopes under one tile: room for each to have 256 kB of votes beside it. */
const MAX_OCTETS = 64 * 1024 * 1024

export type ShownRecordsOf = Pick<ShownLogs, 'records' | 'issued'>

/**
 * The records from `from` up to `end` as they are shown, with what is beside them: nothing is compared
 * yet. Throws `OtherRecords` where they are longer than any can be.
 */
export async function shownBundle(
  shown: ShownRecordsOf,
  log: LogName,
  from: number,
  end: number,
): Promise<HeldBundle> {
  return log === 'index' ? indexRecords(shown, from, end) : issuedRecords(shown, from, end)
}

async function indexRecords(shown: ShownRecordsOf, from: number, end: number): Promise<HeldBundle> {
  const records: Uint8Array[] = []
  const envelopes: (readonly Uint8Array[])[] = []
  const room = new Room(from)
  while (from + records.length < end) {
    const at = from + records.length
    const page = await shown.records(at, end - at)
    if (page.length === 0) throw new DependencyError('server', `it shows no record ${at}`)
    for (const record of page) {
      room.take(record.bytes, record.envelopes)
      records.push(record.bytes)
      envelopes.push(record.envelopes)
    }
  }
  return { records, envelopes }
}

/** Certificates and evidence are looked at by nobody here, and are not kept. */
async function issuedRecords(
  shown: ShownRecordsOf,
  from: number,
  end: number,
): Promise<HeldBundle> {
  const records: (Uint8Array | undefined)[] = Array.from({ length: end - from }, () => undefined)
  const room = new Room(from)
  for (let at = from; at < end;) {
    const page = await shown.issued(at, end - at)
    for (const { seq, bytes } of page.certificates) {
      room.take(bytes, [])
      records[seq - from] = bytes
    }
    at = page.next
  }
  return { records, envelopes: [] }
}

/** What is shown of one tile is held in memory at once. */
class Room {
  private readonly from: number
  private octets = 0

  constructor(from: number) {
    this.from = from
  }

  take(record: Uint8Array, beside: readonly Uint8Array[]): void {
    if (record.length > MAX_ENTRY_OCTETS) {
      throw new OtherRecords(`a record of more than ${MAX_ENTRY_OCTETS} octets`)
    }
    if (beside.some(({ length }) => length === 0 || length > MAX_ENVELOPE_BYTES)) {
      throw new OtherRecords(`beside a record what is no envelope, from record ${this.from} on`)
    }
    for (const { length } of [record, ...beside]) this.octets += length
    if (this.octets <= MAX_OCTETS) return
    throw new OtherRecords(`more than ${MAX_OCTETS} octets from record ${this.from} on`)
  }
}
