import { type Alias, isUnder, parseAlias, ROOT } from '../../core/alias.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { badPortRange, coversPorts, mergePorts, type PortRange, topRegions } from '../envelope.js'
import type { ChangeClass } from '../group.js'

/** A call that no rule can allow: all that is named must hold, and what is absent always does. */
export interface ForbidGuard {
  readonly id: string
  readonly effect: 'forbid'
  /** Regions of aliases. */
  readonly callers?: readonly Alias[]
  readonly callees?: readonly Alias[]
  readonly ports?: readonly PortRange[]
}

/** The least that a change of this class must have behind it: weight, or distinct controllers. */
export interface QuorumGuard {
  readonly id: string
  readonly effect: 'minThreshold' | 'minControllers'
  readonly least: Readonly<Partial<Record<ChangeClass, number>>>
}

/** No certificate lives longer. */
export interface LifetimeGuard {
  readonly id: string
  readonly effect: 'maxTtl'
  /** Seconds. */
  readonly maxTtl: number
}

/** Rules without routes allow nothing. */
export interface RoutesGuard {
  readonly id: string
  readonly effect: 'requireRoutes'
}

/**
 * What holds for everything below a scope, and cannot be lifted below it. Guards only take away: with
 * one more of them nothing is allowed that was not before.
 */
export type Guard = ForbidGuard | QuorumGuard | LifetimeGuard | RoutesGuard

export const MAX_GUARDS = 100

/** Equal guards have equal bytes. */
export function normalizeGuard(guard: Guard): Guard {
  if (guard.effect !== 'forbid') return guard
  const { id, effect, callers, callees, ports } = guard
  return {
    id,
    effect,
    ...(callers && { callers: topRegions(callers) }),
    ...(callees && { callees: topRegions(callees) }),
    ...(ports && { ports: mergePorts(ports) }),
  }
}

/** What no schema can say about a guard. */
export function wellFormedGuard(
  guard: Guard,
): Result<undefined, Refusal<'namespace.malformed' | 'namespace.bad-alias'>> {
  if (guard.effect !== 'forbid') return ok()
  const { callers = [], callees = [], ports = [] } = guard
  const region = [...callers, ...callees].find((text) => text !== ROOT && !parseAlias(text).ok)
  if (region !== undefined) {
    return refuse('namespace.bad-alias', 'a guard holds a region that is no alias', {
      found: JSON.stringify(region.slice(0, 200)),
    })
  }
  const range = badPortRange(ports)
  if (!range) return ok()
  return refuse('namespace.malformed', 'a guard holds a range of ports without ports', {
    wanted: 'from, and to that is not below it',
    found: JSON.stringify(range),
  })
}

/** Does `after` take away all that `before` does? Both are normal. */
export function isTighterGuard(after: Guard, before: Guard): boolean {
  if (after.effect === 'forbid' && before.effect === 'forbid') {
    return (
      coversRegions(after.callers, before.callers) &&
      coversRegions(after.callees, before.callees) &&
      (!after.ports || (before.ports !== undefined && coversPorts(after.ports, before.ports)))
    )
  }
  if (isQuorum(after) && isQuorum(before)) {
    const least = Object.entries(before.least) as [ChangeClass, number][]
    return (
      after.effect === before.effect &&
      least.every(([name, value]) => (after.least[name] ?? 0) >= value)
    )
  }
  if (after.effect === 'maxTtl' && before.effect === 'maxTtl') return after.maxTtl <= before.maxTtl
  return after.effect === 'requireRoutes' && before.effect === 'requireRoutes'
}

/** Does it ask for more than `before` behind what takes power away? */
export const hindersBrake = (after: Guard, before: Guard | undefined): boolean =>
  isQuorum(after) &&
  (['narrowing', 'emergency'] as const).some((name) => {
    const least = before && isQuorum(before) ? before.least[name] : undefined
    return (after.least[name] ?? 0) > (least ?? 0)
  })

const isQuorum = (guard: Guard): guard is QuorumGuard =>
  guard.effect === 'minThreshold' || guard.effect === 'minControllers'

/** Absent: every region. */
function coversRegions(
  outer: readonly Alias[] | undefined,
  inner: readonly Alias[] | undefined,
): boolean {
  if (outer === undefined) return true
  return inner?.every((region) => outer.some((other) => isUnder(region, other))) === true
}
