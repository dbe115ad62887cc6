import { canonicalize } from '../../src/core/canonical-json.js'
import { parseChangeRequest } from '../../src/namespace/change-request.js'
import { isBelow, pathFault } from '../../src/namespace/rule/path.js'
import {
  coversRoute,
  matchesRoute,
  type Route,
  parseRoute,
} from '../../src/namespace/rule/route.js'
import { storedRule } from '../../src/namespace/rule/stored-rule.js'
import {
  isNarrowerRule,
  normalizeRule,
  type RuleFacts,
  wellFormedRule,
} from '../../src/namespace/rule/rule.js'
import { ruleRequest } from '../../src/namespace/rule/rule-schema.js'
import { isSignable } from '../../src/namespace/signable.js'
import { parseStrictJson } from '../../src/server/http/strict-json.js'
import { smallIndex } from '../given/small-index.js'
import { jsonBySchema } from '../mutate/by-schema.js'
import { mutateJson } from '../mutate/json.js'
import type { Schema } from '../mutate/generate.js'
import { endingOf, hold } from '../oracle/hold.js'
import type { Target } from '../target.js'

/** A rule, and a request that it may match: `{rule, route, headers}`. */
const schema = {
  type: 'object',
  properties: {
    rule: ruleRequest,
    route: { type: 'string', maxLength: 1100 },
    headers: {
      type: 'array',
      maxItems: 4,
      items: { type: 'array', minItems: 2, maxItems: 2, items: { type: 'string', maxLength: 300 } },
    },
  },
  required: ['rule', 'route'],
  additionalProperties: false,
} as const

function run(input: Uint8Array): string {
  const json = parseStrictJson(input)
  if (!json.ok) return endingOf(json.refusal)
  const { value } = json
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no object'
  // As the index does before it looks at a change.
  const signable = isSignable(value)
  if (!signable.ok) return endingOf(signable.refusal)
  const { rule, route = '', headers = [] } = value as Record<string, unknown>
  const asked = parseRoute(textOf(route), fieldsOf(headers))
  if (asked.ok) checkNormal(asked.value)
  const read = asked.ok ? 'route' : endingOf(asked.refusal)
  const request = parseChangeRequest({ op: 'rule.attach', alias: 'payments/api', rule })
  if (!request.ok) return `${read} ${endingOf(request.refusal)}`
  if (request.value.op !== 'rule.attach') return read
  const stored = storedRule(smallIndex.state, request.value.rule)
  if (!stored.ok) return `${read} ${endingOf(stored.refusal)}`
  checkRule(stored.value)
  const matched = asked.ok && checkMatches(stored.value, asked.value)
  return `${read} rule ${matched ? 'matches' : 'does not match'}`
}

const fieldsOf = (headers: unknown): readonly (readonly [string, string])[] =>
  (Array.isArray(headers) ? (headers as unknown[]) : []).map((field) => {
    const [name, text] = Array.isArray(field) ? (field as unknown[]) : []
    return [textOf(name), textOf(text)] as const
  })

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A path that is taken is read alike by whoever resolves and decodes it. */
function checkNormal({ path }: Route): void {
  hold(new URL(path, 'http://host').pathname === path, 'nothing in a path is left to resolve')
  const decoded = decodeURIComponent(path.replaceAll(/%(?![0-7])[0-9A-F]{2}/g, 'x'))
  hold(decoded.split('/').length === path.split('/').length, 'no slash of a path is hidden')
  hold(!decoded.includes('\\') && !decoded.includes('%'), 'nothing of a path is encoded twice')
  const segments = decoded.split('/').map((segment) => segment.split(';')[0])
  hold(!segments.includes('.') && !segments.includes('..'), 'no segment of a path is a dot')
}

function checkRule(rule: RuleFacts): void {
  hold(wellFormedRule(rule).ok, 'a rule in normal form is well formed')
  hold(canonicalize(normalizeRule(rule)) === canonicalize(rule), 'there is one normal form')
  hold(isNarrowerRule(rule, rule), 'a rule is no wider than itself')
  for (const { path } of rule.routes ?? []) {
    const text = 'exact' in path ? path.exact : path.prefix
    hold(pathFault(text) === undefined, 'the paths of a rule are in normal form')
  }
}

function checkMatches({ routes = [] }: RuleFacts, route: Route): boolean {
  const matching = routes.filter((match) => matchesRoute(match, route))
  for (const { path } of matching) {
    hold(isBelow(route.path, 'exact' in path ? path.exact : path.prefix), 'what matches is below')
  }
  for (const outer of routes) {
    const inner = matching.find((match) => coversRoute(outer, match))
    hold(
      inner === undefined || matchesRoute(outer, route),
      'what is covered matches what covers it',
    )
  }
  return matching.length > 0
}

const rule = {
  id: 'web',
  callers: ['shop/web', { subtree: 'payments' }, { subtree: '' }],
  ports: [80, [8000, 8080]],
  proto: 'http',
  routes: [
    { method: 'GET', path: { prefix: '/orders/' }, headers: [{ name: 'X-Team', value: 'red' }] },
    { path: { exact: '/a%20b;v=1/c' } },
  ],
  from: '2026-01-01T00:00:00Z',
  until: 1_900_000_000,
}

const seeds = (): readonly Uint8Array[] =>
  [
    { rule, route: 'GET /orders/7', headers: [['x-team', 'red']] },
    { rule: { ...rule, routes: undefined, proto: 'opaque' }, route: 'PUT /a%20b;v=1/c' },
    { rule: { ...rule, proto: 'grpc' }, route: 'POST /pkg.Service/Method' },
    ...['//a', '/a/../b', '/a/..;/b', '/%2e%2e/a', '/a%2Fb', '/a%252Fb', '/\u00e9', '/a?b'].map(
      (path) => ({ rule, route: `GET ${path}` }),
    ),
  ].map((value) => Buffer.from(JSON.stringify(value)))

export const target: Target = {
  seeds,
  mutators: [jsonBySchema(schema as unknown as Schema), mutateJson],
  run,
}
