import { type Alias, isUnder } from '../../core/alias.js'
import { toIso, type UnixSeconds, unixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import { type Brakeable, isBraked, withoutBrake } from '../brake-mark.js'
import { type Entry, entryState } from '../entry.js'
import { type Envelope, holdsPort, holdsRegion } from '../envelope.js'
import type { ForbidGuard, Guard } from '../guard/guard.js'
import { matches, type Route } from '../rule/route.js'
import type { Scope } from '../scope.js'
import type { Changeable, Condition, Decision, Denied } from './decision.js'
import { rulesNaming } from './rule-index.js'
import type { Reach, ReadyRule, RuleList } from './rule-list.js'
import { type Scopes, scopePath } from '../scope-path.js'

export type PermitEntry = Pick<
  Entry,
  | 'uid'
  | 'alias'
  | 'state'
  | 'validUntil'
  | 'drainUntil'
  | 'envelope'
  | 'rules'
  | 'brake'
  | 'emergency'
>
export type PermitScope = Pick<Scope, 'alias' | 'state' | 'envelope' | 'guards' | 'brake'>

/** All that a decision depends on: the live index, its rows, or what a file holds of it. */
export interface PermitState extends Scopes<PermitScope> {
  readonly entries: { get(uid: Uid): PermitEntry | undefined }
}

export interface PermitRequest {
  readonly caller: Uid
  readonly callee: Uid
  /** Of the callee. */
  readonly port: number
  /** Absent: nothing is known but the connection; only rules without routes allow it. */
  readonly route?: Route
  readonly at: UnixSeconds
}

/**
 * May this call be made? A pure function of the state and the request: both are active, a rule of the
 * callee matches, the envelopes of both sides admit it all the way up, and no guard above either
 * forbids it. What nothing allows is denied, and the first condition that fails is named.
 */
export function permit(state: PermitState, request: PermitRequest): Decision {
  const [callee, caller] = [request.callee, request.caller].map((uid) => state.entries.get(uid))
  if (!callee || !caller) return unknown(callee ? 'caller' : 'callee')
  return permitBetween(partyOf(state, callee), partyOf(state, caller), request)
}

/** The same of two entries whose scopes are known, each perhaps from another moment. */
export function permitBetween(
  accepts: Party,
  calls: Party,
  request: Omit<PermitRequest, 'caller' | 'callee'>,
): Decision {
  const [callee, caller] = [accepts.entry, calls.entry]
  const inactive = inactiveParty(accepts, request.at) ?? inactiveParty(calls, request.at)
  if (inactive) return inactive
  const routesGuard = guardAbove(accepts, ({ effect }) => effect === 'requireRoutes')
  const matched = matchingRule(callee, caller, request, routesGuard ? 'with-routes' : 'any')
  if ('allowed' in matched) return matched
  const outside = outsideCeilings(accepts, calls, request.port)
  if (outside) return outside
  const forbidden = forbiddenAbove(accepts, calls, request)
  if (forbidden) return forbidden
  if (routesGuard && !matched.routes) {
    const what = `the rule ${matched.id} has no routes, and a guard wants them`
    return denied('guard', what, routesGuard.by, routesGuard.guard.id)
  }
  return { allowed: true, rule: { id: matched.id, rev: matched.rev } }
}

/** An entry in its place. */
export interface Party {
  readonly entry: PermitEntry
  /** From the root down. */
  readonly scopes: readonly PermitScope[]
}

export const partyOf = (state: PermitState, entry: PermitEntry): Party => ({
  entry,
  scopes: scopePath(state, entry.alias),
})

export function inactiveParty({ entry, scopes }: Party, at: UnixSeconds): Denied | undefined {
  const state = entryState(entry, at)
  if (state !== 'active') {
    const stands = entryState(withoutBrake(entry), at) === 'active' ? braked(entry) : state
    return denied('inactive', `the entry ${entry.alias} is ${stands}`, ofEntry(entry))
  }
  const scope = scopes.find((above) => above.state !== 'active' || isBraked(above, at))
  if (!scope) return undefined
  const stands = scope.state === 'active' ? braked(scope) : scope.state
  return denied('inactive', `the scope ${scope.alias} is ${stands}`, ofScope(scope))
}

const braked = ({ brake }: Brakeable): string =>
  brake ? `braked until ${toIso(brake.until)}` : 'braked'

/** The first second from `at` on in which no brake is on the entry, or on a scope above it. */
export function brakedUntil({ entry, scopes }: Party, at: UnixSeconds): UnixSeconds {
  const ends = [entry, ...scopes].map(({ brake }) => brake?.until ?? at)
  return unixSeconds(Math.max(at, ...ends))
}

/** A rule that matches, one with routes where they are wanted; or how far the best of them came. */
function matchingRule(
  callee: PermitEntry,
  caller: PermitEntry,
  request: Pick<PermitRequest, 'port' | 'route' | 'at'>,
  wanted: 'any' | 'with-routes',
): ReadyRule | Denied {
  const { port, route, at } = request
  const lists = rulesNaming(callee.rules, caller)
  let best: ReadyRule | undefined
  for (const list of lists) {
    for (const rule of list.candidates(route)) {
      if (!isInForce(rule, at) || !holdsPort(rule.ports, port)) continue
      if (!allowsRoute(rule, route)) continue
      if (wanted === 'any' || rule.routes) return rule
      best ??= rule
    }
  }
  if (best) return best
  const reached = furthest(lists, request)
  const why = failing(reached, callee.alias, caller.alias, request)
  return denied(reached, why, ofEntry(callee))
}

const isInForce = ({ from, until }: Reach, at: UnixSeconds): boolean => from <= at && at < until

type Reached = 'no-rule' | 'port' | 'route'

/** How far the rules came that allow nothing. */
function furthest(
  lists: readonly RuleList[],
  { port, at }: Pick<PermitRequest, 'port' | 'at'>,
): Reached {
  const inForce = lists.flatMap(({ reaches }) => reaches.filter((reach) => isInForce(reach, at)))
  if (inForce.length === 0) return 'no-rule'
  return inForce.some(({ ports }) => holdsPort(ports, port)) ? 'route' : 'port'
}

function failing(
  reached: Reached,
  callee: Alias,
  caller: Alias,
  { port, route }: Pick<PermitRequest, 'port' | 'route'>,
): string {
  switch (reached) {
    case 'no-rule':
      return `no rule of ${callee} that is in force names ${caller}`
    case 'port':
      return `no rule of ${callee} that names ${caller} is for port ${port}`
    case 'route':
      return route
        ? `no rule of ${callee} that names ${caller} on port ${port} has this route`
        : `rules of ${callee} that name ${caller} on port ${port} are for certain routes, and this is a call without one`
  }
}

function allowsRoute({ routes }: ReadyRule, route: Route | undefined): boolean {
  if (!routes) return true
  if (route === undefined) return false
  for (const match of routes) if (matches(match, route)) return true
  return false
}

interface Ceiling {
  readonly envelope: Envelope
  readonly by: Changeable
}

/** Every envelope that bears on a party, from the root down. Each must admit; so their meet does. */
export function* ceilings({ entry, scopes }: Party): Iterable<Ceiling> {
  for (const scope of scopes) yield { envelope: scope.envelope, by: ofScope(scope) }
  yield { envelope: entry.envelope, by: ofEntry(entry) }
}

function outsideCeilings(accepts: Party, calls: Party, port: number): Denied | undefined {
  const [callee, caller] = [accepts.entry.alias, calls.entry.alias]
  const notCalling = against(calls, ({ mayCall }) => holdsRegion(mayCall ?? [], callee))
  if (notCalling) {
    return denied('may-call', `${nameOf(notCalling)} may not call ${callee}`, notCalling)
  }
  const notAccepting = against(accepts, ({ mayAccept }) => holdsRegion(mayAccept ?? [], caller))
  if (notAccepting) {
    const what = `${nameOf(notAccepting)} may not accept calls of ${caller}`
    return denied('may-accept', what, notAccepting)
  }
  const holds = ({ ports }: Envelope): boolean => holdsPort(ports ?? [], port)
  const by = against(accepts, holds) ?? against(calls, holds)
  return by && denied('port', `the envelope of ${nameOf(by)} is not for port ${port}`, by)
}

/** The uppermost of the party's ceilings that does not admit it. */
function against(
  { entry, scopes }: Party,
  admits: (envelope: Envelope) => boolean,
): Changeable | undefined {
  for (const scope of scopes) if (!admits(scope.envelope)) return ofScope(scope)
  return admits(entry.envelope) ? undefined : ofEntry(entry)
}

function forbiddenAbove(
  accepts: Party,
  calls: Party,
  { port }: Pick<PermitRequest, 'port'>,
): Denied | undefined {
  const [callee, caller] = [accepts.entry.alias, calls.entry.alias]
  const forbids = (guard: Guard): guard is ForbidGuard =>
    guard.effect === 'forbid' &&
    isIn(caller, guard.callers) &&
    isIn(callee, guard.callees) &&
    (!guard.ports || holdsPort(guard.ports, port))
  const found = guardAbove(accepts, forbids) ?? guardAbove(calls, forbids)
  if (!found) return undefined
  const { by, guard } = found
  return denied('guard', `the guard ${guard.id} of ${nameOf(by)} forbids it`, by, guard.id)
}

export const isIn = (alias: Alias, regions: readonly Alias[] | undefined): boolean =>
  regions?.some((region) => isUnder(alias, region)) ?? true

/** The uppermost guard above a party that is meant. */
export function guardAbove(
  { scopes }: Party,
  isMeant: (guard: Guard) => boolean,
): { readonly guard: Guard; readonly by: Changeable } | undefined {
  for (const scope of scopes) {
    if (!scope.guards) continue
    const guard = scope.guards.find(isMeant)
    if (guard) return { guard, by: ofScope(scope) }
  }
  return undefined
}

const ofEntry = ({ alias }: PermitEntry): Changeable => ({ kind: 'entry', alias })
const ofScope = ({ alias }: PermitScope): Changeable => ({ kind: 'scope', alias })
const nameOf = ({ kind, alias }: Changeable): string => `the ${kind} ${alias || '/'}`

const unknown = (which: 'caller' | 'callee'): Denied => ({
  allowed: false,
  condition: 'unknown',
  detail: `the ${which} is no entry of this index`,
  by: null,
})

function denied(condition: Condition, detail: string, by: Changeable, guard?: string): Denied {
  return { allowed: false, condition, detail, by, ...(guard !== undefined && { guard }) }
}
