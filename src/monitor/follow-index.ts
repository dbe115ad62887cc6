import { DependencyError } from '../core/dependency-error.js'
import { type Clock, CLOCK_TOLERANCE, plus, toIso, type UnixSeconds } from '../core/time.js'
import type { Pace, StateStore, StoredRecord } from '../namespace/ports.js'
import { replay, STRETCH } from '../namespace/replay.js'
import { emptyRange, rangeRoot } from '../tlog/compact-range.js'
import { sameHash } from '../tlog/hash.js'
import { toBase64 } from '../tlog/note-text.js'
import type { SignedHead } from '../tlog/ports.js'
import { type Alarm, alarmOf, unforeseen } from './alarm.js'
import { headFault } from './compare-heads.js'
import { notRecordedBy } from './follow-issuance.js'
import { LeafHashes } from './leaf-hashes.js'
import type { RememberedHead, ShownLogs, WatchMemory } from './ports.js'
import { OtherRecords, sameRecords, ShownRecords } from './shown-records.js'

/** Of a head that was found wrong: so many looks later its records are read again. */
const REST = 10

interface Faulty {
  readonly head: string
  readonly alarms: readonly Alarm[]
  rest: number
}

const nameOf = ({ size, root, state }: SignedHead): string =>
  [size, toBase64(root), state ? toBase64(state) : ''].join(' ')

export interface FollowIndexDeps {
  readonly shown: Pick<ShownLogs, 'records'>
  readonly memory: WatchMemory
  /** Empty tables. */
  readonly scratch: () => StateStore & AsyncDisposable
  readonly pace: Pace
  /** Verifier key of the log. */
  readonly key: string
  readonly clock: Pick<Clock, 'now'>
}

/**
 * The index log, folded here from its first record: every signature, every vote and every rule is
 * checked again, and the state that comes of it is compared with the one that the log signs.
 */
export class FollowedIndex implements AsyncDisposable {
  private readonly deps: FollowIndexDeps
  private readonly leaves = new LeafHashes()
  private tables: StateStore & AsyncDisposable
  /** Of what the tables are of. */
  private range = emptyRange()
  private found = 0
  private faulty: Faulty | undefined
  /** A record that was not shown when it should have been, and what is remembered once it is told of. */
  private late: { readonly alarm: Alarm; head: RememberedHead } | undefined

  constructor(deps: FollowIndexDeps) {
    this.deps = deps
    this.tables = deps.scratch()
  }

  /** Records that were found to be right, all of them signed. */
  get size(): number {
    return this.found
  }

  /** These records once more: no others than were found to be right. */
  read(from: number, limit: number): Promise<readonly StoredRecord[]> {
    const most = Math.max(0, Math.min(limit, this.found - from))
    return most === 0 ? Promise.resolve([]) : sameRecords(this.deps.shown, this.leaves, from, most)
  }

  /** What was found of single records, in a log that is right: the same again until it is remembered. */
  get once(): readonly Alarm[] {
    return this.late ? [this.late.alarm] : []
  }

  /** Once it has been told. */
  async remember(): Promise<void> {
    if (!this.late) return
    await this.deps.memory.remember('index', this.late.head, [])
    this.late = undefined
  }

  /**
   * Reads on to this head, which was asked for at `asked`. Alarms about it; what is remembered moves only
   * where there are none. `signed`: heads that were shown before, to which nothing could be read: this one
   * has to go on from them too.
   */
  async follow(
    head: SignedHead,
    asked: UnixSeconds,
    signed: readonly SignedHead[] = [],
  ): Promise<readonly Alarm[]> {
    const { memory, key } = this.deps
    const remembered = await memory.head('index')
    const fault = headFault('index', head, remembered)
    if (fault) return [fault]
    const { faulty } = this
    if (faulty?.head === nameOf(head) && faulty.rest > 0) {
      faulty.rest -= 1
      return faulty.alarms
    }
    const alarms = await this.fold(head, remembered, signed)
    if (alarms.length > 0) {
      this.faulty = { head: nameOf(head), alarms, rest: REST }
      await this.forget()
      return alarms
    }
    this.faulty = undefined
    this.found = head.size
    const frontier = this.range.hashes
    const next = { ...head, key, frontier, recordedAfter: notRecordedBy(asked) }
    if (this.late) this.late.head = next
    else await memory.remember('index', next, [])
    return []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tables[Symbol.asyncDispose]()
  }

