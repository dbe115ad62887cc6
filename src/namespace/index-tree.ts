import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { EMPTY_ROOT, leafHash, sameHash, type Hash } from '../tlog/hash.js'
import { noWitnesses } from '../tlog/policy.js'
import type { LogReader, TileReader } from '../tlog/ports.js'
import { rootAt } from '../tlog/prove.js'
import { appendToEdge, emptyEdge, headOf } from '../tlog/tree-edge.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import { type CheckpointRefusal, verifyCheckpoint } from '../tlog/verify-checkpoint.js'
import { stateRootOf } from '../tlog/state-root.js'
import type { TreeHead } from '../tlog/verify-proof.js'
import type { IndexStore, Pace } from './ports.js'

type TreeStore = Pick<IndexStore, 'readRecords' | 'tree'>
type TreeRefusal = CheckpointRefusal | Refusal<'namespace.state-mismatch' | 'tlog.inconsistent'>

/** Records that become leaves in one commit: about ten milliseconds of the writer. */
const STRETCH = 2000
/** Records read from the store at a time: a tile. */
const CHUNK = 256

/** What is known outside the store of the log as it was signed. */
export interface SignedBefore {
  /** Verifies its checkpoints. */
  readonly key: VerifierKey
  /** The latest head that the log's key was asked to sign. */
  readonly head?: TreeHead
}

/**
 * Makes leaves of all records: an earlier version has written them where there is anything to do. The
 * tree then goes on from the checkpoint that was signed last, and from what is remembered of it outside
 * the store, or is refused: nothing may be signed over a log that was cut short, rewritten or put back.
 */
export async function settleTree(
  store: Pick<IndexStore, 'size' | 'tree'>,
  pace: Pace,
  before?: SignedBefore,
): Promise<Result<undefined, TreeRefusal>> {
  const { tree } = store
  const records = await store.size()
  let head = await tree.head()
  if (head.size > records) return treeDiffers(`${records} records, and a tree of ${head.size}`)
  while (head.size < records) {
    const { size } = head
    head = await tree.catchUp(STRETCH)
    if (head.size === size) return treeDiffers(`no record ${size}`)
    if (head.size < records) {
      await pace({ work: 'hash the index log', done: head.size, total: records })
    }
  }
  if (!(await goesOnFrom(tree, head, head))) return treeDiffers('tiles of another root')
  const kept = await keptHead(tree, before?.key)
  if (!kept.ok) return kept
  for (const signed of [kept.value, before?.head]) {
    if (signed && !(await goesOnFrom(tree, head, signed))) return inconsistent(signed, head)
  }
  return ok()
}

/** The head of the checkpoint that is kept, which says what its signed note says. */
export async function keptHead(
  tree: Pick<LogReader, 'checkpoint'>,
  key: VerifierKey | undefined,
): Promise<Result<TreeHead | undefined, TreeRefusal>> {
  const kept = await tree.checkpoint()
  if (!kept || !key) return ok(kept)
  const read = verifyCheckpoint(Buffer.from(kept.note), key, noWitnesses)
  if (!read.ok) {
    return refuse(read.refusal.code, 'the checkpoint that is kept is not of the key of this log', {
      found: read.refusal.detail,
      next: 'restore the store, the keys and instance.json from one backup',
    })
  }
  const { size, root } = read.value
  const state = stateRootOf(read.value)
  const isKept = size === kept.size && sameHash(root, kept.root) && state.ok
  return isKept && isSameState(state.value, kept.state) ? ok({ size, root }) : otherNote()
}

const isSameState = (a: Hash | undefined, b: Hash | undefined): boolean =>
  a && b ? sameHash(a, b) : a === b

/** Is the tree of the first head one that the tree of the second goes on from? */
export async function goesOnFrom(
  tree: TileReader,
  head: TreeHead,
  from: TreeHead,
): Promise<boolean> {
  if (from.size > head.size) return false
  const root = from.size === 0 ? EMPTY_ROOT : await rootAt(tree, from.size, head.size)
  return sameHash(root, from.root)
}

export interface TreeCheck {
  /** Records to hash. */
  readonly size: number
  /** The head that the tree had when there were so many. */
  readonly stored: TreeHead
  readonly pace: Pace
  /** Heads that were signed once, and that the records must go on from. */
  readonly from: readonly TreeHead[]
}

/**
 * Hashes the records again, and compares every tile, the root and older heads with what that comes
 * to. Answers the head at `size` records.
 */
export async function verifyTree(
  store: TreeStore,
  { size, stored, pace, from }: TreeCheck,
): Promise<Result<TreeHead, TreeRefusal>> {
  const beyond = from.find((head) => head.size > size)
  if (beyond) return inconsistent(beyond, { size })
  if (stored.size !== size) return treeDiffers(`${size} records, and a tree of ${stored.size}`)
  let edge = emptyEdge
  for (let at = 0; at < size;) {
    const later = from.map((head) => head.size).filter((end) => end > at)
    const end = Math.min(size, at - (at % CHUNK) + CHUNK, ...later)
    const records = await store.readRecords(at, end - at)
    if (records.length < end - at) return treeDiffers(`no record ${at + records.length}`)
    const appended = appendToEdge(
      edge,
      records.map(({ bytes }) => leafHash(bytes)),
    )
    const tiles = await store.tree.readTiles(appended.tiles.map(({ tile }) => tile))
    for (const [position, { tile, octets }] of appended.tiles.entries()) {
      if (!sameHash(octets, tiles[position] ?? octets.subarray(1))) {
        return treeDiffers(`another tile ${tile.index} of level ${tile.level}`)
      }
    }
    edge = appended.edge
    at = end
    const { root } = headOf(edge)
    const other = from.find((head) => head.size === at && !sameHash(head.root, root))
    if (other) return inconsistent(other, { size })
    await pace({ work: 'hash the index log', done: at, total: size })
  }
  const head = headOf(edge)
  if (!sameHash(stored.root, head.root)) return treeDiffers('another root')
  return ok(head)
}

const treeDiffers = (found: string): Result<never, TreeRefusal> =>
  refuse('namespace.state-mismatch', 'the tree of the index log is not of this log', {
    wanted: 'what hashing the records comes to',
    found,
    next: 'stop the server, then: capstan index rebuild',
  })

const otherNote = (): Result<never, TreeRefusal> =>
  refuse('tlog.inconsistent', 'the checkpoint that is kept is not what its note says', {
    next: 'somebody has written to the store: find out who, or restore a backup',
  })

export const inconsistent = (
  from: TreeHead,
  { size }: Pick<TreeHead, 'size'>,
): Result<never, TreeRefusal> =>
  refuse('tlog.inconsistent', 'the index log does not go on from a checkpoint that was signed', {
    wanted: `the ${from.size} records of the checkpoint at the beginning`,
    found: from.size > size ? `${size} records` : 'other records',
    next: 'the log was cut short or rewritten, or an older backup was restored: find out which (a backup takes index-head.json first, and the store after it; a tree that alone is damaged is put right by: capstan index rebuild)',
  })
