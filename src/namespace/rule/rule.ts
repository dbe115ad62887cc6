import { type Alias, isUnder } from '../../core/alias.js'
import { canonicalize } from '../../core/canonical-json.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { BrakeMark } from '../brake-mark.js'
import type { EmergencyMark } from '../emergency/emergency.js'
import { badPortRange, coversPorts, mergePorts, type PortRange, topRegions } from '../envelope.js'
import { pathFault } from './path.js'
import { coversRoute, type RouteMatch } from './route.js'

export const protocols = ['http', 'grpc', 'opaque'] as const

/** One entry, whatever it is called; or all entries at and under an alias, whoever they are then. */
export type RuleCaller = Uid | { readonly subtree: Alias }

/** What a proposal says of a rule. */
export interface RuleFacts {
  /** A DNS-1123 label of at most 40 characters, unique on its entry. */
  readonly id: string
  readonly effect: 'allow'
  /** Uids first, sorted; no subtree within another. */
  readonly callers: readonly RuleCaller[]
  readonly ports: readonly PortRange[]
  /** What is spoken on the ports: for those who project the rule. */
  readonly proto: (typeof protocols)[number]
  /** Absent: everything that comes in by the ports. Any of them is enough. */
  readonly routes?: readonly RouteMatch[]
  /** The first second in which it allows. */
  readonly from?: UnixSeconds
  /** The first second in which it no longer allows. */
  readonly until?: UnixSeconds
}

/** Who may call the entry it is attached to. Nothing is allowed that no rule allows. */
export interface Rule extends RuleFacts {
  /** Revision of the entry that attached or replaced it. */
  readonly rev: number
  /** It allows nothing before then. */
  readonly brake?: BrakeMark
  /** It came by a grant, and not by a vote. */
  readonly emergency?: EmergencyMark
}

export const MAX_RULES = 1000
/** Canonical JSON of all rules of one entry: a row is read as a whole. */
export const MAX_RULES_OCTETS = 524_288

/** Sorted, without duplicates or what another member covers: equal rules have equal bytes. */
export function normalizeRule(rule: RuleFacts): RuleFacts {
  const uids = rule.callers.filter((caller) => typeof caller === 'string')
  const subtrees = rule.callers.flatMap((caller) =>
    typeof caller === 'string' ? [] : [caller.subtree],
  )
  const { id, proto, routes, from, until } = rule
  return {
    id,
    effect: 'allow',
    callers: [
      ...[...new Set(uids)].sort(),
      ...topRegions(subtrees).map((subtree) => ({ subtree })),
    ],
    ports: mergePorts(rule.ports),
    proto,
    ...(routes && { routes: distinct(routes.map(normalizeRoute)) }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  }
}

function normalizeRoute({ method, path, headers }: RouteMatch): RouteMatch {
  const named = headers?.map(({ name, value }) => ({ name: name.toLowerCase(), value })) ?? []
  return {
    ...(method !== undefined && { method }),
    path: 'exact' in path ? path : { prefix: withoutSlash(path.prefix) },
    ...(named.length > 0 && { headers: distinct(named) }),
  }
}

/** HTTPRoute ignores a slash at the end of a prefix. */
const withoutSlash = (prefix: string): string => prefix.replace(/(?<=.)\/$/, '')

function distinct<T>(items: readonly T[]): T[] {
  const spelled = new Map(items.map((item) => [canonicalize(item), item]))
  return [...spelled].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
}

/** What no schema can say about a rule, before it is in normal form: nothing wrong is made right. */
export function wellFormedRule(rule: RuleFacts): Result<undefined, Refusal<'namespace.malformed'>> {
  const range = badPortRange(rule.ports)
  if (range) {
    return malformed('a range of ports without ports', 'from, and to not below it', range)
  }
  const { from, until, routes = [], proto } = rule
  if (from !== undefined && until !== undefined && until <= from) {
    return malformed('it ends before it begins', 'until after from', { from, until })
  }
  if (proto === 'opaque' && rule.routes) {
    return malformed('opaque traffic has no routes', 'proto http or grpc, or no routes', proto)
  }
  for (const { path, headers = [] } of routes) {
    const text = 'exact' in path ? path.exact : path.prefix
    const fault = pathFault(text)
    if (fault !== undefined) {
      return malformed(`a path is not in normal form: ${fault}`, 'for example /orders', text)
    }
    if (new Set(headers.map(({ name }) => name.toLowerCase())).size < headers.length) {
      return malformed('a header field is matched twice', 'each name once', headers)
    }
  }
  return ok()
}

const malformed = (detail: string, wanted: string, found: unknown) =>
  refuse('namespace.malformed', `the rule is not well formed: ${detail}`, {
    wanted,
    found: JSON.stringify(found).slice(0, 200).toWellFormed(),
  })

/**
 * Does `after` allow nothing, at any time and however entries are renamed, that `before` does not? Both
 * are normal. An entry by uid is not within a subtree: it may move out of it.
 */
export function isNarrowerRule(after: RuleFacts, before: RuleFacts): boolean {
  return (
    after.callers.every((caller) => before.callers.some((other) => coversCaller(other, caller))) &&
    coversPorts(before.ports, after.ports) &&
    after.proto === before.proto &&
    coversRoutes(before.routes, after.routes) &&
    (before.from ?? 0) <= (after.from ?? 0) &&
    (after.until ?? Infinity) <= (before.until ?? Infinity)
  )
}

function coversCaller(outer: RuleCaller, inner: RuleCaller): boolean {
  if (typeof outer === 'string' || typeof inner === 'string') return outer === inner
  return isUnder(inner.subtree, outer.subtree)
}

function coversRoutes(
  outer: readonly RouteMatch[] | undefined,
  inner: readonly RouteMatch[] | undefined,
): boolean {
  if (outer === undefined) return true
  return inner?.every((route) => outer.some((other) => coversRoute(other, route))) === true
}
