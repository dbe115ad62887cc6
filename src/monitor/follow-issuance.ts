import { DependencyError } from '../core/dependency-error.js'
import { CLOCK_TOLERANCE, days, minus, type UnixSeconds } from '../core/time.js'
import { leafClaims } from '../ca/leaf-claims.js'
import { parseIssuanceRecord } from '../namespace/issuance-record.js'
import type { Pace } from '../namespace/ports.js'
import { appendLeaves, type CompactRange, emptyRange, rangeRoot } from '../tlog/compact-range.js'
import { type Hash, leafHash, sameHash } from '../tlog/hash.js'
import { MAX_MERGE_DELAY } from '../tlog/merge-delay.js'
import { toBase64 } from '../tlog/note-text.js'
import type { SignedHead } from '../tlog/ports.js'
import { hashesIn } from '../tlog/read-nodes.js'
import { TILE_WIDTH } from '../tlog/tile.js'
import { type Alarm, alarmOf, unforeseen } from './alarm.js'
import { type CertificatesThen, latest } from './certificates-then.js'
import { headFault } from './compare-heads.js'
import type {
  RememberedHead,
  SeenSerial,
  ShownCertificate,
  ShownLogs,
  WatchMemory,
} from './ports.js'
import { serialTwice } from './serial-twice.js'
import { compareWithSigned, nextSigned, OtherRecords } from './shown-records.js'

/** Nobody prunes what was issued this lately: where one that came before is shown, the next is hidden. */
const NEVER_PRUNED = days(7)
/** Certificates that are judged at a time. */
const STRETCH = 16 * TILE_WIDTH

export interface FollowIssuanceDeps {
  readonly shown: ShownLogs
  readonly memory: WatchMemory
  /** Undefined while certificates cannot be judged: then nothing is read, and nothing remembered. */
  readonly judge?: Pick<CertificatesThen, 'judge'>
  /** How many records the index log has, once it has so many, or does not get them in time. */
  readonly indexSize: (wanted: number) => Promise<number>
  readonly pace: Pace
  /** Verifier key of the log. */
  readonly key: string
  /** When this is. */
  readonly now: UnixSeconds
  /** Heads that were shown before, to which nothing could be read: this one has to go on from them. */
  readonly signed?: readonly SignedHead[]
}

export interface FollowedIssuance {
  readonly alarms: readonly Alarm[]
  /** Certificates that were judged. */
  readonly checked: number
  /** Certificates of which only the hash is left. */
  readonly gone: number
  /** Not to be told of them again: for when the alarms have been told. Absent where not all was read. */
  readonly remember?: () => Promise<void>
  /** All of it was read, judged and found to be what was signed. */
  readonly isRead: boolean
  /** What kept it from being read, where certificates were found wrong before that. */
  readonly unheard?: DependencyError
}

/**
 * Reads on to this head: every certificate that came since the one that was remembered is a leaf of its
 * tree, was allowed by the index of its moment, and has a serial number of its own. What was found of a
 * certificate is told once: as soon as it is remembered. A head that is not what its leaves come to never is.
 */
export async function followIssuance(
  deps: FollowIssuanceDeps,
  head: SignedHead | undefined,
): Promise<FollowedIssuance> {
  const { memory, key, judge } = deps
  if (!head) return nothing()
  const remembered = await memory.head('issuance')
  const fault = headFault('issuance', head, remembered)
  if (fault) return nothing(fault)
  if (!judge) return nothing()
  const reading = new Reading({ ...deps, judge }, head, remembered)
  try {
    await reading.all()
  } catch (error) {
    if (error instanceof OtherRecords) return nothing(inconsistent(error.message))
    if (!(error instanceof DependencyError)) return nothing(unforeseen('issuance', error))
    if (reading.alarms.length === 0) throw error
    return { ...reading.found(), isRead: false, unheard: error }
  }
  // Certificates that were not judged are none that were seen.
  if (reading.unjudged) return { ...reading.found(), isRead: false }
  const root = rangeRoot(reading.range)
  if (!sameHash(root, head.root)) {
    const found = `root ${toBase64(root)} of ${head.size} records, and ${toBase64(head.root)} was signed`
    return nothing(inconsistent(found))
  }
  const next = {
    ...{ ...head, key, frontier: reading.range.hashes },
    recordedAfter: latest(reading.recordedAfter, notRecordedBy(deps.now)),
  }
  const remember = async (): Promise<void> => {
    await memory.remember('issuance', next, reading.serials)
  }
  return { ...reading.found(), isRead: true, remember }
}

