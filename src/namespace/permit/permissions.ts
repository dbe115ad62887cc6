import { type Alias, isUnder } from '../../core/alias.js'
import { canonicalize } from '../../core/canonical-json.js'
import { type UnixSeconds, unixSeconds } from '../../core/time.js'
import { holdsRegion, meetPorts, type PortRange, portsBeyond } from '../envelope.js'
import { coversRoute, type RouteMatch } from '../rule/route.js'
import type { Rule } from '../rule/rule.js'
import {
  brakedUntil,
  ceilings,
  guardAbove,
  inactiveParty,
  isIn,
  type Party,
  partyOf,
  type PermitEntry,
  type PermitState,
} from './permit.js'

/** What one rule lets one entry do with another: what ceilings and guards take away is gone. */
export interface Permission {
  readonly caller: Alias
  readonly callee: Alias
  /** Id of the rule, on the callee. */
  readonly rule: string
  readonly ports: readonly PortRange[]
  /** Absent: everything that comes in by the ports. Any of them is enough. */
  readonly routes?: readonly RouteMatch[]
  /** The first second in which it allows. */
  readonly from?: UnixSeconds
  /** The first in which it no longer does. */
  readonly until?: UnixSeconds
}

/**
 * All that `permit` would allow between two entries, at `at` and as long as nothing changes but the
 * time: a call is allowed exactly if one of these holds its port, its route and its second.
 */
export function permissionsBetween(
  state: PermitState,
  caller: PermitEntry,
  callee: PermitEntry,
  at: UnixSeconds,
): readonly Permission[] {
  const naming = callee.rules.filter((rule) => names(rule, caller))
  const opening = naming.length > 0 ? openingBetween(state, caller, callee, at) : undefined
  return opening ? naming.flatMap((rule) => permissionBy(rule, opening, at) ?? []) : []
}

/** What there is between two entries for a rule to allow, whatever the rule. */
export interface Opening {
  readonly caller: Alias
  readonly callee: Alias
  readonly ports: readonly PortRange[]
  /** The first second without a brake on either. */
  readonly from: UnixSeconds
  /** When the first of them stops being active. */
  readonly until: UnixSeconds | undefined
  readonly wantsRoutes: boolean
}

/** Undefined where no rule allows anything. */
export function openingBetween(
  state: PermitState,
  caller: PermitEntry,
  callee: PermitEntry,
  at: UnixSeconds,
): Opening | undefined {
  const [accepts, calls] = [partyOf(state, callee), partyOf(state, caller)]
  // As long as a brake is on either there is nothing; then there is, if nothing else changes.
  const from = unixSeconds(Math.max(brakedUntil(accepts, at), brakedUntil(calls, at)))
  if (inactiveParty(accepts, from) ?? inactiveParty(calls, from)) return undefined
  return {
    caller: caller.alias,
    callee: callee.alias,
    ports: portsBetween(accepts, calls),
    from,
    until: earliestOf(...endsOf(caller), ...endsOf(callee)),
    wantsRoutes: guardAbove(accepts, ({ effect }) => effect === 'requireRoutes') !== undefined,
  }
}

/** When a rule that names the caller allows what it does; undefined where it never will. */
export function timeOf(
  rule: Rule,
  opening: Opening,
): { readonly from: UnixSeconds; readonly until: UnixSeconds | undefined } | undefined {
  if (opening.wantsRoutes && !rule.routes) return undefined
  const from = unixSeconds(Math.max(opening.from, rule.from ?? 0, rule.brake?.until ?? 0))
  const until = earliestOf(rule.until, opening.until)
  return until !== undefined && until <= from ? undefined : { from, until }
}

/** What a rule that names the caller allows; undefined where that is nothing. */
export function permissionBy(
  rule: Rule,
  opening: Opening,
  at: UnixSeconds,
): Permission | undefined {
  const time = timeOf(rule, opening)
  if (!time) return undefined
  const ports = meetPorts(rule.ports, opening.ports)
  if (ports.length === 0) return undefined
  const { routes } = rule
  const { from, until } = time
  return {
    caller: opening.caller,
    callee: opening.callee,
    rule: rule.id,
    ports,
    ...(routes && { routes }),
    ...(from > at && { from }),
    ...(until !== undefined && { until }),
  }
}

