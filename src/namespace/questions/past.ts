import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { toIso, unixSeconds, type UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import { isDeliberation, readRecord } from '../log-record.js'
import type { IndexLog, IndexStore, Pace } from '../ports.js'
import { replay } from '../replay.js'
import type { IndexState } from '../state.js'
import { StateView } from '../state-view.js'

/** A moment of the log: so many records, or all that there were at a second. */
export type PastMoment =
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'time'; readonly at: UnixSeconds }

/** `12`, or `2026-11-21T08:15:20Z`. */
export function parseMoment(text: string): PastMoment | undefined {
  if (/^[1-9]\d{0,14}$/.test(text)) return { kind: 'size', size: Number(text) }
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) / 1000 : NaN
  if (!Number.isSafeInteger(at) || toIso(unixSeconds(at)) !== text) return undefined
  return { kind: 'time', at: unixSeconds(at) }
}

/**
 * The second in which the index of a moment is looked at: the one that was named, so that what had ended
 * by then is over; of a number of records, that of the last of them. Nothing is foretold.
 */
export function secondOf(moment: PastMoment, last: UnixSeconds, now: UnixSeconds): UnixSeconds {
  if (moment.kind === 'size') return last
  return unixSeconds(Math.max(last, Math.min(moment.at, now)))
}

/** Records that there were at a moment; a time is looked for in as many steps as the log has doublings. */
export async function sizeAt(
  log: Pick<IndexLog, 'size' | 'read'>,
  moment: PastMoment,
): Promise<Result<number, Refusal<'namespace.unknown'>>> {
  const all = await log.size()
  if (moment.kind === 'size') return moment.size <= all ? ok(moment.size) : beyond(all)
  let [low, high] = [0, all]
  while (low < high) {
    const middle = (low + high) >> 1
    const [stored] = await log.read(middle, 1)
    const ts = stored && readRecord(stored.bytes)?.ts
    if (ts !== undefined && ts <= moment.at) low = middle + 1
    else high = middle
  }
  return low > 0 ? ok(low) : beyond(all)
}

const beyond = (size: number) =>
  refuse('namespace.unknown', 'the index was not there then, or is not yet', {
    wanted: `1 to ${size} records, or a time from its genesis on`,
    next: 'capstan status',
  })

/**
 * The index as it was, read again from its log, in tables elsewhere that are gone when it is disposed
 * of. Verifies every record again: seconds for ten thousand of them, memory that does not grow.
 */
export async function stateAt(
  store: Pick<IndexStore, 'scratch' | 'size' | 'read'>,
  size: number,
  pace: Pace,
): Promise<Result<{ readonly state: IndexState } & AsyncDisposable>> {
  const tables = store.scratch()
  const dispose = (): PromiseLike<void> => tables[Symbol.asyncDispose]()
  let kept = false
  try {
    const read = await replay(store, tables, { size, pace })
    if (!read.ok) return read
    kept = true
    return ok({ state: new StateView(tables.state), [Symbol.asyncDispose]: dispose })
  } finally {
    if (!kept) await dispose()
  }
}

/** Records read from the store at a time. */
const CHUNK = 500

/** Every object that a record between two sizes of the log is about. */
export async function changedBetween(
  log: Pick<IndexLog, 'read'>,
  [from, to]: readonly [number, number],
  pace: Pace,
): Promise<ReadonlySet<Uid>> {
  const changed = new Set<Uid>()
  for (let seq = from; seq < to;) {
    const records = await log.read(seq, Math.min(CHUNK, to - seq))
    if (records.length === 0) return changed
    for (const { bytes } of records) {
      const record = readRecord(bytes)
      if (record && !isDeliberation(record)) changed.add(record.subject.uid)
    }
    seq += records.length
    await pace({ work: 'read the index log', done: seq - from, total: to - from })
  }
  return changed
}
