import type { Database, Statement } from 'better-sqlite3'
import { EMPTY_ROOT, type Hash, sameHash } from '../../tlog/hash.js'
import type { SignedHead } from '../../tlog/ports.js'
import { partialTiles } from '../../tlog/tile.js'
import { appendToEdge, edgeOf, emptyEdge, headOf, type TreeEdge } from '../../tlog/tree-edge.js'
import type { TreeHead } from '../../tlog/verify-proof.js'

/** The logs that have a tree in this store. */
export type LogName = 'index' | 'issuance'

interface HeadRow {
  readonly size: number
  readonly root: Buffer
}

/** The tree of one log, written. Every method runs inside a transaction. */
export class TreeWriter {
  private readonly log: LogName
  private readonly selectHead: Statement<[LogName], HeadRow>
  private readonly putHead: Statement
  private readonly selectTile: Statement<[LogName, number, number], Buffer>
  private readonly putTile: Statement
  private readonly putCheckpoint: Statement
  /** Where the tree was last found, or the last append left it, which may have been undone since. */
  private last: { readonly head: TreeHead; readonly edge: TreeEdge } = {
    head: headOf(emptyEdge),
    edge: emptyEdge,
  }

  constructor(database: Database, log: LogName) {
    this.log = log
    this.selectHead = database.prepare('SELECT size, root FROM log_tree WHERE log = ?')
    this.putHead = database.prepare(
      `INSERT INTO log_tree (log, size, root) VALUES (?, ?, ?)
       ON CONFLICT (log) DO UPDATE SET size = excluded.size, root = excluded.root`,
    )
    this.selectTile = database
      .prepare<[LogName, number, number], Buffer>(
        'SELECT octets FROM log_tile WHERE log = ? AND level = ? AND number = ?',
      )
      .pluck()
    this.putTile = database.prepare(
      `INSERT INTO log_tile (log, level, number, octets) VALUES (?, ?, ?, ?)
       ON CONFLICT (log, level, number) DO UPDATE SET octets = excluded.octets`,
    )
    this.putCheckpoint = database.prepare(
      `INSERT INTO log_checkpoint (log, size, root, state, note)
       VALUES (@log, @size, @root, @state, @note)
       ON CONFLICT (log) DO UPDATE SET size = excluded.size, root = excluded.root,
         state = excluded.state, note = excluded.note
       WHERE excluded.size > size OR (excluded.size = size AND excluded.root = root
         AND excluded.state IS NOT NULL AND state IS NULL)`,
    )
  }

  head(): TreeHead {
    return this.selectHead.get(this.log) ?? { size: 0, root: EMPTY_ROOT }
  }

  /** Its size, once what an append goes on from is read: where that is damaged, it throws. */
  ready(): number {
    this.edge()
    return this.last.head.size
  }

  append(leaves: readonly Hash[]): void {
    if (leaves.length === 0) return
    const { edge, tiles } = appendToEdge(this.edge(), leaves)
    for (const { tile, octets } of tiles) {
      this.putTile.run(this.log, tile.level, tile.index, octets)
    }
    const head = headOf(edge)
    this.putHead.run(this.log, head.size, head.root)
    this.last = { head, edge }
  }

  /** 0: one of this size, or a larger, is kept already, or this is no head of the tree. */
  keepCheckpoint({ size, root, state, note }: SignedHead): number {
    const head = this.head()
    if (size > head.size || (size === head.size && !sameHash(root, head.root))) return 0
    return this.putCheckpoint.run({
      log: this.log,
      size,
      root: Buffer.from(root),
      state: state ? Buffer.from(state) : null,
      note,
    }).changes
  }

  private edge(): TreeEdge {
    const head = this.head()
    const { last } = this
    if (last.head.size === head.size && sameHash(last.head.root, head.root)) return last.edge
    const rows = partialTiles(head.size).map(
      ({ level, index }) => this.selectTile.get(this.log, level, index) ?? NO_TILE,
    )
    this.last = { head, edge: edgeOf(head, rows) }
    return this.last.edge
  }
}

const NO_TILE = new Uint8Array(0)
