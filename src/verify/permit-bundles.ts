import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import type { Decision } from '../namespace/permit/decision.js'
import { permitBetween } from '../namespace/permit/permit.js'
import type { Route } from '../namespace/rule/route.js'
import { sameHash } from '../tlog/hash.js'
import { isFresh } from './freshness.js'
import type { VerifiedEntry } from './verify-bundle.js'

export interface OfflineCall {
  /** Of the callee. */
  readonly port: number
  /** Absent: nothing is known but the connection; only rules without routes allow it. */
  readonly route?: Route
  readonly now: UnixSeconds
}

/**
 * May the caller make this call? The decision is the server's own (`namespace/permit`), on what two
 * bundles of one index say: each side by its own checkpoint, which must be fresh still.
 */
export function permitBundles(
  caller: VerifiedEntry,
  callee: VerifiedEntry,
  { port, route, now }: OfflineCall,
): Result<Decision, Refusal<'bundle.wrong-index' | 'bundle.stale' | 'tlog.inconsistent'>> {
  if (caller.index !== callee.index || caller.origin !== callee.origin) {
    return refuse('bundle.wrong-index', 'the bundles are of two indexes', {
      wanted: callee.index,
      found: caller.index,
    })
  }
  if (caller.size === callee.size && !sameHash(caller.root, callee.root)) {
    return refuse('tlog.inconsistent', 'the log has signed two checkpoints of one size', {
      found: `${caller.origin}, ${caller.size} records`,
      next: 'keep both bundles: together they prove it',
    })
  }
  for (const { asOf, freshUntil } of [callee, caller]) {
    const fresh = isFresh(asOf, freshUntil, now)
    if (!fresh.ok) return fresh
  }
  return ok(permitBetween(callee, caller, { port, ...(route && { route }), at: now }))
}