  private async fold(
    head: SignedHead,
    remembered: RememberedHead | undefined,
    signed: readonly SignedHead[],
  ): Promise<readonly Alarm[]> {
    const { shown, pace } = this.deps
    const earlier = signed.filter(({ size }) => size < head.size)
    const before = remembered ? [remembered, ...earlier] : earlier
    try {
      for (;;) {
        const { size } = this.tables.state.meta
        const end = Math.min(head.size, endOfStretch(size, remembered?.size))
        const records = new ShownRecords(shown, this.leaves, this.range, before)
        const folded = await replay(records, this.tables, { size: end, pace })
        if (!folded.ok) {
          const root = await this.rootOf(records, head.size)
          if (!sameHash(root, head.root)) return [otherRoot(head, root)]
          return [alarmOf('bad-record', 'index', folded.refusal)]
        }
        this.range = records.range
        if (end > size && size === remembered?.size)
          this.lookAtTime(remembered, this.tables.state.meta.at)
        if (end === head.size) break
      }
    } catch (error) {
      // What was read after the last stretch is read again.
      this.leaves.cut(this.range.end)
      if (error instanceof OtherRecords) return [inconsistent(error.message)]
      if (error instanceof DependencyError) throw error
      return [unforeseen('index', error)]
    }
    const root = rangeRoot(this.range)
    if (!sameHash(root, head.root)) return [otherRoot(head, root)]
    const { at } = this.tables.state.meta
    if (at > plus(this.deps.clock.now(), CLOCK_TOLERANCE)) return [ahead(head, at)]
    if (!head.state && remembered?.state) return [stateless(remembered.state)]
    const state = this.tables.map.root.hash
    if (!head.state || sameHash(state, head.state)) return []
    return [
      {
        code: 'other-state',
        log: 'index',
        detail: 'the state that the checkpoint signs is not what its records come to',
        wanted: toBase64(state),
        found: toBase64(head.state),
      },
    ]
  }

  /** Of the first record that was not there at the last look: those after it are no earlier. */
  private lookAtTime({ size, recordedAfter, ...head }: RememberedHead, at: UnixSeconds): void {
    if (recordedAfter === undefined || at >= recordedAfter || this.late) return
    this.late = { alarm: keptBack(size, at, recordedAfter), head: { size, ...head } }
  }

  /** Of so many records as they are shown, whether they hold or not. */
  private async rootOf(records: ShownRecords, size: number): Promise<Uint8Array> {
    while (records.range.end < size) {
      const { end } = records.range
      const read = await records.read(end, Math.min(STRETCH, size - end))
      if (read.length === 0) break
    }
    return rangeRoot(records.range)
  }

  /** Begins anew, and still knows what was found to be right. */
  private async forget(): Promise<void> {
    await this.tables[Symbol.asyncDispose]()
    this.tables = this.deps.scratch()
    this.range = emptyRange()
    this.leaves.cut(this.found)
  }
}

/** Records are folded up to those that are known, then one by itself, whose time is looked at. */
function endOfStretch(size: number, known: number | undefined): number {
  if (known === undefined || size > known) return size + STRETCH
  return size === known ? size + 1 : Math.min(known, size + STRETCH)
}

const keptBack = (record: number, at: UnixSeconds, recordedAfter: UnixSeconds): Alarm => ({
  code: 'kept-back',
  log: 'index',
  detail: 'a record is of a time at which it was not shown: it was kept back, or is dated back',
  wanted: `later than ${toIso(recordedAfter)}`,
  found: toIso(at),
  record,
})

const ahead = ({ size }: SignedHead, at: UnixSeconds): Alarm => ({
  code: 'bad-record',
  log: 'index',
  detail: 'the log is of a time that is still to come: nothing is replaced any more by then',
  found: `second ${at} after ${size} records`,
})

const stateless = (state: Uint8Array): Alarm => ({
  code: 'other-state',
  log: 'index',
  detail: 'the checkpoint signs no state, and one before it did',
  wanted: toBase64(state),
  found: 'none',
})

const inconsistent = (found: string): Alarm => ({
  code: 'inconsistent',
  log: 'index',
  detail: 'the log does not go on from what it showed before',
  found,
})

const otherRoot = ({ size, root }: SignedHead, found: Uint8Array): Alarm => ({
  code: 'inconsistent',
  log: 'index',
  detail: 'the records that are shown are not those that were signed',
  wanted: `root ${toBase64(root)} of ${size} records`,
  found: `root ${toBase64(found)}`,
})
