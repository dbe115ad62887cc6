import { setImmediate } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'
import { EMPTY_ROOT, HASH_OCTETS, sameHash } from '../../tlog/hash.js'
import { proveKey } from '../../tlog/map-proof.js'
import type { LogReader, LogTree, SignedHead, SignedTree } from '../../tlog/ports.js'
import type { Tile } from '../../tlog/tile.js'
import type { TreeHead } from '../../tlog/verify-proof.js'
import { cosignaturesOf } from './cosignatures.js'
import { count } from './ledger.js'
import { MapReader } from './map-reader.js'
import { reading, readingTogether } from './open-database.js'
import type { LogName } from './tree-writer.js'
import type { WriteQueue } from './write-queue.js'

interface CheckpointRow extends TreeHead {
  readonly state: Buffer | null
  readonly note: string
}

/** The tree of a log over a connection that may be read-only. */
export function sqliteLogReader(database: Database, log: LogName): LogReader {
  const map = new MapReader(database)
  const cosignatures = cosignaturesOf(database, log)
  const selectHead = database.prepare<[LogName], TreeHead & { readonly state: Buffer | null }>(
    `SELECT log_tree.size, log_tree.root, index_map.root AS state
     FROM log_tree LEFT JOIN index_map ON log_tree.log = 'index' AND index_map.size = log_tree.size
     WHERE log = ?`,
  )
  const selectCheckpoint = database.prepare<[LogName], CheckpointRow>(
    'SELECT size, root, state, note FROM log_checkpoint WHERE log = ?',
  )
  const checkpoint = (): SignedHead | undefined => {
    const row = selectCheckpoint.get(log)
    if (!row) return undefined
    const head = { size: row.size, root: row.root, ...(row.state && { state: row.state }) }
    return { ...head, note: row.note + cosignatures.linesOf(head) }
  }
  const select = database
    .prepare<[LogName, number, number], Buffer>(
      'SELECT octets FROM log_tile WHERE log = ? AND level = ? AND number = ?',
    )
    .pluck()
  const read = ({ level, index, width }: Tile): Uint8Array => {
    const octets = select.get(log, level, index)
    if (!octets || octets.length < width * HASH_OCTETS) throw missing(log)
    return octets.subarray(0, width * HASH_OCTETS)
  }
  return {
    head: () =>
      reading(() => {
        const { size, root, state } = selectHead.get(log) ?? { size: 0, root: EMPTY_ROOT }
        return { size, root, ...(state && { state }) }
      }),
    // Of one moment: what is signed next has no cosignatures yet.
    checkpoint: () => readingTogether(database, checkpoint),
    cosignatures: () => reading(() => cosignatures.all()),
    proveState: (keys) =>
      // In one transaction: another process may sign, and take away what the last one led to.
      readingTogether(database, () => {
        const signed = checkpoint()
        const { size = 0, state } = signed ?? {}
        const root = map.rootAt(size)
        // A map that was made anew is of the latest size alone, until that is signed.
        if (!signed || !state || !root) return undefined
        if (!sameHash(root.hash, state)) throw otherState()
        return { signed: { ...signed, state }, proofs: keys.map((key) => proveKey(map, root, key)) }
      }),
    readTiles: (tiles) => reading(() => tiles.map(read)),
  }
}

const otherState = (): DependencyError =>
  new DependencyError(
    'store',
    'the state map is not what the checkpoint signs: capstan index verify says which is wrong',
  )

const missing = (log: LogName): DependencyError =>
  new DependencyError(
    'store',
    log === 'index'
      ? 'a tile of the tree is missing or cut; the log makes it again: capstan index rebuild'
      : 'a tile of the issuance log is missing or cut: restore a backup',
  )

/** The tree of the index log in the process that writes it. */
export function sqliteLogTree(database: Database, queue: WriteQueue): LogTree {
  const tree = sqliteSignedTree(database, queue, 'index')
  return {
    head: () => tree.head(),
    checkpoint: () => tree.checkpoint(),
    cosignatures: () => tree.cosignatures(),
    readTiles: (tiles) => tree.readTiles(tiles),
    proveState: (keys) => tree.proveState(keys),
    keepCheckpoint: (signed) => tree.keepCheckpoint(signed),
    keepCosignature: (cosignature) => tree.keepCosignature(cosignature),
    async catchUp(limit) {
      await count(queue, { op: 'grow-tree', log: 'index', limit })
      return tree.head()
    },
  }
}

/**
 * Takes away what no root of the state map leads to any more, beside what else is written: a little at a
 * time, for it may be a lot. What a failure leaves lying goes after the next checkpoint.
 */
function sweepsMap(queue: WriteQueue): () => void {
  let isSweeping = false
  const sweep = async (): Promise<void> => {
    while ((await count(queue, { op: 'sweep-map' })) > 0) await setImmediate()
  }
  return () => {
    if (isSweeping) return
    isSweeping = true
    sweep()
      .catch(() => undefined)
      .finally(() => {
        isSweeping = false
      })
  }
}

/** The tree of a log in the process that signs its heads. */
export function sqliteSignedTree(database: Database, queue: WriteQueue, log: LogName): SignedTree {
  const reader = sqliteLogReader(database, log)
  const sweep = log === 'index' ? sweepsMap(queue) : () => undefined
  return {
    head: () => reader.head(),
    checkpoint: () => reader.checkpoint(),
    cosignatures: () => reader.cosignatures(),
    readTiles: (tiles) => reader.readTiles(tiles),
    proveState: (keys) => reader.proveState(keys),
    async keepCheckpoint(signed) {
      const isKept = (await count(queue, { op: 'keep-checkpoint', log, signed })) === 1
      if (isKept) sweep()
      return isKept
    },
    async keepCosignature(cosignature) {
      await count(queue, { op: 'keep-cosignature', log, cosignature })
    },
  }
}
