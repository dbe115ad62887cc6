import type { Database } from 'better-sqlite3'
import { unixSeconds } from '../../core/time.js'
import type { KeptCosignature, LogHead } from '../../tlog/ports.js'
import type { LogName } from './tree-writer.js'

interface Row {
  readonly witness: string
  readonly size: number
  readonly root: Buffer
  readonly state: Buffer | null
  readonly at: number
  readonly line: string
}

/** What witnesses have signed of one log, for reading. */
export interface Cosignatures {
  all(): readonly KeptCosignature[]
  /** The signature lines of just this head, in the order of the witnesses' keys. */
  linesOf(head: LogHead): string
}

export function cosignaturesOf(database: Database, log: LogName): Cosignatures {
  const columns = 'SELECT witness, size, root, state, at, line FROM log_cosignature WHERE log = ?'
  const select = database.prepare<[LogName], Row>(`${columns} ORDER BY witness`)
  // A version that knew no state has signed heads without it: those are other texts.
  const selectOf = database
    .prepare<[LogName, number, Uint8Array, Uint8Array | null], string>(
      `SELECT line FROM log_cosignature
       WHERE log = ? AND size = ? AND root = ? AND state IS ? ORDER BY witness`,
    )
    .pluck()
  return {
    all: () =>
      select.all(log).map(({ witness, size, root, state, at, line }) => ({
        ...{ witness, size, root, at: unixSeconds(at), line },
        ...(state && { state }),
      })),
    linesOf: ({ size, root, state }) =>
      selectOf.all(log, size, Buffer.from(root), state ? Buffer.from(state) : null).join(''),
  }
}

/** Keeps a cosignature in the place of one that is not of a larger tree, nor later. */
export function cosignatureKeeper(
  database: Database,
): (log: LogName, cosignature: KeptCosignature) => number {
  const put = database.prepare(
    `INSERT INTO log_cosignature (log, witness, size, root, state, at, line)
     VALUES (@log, @witness, @size, @root, @state, @at, @line)
     ON CONFLICT (log, witness) DO UPDATE SET size = excluded.size, root = excluded.root,
       state = excluded.state, at = excluded.at, line = excluded.line
     WHERE excluded.size > size OR (excluded.size = size AND excluded.at >= at)`,
  )
  return (log, { witness, size, root, state, at, line }) => {
    const octets = { root: Buffer.from(root), state: state ? Buffer.from(state) : null }
    return put.run({ log, witness, size, ...octets, at, line }).changes
  }
}
