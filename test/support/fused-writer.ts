import { sqlTables } from '../../src/store/sqlite/index-rows.js'
import { mapSqlTables } from '../../src/store/sqlite/map-writer.js'
import { openForWriting } from '../../src/store/sqlite/open-database.js'
import type { BatchWriter } from '../../src/store/sqlite/write-queue.js'
import { Writer } from '../../src/store/sqlite/writer.js'

const tables = [
  ...['index_log', 'index_state', 'log_tile', 'log_tree'],
  ...mapSqlTables,
  ...Object.values(sqlTables),
]

/** The real writer, which can be made to fail before any of the rows that it writes. */
export class FusedWriter implements BatchWriter {
  /** Rows that are still written before it fails. */
  rows = Number.POSITIVE_INFINITY
  /** It fails once all of it is committed: whoever waits does not hear of that. */
  isMute = false
  /** It has failed, and writes nothing any more. */
  isDead = false
  private readonly database
  private readonly writer

  constructor(path: string) {
    this.database = openForWriting(path)
    this.database.function('fuse', () => {
      this.isDead = this.rows === 0
      if (this.isDead) throw new Error('the fuse has blown')
      this.rows -= 1
      return null
    })
    for (const table of tables) {
      for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
        this.database.exec(
          `CREATE TEMP TRIGGER fuse_${event}_${table} BEFORE ${event} ON main.${table}
           BEGIN SELECT fuse(); END`,
        )
      }
    }
    this.writer = new Writer(this.database)
  }

  commit(batch: Parameters<BatchWriter['commit']>[0]): ReturnType<BatchWriter['commit']> {
    return Promise.resolve().then(() => {
      if (this.isMute && this.isDead) throw new Error('nothing is written any more')
      const done = this.writer.commit(batch)
      this.isDead = this.isMute
      if (this.isDead) throw new Error('it was committed, and nobody was told')
      return done
    })
  }

  close(): Promise<void> {
    this.database.close()
    return Promise.resolve()
  }
}
