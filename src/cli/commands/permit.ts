import { answer, type Answer, type CommandSpec } from '../command.js'
import { exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'

async function permit(call: Invocation): Promise<Outcome<Answer>> {
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
  const decision = await api.value.read(`/v1/permit?${query.toString()}`)
  if (!decision.ok) return decision
  const exit = decision.value.flag('allowed') ? exitCode.ok : exitCode.denied
  return answer(decision.value.value, (look) => renderDecision(look, decision.value), exit)
}

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

export const permitCommand: CommandSpec = {
  path: 'permit',
  arguments: '<caller> <callee>',
  summary: 'may one entry call another, and by what; or why not, and who could change it',
  details: [
    'Ends with 0 when the call is allowed and with 9 when it is denied. A path that is not in normal form is refused: it is denied to whoever sends it.',
  ],
  options: [
    { flags: '--port <port>', description: 'the port of the callee', need: 'required' },
    { flags: '--route <route>', description: "the request: 'GET /orders/7'" },
    {
      flags: '--header <field>',
      description: "a header field of the request: 'name: value'",
      repeat: 'many',
    },
  ],
  examples: [
    "capstan permit web/shop payments/api --port 8080 --route 'GET /orders/7'",
    'capstan permit web/shop payments/db --port 5432',
  ],
  run: permit,
}
