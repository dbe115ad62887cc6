import { DependencyError } from '../core/dependency-error.js'
import type { Result } from '../core/result.js'
import { type Clock, unixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { DraftLog } from './draft-log.js'
import type { Verified } from './fold-record.js'
import type { IndexStore, IssuedUntil } from './ports.js'
import { RecentChanges } from './recent-changes.js'
import type { EffectContext } from './take-effect.js'

interface Deps {
  readonly store: IndexStore
  readonly clock: Pick<Clock, 'now'>
  readonly issued: IssuedUntil
  /** Told once records are durable, and where nobody knows whether they are. */
  readonly appended?: () => void
}

/** What a change is drafted by: all that it comes to is written, or nothing. */
type DraftWork<T> = (draft: DraftLog, context: EffectContext) => Promise<Result<T>>

/** The one way into the log: one change after the other, each decided on what the one before left. */
export class IndexTurns {
  private readonly deps: Deps
  private readonly recent: RecentChanges
  private turn: Promise<unknown> = Promise.resolve()

  /** Of a log with so many records. */
  constructor(deps: Deps, size: number) {
    this.deps = deps
    this.recent = new RecentChanges(size)
  }

  /** Is what was decided about this entry, on an index of `size` records, decided the same now? */
  stands(entry: Uid, size: number, now: number): boolean {
    return this.recent.stands(entry, size, now)
  }

  /** Works once everything that was begun before is done. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => undefined)
    return done
  }

  /** Writes all that `work` drafts, or nothing; only then does it become true. Asked for in a turn. */
  async write<T>(work: DraftWork<T>): Promise<Result<T>> {
    const { store, issued, clock } = this.deps
    const frozen = new Set<Uid>()
    const draft = new DraftLog(store.state)
    const freeze: IssuedUntil['freeze'] = (entry) => {
      frozen.add(entry)
      return issued.freeze(entry)
    }
    try {
      const at = unixSeconds(Math.max(clock.now(), draft.state.at))
      const worked = await work(draft, { at, freeze })
      if (!worked.ok || draft.records.length === 0) return worked
      // Also where it rejects: it may have been committed for all that.
      const isAppended = await store
        .append(draft.records, draft.state.changes())
        .finally(() => this.deps.appended?.())
      if (!isAppended) {
        throw new DependencyError('store', 'the index log was changed by another process')
      }
      for (const verified of draft.verified) this.note(verified, draft)
      return worked
    } finally {
      // Last of all: whoever waits for this looks at the new state.
      for (const uid of frozen) issued.thaw(uid)
    }
  }

  private note({ record, outcome }: Verified, { state }: DraftLog): void {
    const uid =
      outcome.kind === 'commit' ? state.entries.get(outcome.effect.put.uid)?.uid : undefined
    // A deliberation changes nothing that a decision could rest on.
    this.recent.note(
      record.seq,
      outcome.kind === 'deliberation' || outcome.kind === 'drill' ? NOTHING : uid,
    )
  }
}

/** No entry has this uid. */
const NOTHING = '' as Uid
