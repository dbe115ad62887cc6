import { toIso, type UnixSeconds } from '../core/time.js'
import { recoveryStanding, TELL_FOR } from '../namespace/recovery/recovery.js'
import { toldRecoveries } from '../namespace/recovery/recovery-view.js'
import type { IndexState } from '../namespace/state.js'
import type { OpenRecoveryJson } from './http/recovery-shapes.js'
import type { Readiness } from './http/shapes.js'

/**
 * What a readiness probe says while somebody is about to replace voters, and for thirty days once they
 * have. A warning and never a failure: certificates are issued whoever decides, and nobody is to stop
 * them by starting a recovery. Of which scopes, whoever may ask sees in the status: a probe is public.
 */
export function recoveryChecks(state: IndexState, now: UnixSeconds): Readiness['checks'] {
  const told = toldRecoveries(state, now)
  if (told.length === 0) return []
  const finished = told.filter(({ mark }) => mark.finished !== undefined).length
  const parts = [
    [
      told.length - finished,
      'under way, that replace the voters of a scope unless a voter cancels',
    ],
    [
      finished,
      `finished, that replaced the voters of a scope in the last ${TELL_FOR / 86_400} days`,
    ],
  ] as const
  const detail = parts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []))
  return [{ name: 'recovery', ok: true, detail: `WARNING: recoveries: ${detail.join('; ')}` }]
}

/** In the status: each with its standing. */
export const openRecoveriesJson = (
  state: IndexState,
  now: UnixSeconds,
): readonly OpenRecoveryJson[] =>
  toldRecoveries(state, now).map(({ scope: { alias }, mark }) => ({
    scope: alias,
    standing: recoveryStanding(mark, now),
    since: toIso(mark.since),
    due: toIso(mark.due),
    holders: mark.holders,
    ...(mark.finished !== undefined && { finished: toIso(mark.finished) }),
  }))
