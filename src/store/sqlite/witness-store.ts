import type { Database } from 'better-sqlite3'
import { type UnixSeconds, unixSeconds } from '../../core/time.js'
import type { WitnessStore } from '../../tlog/ports.js'
import type { TreeHead } from '../../tlog/verify-proof.js'
import type { CosignedHead, Decision } from '../../tlog/witness-answer.js'
import { reading, storeFailed } from './open-database.js'

interface Row extends TreeHead {
  readonly at: number
  readonly note: string
}

/** What a witness has cosigned, over a connection that writes durably. */
export function sqliteWitnessStore(database: Database): WitnessStore {
  const select = database.prepare<[string], Row>(
    'SELECT size, root, at, note FROM cosigned WHERE origin = ?',
  )
  const put = database.prepare(
    `INSERT INTO cosigned (origin, size, root, at, note) VALUES (@origin, @size, @root, @at, @note)
     ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root,
       at = excluded.at, note = excluded.note`,
  )
  const selectTime = database.prepare<[], number | null>('SELECT max(at) FROM cosigned').pluck()
  const checkAndStore = database.transaction(
    (origin: string, decide: (recorded: CosignedHead | undefined) => Decision): Decision => {
      const decision = decide(headOf(select.get(origin)))
      if (decision.kind === 'answer') return decision
      const { size, root, at, note } = decision.head
      put.run({ origin, size, root: Buffer.from(root), at, note })
      return decision
    },
  )
  return {
    checkAndStore: (origin, decide) => {
      try {
        // The write lock first: what is read is what is replaced, whoever else has the file open.
        return Promise.resolve(checkAndStore.immediate(origin, decide))
      } catch (error) {
        return Promise.reject(storeFailed('recording what is cosigned failed', error))
      }
    },
    latest: (origin) => reading(() => headOf(select.get(origin))),
    latestTime: () => reading((): UnixSeconds | undefined => timeOf(selectTime.get())),
  }
}

const headOf = (row: Row | undefined): CosignedHead | undefined =>
  row && { size: row.size, root: row.root, at: unixSeconds(row.at), note: row.note }

const timeOf = (time: number | null | undefined): UnixSeconds | undefined =>
  typeof time === 'number' ? unixSeconds(time) : undefined
