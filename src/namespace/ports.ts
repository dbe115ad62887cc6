import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'

/** One record of the index log and what it refers to, as stored: exact bytes, never re-encoded. */
export interface StoredRecord {
  /** Position in the log, from 0. */
  readonly seq: number
  /** Canonical JSON; its hash chains to the record before it. */
  readonly bytes: Uint8Array
  /** The DSSE envelopes (proposal, votes) the record names by digest, in the order it names them. */
  readonly envelopes: readonly Uint8Array[]
}

/** The append-only index log. */
export interface IndexLog {
  /** At most `limit` records from `from` on, in order. */
  read(from: number, limit: number): Promise<readonly StoredRecord[]>
  /**
   * Appends all records or none, durable once it resolves. `expectedSize` is the number of records
   * the caller has seen: false, and nothing written, when the log has another size.
   */
  append(expectedSize: number, records: readonly StoredRecord[]): Promise<boolean>
}

/** The local voter's key (Ed25519). The key itself never crosses this port. */
export interface VoterSigner {
  /** Raw Ed25519 public key, 32 octets. */
  readonly publicKey: Uint8Array
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** What the index must know of issuance before a name may change hands. */
export interface IssuedUntil {
  /**
   * Stops issuance for the entry in this process at once, waits for what is in flight to be
   * recorded, and answers the latest notAfter ever issued to it; undefined when there was none.
   */
  freeze(entry: Uid): Promise<UnixSeconds | undefined>
  /** Lets issuance look at the index again. */
  thaw(entry: Uid): void
}
