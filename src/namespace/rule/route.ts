import type { Brand } from '../../core/brand.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { isBelow, pathFault } from './path.js'

/** The methods of the Gateway API's HTTPMethod that go with a path (RFC 9110 section 9.3, RFC 5789). */
export const methods = [
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
] as const
export type Method = (typeof methods)[number]

export type PathMatch = { readonly exact: string } | { readonly prefix: string }

/** A header field that must be there with exactly this value. */
export interface HeaderMatch {
  /** Lower case. */
  readonly name: string
  readonly value: string
}

/** HTTPRouteMatch: all that it names must hold. */
export interface RouteMatch {
  /** Absent: any method. */
  readonly method?: Method
  readonly path: PathMatch
  readonly headers?: readonly HeaderMatch[]
}

/** A request as the callee's server gets it, in normal form. Only `routeOf` makes one. */
export type Route = Brand<
  {
    readonly method: string
    /** Without a query. */
    readonly path: string
    /** By lower-case name. */
    readonly headers: ReadonlyMap<string, string>
  },
  'Route'
>

export const MAX_HEADERS = 64
export const MAX_HEADER_VALUE = 256

/** RFC 9110 section 5.6.2, lower case; pseudo-header fields are none. */
export const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]{1,64}$/
/** RFC 9110 section 5.5 without obs-text: no space at either end. */
export const HEADER_VALUE = /^(?:[!-~](?:[ -~]{0,254}[!-~])?)?$/

const METHOD = /^[A-Z](?:[A-Z-]{0,18}[A-Z])?$/

export type RouteRefusal = Refusal<'namespace.malformed'>

/**
 * A request in normal form. Refused otherwise, with what is wrong about it: what could be read in two
 * ways is matched by no rule.
 */
export function routeOf(
  method: string,
  path: string,
  headers: Iterable<readonly [string, string]> = [],
): Result<Route, RouteRefusal> {
  if (!METHOD.test(method)) return unfit('the method is not in capital letters', method)
  const fault = pathFault(path)
  if (fault !== undefined) return unfit(`the path is not in normal form: ${fault}`, path)
  const fields = new Map<string, string>()
  for (const [spelled, value] of headers) {
    const name = spelled.toLowerCase()
    if (!HEADER_NAME.test(name)) return unfit('not the name of a header field', spelled)
    if (!HEADER_VALUE.test(value)) return unfit('not the value of a header field', name)
    if (fields.has(name)) return unfit('a header field is there twice', name)
    if (fields.size === MAX_HEADERS) return unfit(`more than ${MAX_HEADERS} header fields`, name)
    fields.set(name, value)
  }
  const route: Omit<Route, keyof Brand<unknown, 'Route'>> = { method, path, headers: fields }
  return ok(route as Route)
}

/** `GET /orders/7` */
export function parseRoute(
  text: string,
  headers: Iterable<readonly [string, string]> = [],
): Result<Route, RouteRefusal> {
  const [method, path, ...more] = text.split(' ')
  if (method === undefined || path === undefined || more.length > 0) {
    return unfit('a route is a method, one space and a path', text)
  }
  return routeOf(method, path, headers)
}

const unfit = (detail: string, found: string) =>
  refuse('namespace.malformed', detail, {
    wanted: 'a method in capitals and a path in normal form, without a query: GET /orders/7',
    found: JSON.stringify(found.slice(0, 200)),
  })

/**
 * A match with every member there: V8 gives objects whose members were spread a shape each, and
 * whatever reads a thousand of them misses its caches.
 */
export interface ReadyMatch {
  readonly method: string | null
  readonly path: string
  readonly kind: 'exact' | 'prefix'
  readonly headers: readonly HeaderMatch[]
}

export const readyMatch = ({ method, path, headers = [] }: RouteMatch): ReadyMatch => ({
  method: method ?? null,
  path: 'exact' in path ? path.exact : path.prefix,
  kind: 'exact' in path ? 'exact' : 'prefix',
  headers,
})

export const matchesRoute = (match: RouteMatch, route: Route): boolean =>
  matches(readyMatch(match), route)

export function matches({ method, path, kind, headers }: ReadyMatch, route: Route): boolean {
  if (method !== null && method !== route.method) return false
  if (kind === 'exact' ? path !== route.path : !isBelow(route.path, path)) return false
  return (
    headers.length === 0 || headers.every(({ name, value }) => route.headers.get(name) === value)
  )
}

/** Does every request that `inner` matches match `outer` too? */
export function coversRoute(outer: RouteMatch, inner: RouteMatch): boolean {
  if (outer.method !== undefined && outer.method !== inner.method) return false
  if (!coversPath(outer.path, inner.path)) return false
  return (outer.headers ?? []).every(({ name, value }) =>
    (inner.headers ?? []).some((header) => header.name === name && header.value === value),
  )
}

function coversPath(outer: PathMatch, inner: PathMatch): boolean {
  if ('prefix' in outer) return isBelow('exact' in inner ? inner.exact : inner.prefix, outer.prefix)
  return 'exact' in inner && inner.exact === outer.exact
}
