import type { Clock } from '../core/time.js'
import type { Alarm } from '../monitor/alarm.js'
import { FollowedIndex } from '../monitor/follow-index.js'
import type { ShownLogs, WatchMemory } from '../monitor/ports.js'
import type { Pace, StateStore } from '../namespace/ports.js'
import type { SignedHead } from '../tlog/ports.js'
import type { CoveredFiles } from './covered.js'
import { heldRecords } from './held-log.js'

export interface FoldedIndexDeps {
  readonly files: CoveredFiles
  /** Empty tables. */
  readonly scratch: () => StateStore & AsyncDisposable
  readonly pace: Pace
  /** Verifier key of the log. */
  readonly key: string
  readonly clock: Pick<Clock, 'now'>
}

/** Nothing: what a mirror has seen is in its folder. */
const noMemory: WatchMemory = {
  head: () => Promise.resolve(undefined),
  recordOf: () => Promise.resolve(undefined),
  remember: () => Promise.resolve().then(() => false),
}

/**
 * The index log of a mirror's folder, folded as a monitor folds it: every signature, vote and rule, and the
 * state that is signed. From its first record once, and then on.
 */
export class FoldedIndex implements AsyncDisposable {
  private size = 0
  private readonly followed: FollowedIndex
  private readonly clock: Pick<Clock, 'now'>

  constructor({ files, clock, ...deps }: FoldedIndexDeps) {
    const { records } = heldRecords(files, 'index', () => this.size)
    const shown: Pick<ShownLogs, 'records'> = { records }
    this.clock = clock
    this.followed = new FollowedIndex({ ...deps, clock, shown, memory: noMemory })
  }

  /** What is wrong with the files of a log that has this head. */
  async faults(head: SignedHead): Promise<readonly Alarm[]> {
    this.size = head.size
    return this.followed.follow(head, this.clock.now())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.followed[Symbol.asyncDispose]()
  }
}
