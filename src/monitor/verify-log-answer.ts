import { ok, refuse, type Result } from '../core/result.js'
import { CLOCK_TOLERANCE, plus, toIso, type UnixSeconds } from '../core/time.js'
import { readRecord } from '../namespace/log-record.js'
import type { Pace, StoredRecord } from '../namespace/ports.js'
import { replay } from '../namespace/replay.js'
import { appendLeaves, type CompactRange, emptyRange, rangeRoot } from '../tlog/compact-range.js'
import { type Hash, leafHash, sameHash } from '../tlog/hash.js'
import { toBase64 } from '../tlog/note-text.js'
import { noWitnesses } from '../tlog/policy.js'
import { stateRootOf } from '../tlog/state-root.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import { verifyCheckpoint } from '../tlog/verify-checkpoint.js'
import { type AsOf, asOf, freshUntil, isFresh } from '../verify/freshness.js'
import {
  linesOf,
  type LogAnswerHeader,
  malformed,
  parseHeader,
  parseRecordLine,
} from '../verify/log-answer.js'
import { logKeyOf } from '../verify/log-key-of.js'
import type { LogQuestion } from '../verify/log-question.js'
import type { VerifyOptions } from '../verify/verify-bundle.js'
import type { ShownIndex } from './ports.js'

/** A log that was read from its first record and is what its checkpoint signs. Only `verifyLogAnswer` makes one. */
export interface VerifiedLog {
  /** The file's own: whoever acts on the answer has to look at what was asked. */
  readonly question: LogQuestion
  readonly index: string
  /** Name of the log: `acme.example/index`. */
  readonly origin: string
  /** The key that signed its checkpoint. */
  readonly logKey: VerifierKey
  /** Records. */
  readonly size: number
  readonly asOf: AsOf
}

type Lines = ReturnType<typeof linesOf>
type Line = Lines extends AsyncGenerator<infer L> ? L : never

/** Records folded in memory before the tables are written: an interruption costs all of it anyway. */
const STRETCH = 2000
/** Octets of records that are put into the tables together. */
const BATCH_OCTETS = 1_048_576

/**
 * Reads an answer with its log, folds all of it into empty tables, and compares what it comes to with
 * the checkpoint: its root before anything is folded, so that only what the log has signed is, and then
 * the root of the state. What the answer is follows from the tables; there is nothing of it in the file.
 */
export async function verifyLogAnswer(
  pieces: AsyncIterable<Uint8Array>,
  into: ShownIndex,
  options: VerifyOptions,
  pace: Pace,
): Promise<Result<VerifiedLog>> {
  const lines = linesOf(pieces)
  try {
    const first = await lines.next()
    const line = first.done === true ? malformed('nothing') : first.value
    const header = line.ok ? parseHeader(line.value) : line
    return header.ok ? await verifyLog(header.value, lines, into, options, pace) : header
  } finally {
    await lines.return(undefined)
  }
}

async function verifyLog(
  { index, checkpoint: note, question }: LogAnswerHeader,
  lines: Lines,
  into: ShownIndex,
  options: VerifyOptions,
  pace: Pace,
): Promise<Result<VerifiedLog>> {
  const { indexId, policy = noWitnesses, now, maxAge } = options
  if (index !== indexId) return otherIndex(indexId, index)
  const opening = await lines.next()
  const logKey = keyNamedIn(opening, options)
  if (!logKey.ok) return logKey
  const checkpoint = verifyCheckpoint(Buffer.from(note), logKey.value, policy)
  if (!checkpoint.ok) return checkpoint
  const stateRoot = stateRootOf(checkpoint.value)
  if (!stateRoot.ok) return stateRoot
  const { origin, size, root, cosignatures } = checkpoint.value
  if (!stateRoot.value) return notProved('a state: its checkpoint signs none')
  const read = await readRecords(withFirst(opening, lines), { size, into, pace })
  if (!read.ok) return read
  const { range, last } = read.value
  if (!sameHash(rangeRoot(range), root)) {
    return notProved('that these are the records that were signed', rootsOf(root, rangeRoot(range)))
  }
  const ts = last && readRecord(last.bytes)?.ts
  if (ts === undefined) return notProved('the time of the log')
  const time = asOf(cosignatures, policy, ts, now)
  const fresh = isFresh(time, freshUntil(time, maxAge), now)
  if (!fresh.ok) return fresh
  const timely = isTimely(question.at, ts, now)
  if (!timely.ok) return timely
  const folded = await foldAll(into, { size, pace, indexId, stateRoot: stateRoot.value })
  return folded.ok
    ? ok({ question, index, origin, logKey: logKey.value, size, asOf: time })
    : folded
}

