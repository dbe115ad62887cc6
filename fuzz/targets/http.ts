import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { IncomingMessage } from 'node:http'
import { type Parameters, parsePath, parseQuery } from '../../src/server/http/parameters.js'
import { jsonContent } from '../../src/server/http/read-body.js'
import { preferredType, queryOf } from '../../src/server/http/request-parts.js'
import type { Route } from '../../src/server/http/route.js'
import { routeTable } from '../../src/server/http/routes/table.js'
import type { Mutator } from '../mutate/mutator.js'
import { endingOf, hold } from '../oracle/hold.js'
import type { Target } from '../target.js'

const routes = routeTable(() => Promise.resolve(''))

// Texts of a path and a query are numbers and truth values where the schema says so.
const ajv = new Ajv2020({ coerceTypes: true, strict: false })
const compiled = new Map<object, ValidateFunction>()

function isOf(schema: object, text: string): boolean {
  let validate = compiled.get(schema)
  if (!validate) {
    validate = ajv.compile({ type: 'object', properties: { value: schema } })
    compiled.set(schema, validate)
  }
  return validate({ value: text })
}

/** A request line without its version, and header fields: `GET /v1/entries?limit=2`. */
function run(input: Uint8Array): string {
  const [first = '', ...fields] = Buffer.from(input).toString('latin1').split('\n')
  const [method = '', url = ''] = first.split(' ', 2)
  const headers = Object.fromEntries(
    fields.flatMap((field) => {
      const cut = field.indexOf(':')
      return cut < 1 ? [] : [[field.slice(0, cut).toLowerCase(), field.slice(cut + 1).trim()]]
    }),
  )
  const request = { url, headers } as unknown as IncomingMessage
  const [path = ''] = url.split('?', 1)
  const found = routes.flatMap((route) => {
    const given = route.method === method ? matched(route.path, path) : undefined
    return given ? [{ route, given }] : []
  })
  const ends = found.map(({ route, given }) => ended(request, route, given))
  return [...new Set(ends)].sort().join(', ').slice(0, 300) || `nothing ${method.length}`
}

function ended(
  request: IncomingMessage,
  route: Route,
  given: Readonly<Record<string, string>>,
): string {
  const query = queryOf(request)
  const type = preferredType(request, route)
  const offers = route.answers.flatMap(({ content }) => Object.keys(content))
  const isOffered = !type.ok || type.value === '' || offers.includes(type.value)
  hold(isOffered, 'an answer is of a type that is offered')
  const content = jsonContent(request)
  const inPath = parsePath(route.pathParameters, given)
  const asked = parseQuery(route.query, query)
  if (inPath.ok) fit(route.pathParameters, Object.entries(given))
  if (asked.ok) {
    const pairs = [...new URLSearchParams(query)]
    hold(new Set(pairs.map(([name]) => name)).size === pairs.length, 'no parameter is there twice')
    fit(route.query, pairs)
    const wanted = Object.entries(route.query).filter(([, { need }]) => need === 'required')
    const isThere = wanted.every(([name]) => Object.hasOwn(asked.value, name))
    hold(isThere, 'what is required is there')
    const isKnown = Object.keys(asked.value).every((name) => Object.hasOwn(route.query, name))
    hold(isKnown, 'nothing is taken that nobody asked for')
  }
  return [
    route.id,
    ...[type, content, inPath, asked].map((one) => (one.ok ? 'ok' : endingOf(one.refusal))),
  ].join(' ')
}

/** What is taken is what the API's own description allows. */
function fit(parameters: Parameters, pairs: readonly (readonly [string, string])[]): void {
  for (const [name, text] of pairs) {
    const schema = parameters[name]?.schema
    hold(schema !== undefined && isOf(schema, text), 'what is taken is what its schema says')
  }
}

/** As the router does: parts of a path decoded one by one; undefined where it is another path. */
function matched(template: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [template.split('/'), path.split('/')]
  const isRest = template.endsWith('{tile}')
  if (isRest ? given.length < wanted.length : given.length !== wanted.length) return undefined
  const values: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    const text = isRest && at === wanted.length - 1 ? given.slice(at).join('/') : (given[at] ?? '')
    if (name === undefined && text !== part) return undefined
    if (name === undefined) continue
    try {
      values[name] = decodeURIComponent(text)
    } catch {
      return undefined
    }
    if (text === '') return undefined
  }
  return values
}

function seeds(): readonly Uint8Array[] {
  return routes.map(({ method, path, pathParameters, query }) => {
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(pathParameters[name]?.example ?? ''),
    )
    const asked = new URLSearchParams(
      Object.entries(query).map(([name, { example }]): [string, string] => [name, example]),
    ).toString()
    return Buffer.from(
      `${method} ${target}${asked === '' ? '' : `?${asked}`}\nAccept: application/json;q=0.5, */*\nContent-Type: application/json; charset=utf-8\n`,
    )
  })
}

/** A part twice, gone, elsewhere, or of another request. */
const mutateParts: Mutator = (input, { random, other }) => {
  const [mine, theirs] = [input, other()].map((octets) =>
    Buffer.from(octets)
      .toString('latin1')
      .split(/([/?&=;,\n])/),
  )
  const parts = mine ?? []
  const at = random.below(parts.length)
  const from = theirs?.[random.below(theirs.length)] ?? ''
  parts.splice(at, random.below(2), ...(random.oneIn(2) ? [from] : [from, parts[at] ?? '']))
  return Buffer.from(parts.join(''), 'latin1')
}

/** Another value for a parameter: a limit, an example of another, or an octet escaped. */
const mutateValue: Mutator = (input, { random, word }) => {
  const text = Buffer.from(input).toString('latin1')
  const values = [...text.matchAll(/=[^&\n]*/g)]
  if (values.length === 0) return undefined
  const { index, 0: old } = random.pick(values)
  const hex = random.below(256).toString(16).padStart(2, '0')
  const value = random.pick([
    ...VALUES,
    word(),
    `${old.slice(1)}%${hex}`,
    encodeURIComponent(word()),
  ])
  return Buffer.from(`${text.slice(0, index)}=${value}${text.slice(index + old.length)}`, 'latin1')
}

const VALUES = [
  ...['', '0', '1', '01', '-1', '+1', '1e3', '1.0', '65535', '65536', '9999999999999999'],
  ...['true', 'false', 'TRUE', 'all', 'needed', '_root', '%00', '%0a', '%C3%28', '%', '+'],
]

export const target: Target = { seeds, mutators: [mutateParts, mutateValue], run }
