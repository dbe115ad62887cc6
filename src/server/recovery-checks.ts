import { toIso, type UnixSeconds } from '../core/time.js'
import { recoveryStanding } from '../namespace/recovery/recovery.js'
import { openRecoveries } from '../namespace/recovery/recovery-view.js'
import type { IndexState } from '../namespace/state.js'
import type { OpenRecoveryJson } from './http/recovery-shapes.js'
import type { Readiness } from './http/shapes.js'

/**
 * What a readiness probe says while somebody is about to replace voters. A warning and never a failure:
 * certificates are issued whoever decides, and nobody is to stop them by starting a recovery.
 */
export function recoveryChecks(state: IndexState, now: UnixSeconds): Readiness['checks'] {
  const open = openRecoveries(state, now)
  if (open.length === 0) return []
  const parts = open.map(
    ({ scope, mark }) =>
      `WARNING: a recovery set replaces the voters of ${scope.alias || '/'} from ${toIso(mark.due)} on, unless a voter cancels it`,
  )
  return [{ name: 'recovery', ok: true, detail: parts.join('; ') }]
}

export const openRecoveriesJson = (
  state: IndexState,
  now: UnixSeconds,
): readonly OpenRecoveryJson[] =>
  openRecoveries(state, now).map(({ scope: { alias }, mark }) => ({
    scope: alias,
    standing: recoveryStanding(mark, now),
    since: toIso(mark.since),
    due: toIso(mark.due),
    holders: mark.holders,
  }))
