import { type Alias, parseAlias, ROOT } from '../../core/alias.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { parseSerial, type SerialNumber } from '../../core/serial.js'
import type { ShownCommits } from '../../verify/make-bundle.js'
import { alias, region } from './schema/scalars.js'
import type { JsonSchema } from './schema/json-schema.js'

/** One value of a path or a query: its schema, and the check that turns its text into a `T`. */
export interface Parameter<T> {
  readonly description: string
  readonly schema: JsonSchema
  readonly example: string
  readonly parse: (text: string) => Result<T>
  /** Of a query: not to be left out. */
  readonly need?: 'required'
}

type Required<T> = Parameter<T> & { readonly need: 'required' }

export const required = <T>(parameter: Parameter<T>): Required<T> => ({
  ...parameter,
  need: 'required',
})

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

/** How the root scope, whose alias is empty, is written in a path. */
const ROOT_SEGMENT = '_root'

export const aliasParameter: Parameter<Alias> = {
  description: 'Alias, its slashes percent-encoded',
  schema: alias,
  example: 'payments/api',
  parse: parseAlias,
}

export const scopeParameter: Parameter<Alias> = {
  description: `Alias of the scope, its slashes percent-encoded; ${ROOT_SEGMENT} for the root`,
  schema: { anyOf: [{ const: ROOT_SEGMENT }, alias] },
  example: 'payments',
  parse: (text) => (text === ROOT_SEGMENT ? ok(ROOT) : parseAlias(text)),
}

export const prefixParameter: Parameter<Alias> = {
  description: 'Only what is at or under this alias',
  schema: region,
  example: 'payments',
  parse: (text) => (text === '' ? ok(ROOT) : parseAlias(text)),
}

export const commitsParameter: Parameter<ShownCommits> = {
  description: 'Changes of the entry: those that made it what it is, or all of them',
  schema: { enum: ['needed', 'all'] },
  example: 'all',
  parse: (text) =>
    text === 'needed' || text === 'all' ? ok(text) : unfit('a choice of commits', 'needed or all'),
}

export const serialParameter: Parameter<SerialNumber> = {
  description: 'Serial number in hex, with or without colons',
  schema: {
    type: 'string',
    pattern: '^(?:0[xX])?[0-9a-fA-F]{2}(?::?[0-9a-fA-F]{2}){15}$',
  },
  example: '4f0c3a9e5b7d1f2846a0c8e2b4d6f081',
  parse: (text) => {
    const serial = parseSerial(text)
    return serial === undefined ? unfit('a serial number', '32 hex digits') : ok(serial)
  },
}

export const liveParameter: Parameter<'only' | 'all'> = {
  description: 'true: only certificates that are not expired and not revoked',
  schema: { type: 'boolean' },
  example: 'true',
  parse: (text) => {
    if (text === 'true') return ok('only')
    return text === 'false' ? ok('all') : unfit('a truth value', 'true or false')
  },
}

/** About 7 MB of answer. */
const MOST = 10_000

export const limitParameter: Parameter<number> = {
  description: 'At most this many, newest first',
  schema: { type: 'integer', minimum: 1, maximum: MOST, default: 100 },
  example: '100',
  parse: (text) => {
    const limit = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0
    return limit >= 1 && limit <= MOST ? ok(limit) : unfit('a limit', `1 to ${MOST}`)
  },
}

/** About 2 MB of answer, and 50 ms of work. */
export const ENTRIES_IN_A_PAGE = 1000

export const pageParameter: Parameter<number> = {
  description: "At most this many; what follows is asked for with the answer's `next`",
  schema: { type: 'integer', minimum: 1, maximum: ENTRIES_IN_A_PAGE, default: ENTRIES_IN_A_PAGE },
  example: '100',
  parse: (text) => {
    const limit = /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : 0
    return limit >= 1 && limit <= ENTRIES_IN_A_PAGE
      ? ok(limit)
      : unfit('a limit', `1 to ${ENTRIES_IN_A_PAGE}`)
  },
}

/** Bounded in octets too: a page may have fewer. */
export const RECORDS_IN_A_PAGE = 500

export const recordsParameter: Parameter<number> = {
  description: "At most this many numbers; what follows is asked for with the answer's `next`",
  schema: { type: 'integer', minimum: 1, maximum: RECORDS_IN_A_PAGE, default: RECORDS_IN_A_PAGE },
  example: '100',
  parse: (text) => {
    const limit = /^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : 0
    return limit >= 1 && limit <= RECORDS_IN_A_PAGE
      ? ok(limit)
      : unfit('a limit', `1 to ${RECORDS_IN_A_PAGE}`)
  },
}

export const portParameter: Parameter<number> = {
  description: 'A port of the callee',
  schema: { type: 'integer', minimum: 1, maximum: 65_535 },
  example: '8080',
  parse: (text) => {
    const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0
    return port >= 1 && port <= 65_535 ? ok(port) : unfit('a port', '1 to 65535')
  },
}

