import { parseIssuanceRecord } from '../namespace/issuance-record.js'
import type { Pace } from '../namespace/ports.js'
import { appendLeaves, type CompactRange, emptyRange, rangeRoot } from '../tlog/compact-range.js'
import { type Hash, leafHash, sameHash } from '../tlog/hash.js'
import { toBase64 } from '../tlog/note-text.js'
import type { SignedHead } from '../tlog/ports.js'
import { hashesIn } from '../tlog/read-nodes.js'
import { TILE_WIDTH } from '../tlog/tile.js'
import { type Alarm, alarmOf } from './alarm.js'
import type { CertificatesThen } from './certificates-then.js'
import { headFault } from './compare-heads.js'
import type {
  RememberedHead,
  SeenSerial,
  ShownCertificate,
  ShownLogs,
  WatchMemory,
} from './ports.js'
import { serialTwice } from './serial-twice.js'
import { OtherRecords } from './shown-records.js'

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
}

export interface FollowedIssuance {
  readonly alarms: readonly Alarm[]
  /** Certificates that were judged. */
  readonly checked: number
  /** Certificates of which only the hash is left. */
  readonly gone: number
  /** Not to be told of them again: for when the alarms have been told. */
  readonly remember: () => Promise<void>
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
    if (!(error instanceof OtherRecords)) throw error
    return nothing(inconsistent(error.message))
  }
  const root = rangeRoot(reading.range)
  if (!sameHash(root, head.root)) {
    const found = `root ${toBase64(root)} of ${head.size} records, and ${toBase64(head.root)} was signed`
    return nothing(inconsistent(found))
  }
  const { alarms, checked, gone, serials } = reading
  const next = { ...head, key, frontier: reading.range.hashes }
  const remember = async (): Promise<void> => {
    await memory.remember('issuance', next, serials)
  }
  // Whoever begins to watch finds a log of which the oldest may be gone.
  const lost = remembered && gone > 0 ? [recordsGone(gone)] : []
  return { alarms: [...alarms, ...lost], checked, gone, remember }
}

const nothing = (...alarms: readonly Alarm[]): FollowedIssuance => ({
  alarms,
  checked: 0,
  gone: 0,
  remember: () => Promise.resolve(),
})

type JudgingDeps = FollowIssuanceDeps & Required<Pick<FollowIssuanceDeps, 'judge'>>

/** One reading of what is new. */
class Reading {
  range: CompactRange
  readonly serials: SeenSerial[] = []
  readonly alarms: Alarm[] = []
  checked = 0
  gone = 0
  private readonly deps: JudgingDeps
  private readonly head: SignedHead
  private readonly pages: Pages
  private readonly own = new Map<string, number>()

  constructor(deps: JudgingDeps, head: SignedHead, remembered: RememberedHead | undefined) {
    this.deps = deps
    this.head = head
    this.range = remembered
      ? { begin: 0, end: remembered.size, hashes: remembered.frontier }
      : emptyRange()
    this.pages = new Pages(deps.shown, this.range.end, head.size)
  }

  async all(): Promise<void> {
    const { size } = this.head
    while (this.range.end < size) {
      const stretch: ShownCertificate[] = []
      while (this.range.end < size && stretch.length < STRETCH) {
        const at = this.range.end
        const end = Math.min(size, at - (at % TILE_WIDTH) + TILE_WIDTH)
        const found = await this.pages.upTo(end)
        this.range = appendLeaves(this.range, await this.leavesOf(at, end, found))
        this.gone += end - at - found.length
        stretch.push(...found)
      }
      await this.judge(stretch)
      const { pace } = this.deps
      await pace({ work: 'check certificates', done: this.range.end, total: size })
    }
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
    const records = stretch.map(({ seq, bytes }) => [seq, parseIssuanceRecord(bytes)] as const)
    let wanted = 0
    for (const [record, read] of records) {
      if (!read.ok) continue
      const { serial, size } = read.value
      wanted = Math.max(wanted, size ?? 0)
      const before = this.own.get(serial) ?? (await this.deps.memory.recordOf(serial))
      if (before !== undefined) this.alarms.push(serialTwice(serial, before, record))
      else this.serials.push({ serial, record })
      this.own.set(serial, record)
    }
    const judged = await this.deps.judge.judge(stretch, await this.deps.indexSize(wanted))
    if (judged.ok) this.alarms.push(...judged.value)
    else this.alarms.push(alarmOf('bad-record', 'index', judged.refusal))
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

const recordsGone = (gone: number): Alarm => ({
  code: 'records-gone',
  log: 'issuance',
  detail: 'certificates that came since the last look are not shown: what they were is not known',
  found: `${gone} of which only the hash is left`,
})

const inconsistent = (found: string): Alarm => ({
  code: 'inconsistent',
  log: 'issuance',
  detail: 'the log does not go on from what it showed before, or shows others than it signed',
  found,
})
