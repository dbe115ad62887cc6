import { DependencyError } from '../core/dependency-error.js'
import { type Clock, plus, type UnixSeconds } from '../core/time.js'
import type { Pace, StateStore } from '../namespace/ports.js'
import { EMPTY_ROOT } from '../tlog/hash.js'
import { MAX_MERGE_DELAY } from '../tlog/merge-delay.js'
import type { SignedHead } from '../tlog/ports.js'
import { formatVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import type { Alarm, LogName } from './alarm.js'
import { CertificatesThen } from './certificates-then.js'
import { FollowedIndex } from './follow-index.js'
import { headFault } from './compare-heads.js'
import { followIssuance, notRecordedBy } from './follow-issuance.js'
import { type CheckpointRules, type JudgedCheckpoint, judgeCheckpoint } from './judge-checkpoint.js'
import type { ShownLogs, WatchMemory } from './ports.js'

export interface WatchDeps {
  readonly shown: ShownLogs
  readonly memory: WatchMemory
  readonly scratch: () => StateStore & AsyncDisposable
  readonly pace: Pace
  readonly clock: Pick<Clock, 'now'>
  /** About a second, or less when it is to stop. */
  readonly pause: () => Promise<void>
  readonly keys: Readonly<Record<LogName, VerifierKey>>
  readonly rules: Omit<CheckpointRules, 'key'>
}

/** A log whose records do not answer for so many checkpoints is held by the first of them. */
const MOST_UNREAD = 1000

/** What one look at both logs came to. */
export interface Look {
  readonly alarms: readonly Alarm[]
  /** Records of the index log that were found to be right. */
  readonly indexSize: number
  /** Undefined where its checkpoint is not signed. */
  readonly issuanceSize: number | undefined
  /** Certificates that were judged at this look. */
  readonly checked: number
  readonly gone: number
  /** When the witnesses had seen the checkpoint of the index log. */
  readonly seenAt: UnixSeconds | undefined
  /** What was found of single records is found again until this is called: when it has been told. */
  readonly remember: () => Promise<void>
  /** What kept the rest from being looked at, where something was found wrong all the same. */
  readonly unheard?: unknown
}

/** A monitor of one Capstan, which it trusts with nothing: looks at both logs, again and again. */
export class Watch implements AsyncDisposable {
  private readonly deps: WatchDeps
  private readonly index: FollowedIndex
  private readonly judge: CertificatesThen
  /** Logs whose checkpoint was waited for in vain. */
  private readonly missing = new Set<LogName>()
  /** The largest head of each log that was shown with its signature. */
  private readonly largest = new Map<LogName, SignedHead>()
  /** Heads with the log's signature to which it has not been read: whatever comes goes on from them. */
  private readonly unread: Record<LogName, SignedHead[]> = { index: [], issuance: [] }

  constructor(deps: WatchDeps) {
    this.deps = deps
    const { shown, memory, scratch, pace, clock, keys } = deps
    this.index = new FollowedIndex({
      shown,
      memory,
      scratch,
      ...{ pace, clock },
      key: formatVerifierKey(keys.index),
    })
    this.judge = new CertificatesThen({ log: this.index, scratch, pace, clock })
  }

  /**
   * One look. What was found before stays where no answer comes. Rejects where nothing was found wrong
   * and not all could be looked at: with `DependencyError` where no answer came.
   */
  async look(): Promise<Look> {
    const { shown, memory, pace, clock, keys } = this.deps
    const begun = clock.now()
    const failures: unknown[] = []
    // Whoever breaks off one answer does not keep what the others show from being found.
    const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work()
      } catch (error) {
        failures.push(error)
        return undefined
      }
    }
    // This one first: what its certificates were granted on is in the index by then.
    const first = await attempt(() => this.checkpoint('issuance'))
    const index = await attempt(() => this.settled('index'))
    const indexHead = index?.head
    const wrong = indexHead ? await attempt(() => this.follow(indexHead, begun)) : []
    // Nothing is judged by an index that is not right: certificates wait until it is.
    const isRight = indexHead !== undefined && wrong?.length === 0
    const issuance = first && (await attempt(() => this.issuanceOf(first, isRight)))
    const late: Alarm[] = []
    const found = await attempt(() =>
      followIssuance(
        {
          ...{ shown, memory, pace, key: formatVerifierKey(keys.issuance) },
          ...(isRight && { judge: this.judge }),
          indexSize: (wanted) => this.indexOf(wanted, late),
          now: begun,
          signed: this.unread.issuance,
        },
        issuance?.head,
      ),
    )
    if (found?.isRead && issuance?.head) this.wasRead('issuance', issuance.head)
    if (found?.unheard) failures.push(found.unheard)
    const alarms = [
      ...[index?.alarms, wrong, this.index.once],
      ...[issuance?.alarms, late, found?.alarms],
    ].flatMap((some) => some ?? [])
    const unheard = failures.find((error) => !(error instanceof DependencyError)) ?? failures[0]
    if (failures.length > 0 && alarms.length === 0) throw unheard
    return {
      alarms,
      indexSize: this.index.size,
      issuanceSize: issuance?.head?.size,
      checked: found?.checked ?? 0,
      gone: found?.gone ?? 0,
      seenAt: index?.seenAt,
      remember: async () => {
        await this.index.remember()
        await found?.remember?.()
      },
      ...(failures.length > 0 && { unheard }),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.judge[Symbol.asyncDispose]()
    await this.index[Symbol.asyncDispose]()
  }

  /**
   * The checkpoint of a log, a moment later where it is not yet what it must be. Witnesses sign it a
   * moment after the log does, and a log that has just begun has none: it is read again until it is
   * there and enough have signed it, or would have had to; of those that are away for long, once.
   */
  private async settled(log: LogName): Promise<JudgedCheckpoint> {
    const { clock, pause, rules } = this.deps
    const until = this.mergedBy()
    for (;;) {
      const judged = await this.checkpoint(log)
      const none = isNone(judged)
      const isMissing = none || lacksCosigners(judged)
      // What witnesses have signed is there.
      const mayCome = !none || log !== 'index' || rules.policy.quorum === undefined
      if (isMissing && mayCome && !this.missing.has(log) && clock.now() < until) {
        await pause()
        continue
      }
      if (isMissing) this.missing.add(log)
      else this.missing.delete(log)
      if (none && log === 'issuance') await this.rememberNone()
      return none ? { alarms: [noCheckpoint(log)] } : judged
    }
  }

  /** The checkpoint of the issuance log after a first look at it, which is waited for where this is of use. */
  private async issuanceOf(first: JudgedCheckpoint, isRight: boolean): Promise<JudgedCheckpoint> {
    if (isRight && (isNone(first) || lacksCosigners(first))) return this.settled('issuance')
    if (!lacksCosigners(first)) this.missing.delete('issuance')
    if (this.missing.has('issuance')) return first
    // That witnesses are missing only waiting can tell.
    const alarms = first.alarms.filter(({ code }) => code !== 'missing-cosigners')
    return { ...first, alarms }
  }

  /** On to this head of the index log; alarms about it. */
  private async follow(head: SignedHead, asked: UnixSeconds): Promise<readonly Alarm[]> {
    const alarms = await this.index.follow(head, asked, this.unread.index)
    if (alarms.length === 0) this.wasRead('index', head)
    return alarms
  }

  private wasRead(log: LogName, { size }: SignedHead): void {
    this.unread[log] = this.unread[log].filter((head) => head.size > size)
  }

  /** Certificates that come later were not there at the first look, and none of them is pruned. */
  private async rememberNone(): Promise<void> {
    const { memory, clock, keys } = this.deps
    const key = formatVerifierKey(keys.issuance)
    const none = { size: 0, root: EMPTY_ROOT, note: '', key, frontier: [] }
    const recordedAfter = notRecordedBy(clock.now())
    await memory.remember('issuance', { ...none, recordedAfter }, [])
  }

  /** What was recorded before is covered by then. */
  private mergedBy(): UnixSeconds {
    return plus(this.deps.clock.now(), MAX_MERGE_DELAY)
  }

  private async checkpoint(log: LogName): Promise<JudgedCheckpoint> {
    const note = await this.deps.shown.checkpoint(log)
    if (!note) return this.before(log)
    const { keys, rules, clock } = this.deps
    const judged = judgeCheckpoint(log, note, { ...rules, key: keys[log] }, clock.now())
    if (!judged.head) return judged
    // What was signed and shown counts, though its records were never shown.
    const fault = headFault(log, judged.head, this.largest.get(log))
    if (fault) return { alarms: [...judged.alarms, fault] }
    this.largest.set(log, judged.head)
    const unread = this.unread[log]
    const isNew = judged.head.size > (unread.at(-1)?.size ?? 0)
    if (isNew && unread.length < MOST_UNREAD) unread.push(judged.head)
    return judged
  }

  /** A log that has shown a checkpoint has one. */
  private async before(log: LogName): Promise<{ alarms: readonly Alarm[] }> {
    const remembered = await this.deps.memory.head(log)
    if (!remembered || remembered.size === 0) return { alarms: [] }
    const detail = 'the log shows no checkpoint any more'
    const wanted = `at least ${remembered.size} records`
    return { alarms: [{ code: 'rollback', log, detail, wanted, found: 'none' }] }
  }

  /**
   * A checkpoint covers what was recorded a moment before within the maximum merge delay: so long a
   * certificate may name a size that the log does not show yet.
   */
  private async indexOf(wanted: number, late: Alarm[]): Promise<number> {
    const { clock, pause } = this.deps
    const until = this.mergedBy()
    while (this.index.size < wanted && clock.now() < until) {
      const asked = clock.now()
      const { head, alarms } = await this.checkpoint('index')
      // Witnesses that are away for long were waited for, and are told of.
      const wrong = alarms.filter(
        ({ code }) => code !== 'missing-cosigners' || !this.missing.has('index'),
      )
      const isLonger = head !== undefined && head.size >= wanted
      if (isLonger && wrong.length === 0) {
        const found = await this.follow(head, asked)
        late.push(...found)
        if (found.length > 0) break
      } else if (wrong.some(({ code }) => code !== 'missing-cosigners')) {
        late.push(...wrong)
        break
      } else {
        await pause()
      }
    }
    return this.index.size
  }
}

const isNone = ({ head, alarms }: JudgedCheckpoint): boolean => !head && alarms.length === 0

const lacksCosigners = ({ alarms }: JudgedCheckpoint): boolean =>
  alarms.some(({ code }) => code === 'missing-cosigners')

const noCheckpoint = (log: LogName): Alarm => ({
  code: 'stale-checkpoint',
  log,
  detail: 'the log shows no checkpoint: nothing of it can be checked',
  found: 'none',
})
