import type { Database, Statement } from 'better-sqlite3'
import type { StateMap } from '../../namespace/ports.js'
import { EMPTY_MAP, type NodeRef } from '../../tlog/map-node.js'
import type { MapNodeReader } from '../../tlog/ports.js'

interface RootRow {
  readonly size: number
  readonly root: Buffer
  readonly place: number
}

/** The state map over a connection that may be read-only. Whoever calls it begins the transaction. */
export class MapReader implements MapNodeReader, StateMap {
  readonly nodes = this
  private readonly selectNode: Statement<[number], Buffer>
  private readonly selectRoot: Statement<[number], RootRow>
  private readonly selectLast: Statement<[], RootRow>
  private readonly countNodes: Statement<[], number>

  constructor(database: Database) {
    this.selectNode = database
      .prepare<[number], Buffer>('SELECT octets FROM index_map_node WHERE place = ?')
      .pluck()
    this.selectRoot = database.prepare('SELECT size, root, place FROM index_map WHERE size = ?')
    this.selectLast = database.prepare(
      'SELECT size, root, place FROM index_map ORDER BY size DESC LIMIT 1',
    )
    this.countNodes = database
      .prepare<[], number>(
        'SELECT (SELECT count(*) FROM index_map_node) - (SELECT count(*) FROM index_map_gone)',
      )
      .pluck()
  }

  get size(): number {
    return Math.max(this.selectLast.get()?.size ?? 0, 0)
  }

  get root(): NodeRef {
    const row = this.selectLast.get()
    return row ? refOf(row) : EMPTY_MAP
  }

  get count(): number {
    return this.countNodes.get() ?? 0
  }

  readNode(place: number): Uint8Array | undefined {
    return this.selectNode.get(place)
  }

  /** The root of the map at this size of the log; undefined where it is not kept, or not yet made. */
  rootAt(size: number): NodeRef | undefined {
    const row = this.selectRoot.get(size)
    return row && refOf(row)
  }
}

const refOf = ({ root, place }: RootRow): NodeRef => ({ hash: root, place })
