import type { UnixSeconds } from '../core/time.js'
import type { Hash } from './hash.js'
import type { MapProof } from './map-path.js'
import type { VerifierKey } from './verifier-key.js'
import type { Tile } from './tile.js'
import type { TreeHead } from './verify-proof.js'
import type { CosignedHead, Decision } from './witness-answer.js'

/** The tiles of a log, for reading. */
export interface TileReader {
  /**
   * The hashes of each tile, `32 * width` octets, in the order asked for; a tile of which more is
   * stored is cut to `width`. Rejects with `DependencyError` when one is not there. The octets must
   * not be changed by either side.
   */
  readTiles(tiles: readonly Tile[]): Promise<readonly Uint8Array[]>
}

/** The head of a log, and what the entries up to it come to. */
export interface LogHead extends TreeHead {
  /** Root of the log's state map; undefined for a log without one, and before it is made. */
  readonly state?: Hash
}

/** A head of which a checkpoint is signed. */
export interface SignedHead extends LogHead {
  /** The signed checkpoint, as a note: with the cosignatures of it that are kept. */
  readonly note: string
}

/** What a witness has signed of a log, and the head that it is of. */
export interface KeptCosignature extends LogHead {
  /** The verifier key of the witness: `name+id+key`. */
  readonly witness: string
  /** The time that it states. */
  readonly at: UnixSeconds
  /** The signature line, with its line feed. */
  readonly line: string
}

/** What the state map of one checkpoint has under some keys. */
export interface ProvedState {
  readonly signed: SignedHead & Required<LogHead>
  /** One for each key, in their order. */
  readonly proofs: readonly MapProof[]
}

/** The tree of a log, for reading. */
export interface LogReader extends TileReader {
  /** As committed: all entries that are durable, and the state root of just these. */
  head(): Promise<LogHead>
  /** The latest checkpoint; undefined before the first. Never smaller than one that was answered. */
  checkpoint(): Promise<SignedHead | undefined>
  /** The latest of each witness, whichever head it is of. */
  cosignatures(): Promise<readonly KeptCosignature[]>
  /**
   * Proofs of the state map of the latest checkpoint, whatever is appended and signed meanwhile: all
   * of one checkpoint. Undefined where none with a state root has been signed yet. Rejects with
   * `DependencyError` where what is stored does not lead to that root.
   */
  proveState(keys: readonly Hash[]): Promise<ProvedState | undefined>
}

/** The tree of a log, for whoever signs its heads. */
export interface SignedTree extends LogReader {
  /**
   * Keeps a checkpoint in the place of a smaller one, or of one of the same head that says nothing of
   * the state, durable once it resolves. False, and nothing kept, where one of this size or a larger
   * is kept already, the tree is not so large, or it never had this head.
   */
  keepCheckpoint(signed: SignedHead): Promise<boolean>
  /**
   * Keeps what a witness has signed, durable once it resolves: from then on it is in the note of the
   * checkpoint, if that has this head. One of a larger tree, or a later one of the same, stays.
   */
  keepCosignature(cosignature: KeptCosignature): Promise<void>
}

/** The way to witnesses. */
export interface WitnessClient {
  /**
   * POST add-checkpoint under the submission prefix `url` (C2SP tlog-witness): whatever the witness
   * answers, at most 64 KiB of it. Rejects with `DependencyError` where no answer comes in time.
   */
  addCheckpoint(
    url: string,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: Uint8Array }>
}

/** The tree of a log. What appends an entry makes it a leaf in the same transaction. */
export interface LogTree extends SignedTree {
  /**
   * Takes in at most `limit` entries that are in the log and not in the tree yet: an earlier version
   * has written them. Answers the head that is then durable. Rejects with `DependencyError` where one
   * is missing between them.
   */
  catchUp(limit: number): Promise<TreeHead>
}

/** A key that signs notes. The key itself never crosses this port. */
export interface NoteSigner {
  /** What verifies its signatures. */
  readonly key: VerifierKey
  /** Ed25519, 64 octets, over exactly these octets. Rejects with `DependencyError`. */
  sign(octets: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** The largest head that a witness has cosigned, for each origin. */
export interface WitnessStore {
  /**
   * Reads what is recorded for the origin, undefined at first, has `decide` decide beside it, and
   * records what is to be cosigned: one atomic step, between which and another of the same origin
   * nothing comes. Durable once it resolves. `decide` is pure, and is asked again where somebody else
   * was first. Rejects with `DependencyError`; nothing may then be signed.
   */
  checkAndStore(
    origin: string,
    decide: (recorded: CosignedHead | undefined) => Decision,
  ): Promise<Decision>
  /** What is recorded for the origin. */
  latest(origin: string): Promise<CosignedHead | undefined>
  /** The latest time of all that was ever cosigned, of whatever log; undefined before the first. */
  latestTime(): Promise<UnixSeconds | undefined>
}

/** The nodes of a map, for reading; what is in a place never changes. */
export interface MapNodeReader {
  /**
   * The node there, as `encodeMapNode` wrote it; undefined where none is. Read synchronously, so that
   * a root and everything under it can be read in one transaction.
   */
  readNode(place: number): Uint8Array | undefined
}
