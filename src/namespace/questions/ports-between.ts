import type { UnixSeconds } from '../../core/time.js'
import type { Entry } from '../entry.js'
import { meetPorts, mergePorts, type PortRange, portsBeyond } from '../envelope.js'
import type { Denied } from '../permit/decision.js'
import {
  names,
  type Opening,
  openingBetween,
  type Permission,
  permissionBy,
  timeOf,
} from '../permit/permissions.js'
import {
  ceilings,
  type Party,
  partyOf,
  permitBetween,
  type PermitEntry,
  type PermitState,
} from '../permit/permit.js'
import { matchesRoute, parseRoute, type Route } from '../rule/route.js'
import type { Rule } from '../rule/rule.js'

export interface PortsAsked {
  readonly caller: PermitEntry
  readonly callee: PermitEntry & Pick<Entry, 'splits'>
  /** Absent: whatever the request is. */
  readonly route?: Route
  readonly at: UnixSeconds
}

/** What one rule allows. */
export interface AllowedPorts extends Omit<Permission, 'rule' | 'from'> {
  readonly rule: { readonly id: string; readonly rev: number }
}

/** Ports beside each other that are denied by one thing; `denied.detail` is of the first of them. */
export interface DeniedPorts {
  readonly ports: readonly PortRange[]
  readonly denied: Denied
}

export interface PortsBetween {
  readonly allowed: readonly AllowedPorts[]
  readonly denied: readonly DeniedPorts[]
  /** Why every port is denied; absent where one is not. */
  readonly because?: Denied
  /** False where there are more of them than are looked at. */
  readonly complete: boolean
}

/** So many of each are told: a rule set of half a megabyte has far more ports. */
const MOST_TOLD = 20
const MOST_DECISIONS = 200
const MOST_RANGES = 1000

/**
 * What `permit` says of every port that the rules of the callee which name the caller, and its splits,
 * are for. All other ports are denied, for want of a rule.
 */
export function portsBetween(state: PermitState, asked: PortsAsked): PortsBetween {
  const { caller, callee, at } = asked
  const naming = callee.rules.filter((rule) => at < (rule.until ?? Infinity) && names(rule, caller))
  const opening = naming.length > 0 ? openingBetween(state, caller, callee, at) : undefined
  const inForce = opening ? naming.filter((rule) => isInForce(rule, opening, asked)) : []
  const allowed = opening ? firstOf(inForce, opening, at) : []
  const ofSplits = (callee.splits ?? []).map(({ port }): PortRange => [port, port])
  const known = mergePorts([...naming.flatMap(({ ports }) => ports), ...ofSplits])
  const ofRules = inForce.flatMap(({ ports }) => ports)
  const open = meetPorts(ofRules, opening?.ports ?? [])
  const decide = decisionsOf(state, asked)
  const told = deniedIn(portsBeyond(known.slice(0, MOST_RANGES), open), decide)
  const because = allowed.length === 0 ? (told.denied[0]?.denied ?? decide.at(ANY_PORT)) : undefined
  const revs = new Map(naming.map(({ id, rev }) => [id, rev]))
  return {
    allowed: allowed.slice(0, MOST_TOLD).map(({ from: _from, rule, ...one }) => ({
      ...one,
      rule: { id: rule, rev: revs.get(rule) ?? 0 },
    })),
    denied: told.denied,
    ...(because && { because }),
    complete: told.complete && allowed.length <= MOST_TOLD && known.length <= MOST_RANGES,
  }
}

/** Does it allow the request now, on whatever port? */
function isInForce(rule: Rule, opening: Opening, { route, at }: PortsAsked): boolean {
  const time = timeOf(rule, opening)
  if (!time || time.from > at) return false
  return !route || !rule.routes || rule.routes.some((one) => matchesRoute(one, route))
}

/** One more than are told: each of very many rules may have very many ranges left. */
function firstOf(rules: readonly Rule[], opening: Opening, at: UnixSeconds): readonly Permission[] {
  const first: Permission[] = []
  for (const rule of rules) {
    const one = permissionBy(rule, opening, at)
    if (one) first.push(one)
    if (first.length > MOST_TOLD) break
  }
  return first
}

const ANY_PORT = 1

interface Decisions {
  /** Undefined for a port on which something is allowed. */
  readonly at: (port: number) => Denied | undefined
  /** The first ports of which something may be otherwise than of the one before. */
  readonly edges: readonly number[]
}

function decisionsOf(state: PermitState, { caller, callee, route, at }: PortsAsked): Decisions {
  const accepts = partyOf(state, route ? callee : withAnyRoute(callee))
  const calls = partyOf(state, caller)
  const asked = route ?? anyRequest
  return {
    at(port) {
      const request = { port, at, ...(asked && { route: asked }) }
      const decision = permitBetween(accepts, calls, request)
      return decision.allowed ? undefined : decision
    },
    edges: edgesOf(accepts, calls),
  }
}

const request = parseRoute('GET /')
const anyRequest = request.ok ? request.value : undefined

/** Whoever does not say what the request is asks whether there is one: no rule fails by its routes. */
const withAnyRoute = (callee: PermitEntry): PermitEntry => ({
  ...callee,
  rules: callee.rules.map((rule) =>
    rule.routes ? { ...rule, routes: [{ path: { prefix: '/' } }] } : rule,
  ),
})

function edgesOf(accepts: Party, calls: Party): readonly number[] {
  const guards = [...accepts.scopes, ...calls.scopes].flatMap((scope) => scope.guards ?? [])
  const ranges = [
    ...accepts.entry.rules.flatMap(({ ports }) => ports),
    ...[...ceilings(accepts), ...ceilings(calls)].flatMap(({ envelope }) => envelope.ports ?? []),
    ...guards.flatMap((guard) => (guard.effect === 'forbid' ? (guard.ports ?? []) : [])),
  ]
  const edges = new Set(ranges.flatMap(([from, to]) => [from, to + 1]))
  return [...edges].sort((a, b) => a - b)
}

function deniedIn(
  ranges: readonly PortRange[],
  { at, edges }: Decisions,
): Pick<PortsBetween, 'denied' | 'complete'> {
  const found: DeniedPorts[] = []
  let decisions = 0
  for (const part of partsOf(ranges, edges)) {
    if (decisions === MOST_DECISIONS) return { denied: found, complete: false }
    decisions += 1
    const denied = at(part[0])
    if (!denied) continue
    const last = found.at(-1)
    if (last && isSame(last.denied, denied)) {
      found[found.length - 1] = { ports: mergePorts([...last.ports, part]), denied: last.denied }
    } else if (found.length === MOST_TOLD) {
      return { denied: found, complete: false }
    } else {
      found.push({ ports: [part], denied })
    }
  }
  return { denied: found, complete: true }
}

/** Ranges, cut at every edge in them: one pass, as both are sorted. */
function* partsOf(ranges: readonly PortRange[], edges: readonly number[]): Iterable<PortRange> {
  let next = 0
  for (const [from, to] of ranges) {
    let start = from
    for (; (edges[next] ?? Infinity) <= to; next += 1) {
      const edge = edges[next] ?? Infinity
      if (edge <= start) continue
      yield [start, edge - 1]
      start = edge
    }
    yield [start, to]
  }
}

const isSame = (a: Denied, b: Denied): boolean =>
  a.condition === b.condition &&
  a.guard === b.guard &&
  a.by?.kind === b.by?.kind &&
  a.by?.alias === b.by?.alias