type Opening = Awaited<ReturnType<Lines['next']>>

/** The first record is the genesis, which names the key, where nobody else has said it. */
function keyNamedIn({ done, value: line }: Opening, options: VerifyOptions): Result<VerifierKey> {
  if (options.logKey || done === true) return logKeyOf(options, undefined)
  if (!line.ok) return line
  const record = parseRecordLine(line.value, 0)
  return record.ok ? logKeyOf(options, record.value.envelopes[0]) : record
}

async function* withFirst({ done, value }: Opening, rest: Lines): AsyncGenerator<Line> {
  if (done !== true) yield value
  yield* rest
}

interface Reading {
  readonly size: number
  readonly into: Pick<ShownIndex, 'add'>
  readonly pace: Pace
}

/** Exactly as many records as the checkpoint covers, and nothing behind them. */
async function readRecords(
  lines: AsyncGenerator<Line>,
  { size, into, pace }: Reading,
): Promise<Result<{ readonly range: CompactRange; readonly last: StoredRecord | undefined }>> {
  let range = emptyRange()
  let batch: StoredRecord[] = []
  let octets = 0
  let last: StoredRecord | undefined
  const flush = async (): Promise<void> => {
    await into.add(batch)
    range = appendLeaves(
      range,
      batch.map(({ bytes }) => leafHash(bytes)),
    )
    ;[batch, octets] = [[], 0]
    await pace({ work: 'hash the index log', done: range.end, total: size })
  }
  for await (const line of lines) {
    if (!line.ok) return line
    const seq = range.end + batch.length
    if (seq === size) return malformed(`more than the ${size} records of its checkpoint`)
    const record = parseRecordLine(line.value, seq)
    if (!record.ok) return record
    last = record.value
    batch.push(last)
    octets += line.value.length
    if (octets >= BATCH_OCTETS) await flush()
  }
  if (batch.length > 0) await flush()
  return range.end === size
    ? ok({ range, last })
    : malformed(`${range.end} of the ${size} records of its checkpoint`)
}

/** Does what was asked lie between the last record, before which other things held, and now? */
function isTimely(at: UnixSeconds, last: UnixSeconds, now: UnixSeconds): Result<undefined> {
  if (at < last) {
    return notProved('an answer of that time: records were added after it', {
      wanted: `a question of ${toIso(last)} or later`,
      found: toIso(at),
    })
  }
  if (at <= plus(now, CLOCK_TOLERANCE)) return ok()
  return refuse('bundle.stale', 'the answer is of a time that has not come', {
    found: toIso(at),
    next: 'set the clock right, or ask again',
  })
}

interface Folding {
  readonly size: number
  readonly pace: Pace
  readonly indexId: string
  readonly stateRoot: Hash
}

/** Every signature, vote and rule again; what comes of it is the state that was signed. */
async function foldAll(
  into: ShownIndex,
  { size, pace, indexId, stateRoot }: Folding,
): Promise<Result<undefined>> {
  const folded = await replay(into, into, { size, pace, stretch: STRETCH })
  if (!folded.ok) {
    const { code, detail, found } = folded.refusal
    return notProved('an index: a record does not hold', {
      found: `${detail} (${code})${found === undefined ? '' : `: ${found}`}`,
    })
  }
  const { index, unfinished } = into.state.meta
  if (index !== indexId) return otherIndex(indexId, index)
  if (unfinished !== undefined) {
    return notProved('a state: it ends within changes that are made together')
  }
  const root = into.map.root.hash
  if (sameHash(root, stateRoot)) return ok()
  return notProved('the state that was signed', rootsOf(stateRoot, root))
}

const rootsOf = (wanted: Hash, found: Hash) => ({
  wanted: `root ${toBase64(wanted)}`,
  found: `root ${toBase64(found)}`,
})

const notProved = (
  what: string,
  more: { readonly wanted?: string; readonly found?: string } = {},
): Result<never> =>
  refuse('bundle.not-proved', `the log in the file does not prove ${what}`, {
    ...more,
    next: 'have the question asked again with --prove; a log that fails by itself is for capstan watch',
  })

const otherIndex = (wanted: string, found: string): Result<never> =>
  refuse('bundle.wrong-index', 'this is the log of another index', {
    wanted: wanted.slice(0, 64),
    found,
  })
