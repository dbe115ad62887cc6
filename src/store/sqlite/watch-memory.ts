import type { Database } from 'better-sqlite3'
import { unixSeconds } from '../../core/time.js'
import type { LogName } from '../../monitor/alarm.js'
import type { RememberedHead, SeenSerial, WatchMemory } from '../../monitor/ports.js'
import { HASH_OCTETS } from '../../tlog/hash.js'
import { hashesIn } from '../../tlog/read-nodes.js'
import { reading, storeFailed } from './open-database.js'

interface Row {
  readonly key: string
  readonly size: number
  readonly root: Buffer
  readonly state: Buffer | null
  readonly frontier: Buffer
  readonly note: string
  readonly recorded_after: number | null
}

/** What a monitor remembers, over a connection that writes durably. */
export function sqliteWatchMemory(database: Database): WatchMemory {
  const select = database.prepare<[string], Row>(
    'SELECT key, size, root, state, frontier, note, recorded_after FROM remembered WHERE log = ?',
  )
  const put = database.prepare(
    `INSERT INTO remembered (log, key, size, root, state, frontier, note, recorded_after)
     VALUES (@log, @key, @size, @root, @state, @frontier, @note, @recordedAfter)
     ON CONFLICT (log) DO UPDATE SET size = excluded.size, root = excluded.root,
       state = excluded.state, frontier = excluded.frontier, note = excluded.note,
       recorded_after = excluded.recorded_after
     WHERE excluded.key = remembered.key AND (
       excluded.size > remembered.size OR (
         excluded.size = remembered.size AND excluded.root = remembered.root
         AND excluded.recorded_after > ifnull(remembered.recorded_after, -1)))`,
  )
  const selectSerial = database
    .prepare<[Buffer], number>('SELECT record FROM serial WHERE serial = ?')
    .pluck()
  const putSerial = database.prepare('INSERT OR IGNORE INTO serial (serial, record) VALUES (?, ?)')
  const remember = database.transaction(
    (log: LogName, head: RememberedHead, serials: readonly SeenSerial[]): boolean => {
      const { key, size, note } = head
      const { changes } = put.run({
        ...{ log, key, size, note },
        root: Buffer.from(head.root),
        state: head.state ? Buffer.from(head.state) : null,
        frontier: Buffer.concat(head.frontier),
        recordedAfter: head.recordedAfter ?? null,
      })
      if (changes === 0) return false
      for (const { serial, record } of serials) putSerial.run(Buffer.from(serial, 'hex'), record)
      return true
    },
  )
  return {
    head: (log) => reading(() => headOf(select.get(log))),
    recordOf: (serial) => reading(() => selectSerial.get(Buffer.from(serial, 'hex'))),
    remember: (log, head, serials) => {
      try {
        return Promise.resolve(remember.immediate(log, head, serials))
      } catch (error) {
        return Promise.reject(storeFailed('remembering what was seen failed', error))
      }
    },
  }
}

const headOf = (row: Row | undefined): RememberedHead | undefined =>
  row && {
    key: row.key,
    size: row.size,
    root: row.root,
    ...(row.state && { state: row.state }),
    frontier: hashesIn(row.frontier, 0, row.frontier.length / HASH_OCTETS),
    note: row.note,
    ...(row.recorded_after !== null && { recordedAfter: unixSeconds(row.recorded_after) }),
  }
