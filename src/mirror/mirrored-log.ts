import { DependencyError } from '../core/dependency-error.js'
import { type Clock, plus } from '../core/time.js'
import type { Alarm, LogName } from '../monitor/alarm.js'
import { headFault } from '../monitor/compare-heads.js'
import {
  type CheckpointRules,
  type JudgedCheckpoint,
  judgeCheckpoint,
} from '../monitor/judge-checkpoint.js'
import type { ShownLogs } from '../monitor/ports.js'
import { OtherRecords } from '../monitor/shown-records.js'
import type { Pace } from '../namespace/ports.js'
import { MAX_MERGE_DELAY } from '../tlog/merge-delay.js'
import { parseNote } from '../tlog/note.js'
import { toBase64 } from '../tlog/note-text.js'
import type { SignedHead } from '../tlog/ports.js'
import { subtreeHashes } from '../tlog/read-nodes.js'
import { consistencySubtrees } from '../tlog/subtrees.js'
import { hashesAt, tilePath, TILE_WIDTH, bundlePath } from '../tlog/tile.js'
import { consistencyHolds, type TreeHead } from '../tlog/verify-proof.js'
import { copyLog, tilesOf, tilesToCopy } from './copy-log.js'
import type { FoldedIndex } from './folded-index.js'
import { heldHead } from './held-head.js'
import { CHECKPOINT, envelopesPath, leftPath, PENDING, REFUSED, UNREAD } from './layout.js'
import type { MirrorFiles } from './ports.js'

export interface MirroredLogDeps {
  readonly log: LogName
  readonly shown: ShownLogs
  readonly files: MirrorFiles
  readonly rules: CheckpointRules
  readonly clock: Pick<Clock, 'now'>
  readonly pace: Pace
  /** About a second, or less when it is to stop. */
  readonly pause: () => Promise<void>
  /** Of the index log. */
  readonly fold?: Pick<FoldedIndex, 'faults'>
  /** `anew`: what is there is gone over once too, and what is gone or damaged of it is copied again. */
  readonly from: 'anew' | 'where-it-is'
}

/** What one look at a log came to. */
export interface Mirrored {
  /** Nothing of what was shown was taken where there are any. */
  readonly alarms: readonly Alarm[]
  /** Records that the mirror is of; undefined where it has no checkpoint yet. */
  readonly size: number | undefined
  /** How many of them came at this look. */
  readonly copied: number
}

/** One log of a Capstan, copied into a folder: what is there is never let go for something else. */
export class MirroredLog {
  private readonly deps: MirroredLogDeps
  private isAnew: boolean
  /** Cosignatures were waited for in vain. */
  private isLacking = false

  constructor(deps: MirroredLogDeps) {
    this.deps = deps
    this.isAnew = deps.from === 'anew'
  }

  /** Rejects with `DependencyError` where no answer comes, or the disk fails: what is there stays. */
  async look(): Promise<Mirrored> {
    const { log, files, rules } = this.deps
    const held = await heldHead(files, CHECKPOINT, rules.key)
    const pending = await heldHead(files, PENDING, rules.key)
    const unread = await heldHead(files, UNREAD, rules.key)
    const none = (...alarms: readonly Alarm[]): Mirrored => ({
      ...{ alarms, size: held?.size, copied: 0 },
    })
    const judged = await this.settled()
    const { head } = judged
    if (!head) {
      const isGone = judged.alarms.length === 0 && held !== undefined && held.size > 0
      return isGone ? none(noneAnyMore(log, held)) : none(...judged.alarms)
    }
    // What was signed and shown counts, though not all of it was copied.
    const before = [held, pending, unread].filter((one) => one !== undefined)
    const [fault] = before.flatMap((one) => headFault(log, head, one) ?? [])
    if (fault) {
      // An older checkpoint is no half of two histories: it would stand where one is looked for.
      if (fault.code === 'fork') await this.keepRefused(head)
      return none(...judged.alarms, fault)
    }
    if (judged.alarms.length > 0) return none(...judged.alarms)
    if (head.size === held?.size && !this.isAnew) {
      // Of the same head: cosigned again.
      if (saysAsMuch(head.note, held.note)) await files.put(CHECKPOINT, Buffer.from(head.note))
      await files.remove(PENDING)
      await files.remove(UNREAD)
      return { ...none(), size: held.size }
    }
    const alarms = (await this.faultsBefore(head, before)) ?? (await this.take(head, held))
    if (alarms.length > 0) return none(...alarms)
    this.isAnew = false
    return { alarms, size: head.size, copied: head.size - (held?.size ?? 0) }
  }

