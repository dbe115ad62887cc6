import type { Alias } from '../../core/alias.js'
import type { UnixSeconds } from '../../core/time.js'
import type { CastVote, Decision } from '../ballot.js'
import { open } from '../dsse.js'
import { isDeliberation, type LogRecord, readRecord } from '../log-record.js'
import type { IndexLog, StoredRecord } from '../ports.js'
import type { IndexState } from '../state.js'
import { proposalId, readVote } from '../statements.js'
import type { Effort } from './effort.js'

/** Records that changed something, a stretch of the log at a time. */
export interface Committed {
  readonly record: LogRecord
  readonly stored: StoredRecord
}

export interface LogPage {
  /** Number of the record to begin with. */
  readonly from: number
  readonly limit: number
}

/** Records read from the store at a time. */
const CHUNK = 200

/**
 * What `pick` makes of the commits from a record on. A page ends with its limit or with the effort:
 * `next` is the record to go on with.
 */
export async function committedPage<T>(
  log: Pick<IndexLog, 'read'>,
  { size }: Pick<IndexState, 'size'>,
  { from, limit }: LogPage,
  effort: Effort,
  pick: (committed: Committed) => Promise<T | undefined>,
): Promise<{ readonly found: readonly T[]; readonly next?: number }> {
  const found: T[] = []
  for (let seq = from; seq < size;) {
    const records = await log.read(seq, Math.min(CHUNK, size - seq))
    if (records.length === 0) break
    for (const stored of records) {
      if (found.length === limit || (effort.isSpent && stored.seq > from)) {
        return { found, next: stored.seq }
      }
      effort.spend(8)
      await effort.breathe()
      const record = readRecord(stored.bytes)
      const one = record && !isDeliberation(record) ? await pick({ record, stored }) : undefined
      if (one !== undefined) found.push(one)
    }
    seq += records.length
  }
  return { found }
}

export interface VoteSaid {
  readonly voter: string
  readonly decision: Decision
  readonly cast: UnixSeconds
}

/** The votes that a commit was decided by, from the log or from beside it. */
export function votesOf(state: IndexState, { record, stored }: Committed): readonly VoteSaid[] {
  if (record.kind !== 'commit') return []
  const row = state.tables.proposals.get(proposalId(record.prop))
  const cast: readonly CastVote[] = row?.votes ?? []
  if (stored.envelopes.length === 0) return cast
  return stored.envelopes.slice(1).flatMap((envelope) => {
    const opened = open(envelope)
    const vote = opened && readVote(opened)
    return vote ? [vote.predicate] : []
  })
}

/** The first record at or after a second: in as many steps as the log has doublings. */
export async function firstSince(
  log: Pick<IndexLog, 'read'>,
  { size }: Pick<IndexState, 'size'>,
  since: UnixSeconds,
): Promise<number> {
  let [low, high] = [0, size]
  while (low < high) {
    const middle = (low + high) >> 1
    const [stored] = await log.read(middle, 1)
    const ts = stored && readRecord(stored.bytes)?.ts
    if (ts !== undefined && ts < since) low = middle + 1
    else high = middle
  }
  return low
}

/** What of a commit is told, whatever it is told for. */
export interface Told {
  readonly seq: number
  readonly at: UnixSeconds
  readonly alias: Alias
  readonly class: LogRecord['class']
  readonly proposal: string
}

export const told = ({ seq, ts, subject, class: gravity, prop }: LogRecord): Told => ({
  seq,
  at: ts,
  alias: subject.alias,
  class: gravity,
  proposal: proposalId(prop),
})
