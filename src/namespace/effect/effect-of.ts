import { ok, type Result } from '../../core/result.js'
import { unreachable } from '../../core/unreachable.js'
import type { Single } from '../operation.js'
import type { IndexState } from '../state.js'
import { liftEffect } from './brakes.js'
import { clusterEffect } from './clusters.js'
import type { ChangeContext, Decided } from './decision.js'
import { entryCreation, entryEffect } from './entries.js'
import { envelopeEffect } from './envelopes.js'
import { groupEffect } from './groups.js'
import { guardEffect } from './guards.js'
import { notSuspended } from './placement.js'
import { ratifyEffect } from './ratify.js'
import { scopeEffect } from './scopes.js'

/**
 * May this change happen, and what is then so? Pure: the fold and the proposer ask the same
 * question and get the same answer. The class follows from before and after, never from a claim.
 */
export function effectOf(
  state: IndexState,
  operation: Single,
  context: ChangeContext,
): Result<Decided> {
  const wanted = effectAnywhere(state, operation, context)
  if (!wanted.ok) return wanted
  const free = isLetBelow(state, operation, wanted.value)
  return free.ok ? wanted : free
}

/**
 * Of groups themselves: whoever is to decide again has to be found while nothing is let go. And of a
 * cluster: its keys go on to be rotated, or are taken away, for entries elsewhere too.
 */
const letBelow: ReadonlySet<Single['op']> = new Set([
  ...(['group.set', 'voter.reinstate', 'emergency.ratify', 'cluster.update'] as const),
])

/**
 * Below a suspended scope things are only taken away: whatever gave or moved something there would
 * do piece by piece, and with fewer votes, what the scope's reactivation does.
 */
function isLetBelow(
  state: IndexState,
  { op, subject: { alias } }: Single,
  { changeClass }: Decided,
): Result<undefined> {
  if (changeClass === 'narrowing' || letBelow.has(op)) return ok()
  return notSuspended(state, alias, 'active scopes above it, or a change that only takes away')
}

function effectAnywhere(
  state: IndexState,
  operation: Single,
  context: ChangeContext,
): Result<Decided> {
  switch (operation.op) {
    case 'scope.create':
    case 'scope.suspend':
    case 'scope.reactivate':
    case 'scope.retire':
      return scopeEffect(state, operation, context)
    case 'envelope.set':
      return envelopeEffect(state, operation)
    case 'group.set':
      return groupEffect(state, operation)
    case 'cluster.register':
    case 'cluster.update':
    case 'cluster.remove':
      return clusterEffect(state, operation, context)
    case 'entry.create':
      return entryCreation(state, operation, context)
    case 'entry.suspend':
    case 'entry.reactivate':
    case 'entry.retire':
    case 'entry.update':
    case 'entry.rename':
    case 'binding.add':
    case 'binding.remove':
    case 'rule.attach':
    case 'rule.replace':
    case 'rule.detach':
    case 'split.set':
    case 'split.clear':
      return entryEffect(state, operation, context)
    case 'brake.lift':
    case 'voter.reinstate':
      return liftEffect(state, operation, context.at)
    case 'emergency.ratify':
      return ratifyEffect(state, operation, context.at)
    case 'guard.set':
    case 'guard.clear':
      return guardEffect(state, operation)
    default:
      return unreachable(operation)
  }
}
