import type { Clock } from '../../core/time.js'
import { bucketsWith, type RateLimits } from './rate-limit.js'

export interface EntryLimits extends RateLimits {
  /** Requests of one entry that are worked on at once. */
  readonly atOnce: number
}

/** A person who votes; or one who hands in what a whole file comes to, a proposal for each scope. */
export const defaultEntryLimits: EntryLimits = {
  perSecond: 1,
  burst: 60,
  remembered: 10_000,
  atOnce: 2,
}

/** What entries may ask of the index, so that one of them leaves the others their turns. */
export interface EntryTurns {
  /** Undefined: go on, and call `end` after it. Otherwise the whole seconds to wait. */
  begin(entry: string): number | undefined
  end(entry: string): void
}

/**
 * A refused statement costs the server its verification, a draft may take seconds, and the index has one
 * turn after the other: none of it is taken by the entry that asks most.
 */
export function entryTurnsWith(clock: Pick<Clock, 'now'>, limits: EntryLimits): EntryTurns {
  const take = bucketsWith(clock, limits)
  const underWay = new Map<string, number>()
  return {
    begin(entry) {
      const count = underWay.get(entry) ?? 0
      if (count >= limits.atOnce) return 1
      const wait = take(entry)
      if (wait === undefined) underWay.set(entry, count + 1)
      return wait
    },
    end(entry) {
      const left = (underWay.get(entry) ?? 1) - 1
      if (left > 0) underWay.set(entry, left)
      else underWay.delete(entry)
    },
  }
}