const MAX_ROUTE = 1100

export const routeParameter: Parameter<string> = {
  description: 'A method, a space, and a path in normal form without its query',
  schema: { type: 'string', minLength: 1, maxLength: MAX_ROUTE },
  example: 'GET /orders/7',
  parse: (text) =>
    text.length >= 1 && text.length <= MAX_ROUTE ? ok(text) : unfit('a route', 'GET /orders/7'),
}

const MAX_FIELDS = 8192

/**
 * Header fields as they stand in a request, a line each. Without a pattern: one for repeated lines
 * takes a backtracking reader minutes.
 */
export const headersParameter: Parameter<readonly (readonly [string, string])[]> = {
  description: 'Header fields of the request, `name: value`, a line each',
  schema: { type: 'string', maxLength: MAX_FIELDS },
  example: 'x-team: red',
  parse: (text) => {
    if (text.length > MAX_FIELDS) return unfit('header fields', `at most ${MAX_FIELDS} characters`)
    const fields: (readonly [string, string])[] = []
    for (const line of text.split('\n')) {
      if (line === '') continue
      const cut = line.indexOf(':')
      if (cut < 1) return unfit('a header field', 'name: value')
      fields.push([line.slice(0, cut), line.slice(cut + 1).replace(/^ /, '')])
    }
    return ok(fields)
  },
}

export const afterParameter = identifierParameter(
  'The `next` of the page before',
  /^[a-z0-9/-]{1,200}:e[a-z2-7]{31}$/,
  'payments/api:eabcdefghijklmnopqrstuvwxyz23456',
)

export const afterScopeParameter = identifierParameter(
  'The `next` of the page before',
  /^s[a-z2-7]{31}$/,
  'sabcdefghijklmnopqrstuvwxyz23456',
)

/** A parameter that is an identifier of a fixed form. */
export const proposalParameter: Parameter<string> = identifierParameter(
  'the id of a proposal',
  /^pr[a-z2-7]{40}$/,
  `pr${'a'.repeat(40)}`,
)

export function identifierParameter(
  description: string,
  pattern: RegExp,
  example: string,
): Parameter<string> {
  return {
    description,
    schema: { type: 'string', pattern: pattern.source },
    example,
    parse: (text) =>
      pattern.test(text)
        ? ok(text)
        : unfit('an identifier', `${description}, for example ${example}`),
  }
}

export function unfit(
  what: string,
  wanted: string,
  next?: string,
): { readonly ok: false; readonly refusal: Refusal<'request.malformed'> } {
  return refuse('request.malformed', `not ${what}`, {
    wanted,
    ...(next !== undefined && { next }),
  })
}

/** The values of one kind of parameters: `{ alias: Alias }` for `{ alias: Parameter<Alias> }`. */
export type Values<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never
}

/** Every parameter of a path is there: the router has matched it. */
export function parsePath<P extends Parameters>(
  wanted: P,
  given: Readonly<Record<string, string>>,
): Result<Values<P>> {
  return parseAll(wanted, Object.entries(given))
}

/** The values of a query: what is required is there. */
export type QueryValues<P extends Parameters> = Partial<Values<P>> & {
  readonly [K in keyof P as P[K] extends Required<unknown> ? K : never]: Values<P>[K]
}

/** None twice, and none that nobody asked for: a typing error is not ignored. */
export function parseQuery<P extends Parameters>(wanted: P, query: string): Result<QueryValues<P>> {
  const given = [...new URLSearchParams(query)]
  const seen = new Set<string>()
  for (const [name] of given) {
    if (!Object.hasOwn(wanted, name) || seen.has(name)) {
      return refuse('request.malformed', 'a query parameter that is unknown or given twice', {
        wanted: Object.keys(wanted).join(', ') || 'no query parameters',
        found: JSON.stringify(name.slice(0, 60)),
      })
    }
    seen.add(name)
  }
  const missing = Object.keys(wanted).find((name) => wanted[name]?.need && !seen.has(name))
  if (missing !== undefined) {
    return refuse('request.malformed', 'a query parameter is missing', {
      wanted: `${missing}: ${wanted[missing]?.description ?? ''}`,
    })
  }
  const values = parseAll(wanted, given)
  // What is required has been seen.
  return values as Result<QueryValues<P>>
}

function parseAll<P extends Parameters>(
  wanted: P,
  given: readonly (readonly [string, string])[],
): Result<Values<P>> {
  const values: Record<string, unknown> = {}
  for (const [name, text] of given) {
    const parsed = wanted[name]?.parse(text)
    if (parsed?.ok === false) return parsed
    values[name] = parsed?.value
  }
  // Each value was made by the parameter of the same name.
  return ok(values as Values<P>)
}
