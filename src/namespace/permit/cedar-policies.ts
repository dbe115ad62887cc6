import type { Alias } from '../../core/alias.js'
import { type Envelope, holdsRegion, type PortRange } from '../envelope.js'
import type { Guard } from '../guard/guard.js'
import type { PathMatch, RouteMatch } from '../rule/route.js'
import type { Rule, RuleCaller } from '../rule/rule.js'
import type { CedarSource } from './cedar.js'
import type { PermitEntry, PermitScope } from './permit.js'

/**
 * The same decision as `permit`, as Cedar policies: rules permit; envelopes, guards and states forbid.
 * Cedar denies what no policy permits, and a forbid wins. No policy fails on any request: Cedar skips
 * one that does.
 */
export function* cedarPolicies({ scopes, entries }: CedarSource): Iterable<string> {
  yield* activityPolicies
  for (const scope of scopes) yield* scopePolicies(scope)
  for (const entry of entries) yield* entryPolicies(entry)
}

const ACTION = 'action == Capstan::Action::"call"'

/** Whoever is not active calls nobody, and is called by nobody. */
export const activityPolicies: readonly string[] = ['principal', 'resource'].flatMap((party) => [
  `forbid (principal, ${ACTION}, resource) unless { ${party} has active && (${party}.active || (${party} has emergencyUntil && context.at < ${party}.emergencyUntil)) };`,
  `forbid (principal, ${ACTION}, resource) when { ${party} has validUntil && context.at >= ${party}.validUntil };`,
  `forbid (principal, ${ACTION}, resource) when { ${party} has brakedUntil && context.at < ${party}.brakedUntil };`,
])

export function* scopePolicies(scope: PermitScope): Iterable<string> {
  const { alias, state, envelope, guards = [], brake } = scope
  if (state === 'retired') return
  const within = ` in ${entity('Region', alias)}`
  if (state !== 'active') {
    yield `${named(`suspended ${alias}`)}forbid (principal${within}, ${ACTION}, resource);`
    yield `${named(`suspended ${alias}`)}forbid (principal, ${ACTION}, resource${within});`
  }
  if (brake) {
    const while_ = `when { context.at < ${brake.until} };`
    yield `${named(`braked ${alias}`)}forbid (principal${within}, ${ACTION}, resource) ${while_}`
    yield `${named(`braked ${alias}`)}forbid (principal, ${ACTION}, resource${within}) ${while_}`
  }
  yield* ceilingPolicies(within, envelope, alias)
  for (const guard of guards) yield* guardPolicies(alias, within, guard)
}

export function* entryPolicies(entry: PermitEntry): Iterable<string> {
  if (entry.state === 'retiring') return
  yield* ceilingPolicies(` == ${entity('Entry', entry.uid)}`, entry.envelope, entry.alias)
  for (const rule of entry.rules) yield rulePolicy(entry, rule)
}

/** A forbid for each field of an envelope that does not admit everything. */
function* ceilingPolicies(
  constraint: string,
  { mayCall = [], mayAccept = [], ports = [] }: Envelope,
  alias: Alias,
): Iterable<string> {
  const callers = `forbid (principal${constraint}, ${ACTION}, resource)`
  const callees = `forbid (principal, ${ACTION}, resource${constraint})`
  if (!isEverywhere(mayCall)) {
    yield `${named(`mayCall ${alias}`)}${callers} unless { ${inRegions('resource', mayCall)} };`
  }
  if (!isEverywhere(mayAccept)) {
    yield `${named(`mayAccept ${alias}`)}${callees} unless { ${inRegions('principal', mayAccept)} };`
  }
  if (ports.some(([from, to]) => from === 1 && to === 65_535)) return
  for (const head of [callers, callees]) {
    yield `${named(`ports ${alias}`)}${head} unless { ${onPorts(ports)} };`
  }
}

function* guardPolicies(alias: Alias, within: string, guard: Guard): Iterable<string> {
  // The others bear on certificates, on votes, and on rules without routes: see `rulePolicy`.
  if (guard.effect !== 'forbid') return
  const { callers, callees, ports } = guard
  const conditions = [
    ...(callers ? [inRegions('principal', callers)] : []),
    ...(callees ? [inRegions('resource', callees)] : []),
    ...(ports ? [onPorts(ports)] : []),
  ]
  const when = conditions.length > 0 ? ` when { ${conditions.join(' && ')} }` : ''
  const id = named(`guard ${alias} ${guard.id}`)
  yield `${id}forbid (principal${within}, ${ACTION}, resource)${when};`
  yield `${id}forbid (principal, ${ACTION}, resource${within})${when};`
}

function rulePolicy(entry: PermitEntry, rule: Rule): string {
  const conditions = [
    anyOf(rule.callers.map(callerIs)),
    onPorts(rule.ports),
    ...(rule.from === undefined ? [] : [`context.at >= ${rule.from}`]),
    ...(rule.brake ? [`context.at >= ${rule.brake.until}`] : []),
    ...(rule.until === undefined ? [] : [`context.at < ${rule.until}`]),
    rule.routes
      ? `context has route && ${anyOf(rule.routes.map(routeIs))}`
      : '!(resource in Capstan::Trait::"requires-routes")',
  ]
  const head = `permit (principal, ${ACTION}, resource == ${entity('Entry', entry.uid)})`
  return `${named(`rule ${entry.alias} ${rule.id}`)}${head} when { ${conditions.join(' && ')} };`
}

const callerIs = (caller: RuleCaller): string =>
  typeof caller === 'string'
    ? `principal == ${entity('Entry', caller)}`
    : `principal in ${entity('Region', caller.subtree)}`

function routeIs({ method, path, headers = [] }: RouteMatch): string {
  const route = 'context.route'
  const conditions = [
    ...(method === undefined ? [] : [`${route}.method == ${quoted(method)}`]),
    pathIs(path),
    ...headers.map(
      ({ name, value }) => `${route}.headers.contains(${quoted(`${name}: ${value}`)})`,
    ),
  ]
  return `(${conditions.join(' && ')})`
}

function pathIs(path: PathMatch): string {
  if ('exact' in path) return `context.route.path == ${quoted(path.exact)}`
  const below = `context.route.path like ${pattern(path.prefix === '/' ? '/' : `${path.prefix}/`)}`
  return `(context.route.path == ${quoted(path.prefix)} || ${below})`
}

const isEverywhere = (regions: readonly Alias[]): boolean => holdsRegion(regions, '' as Alias)

const inRegions = (party: string, regions: readonly Alias[]): string =>
  anyOf(regions.map((region) => `${party} in ${entity('Region', region)}`))

const onPorts = (ports: readonly PortRange[]): string =>
  anyOf(
    ports.map(([from, to]) =>
      from === to
        ? `context.port == ${from}`
        : `(context.port >= ${from} && context.port <= ${to})`,
    ),
  )

const anyOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'false' : `(${conditions.join(' || ')})`

const named = (id: string): string => `@id(${quoted(id)})\n`
const entity = (type: 'Entry' | 'Region', id: string): string => `Capstan::${type}::${quoted(id)}`

/** A string literal: all that is quoted here is printable ASCII. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`

/** Everything that starts with this text, whose own asterisks are no wildcards. */
const pattern = (start: string): string =>
  `"${quoted(start)
    .slice(1, -1)
    .replaceAll('*', String.raw`\*`)}*"`
