import type { Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { MapChange } from '../tlog/map-draft.js'
import type { NodeRef } from '../tlog/map-node.js'
import type { LogTree, MapNodeReader } from '../tlog/ports.js'
import type { StateChange, StateSource } from './state-tables.js'
import type { VoterAlgorithm, VoterJwk } from './voter-key.js'

/** One record of the index log and what it refers to, as stored: exact bytes, never re-encoded. */
export interface StoredRecord {
  /** Position in the log, from 0. */
  readonly seq: number
  /** Canonical JSON; its hash chains to the record before it. */
  readonly bytes: Uint8Array
  /** The DSSE envelopes (proposal, votes) the record names by digest, in the order it names them. */
  readonly envelopes: readonly Uint8Array[]
}

/** What the log's tree is made of. */
export type BareRecord = Omit<StoredRecord, 'envelopes'>

/** The append-only index log, for reading. */
export interface IndexLog {
  /** Number of records. */
  size(): Promise<number>
  /** At most `limit` records from `from` on, in order. */
  read(from: number, limit: number): Promise<readonly StoredRecord[]>
  /** The same without their envelopes, which are longer than they are, and cost more to read. */
  readRecords(from: number, limit: number): Promise<readonly BareRecord[]>
}

/** The state map beside the tables, read synchronously as they are: all of one moment. */
export interface StateMap {
  /** Size of the log whose state it is of: the tables', or 0 where it is not made. */
  readonly size: number
  readonly root: NodeRef
  readonly nodes: MapNodeReader
  /** Nodes that are stored, without those that only older roots lead to. */
  readonly count: number
}

/** A part of the rows that a map is made of. */
export interface MakingMap {
  readonly isFirst: boolean
  /** With the last: of the log that the tables are at. */
  readonly size?: number
}

/** Tables that hold a folded state, so that opening it reads no log. */
export interface StateStore {
  /**
   * What the tables hold. Empty at first. Read synchronously; it moves as a whole, before the promise
   * of what moves it resolves. A row that is not as it was written throws `DependencyError`.
   */
  readonly state: StateSource
  /** What the tables come to: it is changed with them. */
  readonly map: StateMap
  /**
   * Brings the tables on over records that are in the log already, all of it or nothing, durable once
   * it resolves. Rejects when the tables are not at `from`.
   */
  advance(change: StateChange): Promise<void>
}

/** The index log with the state that it comes to. */
export interface IndexStore extends IndexLog, StateStore {
  /** The Merkle tree over the records' octets: a record becomes its leaf where it is appended. */
  readonly tree: LogTree
  /**
   * Appends all records and changes the tables, or does neither; durable once it resolves. `change`
   * is from the number of records the caller has seen: false, and nothing written, when the log has
   * another size.
   */
  append(records: readonly StoredRecord[], change: StateChange): Promise<boolean>
  /**
   * Makes the map anew, of rows in several parts: the first begins without any, the last says what it
   * is of. Until then, and where that is interrupted, there is no map.
   */
  makeMap(rows: readonly MapChange[], stage: MakingMap): Promise<void>
  /** The tables and their map as they are now, whatever is changed until it is disposed of. */
  snapshot(): StateSource & { readonly map: StateMap } & Disposable
  /** Empty tables elsewhere, not durable, gone when disposed of. */
  scratch(): StateStore & AsyncDisposable
}

/** The local voter's key (Ed25519). The key itself never crosses this port. */
export interface VoterSigner {
  /** Raw Ed25519 public key, 32 octets. */
  readonly publicKey: Uint8Array
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** Which key on which token, as far as whoever asks has said so; what is not said may be anything. */
export interface TokenKeyName {
  /** Path of the PKCS#11 module, absolute. */
  readonly module: string
  /** Of the token: its label, serial number, manufacturer and model. */
  readonly token?: string
  readonly serial?: string
  readonly manufacturer?: string
  readonly model?: string
  /** CKA_LABEL and CKA_ID of the key. */
  readonly object?: string
  readonly id?: Uint8Array
}

/** A voter's private key that is on a token and stays there. */
export interface TokenKey {
  readonly jwk: VoterJwk
  /**
   * 64 octets, as the key's algorithm signs: Ed25519 over the octets, ES256 over their SHA-256, r || s.
   * What the token answered is verified. Rejects with `DependencyError` where it answers otherwise, or
   * not at all: it may be pulled out at any time.
   */
  sign(bytes: Uint8Array): Promise<Uint8Array>
  /** The token is not used any more. */
  close(): void
}

/** Asked once at most, for the PIN of the token of this label, and only where one is needed. */
export type AskPin = (token: string) => Promise<Result<string>>

/**
 * Tokens that hold voters' keys (PKCS#11). Refused, with `keys.*`: a module that cannot be loaded or
 * does not answer as one, no such token or key or more than one of them, a key that may not vote, a PIN
 * that is wrong. A wrong PIN is never tried again, and no PIN is tried where the next wrong one would
 * lock the token. Of a refused call nothing stays open.
 */
export interface VoterTokens {
  open(name: TokenKeyName, pin: AskPin): Promise<Result<TokenKey>>
  /**
   * Makes a key on the token that never leaves it, with the name's label. Refused, too, where a key
   * has this label or id already (`keys.exists`), and for an algorithm that the token does not have.
   */
  create(name: TokenKeyName, alg: VoterAlgorithm, pin: AskPin): Promise<Result<TokenKey>>
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

export interface Progress {
  readonly work:
    | 'read the index log'
    | 'hash the index log'
    | 'map the state'
    | 'plan'
    | 'make changes'
    | 'compare'
    | 'compare the ledger'
    | 'check certificates'
    | 'copy the index log'
    | 'copy the issuance log'
    | 'verify the mirror'
    | 'look'
  readonly done: number
  /** Undefined where it is not known before the end. */
  readonly total?: number
}

/**
 * Told every few milliseconds of long work, and waited for: whoever gives it shows how far the work
 * is, and lets others have their turn.
 */
export type Pace = (progress: Progress) => Promise<void> | undefined
