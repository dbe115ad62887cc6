import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import { type ExitCode, exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'
import { atOption, questionPath } from './moment.js'
import { watched } from './watched.js'

/** Asks about one call; `path` says how far the answer goes. */
async function ask(call: Invocation, path: 'permit' | 'why'): Promise<Outcome<JsonReader>> {
  const [caller, callee] = [call.alias(0), call.alias(1)]
  if (!caller.ok) return caller
  if (!callee.ok) return callee
  const query = new URLSearchParams({
    caller: caller.value,
    callee: callee.value,
    port: call.text('port') ?? '',
  })
  const [route, headers] = [call.text('route'), call.texts('header')]
  if (headers.some((header) => !/^[^:\n]+:[^\n]*$/.test(header))) {
    return usage('--header cannot be read', { wanted: "'name: value'" })
  }
  if (route !== undefined) query.set('route', route)
  if (headers.length > 0) query.set('headers', headers.join('\n'))
  const api = await call.operator()
  if (!api.ok) return api
  return watched(call, api.value, api.value.read(questionPath(call, path, query)))
}

const exitOf = (decision: JsonReader): ExitCode =>
  decision.flag('allowed') ? exitCode.ok : exitCode.denied

async function permit(call: Invocation): Promise<Outcome<Answer>> {
  const decision = await ask(call, 'permit')
  if (!decision.ok) return decision
  const { value } = decision
  return answer(value.value, (look) => renderDecision(look, value), exitOf(value))
}

async function why(call: Invocation): Promise<Outcome<Answer>> {
  const decision = await ask(call, 'why')
  if (!decision.ok) return decision
  const { value } = decision
  const found = value.optionalObject('authorisation')
  return answer(
    value.value,
    (look) =>
      found
        ? `${renderDecision(look, value)}\n\n${renderAuthorisation(look, found)}`
        : renderDecision(look, value),
    exitOf(value),
  )
}

/** Who, when, why, and by how many votes, on one screen. */
function renderAuthorisation(look: Look, found: JsonReader): string {
  const change = found.object('change')
  const needs = found.optionalObject('needs')
  const asked = needs && `${needs.count('threshold')}, and ${needs.count('controllers')} people`
  const made = `${change.text('op')}, revision ${change.count('rev')} of ${change.text('subject')}`
  return renderFields(look, [
    ['made by', made],
    ['when', renderTime(change.text('at'), look.now)],
    ['proposed by', change.text('by')],
    ['reason', change.optional('reason')],
    ['ticket', change.optional('ticket')],
    ['decided by', `voters of ${shown(found.text('scope'))}, revision ${found.count('group')}`],
    ['it took', asked && `${asked} (${change.text('class')})`],
    ['votes', found.objects('votes').map((vote) => renderVoice(look, vote))],
    ['proposal', change.text('proposal')],
    ['record', `${change.count('seq')} of the index log`],
    ['also', found.objects('others').map((other) => renderOther(look, other))],
  ])
}

function renderVoice(look: Look, vote: JsonReader): string {
  const worth = vote.absent('weight') ? '' : ` ${vote.count('weight')}`
  const who = vote.optional('controller')
  const name = who === undefined ? vote.text('voter') : `${vote.text('voter')} (${who})`
  return `${name} ${vote.text('decision')}${worth}, ${renderTime(vote.text('cast'), look.now)}`
}

const renderOther = (look: Look, item: JsonReader): string =>
  `record ${item.count('seq')} ${item.text('op')}, ${renderTime(item.text('at'), look.now)} by ${item.text('by')}`

function renderDecision(look: Look, decision: JsonReader): string {
  const route = decision.optional('route')
  const [caller, callee] = [decision.text('caller'), decision.text('callee')]
  const asked = `${caller} -> ${callee} port ${decision.count('port')}${route === undefined ? '' : ` ${route}`}`
  const rule = decision.optionalObject('rule')
  if (rule) {
    const by = `rule ${rule.text('id')} of ${callee} (revision ${rule.count('rev')})`
    return `${look.paint('green', 'allowed')} ${asked}\n${renderFields(look, [['by', by]])}`
  }
  const denied = decision.object('denied')
  const fields: readonly Field[] = [
    ['because', `${denied.text('detail')} (${denied.text('condition')})`],
    ...changeFields(denied.optionalObject('change')),
  ]
  return `${look.paint('red', 'denied')} ${asked}\n${renderFields(look, fields)}`
}

function changeFields(change: JsonReader | undefined): readonly Field[] {
  if (!change) return []
  const owner = change.optional('owner')
  return [
    ['change', `${change.text('kind')} ${shown(change.text('alias'))}`],
    ['owner', owner],
    ['decided by', `voters of the scope ${shown(change.text('decidedBy'))}`],
  ]
}

const shown = (alias: string): string => (alias === '' ? '/' : alias)

const callOptions: readonly OptionSpec[] = [
  { flags: '--port <port>', description: 'the port of the callee', need: 'required' },
  { flags: '--route <route>', description: "the request: 'GET /orders/7'" },
  {
    flags: '--header <field>',
    description: "a header field of the request: 'name: value'",
    repeat: 'many',
  },
  atOption,
]

export const permitCommand: CommandSpec = {
  path: 'permit',
  arguments: '<caller> <callee>',
  summary: 'may one entry call another, and by what; or why not, and who could change it',
  details: [
    'Ends with 0 when the call is allowed and with 9 when it is denied. A path that is not in normal form is refused: it is denied to whoever sends it.',
  ],
  options: callOptions,
  examples: [
    "capstan permit web/shop payments/api --port 8080 --route 'GET /orders/7'",
    'capstan permit web/shop payments/db --port 5432',
  ],
  run: permit,
}

export const whyCommand: CommandSpec = {
  path: 'why',
  arguments: '<caller> <callee>',
  summary: 'who allowed one entry to call another, when, why, and by whose votes',
  details: [
    'The decision as of now; of a rule that allows it, who proposed it, who voted, and what it took. Ends as capstan permit does.',
  ],
  options: callOptions,
  examples: ["capstan why web/shop payments/api --port 8080 --route 'GET /orders/7'"],
  run: why,
}