/** When it stops being active if nothing else changes. */
const endsOf = ({ state, validUntil, emergency }: PermitEntry) => [
  validUntil,
  state === 'suspended' ? emergency?.until : undefined,
]

const earliestOf = (...ends: readonly (UnixSeconds | undefined)[]): UnixSeconds | undefined => {
  const known = ends.filter((end) => end !== undefined)
  return known.length > 0 ? (Math.min(...known) as UnixSeconds) : undefined
}

export const names = (
  { callers }: Pick<Rule, 'callers'>,
  { uid, alias }: Pick<PermitEntry, 'uid' | 'alias'>,
): boolean =>
  callers.some((one) => (typeof one === 'string' ? one === uid : isUnder(alias, one.subtree)))

/** The ports on which every envelope above and of both admits the call, and no guard forbids it. */
function portsBetween(accepts: Party, calls: Party): readonly PortRange[] {
  const [callee, caller] = [accepts.entry.alias, calls.entry.alias]
  let ports: readonly PortRange[] = [[1, 65_535]]
  for (const { envelope } of ceilings(calls)) {
    if (!holdsRegion(envelope.mayCall ?? [], callee)) return []
    ports = meetPorts(ports, envelope.ports ?? [])
  }
  for (const { envelope } of ceilings(accepts)) {
    if (!holdsRegion(envelope.mayAccept ?? [], caller)) return []
    ports = meetPorts(ports, envelope.ports ?? [])
  }
  const forbidden: PortRange[] = []
  for (const { guards = [] } of [...accepts.scopes, ...calls.scopes]) {
    for (const guard of guards) {
      if (guard.effect !== 'forbid') continue
      if (!isIn(caller, guard.callers) || !isIn(callee, guard.callees)) continue
      if (!guard.ports) return []
      for (const range of guard.ports) forbidden.push(range)
    }
  }
  return portsBeyond(ports, forbidden)
}

/** Comparisons of routes and ports for two entries: a rule set of half a megabyte could ask for far more. */
const COMPARISONS = 20_000

/**
 * What `after` allows and `before` does not, both between the same two entries. May say too much where
 * several permissions together make up one, or where there are very many; never too little.
 */
export function permissionsBeyond(
  after: readonly Permission[],
  before: readonly Permission[],
): readonly Permission[] {
  const known = new Set(before.map(meaning))
  const left = { comparisons: COMPARISONS }
  return after.flatMap((one) => (known.has(meaning(one)) ? [] : beyondAll(one, before, left)))
}

/** Whatever the rule is called, and the entries. */
const meaning = ({ ports, routes, from, until }: Permission): string =>
  `${String(ports)} ${canonicalize({
    ...(routes && { routes }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  })}`

function beyondAll(
  { routes, ports, ...one }: Permission,
  before: readonly Permission[],
  left: { comparisons: number },
): readonly Permission[] {
  const inTime = before.filter(
    ({ from = 0, until = Infinity }) => from <= (one.from ?? 0) && (one.until ?? Infinity) <= until,
  )
  const beyond = (route: RouteMatch | undefined): readonly PortRange[] => {
    let rest = ports
    for (const other of inTime) {
      if (rest.length === 0) break
      left.comparisons -=
        (other.routes?.length ?? 1) + Math.floor((rest.length + other.ports.length) / 8)
      if (left.comparisons < 0) break
      if (allowsAll(other, route)) rest = portsBeyond(rest, other.ports)
    }
    return rest
  }
  if (!routes) {
    const rest = beyond(undefined)
    return rest.length > 0 ? [{ ...one, ports: rest }] : []
  }
  const byPorts = new Map<string, { ports: readonly PortRange[]; routes: RouteMatch[] }>()
  for (const route of routes) {
    const rest = beyond(route)
    if (rest.length === 0) continue
    const same = byPorts.get(String(rest))
    if (same) same.routes.push(route)
    else byPorts.set(String(rest), { ports: rest, routes: [route] })
  }
  return [...byPorts.values()].map((some) => ({ ...one, ...some }))
}

const allowsAll = ({ routes }: Permission, route: RouteMatch | undefined): boolean =>
  !routes || (route !== undefined && routes.some((outer) => coversRoute(outer, route)))
