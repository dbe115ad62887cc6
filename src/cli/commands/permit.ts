import { toIso } from '../../core/time.js'
import type { Decision } from '../../namespace/permit/decision.js'
import { permitBundles } from '../../verify/permit-bundles.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import { type ExitCode, exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import { JsonReader } from '../json-reader.js'
import { type Outcome, refused, usage } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { isSolo, renderSolo } from '../solo-note.js'
import { asOfJson, renderAsOf } from './as-of-screen.js'
import { isHeader, portOf, routeOf, sidesOf } from './asked-call.js'
import { renderCommit } from './commit-screen.js'
import { renderDecision } from './decision-screen.js'
import { atOption, questionPath } from './moment.js'
import { proveAbout, proveBest, proveMisuse, proveOptions } from './prove.js'
import { renderSplitOf, splitJsonOf } from './split-screen.js'
import { trustedBundle, trustOf, trustOptions } from './trusted-bundle.js'
import { watched } from './watched.js'
import { renderWhyPorts } from './why-ports-screen.js'
import { renderWhy } from './why-screen.js'

/** What proves the decision, whoever asks for it. */
async function prove(call: Invocation): Promise<Outcome<Answer>> {
  const sides = sidesOf(call)
  if (!sides.ok) return sides
  const port = portOf(call)
  if (!port.ok) return port
  const route = routeOf(call)
  if (!route.ok) return route
  const headers = call.texts('header')
  return proveAbout(call, sides.value, 'needed', ([caller, callee], at) => ({
    ask: 'permit',
    at,
    caller: caller ?? sides.value[0],
    callee: callee ?? sides.value[1],
    port: port.value,
    ...(route.value && { route: route.value.text }),
    ...(headers.length > 0 && { headers }),
  }))
}

/** Asks about one call, or about all ports; `path` says how far the answer goes. */
async function ask(
  call: Invocation,
  path: 'permit' | 'why' | 'why/ports',
): Promise<Outcome<JsonReader>> {
  const sides = sidesOf(call)
  if (!sides.ok) return sides
  const [caller, callee] = sides.value
  const port = call.text('port')
  const query = new URLSearchParams({ caller, callee, ...(port !== undefined && { port }) })
  const [route, headers] = [call.text('route'), call.texts('header')]
  if (!headers.every(isHeader)) return usage('--header cannot be read', { wanted: "'name: value'" })
  if (route !== undefined) query.set('route', route)
  if (headers.length > 0) query.set('headers', headers.join('\n'))
  const api = await call.operator()
  if (!api.ok) return api
  return watched(call, api.value, api.value.read(questionPath(call, path, query)))
}

/** The same decision, from two files. */
async function permitOffline(call: Invocation): Promise<Outcome<Answer>> {
  const [callerFile, calleeFile, ...more] = call.texts('bundle')
  if (callerFile === undefined || calleeFile === undefined || more.length > 0) {
    return usage('two bundles are wanted', {
      wanted: "--bundle with the caller's, then the callee's",
    })
  }
  if (call.word(0) !== undefined) return usage('aliases and bundles do not go together')
  const port = portOf(call)
  if (!port.ok) return port
  const asking = routeOf(call)
  if (!asking.ok) return asking
  const { text, route } = asking.value ?? {}
  const trust = await trustOf(call)
  if (!trust.ok) return trust
  const caller = await trustedBundle(call, callerFile, trust.value)
  if (!caller.ok) return caller
  const callee = await trustedBundle(call, calleeFile, trust.value)
  if (!callee.ok) return callee
  const { now } = trust.value
  const asked = { port: port.value, now, ...(route && { route }) }
  const decided = permitBundles(caller.value, callee.value, asked)
  if (!decided.ok) return refused(decided.refusal)
  const known = [caller.value.entry, callee.value.entry]
  const json = {
    ...offlineJson(decided.value),
    caller: caller.value.entry.alias,
    callee: callee.value.entry.alias,
    port: port.value,
    ...(text !== undefined && { route: text }),
    at: toIso(now),
    split: splitJsonOf(callee.value, port.value, known),
    solo: isSolo(callee.value.scopes),
    from: [caller.value, callee.value].map(({ entry, asOf }) => ({
      entry: entry.alias,
      ...asOfJson(asOf, trust.value),
    })),
  }
  const from = (look: Look): readonly string[] =>
    [caller.value, callee.value].map(
      ({ entry, asOf }) => `${entry.alias}, ${renderAsOf(look, asOf, trust.value)}`,
    )
  const reader = new JsonReader(json, 'the decision')
  return answer(
    json,
    (look) =>
      [
        renderDecision(look, reader),
        ...renderSplitOf(look, callee.value, { port: port.value, known }, (made) => [
          ['decided', renderCommit(look, made)],
        ]),
        renderFields(look, [
          ['as of', from(look)],
          ['index', isSolo(callee.value.scopes) ? renderSolo(look) : undefined],
        ]),
      ].join('\n\n'),
    exitOf(reader),
  )
}

