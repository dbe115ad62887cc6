import {
  between,
  minutes,
  plus,
  seconds,
  type Seconds,
  toIso,
  type UnixSeconds,
  unixSeconds,
} from '../core/time.js'

/** 2026-01-01: no program that knows this rule ran before. A machine without a battery starts in 1970. */
const EARLIEST = unixSeconds(1_767_225_600)
/** A clock that is kept right steps by less than this. */
const STEP = seconds(60)
/** How far the clock may move away from the time that has passed. */
const DRIFT = minutes(5)

/** A time at which the clock was believed, and how long ago that is by a clock that nobody sets. */
export interface TimeSeen {
  readonly at: UnixSeconds
  readonly ago: Seconds
}

/**
 * Why a witness must not state this time: a cosignature says "I saw this head then", and readers take
 * their freshness from it. Undefined where nothing speaks against it.
 */
export function timeFault(
  now: UnixSeconds,
  latest: UnixSeconds | undefined,
  seen: TimeSeen,
): string | undefined {
  if (now < EARLIEST) return `the clock says ${toIso(now)}`
  if (latest !== undefined && plus(now, STEP) < latest) {
    return `the clock says ${toIso(now)}, and something was cosigned at ${toIso(latest)}`
  }
  const expected = plus(seen.at, seen.ago)
  const moved = between(expected, now)
  if (Math.abs(moved) <= DRIFT) return undefined
  // After a suspend or a step of the clock: which of the two is right, only somebody who looks can say.
  return `the clock has jumped by ${moved} seconds since the start: set it right, then restart the witness`
}

/**
 * The time to state of a log after `last`: a clock that steps back a little states no earlier time of
 * a larger tree. Further back goes who was told to accept it (`timeFault` has refused the others).
 */
export const timeAfter = (last: UnixSeconds | undefined, now: UnixSeconds): UnixSeconds =>
  last !== undefined && now < last && last <= plus(now, STEP) ? last : now
