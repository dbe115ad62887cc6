import { type Clock, plus, type UnixSeconds } from '../core/time.js'
import type { Pace, StateStore } from '../namespace/ports.js'
import { MAX_MERGE_DELAY } from '../tlog/merge-delay.js'
import { formatVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import type { Alarm, LogName } from './alarm.js'
import { CertificatesThen } from './certificates-then.js'
import { FollowedIndex } from './follow-index.js'
import { followIssuance } from './follow-issuance.js'
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
  /** What was found of certificates is found again until this is called: when it has been told. */
  readonly remember: () => Promise<void>
}

/** A monitor of one Capstan, which it trusts with nothing: looks at both logs, again and again. */
export class Watch implements AsyncDisposable {
  private readonly deps: WatchDeps
  private readonly index: FollowedIndex
  private readonly judge: CertificatesThen
  private areCosignersMissing = false

  constructor(deps: WatchDeps) {
    this.deps = deps
    const { shown, memory, scratch, pace, keys } = deps
    this.index = new FollowedIndex({
      shown,
      memory,
      scratch,
      pace,
      key: formatVerifierKey(keys.index),
    })
    this.judge = new CertificatesThen({ log: this.index, scratch, pace })
  }

  /** One look. Rejects with `DependencyError` where no answer comes; what was found before it stays. */
  async look(): Promise<Look> {
    const { shown, memory, pace, keys } = this.deps
    // This one first: what its certificates were granted on is in the index by then.
    const issuance = await this.checkpoint('issuance')
    const index = await this.cosigned()
    const wrong = index.head ? await this.index.follow(index.head) : index.alarms
    const { head } = issuance
    // Nothing is judged by an index that is not right: certificates wait until it is.
    const isRight = index.head !== undefined && wrong.length === 0
    const found = await followIssuance(
      {
        ...{ shown, memory, pace, key: formatVerifierKey(keys.issuance) },
        ...(isRight && { judge: this.judge }),
        indexSize: (wanted) => this.indexOf(wanted),
      },
      head,
    )
    const seen = index.head ? [...index.alarms, ...wrong] : wrong
    return {
      alarms: [...seen, ...issuance.alarms, ...found.alarms],
      indexSize: this.index.size,
      issuanceSize: head?.size,
      checked: found.checked,
      gone: found.gone,
      seenAt: index.seenAt,
      remember: found.remember,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.judge[Symbol.asyncDispose]()
    await this.index[Symbol.asyncDispose]()
  }

  /**
   * The checkpoint of the index log. Witnesses sign it a moment after the log does: one that too few have
   * signed is read again until they have, or would have had to; of those that are away for long, once.
   */
  private async cosigned(): Promise<JudgedCheckpoint> {
    const until = this.mergedBy()
    for (;;) {
      const judged = await this.checkpoint('index')
      const isMissing = judged.alarms.some(({ code }) => code === 'missing-cosigners')
      if (isMissing && !this.areCosignersMissing && this.deps.clock.now() < until) {
        await this.deps.pause()
        continue
      }
      this.areCosignersMissing = isMissing
      return judged
    }
  }

  /** What was recorded before is covered by then. */
  private mergedBy(): UnixSeconds {
    return plus(this.deps.clock.now(), MAX_MERGE_DELAY)
  }

  private async checkpoint(log: LogName): Promise<JudgedCheckpoint> {
    const note = await this.deps.shown.checkpoint(log)
    if (!note) return this.before(log)
    const { keys, rules, clock } = this.deps
    return judgeCheckpoint(log, note, { ...rules, key: keys[log] }, clock.now())
  }

  /** A log that has shown a checkpoint has one. */
  private async before(log: LogName): Promise<{ alarms: readonly Alarm[] }> {
    const remembered = await this.deps.memory.head(log)
    if (!remembered) return { alarms: [] }
    const detail = 'the log shows no checkpoint any more'
    const wanted = `at least ${remembered.size} records`
    return { alarms: [{ code: 'rollback', log, detail, wanted, found: 'none' }] }
  }

  /**
   * A checkpoint covers what was recorded a moment before within the maximum merge delay: so long a
   * certificate may name a size that the log does not show yet.
   */
  private async indexOf(wanted: number): Promise<number> {
    const { clock, pause } = this.deps
    const until = this.mergedBy()
    while (this.index.size < wanted && clock.now() < until) {
      const { head } = await this.checkpoint('index')
      if (head && head.size >= wanted) {
        if ((await this.index.follow(head)).length > 0) break
      } else {
        await pause()
      }
    }
    return this.index.size
  }
}