/** What a checkpoint that was shown then does not cover was recorded later than this. */
export const notRecordedBy = (now: UnixSeconds): UnixSeconds =>
  minus(minus(now, MAX_MERGE_DELAY), CLOCK_TOLERANCE)

const nothing = (...alarms: readonly Alarm[]): FollowedIssuance => ({
  alarms,
  checked: 0,
  gone: 0,
  isRead: false,
})

type JudgingDeps = FollowIssuanceDeps & Required<Pick<FollowIssuanceDeps, 'judge'>>

/** One reading of what is new. */
class Reading {
  range: CompactRange
  readonly serials: SeenSerial[] = []
  readonly alarms: Alarm[] = []
  checked = 0
  gone = 0
  /** The next one was recorded later than this. */
  recordedAfter: UnixSeconds | undefined
  /** Why those of the last stretch were not judged. */
  unjudged: Alarm | undefined
  private readonly deps: JudgingDeps
  private readonly head: SignedHead
  private readonly signed: readonly SignedHead[]
  private readonly pages: Pages
  private readonly isFirst: boolean
  private firstGone = 0
  /** The first number that is shown of a certificate that was issued lately, and how many are from it on. */
  private young: { readonly from: number; count: number } | undefined
  private readonly own = new Map<string, number>()

  constructor(deps: JudgingDeps, head: SignedHead, remembered: RememberedHead | undefined) {
    this.deps = deps
    this.head = head
    this.signed = (deps.signed ?? []).filter(({ size }) => size < head.size)
    this.range = remembered
      ? { begin: 0, end: remembered.size, hashes: remembered.frontier }
      : emptyRange()
    this.pages = new Pages(deps.shown, this.range.end, head.size)
    this.recordedAfter = remembered?.recordedAfter
    this.isFirst = remembered === undefined
  }

  found(): Omit<FollowedIssuance, 'isRead' | 'unheard'> {
    const { alarms, checked, gone, unjudged } = this
    // Whoever begins to watch finds a log of which the oldest may be gone.
    const lost = this.isFirst ? this.hidden() : gone
    return {
      alarms: [
        ...alarms,
        ...(lost > 0 ? [recordsGone(lost, this.firstGone)] : []),
        ...(unjudged ? [unjudged] : []),
      ],
      ...{ checked, gone },
    }
  }

  async all(): Promise<void> {
    const { size } = this.head
    while (this.range.end < size) {
      const stretch: ShownCertificate[] = []
      while (this.range.end < size && stretch.length < STRETCH) {
        const at = this.range.end
        const tile = at - (at % TILE_WIDTH) + TILE_WIDTH
        const end = Math.min(size, tile, nextSigned(this.signed, at))
        const found = await this.pages.upTo(end)
        this.range = appendLeaves(this.range, await this.leavesOf(at, end, found))
        compareWithSigned(this.signed, this.range)
        this.missed(at, end, found)
        stretch.push(...found)
      }
      await this.judge(stretch)
      if (this.unjudged) return
      const { pace } = this.deps
      await pace({ work: 'check certificates', done: this.range.end, total: size })
    }
  }

  /** Certificates that are left out among others that are too young for any to be pruned. */
  private hidden(): number {
    const { young, range } = this
    return young ? range.end - young.from - young.count : 0
  }

