import { hours, plus, unixSeconds, type UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { Effect } from '../state.js'
import type { ChangeContext } from './decision.js'

/** Between the end of the last certificate under a name and the name's next holder. */
const DRAIN_SKEW = hours(1)
/** And never sooner than this, when anything was ever issued. */
const SHORTEST_DRAIN = hours(25)

/** When names under which certificates were issued until `issuedUntil` are free again. */
export function drainEnd({ at, issuedUntil }: ChangeContext): UnixSeconds {
  if (issuedUntil === null) return at
  return unixSeconds(Math.max(plus(issuedUntil, DRAIN_SKEW), plus(at, SHORTEST_DRAIN)))
}

/** Keys that `uid` gives up, and that nobody else may have before `until`. */
export function quarantine(
  keys: readonly string[],
  uid: Uid,
  until: UnixSeconds,
): Effect['quarantine'] {
  return keys.map((key) => [key, { uid, until }] as const)
}
