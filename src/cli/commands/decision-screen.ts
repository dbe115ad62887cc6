import type { JsonReader } from '../json-reader.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'

export function renderDecision(look: Look, decision: JsonReader): string {
  const route = decision.optional('route')
  const [caller, callee] = [decision.text('caller'), decision.text('callee')]
  const asked = `${caller} -> ${callee} port ${decision.count('port')}${route === undefined ? '' : ` ${route}`}`
  const rule = decision.optionalObject('rule')
  if (rule) {
    const by = `rule ${rule.text('id')} of ${callee} (revision ${rule.count('rev')})`
    return `${look.paint('green', 'allowed')} ${asked}\n${renderFields(look, [['by', by]])}`
  }
  const fields = deniedFields(decision.object('denied'))
  return `${look.paint('red', 'denied')} ${asked}\n${renderFields(look, fields)}`
}

/** Why, and who could make it otherwise. */
export const deniedFields = (denied: JsonReader): readonly Field[] => [
  ['because', `${denied.text('detail')} (${denied.text('condition')})`],
  ...changeFields(denied.optionalObject('change')),
]

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