  /** All of it is durable before the checkpoint that covers it takes its place. */
  private async take(head: SignedHead, held: SignedHead | undefined): Promise<readonly Alarm[]> {
    const { log, files, fold } = this.deps
    const from = this.isAnew ? 0 : (held?.size ?? 0)
    try {
      await files.put(PENDING, Buffer.from(head.note))
      await copyLog(this.deps, from, head)
      const alarms = (await fold?.faults(head)) ?? []
      if (alarms.length > 0) {
        await this.letGo(held?.size ?? 0, head.size)
        return alarms
      }
    } catch (error) {
      if (!(error instanceof OtherRecords)) throw error
      return [inconsistent(log, error)]
    }
    await files.put(CHECKPOINT, Buffer.from(head.note))
    await files.remove(PENDING)
    await files.remove(UNREAD)
    if (held) await this.clean(held.size, head.size)
    return []
  }

  /** Undefined where it goes on from all of them. What could not be read counts from then on. */
  private async faultsBefore(
    head: SignedHead,
    before: readonly SignedHead[],
  ): Promise<readonly Alarm[] | undefined> {
    const { log, files } = this.deps
    try {
      for (const one of before) await this.goesOnFrom(one, head)
      return undefined
    } catch (error) {
      if (error instanceof OtherRecords) {
        await this.keepRefused(head)
        return [inconsistent(log, error)]
      }
      if (error instanceof DependencyError && !(await files.read(UNREAD))) {
        await files.put(UNREAD, Buffer.from(head.note))
      }
      throw error
    }
  }

  private async goesOnFrom(first: TreeHead, second: TreeHead): Promise<void> {
    const { shown, log } = this.deps
    if (first.size === 0 || first.size === second.size) return
    const ranges = consistencySubtrees(first.size, second.size)
    const proof = await subtreeHashes(tilesOf(shown, log), ranges, second.size)
    if (consistencyHolds(first, second, proof)) return
    throw new OtherRecords(
      `${second.size} records that do not begin with the ${first.size} of root ${toBase64(first.root)}`,
    )
  }

  /** Of what did not fold, the envelopes: records are what was signed, envelopes only what was shown. */
  private async letGo(from: number, size: number): Promise<void> {
    for (const { index, width } of tilesToCopy(0, from, size)) {
      await this.deps.files.remove(envelopesPath({ index, width }))
    }
  }

  /** The first one stays: it is half of a proof. */
  private async keepRefused({ note }: SignedHead): Promise<void> {
    const { files } = this.deps
    if (!(await files.read(REFUSED))) await files.put(REFUSED, Buffer.from(note))
  }

  /**
   * Partial tiles that a wider one has replaced go, but those of the checkpoint before: somebody may be
   * reading them. Where the full tile is there, all of them go (C2SP tlog-tiles).
   */
  private async clean(before: number, now: number): Promise<void> {
    for (let level = 0; hashesAt(level, before) > 0; level += 1) {
      const index = Math.floor(hashesAt(level, before) / TILE_WIDTH)
      const isFull = hashesAt(level, now) >= (index + 1) * TILE_WIDTH
      const kept = isFull ? [] : [before, now].map((size) => hashesAt(level, size) % TILE_WIDTH)
      const full = { level, index, width: TILE_WIDTH }
      const paths = [tilePath(full)]
      if (level === 0) paths.push(bundlePath(full), envelopesPath(full), leftPath(full))
      for (const path of paths) await this.cleanFolder(`${path}.p`, kept)
    }
  }

  private async cleanFolder(folder: string, widths: readonly number[]): Promise<void> {
    const { files } = this.deps
    for (const name of await files.list(folder)) {
      if (!widths.includes(Number(name))) await files.remove(`${folder}/${name}`)
    }
  }

  /** Witnesses sign a moment after the log: they are waited for; of those that are away for long, once. */
  private async settled(): Promise<JudgedCheckpoint> {
    const { log, shown, clock, pause, rules } = this.deps
    const until = plus(clock.now(), MAX_MERGE_DELAY)
    for (;;) {
      const note = await shown.checkpoint(log)
      const judged = note ? judgeCheckpoint(log, note, rules, clock.now()) : { alarms: [] }
      const lacks = judged.alarms.some(({ code }) => code === 'missing-cosigners')
      if (!lacks || this.isLacking || clock.now() >= until) {
        this.isLacking = lacks
        return judged
      }
      await pause()
    }
  }
}

/** Another note of the same head, by all who signed the one that is kept. */
function saysAsMuch(shown: string, kept: string): boolean {
  if (shown === kept) return false
  const [signers = [], before = []] = [shown, kept].map((note) => {
    const read = parseNote(Buffer.from(note))
    return read.ok ? read.value.signatures : []
  })
  return before.every(({ name, id }) => signers.some((one) => one.name === name && one.id === id))
}

const inconsistent = (log: LogName, { message }: OtherRecords): Alarm => ({
  code: 'inconsistent',
  log,
  detail: 'what is shown is not what was signed, or does not go on from what the mirror has',
  found: message,
})

const noneAnyMore = (log: LogName, { size }: SignedHead): Alarm => ({
  code: 'rollback',
  log,
  detail: 'the log shows no checkpoint any more',
  wanted: `at least ${size} records`,
  found: 'none',
})