  private noteYoung({ seq, certificate }: ShownCertificate, notAfter: UnixSeconds): void {
    if (this.young) {
      this.young.count += 1
      return
    }
    const since = minus(this.deps.now, NEVER_PRUNED)
    if (!this.isFirst || notAfter < since) return
    const claims = leafClaims(certificate)
    if (claims.ok && claims.value.notBefore >= since) this.young = { from: seq, count: 1 }
  }

  private missed(at: number, end: number, found: readonly ShownCertificate[]): void {
    const count = end - at - found.length
    if (count === 0) return
    if (this.gone === 0) {
      const position = found.findIndex(({ seq }, index) => seq !== at + index)
      this.firstGone = at + (position === -1 ? found.length : position)
    }
    this.gone += count
  }

  /** Of records where they are there; of the tree where one of them is gone. */
  private async leavesOf(
    at: number,
    end: number,
    found: readonly ShownCertificate[],
  ): Promise<readonly Hash[]> {
    const own = found.map(({ bytes }) => leafHash(bytes))
    if (found.length === end - at) return own
    const index = Math.floor(at / TILE_WIDTH)
    const first = index * TILE_WIDTH
    const row = await this.deps.shown.tile('issuance', { level: 0, index, width: end - first })
    const leaves = hashesIn(row, at - first, end - at)
    for (const [position, { seq }] of found.entries()) {
      const [leaf, hash] = [leaves[seq - at], own[position]]
      if (!leaf || !hash || !sameHash(leaf, hash)) throw new OtherRecords(`another record ${seq}`)
    }
    return leaves
  }

  private async judge(stretch: readonly ShownCertificate[]): Promise<void> {
    this.checked += stretch.length
    let wanted = 0
    for (const shown of stretch) {
      const { seq: record, bytes } = shown
      const read = parseIssuanceRecord(bytes)
      if (!read.ok) {
        if (this.young) this.young.count += 1
        continue
      }
      const { serial, size, notAfter } = read.value
      this.noteYoung(shown, notAfter)
      wanted = Math.max(wanted, size ?? 0)
      const before = this.own.get(serial) ?? (await this.deps.memory.recordOf(serial))
      if (before !== undefined) this.alarms.push(serialTwice(serial, before, record))
      else this.serials.push({ serial, record })
      this.own.set(serial, record)
    }
    const size = await this.deps.indexSize(wanted)
    const judged = await this.deps.judge.judge(stretch, size, this.recordedAfter)
    if (!judged.ok) {
      this.unjudged = alarmOf('bad-record', 'index', judged.refusal)
      return
    }
    this.alarms.push(...judged.value.alarms)
    this.recordedAfter = judged.value.recordedAfter
  }
}

/** What is shown of the log, page by page. */
class Pages {
  private readonly shown: ShownLogs
  private readonly size: number
  private readonly waiting: ShownCertificate[] = []
  private next: number

  constructor(shown: ShownLogs, from: number, size: number) {
    this.shown = shown
    this.next = from
    this.size = size
  }

  /** Those below `end` that were not answered yet, in their order. */
  async upTo(end: number): Promise<readonly ShownCertificate[]> {
    while (this.next < end) {
      const page = await this.shown.issued(this.next, this.size - this.next)
      this.waiting.push(...page.certificates)
      this.next = page.next
    }
    const count = this.waiting.findIndex(({ seq }) => seq >= end)
    return this.waiting.splice(0, count === -1 ? this.waiting.length : count)
  }
}

const recordsGone = (gone: number, first: number): Alarm => ({
  code: 'records-gone',
  log: 'issuance',
  detail: 'certificates that came since the last look are not shown: what they were is not known',
  found: `${gone} of which only the hash is left, the first is record ${first}`,
})

const inconsistent = (found: string): Alarm => ({
  code: 'inconsistent',
  log: 'issuance',
  detail: 'the log does not go on from what it showed before, or shows others than it signed',
  found,
})