/** As the server says it, without who could change it: a bundle does not say who owns a scope. */
export function offlineJson(decision: Decision): Readonly<Record<string, unknown>> {
  if (decision.allowed) return { allowed: true, rule: decision.rule, denied: null }
  const { condition, detail } = decision
  return { allowed: false, rule: null, denied: { condition, detail, change: null } }
}

const exitOf = (decision: JsonReader): ExitCode =>
  decision.flag('allowed') ? exitCode.ok : exitCode.denied

async function permit(call: Invocation): Promise<Outcome<Answer>> {
  const misuse = proveMisuse(call)
  if (misuse) return misuse
  if (call.texts('bundle').length > 0) {
    return call.has('prove')
      ? usage('bundles are the proof: --prove asks the server')
      : permitOffline(call)
  }
  if (call.has('prove')) return proveBest(call, 'permit', permit, () => prove(call))
  const decision = await ask(call, 'permit')
  if (!decision.ok) return decision
  const { value } = decision
  return answer(value.value, (look) => renderDecision(look, value), exitOf(value))
}

async function why(call: Invocation): Promise<Outcome<Answer>> {
  const misuse = proveMisuse(call)
  if (misuse) return misuse
  if (call.has('prove')) return proveBest(call, 'why', why, () => prove(call))
  if (call.text('port') === undefined) return whyPorts(call)
  const decision = await ask(call, 'why')
  if (!decision.ok) return decision
  const { value } = decision
  return answer(
    value.value,
    (look) => renderWhy(look, value, renderDecision(look, value)),
    exitOf(value),
  )
}

/** On which ports, and who decided on each. */
async function whyPorts(call: Invocation): Promise<Outcome<Answer>> {
  const route = routeOf(call)
  if (!route.ok) return route
  const found = await ask(call, 'why/ports')
  if (!found.ok) return found
  const { value } = found
  return answer(value.value, (look) => renderWhyPorts(look, value), exitOf(value))
}

const callOptions: readonly OptionSpec[] = [
  { flags: '--route <route>', description: "the request: 'GET /orders/7'" },
  {
    flags: '--header <field>',
    description: "a header field of the request: 'name: value'",
    repeat: 'many',
  },
  atOption,
  ...proveOptions,
]

export const permitCommand: CommandSpec = {
  path: 'permit',
  arguments: '[caller] [callee]',
  summary: 'may one entry call another, and by what; or why not, and who could change it',
  details: [
    'Ends with 0 when the call is allowed and with 9 when it is denied. A path that is not in normal form is refused: it is denied to whoever sends it.',
    'With two bundles in place of aliases it asks no server: what they say is verified, and decided about, from the files alone.',
  ],
  options: [
    { flags: '--port <port>', description: 'the port of the callee', need: 'required' },
    ...callOptions,
    {
      flags: '--bundle <file>',
      description: "the caller's bundle, then the callee's, in place of aliases",
      repeat: 'many',
    },
    ...trustOptions,
  ],
  examples: [
    "capstan permit web/shop payments/api --port 8080 --route 'GET /orders/7'",
    'capstan permit web/shop payments/db --port 5432',
    "capstan permit --bundle shop.json --bundle api.json --port 8080 --route 'GET /orders/7' --index 9f2c...",
  ],
  run: permit,
}

export const whyCommand: CommandSpec = {
  path: 'why',
  arguments: '<caller> <callee>',
  summary: 'who allowed one entry to call another, when, why, and by whose votes',
  details: [
    'The decision as of now; of a rule that allows it, who proposed it, who voted, and what it took. Ends as capstan permit does.',
    'Without --port: all ports that the rules of the callee, and its splits, know between the two, each with what is decided about it. It ends with 0 where one of them is allowed.',
  ],
  options: [
    {
      flags: '--port <port>',
      description: 'the port of the callee (default: every port that its rules and splits know)',
    },
    ...callOptions,
  ],
  examples: [
    'capstan why web/shop payments/api',
    "capstan why web/shop payments/api --port 8080 --route 'GET /orders/7'",
    'capstan why web/shop payments/api --port 8080 --prove -o why.json',
  ],
  run: why,
}
