import type { UnixSeconds } from '../core/time.js'
import type { IndexLog, StateStore, StoredRecord } from '../namespace/ports.js'
import type { Hash } from '../tlog/hash.js'
import type { LogHead } from '../tlog/ports.js'
import type { Tile } from '../tlog/tile.js'
import type { LogName } from './alarm.js'

/** A record of the issuance log with what it is of. */
export interface ShownCertificate {
  readonly seq: number
  readonly bytes: Uint8Array
  /** DER. */
  readonly certificate: Uint8Array
  /** Canonical JSON of the attested facts. */
  readonly evidence: string
}

/**
 * What a Capstan shows of its logs to a reader. Nothing of it is trusted but its form: what is not of
 * it, and where no answer comes, is a `DependencyError`.
 */
export interface ShownLogs {
  /** The latest checkpoint, a note; undefined before the first. */
  checkpoint(log: LogName): Promise<Uint8Array | undefined>
  /** At most `limit` records of the index log from `from` on, in their order, with their envelopes. */
  records(from: number, limit: number): Promise<readonly StoredRecord[]>
  /**
   * Some of the records of the `limit` numbers from `from` on, in their order, and the number from
   * which on nothing was looked at. Those of certificates that were pruned are left out.
   */
  issued(
    from: number,
    limit: number,
  ): Promise<{ readonly certificates: readonly ShownCertificate[]; readonly next: number }>
  /** The hashes of a tile, `32 * width` octets. */
  tile(log: LogName, tile: Tile): Promise<Uint8Array>
}

/** The latest head of a log that this monitor has found to be right. */
export interface RememberedHead extends LogHead {
  /** Verifier key of the log. */
  readonly key: string
  /** Roots of the complete subtrees, from left to right: what appending goes on from. */
  readonly frontier: readonly Hash[]
  /** The signed note. */
  readonly note: string
  /** What comes after it in its log was recorded later than this. */
  readonly recordedAfter?: UnixSeconds
}

/** Which certificate has a serial number. */
export interface SeenSerial {
  readonly serial: string
  /** Number of its record. */
  readonly record: number
}

/** Serial numbers of one reading, on disk: there may be as many as certificates. Gone when disposed of. */
export interface SerialScratch extends Disposable {
  /** Notes them; answers those that another record has, with the number of the first that does. */
  note(serials: readonly SeenSerial[]): readonly (SeenSerial & { readonly before: number })[]
}

/**
 * An index log that somebody else has shown, and tables for what it comes to: on disk, for it may be
 * long, and for one look. All of it is gone when disposed of.
 */
export interface ShownIndex extends Pick<IndexLog, 'size' | 'read'>, StateStore, AsyncDisposable {
  /** Puts records at the end, whatever they are; rejects where their numbers do not go on from there. */
  add(records: readonly StoredRecord[]): Promise<void>
  /** Empty tables beside it, for the same log as it was. */
  scratch(): StateStore & AsyncDisposable
}

/** What a monitor remembers of a Capstan. */
export interface WatchMemory {
  head(log: LogName): Promise<RememberedHead | undefined>
  /** The record that has this serial number. */
  recordOf(serial: string): Promise<number | undefined>
  /**
   * Remembers a head in the place of a smaller one of the same key, or of the same head with an earlier
   * `recordedAfter`, and the serial numbers that came with it: both or neither, durable once it resolves.
   * False, and nothing remembered, where what is remembered is otherwise as large or larger, or of
   * another key.
   */
  remember(log: LogName, head: RememberedHead, serials: readonly SeenSerial[]): Promise<boolean>
}
