import type { Database } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'
import { EMPTY_ROOT, HASH_OCTETS } from '../../tlog/hash.js'
import type { LogReader, LogTree, SignedHead } from '../../tlog/ports.js'
import type { Tile } from '../../tlog/tile.js'
import type { TreeHead } from '../../tlog/verify-proof.js'
import { count } from './ledger.js'
import { reading } from './open-database.js'
import type { LogName } from './tree-writer.js'
import type { WriteQueue } from './write-queue.js'

/** The tree of a log over a connection that may be read-only. */
export function sqliteLogReader(database: Database, log: LogName): LogReader {
  const head = database.prepare<[LogName], TreeHead>(
    'SELECT size, root FROM log_tree WHERE log = ?',
  )
  const checkpoint = database.prepare<[LogName], SignedHead>(
    'SELECT size, root, note FROM log_checkpoint WHERE log = ?',
  )
  const select = database
    .prepare<[LogName, number, number], Buffer>(
      'SELECT octets FROM log_tile WHERE log = ? AND level = ? AND number = ?',
    )
    .pluck()
  const read = ({ level, index, width }: Tile): Uint8Array => {
    const octets = select.get(log, level, index)
    if (!octets || octets.length < width * HASH_OCTETS) throw missing()
    return octets.subarray(0, width * HASH_OCTETS)
  }
  return {
    head: () => reading(() => head.get(log) ?? { size: 0, root: EMPTY_ROOT }),
    checkpoint: () => reading(() => checkpoint.get(log)),
    readTiles: (tiles) => reading(() => tiles.map(read)),
  }
}

const missing = (): DependencyError =>
  new DependencyError(
    'store',
    'a tile of the tree is missing or cut; the log makes it again: capstan index rebuild',
  )

/** The same in the process that writes it. */
export function sqliteLogTree(database: Database, queue: WriteQueue, log: LogName): LogTree {
  const reader = sqliteLogReader(database, log)
  return {
    head: () => reader.head(),
    checkpoint: () => reader.checkpoint(),
    readTiles: (tiles) => reader.readTiles(tiles),
    async catchUp(limit) {
      await count(queue, { op: 'grow-tree', log, limit })
      return reader.head()
    },
    async keepCheckpoint(signed) {
      return (await count(queue, { op: 'keep-checkpoint', log, signed })) === 1
    },
  }
}
