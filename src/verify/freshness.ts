import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import {
  CLOCK_TOLERANCE,
  plus,
  type Seconds,
  toIso,
  type UnixSeconds,
  unixSeconds,
} from '../core/time.js'
import { isQuorum, type Policy } from '../tlog/policy.js'
import type { Cosignature } from '../tlog/verify-checkpoint.js'

/** When the checkpoint was the log's head, and who says so. */
export interface AsOf {
  readonly at: UnixSeconds
  /**
   * `witnesses`: a quorum of them saw it then, or later. `log`: the last record it covers is of then;
   * the checkpoint may be of any time after.
   */
  readonly by: 'witnesses' | 'log'
}

/**
 * A checkpoint has no time of its own (C2SP tlog-checkpoint). A cosignature has: the latest time that
 * as many witnesses stand for as the policy wants, so that one of them alone cannot make it younger.
 * A time that has not come says nothing while others are a quorum without it: one witness with a fast
 * clock cannot make it a time of the future either. Without witnesses there is the time of the last
 * record, which only the log key vouches for.
 */
export function asOf(
  cosignatures: readonly Cosignature[],
  policy: Policy,
  lastRecord: UnixSeconds,
  now: UnixSeconds,
): AsOf {
  if (policy.quorum === undefined) return { at: lastRecord, by: 'log' }
  const come = cosignatures.filter(({ time }) => time <= plus(now, CLOCK_TOLERANCE))
  // Where nobody else is a quorum it is of the future, and stays so: never of the log's own word.
  const time = quorumTime(come, policy) ?? quorumTime(cosignatures, policy)
  return time === undefined
    ? { at: lastRecord, by: 'log' }
    : { at: unixSeconds(time), by: 'witnesses' }
}

/** Undefined where these are no quorum. */
function quorumTime(cosignatures: readonly Cosignature[], policy: Policy): number | undefined {
  const latestFirst = cosignatures.toSorted((a, b) => b.time - a.time)
  const enough = latestFirst.findIndex((_, at) =>
    isQuorum(
      policy,
      latestFirst.slice(0, at + 1).map(({ key }) => key),
    ),
  )
  return latestFirst[enough]?.time
}

/** Undefined where any age will do. */
export type FreshUntil = UnixSeconds | undefined

export const freshUntil = ({ at }: AsOf, maxAge: Seconds | undefined): FreshUntil =>
  maxAge === undefined ? undefined : plus(at, maxAge)

/** Is it neither older than it may be, nor from a time that has not come? */
export function isFresh(
  { at }: AsOf,
  until: FreshUntil,
  now: UnixSeconds,
): Result<undefined, Refusal<'bundle.stale'>> {
  if (until === undefined) return ok()
  if (now <= until && at <= plus(now, CLOCK_TOLERANCE)) return ok()
  return refuse('bundle.stale', 'the checkpoint of the bundle is not of this time', {
    wanted: `one of ${toIso(at)} is looked at until ${toIso(until)}`,
    found: toIso(now),
    next: now > until ? 'fetch the bundle again' : 'set the clock',
  })
}
